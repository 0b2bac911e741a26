// Whether rows of numbers in text files have a pen in their last columns: stroke-3 (dx, dy, p), stroke-5 (dx, dy, p1,
// p2, p3) and positions (x, y, down, up). stroke_arrays.hpp reads them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace limn::sketch {

enum class StrokeRowKind { kOffsets3, kOffsets5, kPositions4 };
[[nodiscard]] std::string_view name_of(StrokeRowKind kind);

// Whether the rows of a file are strokes with a pen, and of which kind: looks at all before one is read.
class StrokeRowShapes {
 public:
  void add(std::span<const double> row);

  [[nodiscard]] std::optional<StrokeRowKind> kind() const;
  // All rows are of three numbers, the third 0 or 1, whether or not the pen is ever lifted.
  [[nodiscard]] bool is_stroke3() const { return rows_ > 0 && has_one_width_ && may_be_stroke3_; }
  [[nodiscard]] bool is_any_negative() const { return is_any_negative_; }

 private:
  std::size_t width_ = 0;
  bool has_one_width_ = true;
  bool may_be_stroke3_ = true;
  bool may_be_stroke5_ = true;
  bool may_be_down_up_ = true;
  bool is_any_lifted_ = false;
  bool is_any_negative_ = false;
  std::size_t rows_ = 0;
};

}  // namespace limn::sketch
