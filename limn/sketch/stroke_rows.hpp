// Rows of numbers in text files, one a point, with the pen in their last columns: stroke-3 (dx, dy, p), stroke-5 (dx,
// dy, p1, p2, p3) and positions (x, y, down, up).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "limn/sketch/json_shapes.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

enum class StrokeRowKind { kOffsets3, kOffsets5, kPositions4 };
[[nodiscard]] std::string_view name_of(StrokeRowKind kind);

// Whether the rows of a file are strokes with a pen, and of which kind: looks at all before one is read.
class StrokeRowShapes {
 public:
  void add(std::span<const double> row);
  void end_sketch();

  [[nodiscard]] std::optional<StrokeRowKind> kind() const;
  // All rows are of three numbers, the third 0 or 1, whether or not the pen is ever lifted.
  [[nodiscard]] bool is_stroke3() const { return rows_ > 0 && has_one_width_ && may_be_stroke3_; }
  [[nodiscard]] bool is_any_negative() const { return is_any_negative_; }
  // Tells what may be otherwise than it was read. `origin` begins the note.
  void tell_doubts(const std::string& origin, const NoteSink& note) const;

 private:
  std::size_t width_ = 0;
  bool has_one_width_ = true;
  bool may_be_stroke3_ = true;
  bool may_be_stroke5_ = true;
  bool may_be_down_up_ = true;
  bool is_any_lifted_ = false;
  bool is_any_negative_ = false;
  bool do_all_end_lifted_ = true;
  bool is_last_lifted_ = true;
  std::size_t rows_ = 0;
};

// Takes the rows of one sketch, one after the other.
class StrokeRowReader {
 public:
  // `what` begins the messages.
  StrokeRowReader(StrokeRowKind kind, std::string what) : kind_(kind), what_(std::move(what)) {}
  void add(std::span<const double> row);
  [[nodiscard]] Sketch take();

 private:
  StrokeRowKind kind_;
  std::string what_;
  Sketch sketch_;
  Position last_;
  bool has_ended_ = false;
};

}  // namespace limn::sketch
