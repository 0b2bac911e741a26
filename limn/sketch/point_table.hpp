// Points as a table, a row a point: from text files and from lists of objects in JSON. The names of the columns say
// what they are. Without names little is certain, and what is not is refused (docs/formats.md has the rules).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "limn/sketch/sketch.hpp"
#include "limn/sketch/stroke_arrays.hpp"

namespace limn::sketch {

struct PointTable {
  // What a field holds: a number, true or false, nothing, or a word: kWord and its place among the words.
  using Mark = std::uint32_t;
  static constexpr Mark kNumber = 0, kTruth = 1, kNothing = 2, kWord = 3;

  std::vector<std::string> names = {};  // of the columns; empty where the file has none
  std::size_t columns = 0;
  std::string_view kind = "column";                   // what messages call one of them
  std::vector<double> numbers = {};                   // row by row; NaN where a field holds no number
  std::vector<Mark> marks = {};                       // of the numbers, where columns have names
  std::vector<std::string> words = {};                // each once
  std::unordered_map<std::string, Mark> places = {};  // of the words
  std::vector<std::size_t> breaks = {};               // rows that a blank line stands before: strokes end there

  void add(double number, Mark mark = kNumber) {
    numbers.push_back(number);
    if (!names.empty()) marks.push_back(mark);
  }
  void add_truth(bool value) { add(value ? 1 : 0, kTruth); }
  void add_nothing();
  void add_word(std::string_view word);

  [[nodiscard]] std::size_t rows() const { return columns == 0 ? 0 : numbers.size() / columns; }
  [[nodiscard]] std::span<const double> row(std::size_t i) const {
    return std::span(numbers).subspan(i * columns, columns);
  }
};

// Throws Error if points need more columns than these.
void check_names(std::span<const std::string> columns, const std::string& origin, std::string_view kind = "column");
// The sketches of the table: one, unless a column numbers them. `origin` begins messages and notes. Throws Error where
// the columns do not tell what they are, unless options.absolute does.
[[nodiscard]] std::vector<Sketch> sketches_of(PointTable table, const std::string& origin,
                                              const StrokeArrayOptions& options);

}  // namespace limn::sketch
