// Rows of strokes (stroke_arrays.hpp) out of NumPy's arrays and Python's lists and dicts: which value is a sketch,
// which one many, and which name means which split. Values may be hostile: what comes out is counted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/arrays/npy.hpp"
#include "limn/arrays/pickle.hpp"
#include "limn/core/split.hpp"
#include "limn/sketch/stroke_arrays.hpp"

namespace limn::sketch {

// Sketches of an array of N x L x 3, 4 or 5 numbers, or one of n x 3, 4 or 5. Throws Error for other shapes, and says
// so of images.
[[nodiscard]] std::vector<StrokeRows> rows_of_array(const arrays::NumericArray& array, const std::string& origin);

// Sketches of a list, tuple or object array of sketches, each of them an array or a list of rows; of one such sketch;
// of a numeric array; and of an object array that holds just one of these. `size` is the bytes of the pickle.
[[nodiscard]] std::vector<StrokeRows> rows_of_value(const arrays::PickleTree& tree, arrays::PickleValue value,
                                                    const std::string& origin);

// Which of the named values is which split: train, valid and test in their usual spellings (X_train, validation, val,
// TEST), else the only one that does not hold labels (y, labels).
struct NamedSplits {
  std::array<std::optional<std::size_t>, 3> places;
  std::vector<std::string> left_out;  // what is neither a split nor labels
};
// Throws Error if none is the training split.
[[nodiscard]] NamedSplits splits_named(std::span<const std::string> names, const std::string& origin);

// A pickle: a dict of splits, or the training split alone.
[[nodiscard]] SplitRows rows_of_pickle(const arrays::PickleTree& tree, const std::string& origin,
                                       std::vector<std::string>& left_out);

}  // namespace limn::sketch
