// Points as a table, a row a point: from text files and from lists of objects in JSON. The names of the columns say
// what they are. Without names little is certain, and what is not is refused (docs/formats.md has the rules).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/sketch.hpp"
#include "limn/sketch/stroke_arrays.hpp"

namespace limn::sketch {

struct PointTable {
  std::vector<std::string> names = {};  // of the columns; empty where the file has none
  std::size_t columns = 0;
  std::vector<double> numbers = {};      // row by row; NaN where a field holds no number
  std::vector<std::size_t> breaks = {};  // rows that a blank line stands before: strokes end there

  [[nodiscard]] std::size_t rows() const { return columns == 0 ? 0 : numbers.size() / columns; }
  [[nodiscard]] std::span<const double> row(std::size_t i) const {
    return std::span(numbers).subspan(i * columns, columns);
  }
};

// Throws Error if points need more columns than these.
void check_names(std::span<const std::string> columns, const std::string& origin);
// Whether a column of that name says where strokes or sketches end.
[[nodiscard]] bool names_strokes(std::string_view column);

// The sketches of the table: one, unless a column numbers them. `origin` begins messages and notes. Throws Error where
// the columns do not tell what they are, unless options.absolute does.
[[nodiscard]] std::vector<Sketch> sketches_of(const PointTable& table, const std::string& origin,
                                              const StrokeArrayOptions& options);

}  // namespace limn::sketch
