// Coordinates and random numbers as in doodle_kinds.cpp.
#include <cmath>
#include <numbers>

#include "limn/sketch/doodle_kinds.hpp"

namespace limn::sketch::doodles {

void draw_cup(DoodlePen& pen) {
  const double side = pen.chance(0.75) ? 1 : -1;  // 1: the handle is at the right
  const double w = pen.about(62, 6), bottom = w * pen.about(0.86, 0.12), depth = pen.about(124, 12);
  const double brim = pen.about(15, 4);
  if (pen.chance(0.6)) {
    pen.loop({0, 0}, w, brim);
    pen.curve({{-w, 0},
               {-w, 0},
               {-bottom, depth},
               {-bottom, depth},
               {0, depth + brim},
               {bottom, depth},
               {bottom, depth},
               {w, 0}});
  } else {
    pen.polygon({{-w, 0}, {-bottom, depth}, {bottom, depth}, {w, 0}});
  }
  const double reach = pen.about(54, 6), upper = pen.about(26, 5), lower = depth - pen.about(30, 5);
  const double wall = 0.94 * w;
  const auto handle = [&](double out, double inset) {
    pen.curve({{side * wall, upper + inset},
               {side * (wall + 0.75 * out), upper + inset + 3},
               {side * (wall + out), 0.5 * (upper + lower)},
               {side * (wall + 0.7 * out), lower - inset - 3},
               {side * (wall - 4), lower - inset}});
  };
  handle(reach, 0);
  if (pen.chance(0.5)) handle(0.62 * reach, 16);
  if (!pen.chance(0.6)) return;
  const int wisps = pen.between(2, 3);
  for (int i = 0; i < wisps; ++i) {
    const double x = w * (1.2 * (i + 0.5) / wisps - 0.6), y = -brim - 14, sway = pen.about(9, 2);
    pen.curve({{x, y}, {x + sway, y - 16}, {x - sway, y - 36}, {x + 0.5 * sway, y - 54}});
  }
}

void draw_key(DoodlePen& pen) {
  const double r = pen.about(44, 5), end = pen.about(176, 10), angle = pen.about(0, 25) * std::numbers::pi / 180;
  const double side = pen.chance(0.7) ? 1 : -1;  // 1: the bit is at the right
  const auto at = [&](double x, double y) {
    return Point{side * (x * std::cos(angle) - y * std::sin(angle)), x * std::sin(angle) + y * std::cos(angle)};
  };
  pen.loop({0, 0}, r, r);
  if (pen.chance(0.5)) pen.loop(at(-0.2 * r, 0), 0.34 * r, 0.34 * r);
  const double half = pen.about(8, 2), tooth = pen.about(30, 5), width = pen.about(17, 3), last = end - 6;
  if (pen.chance(0.6)) {
    // The shaft as an outline with its teeth.
    pen.lines({at(r, -half), at(end, -half), at(end, half + tooth), at(end - width, half + tooth),
               at(end - width, half), at(end - 2 * width, half), at(end - 2 * width, half + 0.8 * tooth),
               at(end - 3 * width, half + 0.8 * tooth), at(end - 3 * width, half), at(r, half)});
  } else {
    pen.lines({at(r, 0), at(end, 0)});
    const int teeth = pen.between(2, 3);
    for (int i = 0; i < teeth; ++i) {
      const double x = last - 1.4 * width * i, length = pen.about(36, 5);
      pen.lines({at(x, 0), at(x, length)});
    }
  }
}

void draw_envelope(DoodlePen& pen) {
  const double w = pen.about(104, 6), h = pen.about(68, 6), fold = pen.about(14, 8);
  pen.polygon({{-w, -h}, {-w, h}, {w, h}, {w, -h}});
  pen.lines({{-w, -h}, {pen.about(0, 5), fold}, {w, -h}});
  if (pen.chance(0.5)) {
    const double inset = 0.3 * w;
    pen.lines({{-w, h}, {-inset, pen.about(4, 4)}});
    pen.lines({{w, h}, {inset, pen.about(4, 4)}});
  }
}

void draw_glasses(DoodlePen& pen) {
  const double x = pen.about(58, 3), rx = pen.about(42, 4), ry = pen.about(38, 5), gap = x - rx;
  pen.in_some_order({[&] { pen.loop({-x, 0}, rx, ry); }, [&] { pen.loop({x, 0}, rx, ry); }});
  const double arch = pen.about(14, 5);
  pen.curve({{-gap, -4}, {-0.5 * gap, -4 - 0.75 * arch}, {0.5 * gap, -4 - 0.75 * arch}, {gap, -4}});
  const double reach = pen.about(26, 6), rise = pen.about(36, 8);
  const bool is_hooked = pen.chance(0.5);
  for (const double side : {-1.0, 1.0}) {
    const double from = side * (x + rx);
    if (is_hooked)
      pen.curve({{from, -4},
                 {from + side * 0.8 * reach, -rise},
                 {from + side * 1.3 * reach, -0.9 * rise},
                 {from + side * 1.4 * reach, -0.3 * rise}});
    else
      pen.lines({{from, -4}, {from + side * reach, -rise}});
  }
}

void draw_clock(DoodlePen& pen) {
  const double r = pen.about(100, 5);
  pen.loop({0, 0}, r, r);
  const int marks = pen.chance(0.3) ? 12 : 4;
  for (int i = 0; i < marks; ++i) {
    const double degrees = -90 + 360.0 * i / marks, inner = r * pen.about(0.8, 0.04);
    pen.lines({on_ellipse({0, 0}, inner, inner, degrees), on_ellipse({0, 0}, 0.95 * r, 0.95 * r, degrees)});
  }
  const double hour = pen.between(0, 11), minute = pen.between(0, 11);
  // Hands that lie on one another would be one.
  const double apart = hour == minute ? minute + 3 : minute;
  pen.lines({{0, 0}, on_ellipse({0, 0}, 0.68 * r, 0.68 * r, -90 + 30 * apart)});
  pen.lines({{0, 0}, on_ellipse({0, 0}, 0.44 * r, 0.44 * r, -90 + 30 * hour)});
}

void draw_ladder(DoodlePen& pen) {
  const double top_w = pen.about(40, 5), foot_w = top_w + pen.about(8, 8), h = pen.about(112, 6),
               lean = pen.about(0, 16);
  const int rungs = pen.between(5, 6);
  const auto at = [&](double side, double share) {
    return Point{side * (foot_w + share * (top_w - foot_w)) + lean * (2 * share - 1), h * (1 - 2 * share)};
  };
  pen.in_some_order({[&] { pen.lines({at(-1, 1), at(-1, 0)}); }, [&] { pen.lines({at(1, 1), at(1, 0)}); }});
  for (int i = 0; i < rungs; ++i) {
    const double share = 1 - (i + 0.6) / rungs;
    pen.lines({at(-1, share) + Point{0, pen.about(0, 3)}, at(1, share) + Point{0, pen.about(0, 3)}});
  }
}

void draw_pencil(DoodlePen& pen) {
  const double angle = (pen.chance(0.75) ? 1 : -1) * pen.about(45, 14) * std::numbers::pi / 180;
  const double half = pen.about(17, 2), tip = pen.about(-118, 6), neck = tip + pen.about(42, 5), end = -tip;
  const double ferrule = end - pen.about(30, 5), lead = tip + 0.36 * (neck - tip);
  // Along the pencil and across it.
  const auto at = [&](double x, double y) {
    return Point{-(x * std::cos(angle) - y * std::sin(angle)), x * std::sin(angle) + y * std::cos(angle)};
  };
  pen.polygon({at(tip, 0), at(neck, -half), at(end, -half), at(end, half), at(neck, half)});
  pen.lines({at(neck, -half), at(neck, half)});
  pen.lines({at(lead, -0.36 * half), at(lead, 0.36 * half)});
  pen.lines({at(ferrule, -half), at(ferrule, half)});
  if (pen.chance(0.4)) pen.lines({at(neck, 0), at(ferrule, 0)});
}

void draw_crown(DoodlePen& pen) {
  const int spikes = pen.chance(0.6) ? 3 : 5;
  const double w = pen.about(96, 6), base = 70, notch = pen.about(4, 6), flare = pen.about(10, 6);
  std::vector<Point> corners{{-w, base}}, tips;
  for (int i = 0; i < spikes; ++i) {
    const double share = 2.0 * i / (spikes - 1) - 1;
    const double height = -pen.about(62, 5) - (share == 0 ? 16 : 0);
    tips.push_back({share * (w + flare), height});
    corners.push_back(tips.back());
    if (i + 1 < spikes) corners.push_back({(share + 1.0 / (spikes - 1)) * w, notch});
  }
  corners.push_back({w, base});
  pen.polygon(corners);
  if (pen.chance(0.7)) {
    const double band = base - pen.about(26, 4);
    pen.lines({{-w, band}, {w, band}});
  }
  if (spikes > 3 || !pen.chance(0.6)) return;
  for (const Point tip : tips) pen.loop(tip + Point{0, -10}, 9, 9);
}

void draw_car(DoodlePen& pen) {
  const double side = pen.chance(0.75) ? 1 : -1;  // 1: drives to the right
  const double length = pen.about(122, 6), deck = pen.about(-12, 4), roof = deck - pen.about(54, 6), floor = 42;
  const double r = pen.about(27, 3), rear = -pen.about(64, 5), front = pen.about(66, 5);
  const auto at = [side](double x, double y) { return Point{side * x, y}; };
  const double roof_rear = pen.about(-58, 6), roof_front = pen.about(28, 6);
  const double boot = roof_rear - pen.about(30, 8), hood = roof_front + pen.about(34, 6);
  // The body in one go above the wheels, closed below.
  pen.lines({at(-length, floor), at(-length, deck + 4), at(boot, deck), at(roof_rear, roof), at(roof_front, roof),
             at(hood, deck), at(length - 10, deck + 8), at(length, floor), at(-length, floor)});
  pen.in_some_order({[&] { pen.loop(at(rear, floor + 4), r, r); }, [&] { pen.loop(at(front, floor + 4), r, r); }});
  const double post = 0.5 * (roof_rear + roof_front);
  if (pen.chance(0.8)) {
    pen.polygon({at(roof_rear + 4, roof + 11), at(boot + 20, deck - 2), at(hood - 18, deck - 2),
                 at(roof_front - 4, roof + 11)});
    pen.lines({at(post, roof + 11), at(post, deck - 2)});
  } else {
    pen.lines({at(boot, deck), at(hood, deck)});
  }
}

}  // namespace limn::sketch::doodles
