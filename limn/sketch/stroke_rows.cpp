#include "limn/sketch/stroke_rows.hpp"

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
  is_any_negative_ = is_any_negative_ || row[0] < 0 || row[1] < 0;
}

std::optional<StrokeRowKind> StrokeRowShapes::kind() const {
  if (rows_ == 0 || !has_one_width_) return std::nullopt;
  if (may_be_stroke5_) return StrokeRowKind::kOffsets5;
  if (may_be_down_up_) return StrokeRowKind::kPositions4;
  // A third number that is 0 throughout is a pressure or a time that was not measured.
  if (may_be_stroke3_ && is_any_lifted_) return StrokeRowKind::kOffsets3;
  return std::nullopt;
}

}  // namespace limn::sketch
