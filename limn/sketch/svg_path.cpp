#include "limn/sketch/svg_path.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::sketch::svg {
namespace {

constexpr int kMaxPieces = 1000;  // of one curve
constexpr int kCoarsePieces = 4;  // of a curve of which only the size is wanted

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How many times longer the transform makes the vector that it makes longest: its larger singular value.
double largest_stretch(const Transform& t) {
  const double squares = t.a * t.a + t.b * t.b + t.c * t.c + t.d * t.d, area = t.a * t.d - t.b * t.c;
  return std::sqrt((squares + std::sqrt(std::max(0.0, squares * squares - 4 * area * area))) / 2);
}

}  // namespace

Transform operator*(const Transform& outer, const Transform& inner) {
  const auto linear = [&](double x, double y) { return Point{outer.a * x + outer.c * y, outer.b * x + outer.d * y}; };
  const Point first = linear(inner.a, inner.b);
  const Point second = linear(inner.c, inner.d);
  const Point offset = outer({inner.e, inner.f});
  return {first.x, first.y, second.x, second.y, offset.x, offset.y};
}

void Scanner::complain() const { throw NotSvg(fmt::format("\"{}\" at character {}", printable(text_, 40), position_)); }

void Scanner::skip() {
  while (position_ < text_.size() && (is_space(text_[position_]) || text_[position_] == ',')) ++position_;
}

bool Scanner::at_end() {
  skip();
  return position_ == text_.size();
}

bool Scanner::at_number() {
  skip();
  if (position_ == text_.size()) return false;
  const char c = text_[position_];
  return is_digit(c) || c == '.' || c == '-' || c == '+';
}

char Scanner::letter() {
  if (at_end()) complain();
  return text_[position_++];
}

double Scanner::number() {
  skip();
  // from_chars knows no leading plus; "+-1" must not slip through.
  if (position_ + 1 < text_.size() && text_[position_] == '+' && text_[position_ + 1] != '-') ++position_;
  if (!at_number()) complain();
  double value = 0;
  const auto [end, error] = std::from_chars(text_.data() + position_, text_.data() + text_.size(), value);
  if (error != std::errc{} || !(std::abs(value) <= kLargestNumber)) complain();
  position_ = static_cast<std::size_t>(end - text_.data());
  return value;
}

bool Scanner::flag() {
  const char c = letter();
  if (c != '0' && c != '1') {
    --position_;
    complain();
  }
  return c == '1';
}

Pen::Pen(double tolerance, std::size_t max_points, const std::string& origin)
    : tolerance_(tolerance), points_left_(max_points), origin_(origin) {
  require(tolerance > 0, "{}: a tolerance of {} for curves; it must be above 0", origin, tolerance);
}

void Pen::append(Point p) {
  const Point placed = transform(p);
  require(
      std::isfinite(placed.x) && std::isfinite(placed.y) && std::abs(placed.x) <= 1e15 && std::abs(placed.y) <= 1e15,
      "{}: its transforms carry a point beyond all pages; fix them", origin_);
  require(points_left_-- > 0, "{}: draws more points than limn reads; split the drawing", origin_);
  const Position position{static_cast<float>(placed.x), static_cast<float>(placed.y)};
  if (strokes_.back().empty() || strokes_.back().back() != position) strokes_.back().push_back(position);
}

void Pen::move_to(Point p) {
  lift();
  position_ = start_ = p;
}

void Pen::line_to(Point p) {
  if (!is_down_) {
    strokes_.emplace_back();
    is_down_ = true;
    append(position_);
  }
  append(p);
  position_ = p;
}

void Pen::close() {
  line_to(start_);
  is_down_ = false;
}

void Pen::cubic_to(Point control1, Point control2, Point end) {
  const Point begin = position_;
  // Wang's formula: n equal pieces lie at most 6/8 |d| / n^2 off, d the larger second difference of the
  // controls.
  const auto length = [&](Point p) {
    return std::hypot(transform.a * p.x + transform.c * p.y, transform.b * p.x + transform.d * p.y);
  };
  const double bend = std::max(length(begin - 2 * control1 + control2), length(control1 - 2 * control2 + end));
  const double wanted = std::ceil(std::sqrt(0.75 * bend / tolerance_));
  const int pieces =
      wanted < kMaxPieces ? std::max(is_coarse() ? kCoarsePieces : 1, static_cast<int>(wanted)) : kMaxPieces;
  has_curves_ = has_curves_ || bend > 0;
  for (int i = 1; i < pieces; ++i) {
    const double t = static_cast<double>(i) / pieces, s = 1 - t;
    line_to(s * s * s * begin + 3 * s * s * t * control1 + 3 * s * t * t * control2 + t * t * t * end);
  }
  line_to(end);
}

void Pen::arc_to(Point radii, double rotation_degrees, bool is_large, bool is_sweeping, Point end) {
  const Point begin = position_;
  double rx = std::abs(radii.x), ry = std::abs(radii.y);
  if (rx == 0 || ry == 0 || begin == end) return line_to(end);
  const double cosine = std::cos(radians(rotation_degrees)), sine = std::sin(radians(rotation_degrees));
  // F.6.5: the midpoint's frame, in which the ellipse is upright.
  const Point half = 0.5 * (begin - end);
  const Point p{cosine * half.x + sine * half.y, -sine * half.x + cosine * half.y};
  const double excess = p.x * p.x / (rx * rx) + p.y * p.y / (ry * ry);
  if (excess > 1) {  // F.6.6: radii too small to reach are scaled up
    rx *= std::sqrt(excess);
    ry *= std::sqrt(excess);
  }
  const double u = p.x / rx, v = p.y / ry;
  const double ratio = std::sqrt(std::max(0.0, 1 / (u * u + v * v) - 1)) * (is_large == is_sweeping ? -1 : 1);
  const Point upright{ratio * rx * v, -ratio * ry * u};
  const Point middle = 0.5 * (begin + end);
  const Point centre{cosine * upright.x - sine * upright.y + middle.x,
                     sine * upright.x + cosine * upright.y + middle.y};
  const double from = std::atan2((p.y - upright.y) / ry, (p.x - upright.x) / rx);
  const double to = std::atan2((-p.y - upright.y) / ry, (-p.x - upright.x) / rx);
  double sweep = to - from;
  if (is_sweeping && sweep < 0) sweep += 2 * std::numbers::pi;
  if (!is_sweeping && sweep > 0) sweep -= 2 * std::numbers::pi;
  // A chord over the angle w lies r (1 - cos(w/2)) off, about r w^2 / 8.
  const double stretch = largest_stretch(transform);
  const double wanted = std::ceil(std::abs(sweep) * std::sqrt(std::max(rx, ry) * stretch / (8 * tolerance_)));
  const int pieces =
      wanted < kMaxPieces ? std::max(is_coarse() ? 2 * kCoarsePieces : 2, static_cast<int>(wanted)) : kMaxPieces;
  has_curves_ = true;
  for (int i = 1; i < pieces; ++i) {
    const double angle = from + sweep * i / pieces;
    const Point q{rx * std::cos(angle), ry * std::sin(angle)};
    line_to({cosine * q.x - sine * q.y + centre.x, sine * q.x + cosine * q.y + centre.y});
  }
  line_to(end);
}

namespace {

// The state that one path command leaves to the next.
class PathDrawer {
 public:
  PathDrawer(Pen& pen, std::string_view data) : pen_(pen), scanner_(data) {}

  void draw() {
    pen_.move_to({});
    bool has_moved = false;
    while (!scanner_.at_end()) {
      const char command = scanner_.letter();
      const bool is_relative = command >= 'a';
      const char kind = is_relative ? static_cast<char>(command - 'a' + 'A') : command;
      if (std::string_view("MLHVCSQTAZ").find(kind) == std::string_view::npos || (!has_moved && kind != 'M'))
        scanner_.complain();
      has_moved = true;
      if (kind == 'Z') {
        pen_.close();
        pen_.move_to(pen_.start());
        previous_ = 'Z';
        continue;
      }
      char repeated = kind;
      do {
        segment(repeated, is_relative ? pen_.position() : Point{});
        previous_ = repeated;
        if (repeated == 'M') repeated = 'L';  // further pairs after a moveto are lines
      } while (scanner_.at_number());
    }
    pen_.lift();
  }

 private:
  Point point(Point base) {
    const double x = scanner_.number();
    return base + Point{x, scanner_.number()};
  }
  // The last control point mirrored, if the last command was of that family.
  [[nodiscard]] Point mirrored(std::string_view family) const {
    return family.find(previous_) == std::string_view::npos ? pen_.position() : 2 * pen_.position() - control_;
  }
  void quadratic(Point control, Point end) {
    const Point begin = pen_.position();
    control_ = control;
    pen_.cubic_to(1.0 / 3 * begin + 2.0 / 3 * control, 2.0 / 3 * control + 1.0 / 3 * end, end);
  }
  void cubic(Point control1, Point base) {
    control_ = point(base);
    pen_.cubic_to(control1, control_, point(base));
  }
  void segment(char kind, Point base) {
    const Point here = pen_.position();
    switch (kind) {
      case 'M':
        return pen_.move_to(point(base));
      case 'L':
        return pen_.line_to(point(base));
      case 'H':
        return pen_.line_to({base.x + scanner_.number(), here.y});
      case 'V':
        return pen_.line_to({here.x, base.y + scanner_.number()});
      case 'C':
        return cubic(point(base), base);
      case 'S':
        return cubic(mirrored("CS"), base);
      case 'Q': {
        const Point control = point(base);
        return quadratic(control, point(base));
      }
      case 'T': {
        const Point control = mirrored("QT");
        return quadratic(control, point(base));
      }
      default: {
        const Point radii = point({});
        const double rotation = scanner_.number();
        const bool is_large = scanner_.flag();
        const bool is_sweeping = scanner_.flag();
        return pen_.arc_to(radii, rotation, is_large, is_sweeping, point(base));
      }
    }
  }

  Pen& pen_;
  Scanner scanner_;
  char previous_ = 'M';
  Point control_;
};

}  // namespace

void draw_path(Pen& pen, std::string_view data) { PathDrawer(pen, data).draw(); }

}  // namespace limn::sketch::svg
