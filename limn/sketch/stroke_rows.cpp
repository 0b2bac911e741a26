#include "limn/sketch/stroke_rows.hpp"

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

bool is_bit(double value) { return value == 0 || value == 1; }

}  // namespace

std::string_view name_of(StrokeRowKind kind) {
  if (kind == StrokeRowKind::kOffsets3) return "stroke-3 (dx, dy, pen lifts)";
  if (kind == StrokeRowKind::kOffsets5) return "stroke-5 (dx, dy, down, lifts, end)";
  return "positions (x, y, down, up)";
}

void StrokeRowShapes::add(std::span<const double> row) {
  if (rows_++ == 0) width_ = row.size();
  has_one_width_ = has_one_width_ && row.size() == width_;
  if (!has_one_width_) return;
  const auto is_bits = [&](std::size_t begin) {
    double sum = 0;
    for (std::size_t i = begin; i < row.size(); ++i) {
      if (!is_bit(row[i])) return false;
      sum += row[i];
    }
    return begin == 2 && row.size() == 3 ? true : sum == 1;
  };
  may_be_stroke3_ = may_be_stroke3_ && width_ == 3 && is_bits(2);
  may_be_stroke5_ = may_be_stroke5_ && width_ == 5 && is_bits(2);
  may_be_down_up_ = may_be_down_up_ && width_ == 4 && is_bits(2);
  if (width_ < 3) return;
  is_any_lifted_ = is_any_lifted_ || row[2] == 1;
  is_last_lifted_ = row[2] == 1;
  is_any_negative_ = is_any_negative_ || row[0] < 0 || row[1] < 0;
}

void StrokeRowShapes::end_sketch() {
  do_all_end_lifted_ = do_all_end_lifted_ && is_last_lifted_;
  is_last_lifted_ = true;
}

std::optional<StrokeRowKind> StrokeRowShapes::kind() const {
  if (rows_ == 0 || !has_one_width_) return std::nullopt;
  if (may_be_stroke5_) return StrokeRowKind::kOffsets5;
  if (may_be_down_up_) return StrokeRowKind::kPositions4;
  // A third number that is 0 throughout is a pressure or a time that was not measured.
  if (may_be_stroke3_ && is_any_lifted_) return StrokeRowKind::kOffsets3;
  return std::nullopt;
}

void StrokeRowShapes::tell_doubts(const std::string& origin, const NoteSink& note) const {
  const auto found = kind();
  if (!found || *found == StrokeRowKind::kPositions4) return;
  constexpr std::size_t kFewRows = 3;
  if (!is_any_negative_ && rows_ > kFewRows)
    tell(note, fmt::format("{}: read as {}, but no offset is negative; if these are positions x, y, write them as "
                           "strokes [[x, y], …]",
                           origin, name_of(*found)));
  if (*found == StrokeRowKind::kOffsets3 && !do_all_end_lifted_)
    tell(note, fmt::format("{}: read as {}, but some sketches do not end with a lifted pen", origin, name_of(*found)));
}

void StrokeRowReader::add(std::span<const double> row) {
  if (has_ended_) return;
  const Position at = checked_position(row[0], row[1], what_);
  if (kind_ == StrokeRowKind::kPositions4) {
    sketch_.points.push_back({.dx = at.x - last_.x, .dy = at.y - last_.y, .is_pen_lifted = row[3] == 1});
    last_ = at;
    return;
  }
  if (kind_ == StrokeRowKind::kOffsets5) {
    has_ended_ = row[4] == 1;
    if (has_ended_) return;
  }
  const bool is_lifted = row[kind_ == StrokeRowKind::kOffsets5 ? 3 : 2] == 1;
  sketch_.points.push_back({.dx = at.x, .dy = at.y, .is_pen_lifted = is_lifted});
}

Sketch StrokeRowReader::take() {
  // The last stroke ends with the sketch.
  if (!sketch_.points.empty()) sketch_.points.back().is_pen_lifted = true;
  return std::move(sketch_);
}

}  // namespace limn::sketch
