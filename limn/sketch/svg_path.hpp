// The geometry of SVG: affine transforms, numbers, and path data to strokes. Used by svg_reader.cpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch::svg {

struct Point {
  double x = 0;
  double y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double s, Point p) { return {s * p.x, s * p.y}; }
[[nodiscard]] inline double radians(double degrees) { return degrees * std::numbers::pi / 180; }

// x' = a x + c y + e, y' = b x + d y + f, as SVG's matrix(a b c d e f).
struct Transform {
  double a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
  [[nodiscard]] Point operator()(Point p) const { return {a * p.x + c * p.y + e, b * p.x + d * p.y + f}; }
};
// First `inner`, then `outer`.
[[nodiscard]] Transform operator*(const Transform& outer, const Transform& inner);

inline constexpr double kLargestNumber = 1e9;

// Text that is not SVG's: what comes before it is drawn all the same.
class NotSvg : public Error {
 public:
  using Error::Error;
};

// Numbers, one after the other, out of an attribute: separated by white space and commas or, as SVG permits,
// by nothing where the next number's sign or second point shows where it begins.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  [[nodiscard]] bool at_end();     // but for white space and commas
  [[nodiscard]] bool at_number();  // a number begins here
  [[nodiscard]] char letter();     // the next character, whatever it is
  [[nodiscard]] double number();   // finite, at most kLargestNumber in size, or NotSvg
  [[nodiscard]] bool flag();       // an arc's 0 or 1, which needs no separator
  [[noreturn]] void complain() const;

 private:
  void skip();
  std::string_view text_;
  std::size_t position_ = 0;
};

// Collects strokes in the drawing's own units: lines and curves come in an element's units and go through its
// transform; curves are flattened to `tolerance` after it. A tolerance of infinity gives a few pieces a curve.
class Pen {
 public:
  Pen(double tolerance, std::size_t max_points, const std::string& origin);
  Transform transform;

  void move_to(Point p);
  void line_to(Point p);
  void cubic_to(Point control1, Point control2, Point end);
  // An elliptical arc (SVG 1.1 F.6): radii, the x axis' rotation in degrees, and which of the four arcs.
  void arc_to(Point radii, double rotation_degrees, bool is_large, bool is_sweeping, Point end);
  void close();
  // The end of an element: the next one begins a stroke of its own.
  void lift() { is_down_ = false; }
  [[nodiscard]] Point position() const { return position_; }
  [[nodiscard]] Point start() const { return start_; }
  // The strokes so far; lift() before they are changed.
  [[nodiscard]] std::vector<Stroke>& strokes() { return strokes_; }
  [[nodiscard]] bool has_curves() const { return has_curves_; }

 private:
  void append(Point p);
  [[nodiscard]] bool is_coarse() const { return std::isinf(tolerance_); }

  double tolerance_;
  std::size_t points_left_;
  const std::string& origin_;
  std::vector<Stroke> strokes_;
  Point position_, start_;
  bool is_down_ = false;  // the last stroke continues
  bool has_curves_ = false;
};

// Draws path data: all of M L H V C S Q T A Z and their relative forms. Throws NotSvg at what is none; the pen has then
// drawn what comes before it.
void draw_path(Pen& pen, std::string_view data);

}  // namespace limn::sketch::svg
