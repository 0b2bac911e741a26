// The hand that draws the built-in doodles: straight lines that bow, circles that do not quite close, tremor.
// One pen draws one doodle; its strokes come out in paper units, y downwards. Used by doodle_kinds.cpp only.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch::doodles {

struct Point {
  double x = 0;
  double y = 0;
  friend Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
  friend Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
  friend Point operator*(double factor, Point p) { return {factor * p.x, factor * p.y}; }
};

// A point of the ellipse; degrees from the right, growing clockwise as seen on paper.
[[nodiscard]] Point on_ellipse(Point centre, double radius_x, double radius_y, double degrees);

class DoodlePen {
 public:
  // Draws the manner of this hand (tilt, proportions, tremor, …) from `random`, which must outlive the pen.
  explicit DoodlePen(RandomStream& random);

  // middle ± spread, the middle more likely.
  [[nodiscard]] double about(double middle, double spread);
  [[nodiscard]] bool chance(double probability) { return random_.uniform() < probability; }
  [[nodiscard]] int between(int low, int high);  // both included

  // Each draws one stroke.
  void lines(std::vector<Point> corners);
  void curve(std::vector<Point> nodes);
  void arc(Point centre, double radius_x, double radius_y, double from_degrees, double to_degrees);
  void loop(Point centre, double radius_x, double radius_y);
  // A corner to begin with that is not always the first: `corners` without the first one repeated at the end.
  void polygon(std::vector<Point> corners);
  void eye(Point centre);  // a tick or a small ring, the same kind all over a doodle

  // Runs the parts in the order given or, now and then, in any other.
  void in_some_order(std::vector<std::function<void()>> parts);

  [[nodiscard]] const std::vector<Stroke>& strokes() const { return strokes_; }

 private:
  void finish(std::vector<Point> path);
  [[nodiscard]] std::vector<Point> trembled(const std::vector<Point>& path);
  [[nodiscard]] Point on_paper(Point p) const;

  RandomStream& random_;
  double tremor_ = 0;        // paper units
  double carelessness_ = 0;  // how far a stroke misses its place, paper units
  double tilt_ = 0;          // radians
  double slant_ = 0;         // shear of x by y
  double width_ = 1;         // stretch of x
  bool has_ring_eyes_ = false;
  bool is_clockwise_ = false;
  std::vector<Stroke> strokes_;
};

}  // namespace limn::sketch::doodles
