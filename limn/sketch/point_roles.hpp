// The meaning of the columns of a table of points: by their names and, where a name may mean several things, by what
// the rows hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/point_table.hpp"

namespace limn::sketch {

// kPen: 1 at the last point of a stroke, unless the rows say that it may be the reverse. kBegin: 1 at the first point
// of a stroke. kDrag: 0 there. kEvent: kPenBegins, kPenDraws or kPenEnds.
enum class PointRole {
  kX,
  kY,
  kDx,
  kDy,
  kPen,
  kLift,
  kDown,
  kP1,
  kP2,
  kP3,
  kStroke,
  kSketch,
  kBegin,
  kDrag,
  kEvent,
  kUnused,
  kUnknown
};

// The numbers that stand for the words of kEvent.
inline constexpr double kPenBegins = 0, kPenDraws = 1, kPenEnds = 2;

// By the name alone.
[[nodiscard]] PointRole point_role_of(std::string_view column);
// A column of that name may also mark both the state and the end of a stroke: "pen_up".
[[nodiscard]] bool may_be_hovering(std::string_view column);

// The roles of the table's columns. Words that a role knows become its numbers in the table, and so do the words that
// number strokes and sketches.
[[nodiscard]] std::vector<PointRole> find_point_roles(PointTable& table);

}  // namespace limn::sketch
