#include "limn/sketch/augment.hpp"

namespace limn::sketch {

Sketch with_points_dropped(const Sketch& sketch, double probability, RandomStream& random) {
  // Magenta's `count > 2`, where the stroke's first point counts 0. So the first two points of a stroke and
  // the last two are never moved: strokes still start, and end, in the same direction.
  constexpr int kFirstDroppable = 3;
  Sketch result;
  result.points.reserve(sketch.points.size());
  int place_in_stroke = 0;
  for (const StrokePoint& point : sketch.points) {
    const bool may_drop = !point.is_pen_lifted && place_in_stroke >= kFirstDroppable;
    if (may_drop && random.uniform() < probability) {
      result.points.back().dx += point.dx;
      result.points.back().dy += point.dy;
    } else {
      result.points.push_back(point);
    }
    place_in_stroke = point.is_pen_lifted ? 0 : place_in_stroke + 1;
  }
  return result;
}

Sketch augmented(const Sketch& sketch, const StrokeDataOptions& options, RandomStream& random) {
  const auto e = static_cast<float>(options.random_scale_factor);
  const float factor_x = random.uniform(1 - e, 1 + e);
  const float factor_y = random.uniform(1 - e, 1 + e);
  return with_points_dropped(scaled(sketch, factor_x, factor_y), options.augment_stroke_prob, random);
}

}  // namespace limn::sketch
