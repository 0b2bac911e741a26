// Coordinates and random numbers as in doodle_kinds.cpp.
#include <cmath>

#include "limn/sketch/doodle_kinds.hpp"

namespace limn::sketch::doodles {

void draw_sun(DoodlePen& pen) {
  const double r = pen.about(52, 7), first = pen.about(-90, 15);
  const int rays = pen.between(7, 10);
  pen.loop({0, 0}, r, r);
  const double gap = pen.about(15, 4), length = pen.about(40, 8);
  for (int i = 0; i < rays; ++i) {
    const double degrees = first + i * 360.0 / rays + pen.about(0, 4);
    const double root = r + gap, tip = root + length * pen.about(1, 0.15);
    pen.lines({on_ellipse({0, 0}, root, root, degrees), on_ellipse({0, 0}, tip, tip, degrees)});
  }
}

void draw_star(DoodlePen& pen) {
  const double first = pen.about(-90, 10);
  const bool is_outline = pen.chance(0.5);
  const double inner = pen.about(42, 4);
  std::vector<Point> corners;
  for (int i = 0; i < 5; ++i) {
    // A pentagram takes every second tip; an outline goes from tip to notch to tip.
    const double degrees = first + 72.0 * i * (is_outline ? 1 : 2), outer = pen.about(100, 6);
    corners.push_back(on_ellipse({0, 0}, outer, outer, degrees));
    if (is_outline) corners.push_back(on_ellipse({0, 0}, inner, inner, degrees + 36));
  }
  pen.polygon(corners);
}

void draw_heart(DoodlePen& pen) {
  const double w = pen.about(92, 8), notch = -pen.about(34, 7), lobe = -pen.about(74, 6), tip = pen.about(92, 10);
  const auto half = [&](double side) {
    return std::vector<Point>{{0, notch},
                              {0, notch},
                              {side * 0.24 * w, 0.88 * lobe},
                              {side * 0.6 * w, lobe},
                              {side * 0.93 * w, 0.62 * lobe},
                              {side * w, -0.12 * tip},
                              {side * 0.66 * w, 0.42 * tip},
                              {0, tip}};
  };
  std::vector<Point> nodes = half(-1);
  if (pen.chance(0.25)) {
    pen.curve(nodes);
    pen.curve(half(1));
    return;
  }
  const std::vector<Point> right = half(1);
  nodes.insert(nodes.end(), right.rbegin(), right.rend());
  nodes.back() = nodes.back() + Point{pen.about(0, 4), pen.about(0, 4)};
  pen.curve(nodes);
}

void draw_moon(DoodlePen& pen) {
  const double side = pen.chance(0.6) ? 1 : -1;  // 1: the horns look to the right
  const double r = pen.about(98, 6), horn = pen.about(52, 8), hollow = pen.about(-38, 10), lean = pen.about(0, 10);
  const auto turned = [&](Point p) { return Point{side * p.x, p.y - lean * p.x / 100}; };
  const auto at = [&](double degrees) { return turned(on_ellipse({0, 0}, r, r, degrees)); };
  std::vector<Point> nodes{at(horn)};
  for (int i = 0; i <= 8; ++i) nodes.push_back(at(horn + i * (360 - 2 * horn) / 8));
  // The hollow is part of the circle through both horns and (hollow, 0).
  const Point upper = on_ellipse({0, 0}, r, r, -horn);
  const double sagitta = upper.x - hollow, inner = (upper.y * upper.y + sagitta * sagitta) / (2 * sagitta);
  nodes.push_back(turned(upper));
  for (const double share : {0.75, 0.4, 0.0, -0.4, -0.75})
    nodes.push_back(
        turned({hollow + inner - std::sqrt(inner * inner - share * share * upper.y * upper.y), share * upper.y}));
  nodes.push_back(at(horn));
  pen.curve(nodes);
}

void draw_cloud(DoodlePen& pen) {
  const bool is_flat_below = pen.chance(0.5);
  const int bumps = is_flat_below ? pen.between(4, 5) : pen.between(7, 8);
  const double rx = is_flat_below ? pen.about(78, 7) : pen.about(92, 8);
  const double ry = is_flat_below ? pen.about(52, 6) : pen.about(38, 4);
  const double from = is_flat_below ? 180 : pen.about(180, 20), sweep = is_flat_below ? 180 : 360;
  std::vector<Point> nodes;
  for (int i = 0; i < bumps; ++i) {
    const Point a = on_ellipse({0, 0}, rx, ry, from + sweep * i / bumps);
    const Point b = on_ellipse({0, 0}, rx, ry, from + sweep * (i + 1) / bumps);
    const double swell = pen.about(0.5, 0.1);
    const Point along = b - a, outwards = swell * Point{along.y, -along.x};
    nodes.insert(nodes.end(), {a, a, a + 0.1 * along + 0.7 * outwards, a + 0.5 * along + 1.15 * outwards,
                               a + 0.9 * along + 0.7 * outwards, b});
  }
  if (is_flat_below) nodes.insert(nodes.end(), {nodes.back(), {-rx, pen.about(0, 5)}});
  pen.curve(nodes);
  if (!pen.chance(0.5)) return;
  const int drops = pen.between(3, 4);
  const double lean = pen.about(-8, 6), bottom = is_flat_below ? 0 : ry + 16;
  for (int i = 0; i < drops; ++i) {
    const double x = rx * (1.5 * (i + 0.5) / drops - 0.75), y = bottom + 16 + (i % 2 ? 12 : 0), fall = pen.about(34, 6);
    pen.lines({{x, y}, {x + lean, y + fall}});
  }
}

void draw_lightning(DoodlePen& pen) {
  const double side = pen.chance(0.75) ? 1 : -1;
  const auto about = [&](double x, double y) { return Point{side * x + pen.about(0, 5), y + pen.about(0, 5)}; };
  std::vector<Point> corners;
  for (const Point p : {Point{14, -110}, {-48, 14}, {-6, 12}, {-36, 112}, {56, -24}, {10, -22}, {58, -110}})
    corners.push_back(about(p.x, p.y));
  pen.polygon(corners);
}

void draw_apple(DoodlePen& pen) {
  const double w = pen.about(88, 7), dip = -pen.about(50, 5), top = -pen.about(78, 5), foot = pen.about(88, 6);
  const auto half = [&](double side) {
    return std::vector<Point>{{0, dip},       {side * 0.46 * w, top},        {side * 0.9 * w, 0.6 * top},
                              {side * w, 0},  {side * 0.8 * w, 0.62 * foot}, {side * 0.4 * w, foot},
                              {0, 0.9 * foot}};
  };
  std::vector<Point> nodes{{0, dip}};
  const std::vector<Point> left = half(-1), right = half(1);
  nodes.insert(nodes.end(), left.begin(), left.end());
  nodes.insert(nodes.end(), right.rbegin() + 1, right.rend());
  nodes.push_back({pen.about(0, 4), dip + pen.about(0, 4)});
  pen.curve(nodes);
  const double lean = pen.about(8, 8), stem = pen.about(54, 8);
  pen.curve({{0, dip + 4}, {0.3 * lean, dip - 0.5 * stem}, {lean, dip - stem}});
  if (!pen.chance(0.8)) return;
  const double reach = pen.about(56, 7), rise = pen.about(22, 5);
  const Point root{0.3 * lean, dip - 0.45 * stem}, tip = root + Point{reach, -rise};
  pen.curve({root, root, root + Point{0.4 * reach, -rise - 14}, tip, tip, root + Point{0.62 * reach, 4}, root});
}

void draw_cactus(DoodlePen& pen) {
  const double w = pen.about(24, 3), top = -pen.about(118, 10), arm = pen.about(17, 2);
  const double left_y = pen.about(-8, 14), right_y = pen.about(-22, 14), foot = 78;
  const double left_top = left_y - pen.about(52, 8), right_top = right_y - pen.about(46, 8);
  const double left_x = -w - pen.about(44, 5), right_x = w + pen.about(44, 5);
  // An arm from the trunk outwards, up, round its end and back.
  const auto limb = [&](double side, double x, double y, double end) {
    return std::vector<Point>{{side * w, y + arm},
                              {x - side * 8, y + arm},
                              {x + side * arm, y - 6},
                              {x + side * arm, end},
                              {x + side * 0.6 * arm, end - 0.8 * arm},
                              {x - side * 0.6 * arm, end - 0.8 * arm},
                              {x - side * arm, end},
                              {x - side * arm, y - arm - 4},
                              {x - side * (arm + 6), y - arm},
                              {side * w, y - arm}};
  };
  const std::vector<Point> left = limb(-1, left_x, left_y, left_top), right = limb(1, right_x, right_y, right_top);
  std::vector<Point> outline{{-w, foot}};
  outline.insert(outline.end(), left.begin(), left.end());
  outline.insert(outline.end(), {{-w, top}, {-0.6 * w, top - 20}, {0.6 * w, top - 20}, {w, top}});
  outline.insert(outline.end(), right.rbegin(), right.rend());
  outline.push_back({w, foot});
  pen.lines(outline);
  if (pen.chance(0.7)) {
    const double brim = w + pen.about(26, 5), depth = pen.about(58, 7), bottom = 0.68 * brim;
    pen.polygon({{-brim, foot}, {-bottom, foot + depth}, {bottom, foot + depth}, {brim, foot}});
  } else {
    const double ground = pen.about(112, 12);
    pen.lines({{-ground, foot}, {ground, foot}});
  }
  if (!pen.chance(0.5)) return;
  for (const double y : {-78.0, -34.0, 14.0}) {
    const double x = pen.about(0, 7);
    pen.lines({{x, y}, {x + 2, y + 15}});
  }
}

void draw_mushroom(DoodlePen& pen) {
  const double rx = pen.about(102, 8), ry = pen.about(92, 10), brim = pen.about(16, 6);
  const double neck = pen.about(26, 4), foot_w = neck + pen.about(12, 6), foot = pen.about(104, 10);
  // The cap in one go, its brim last.
  pen.curve({{-rx, 0},
             {-rx, 0},
             {-0.86 * rx, -0.52 * ry},
             {-0.45 * rx, -0.9 * ry},
             {0, -ry},
             {0.45 * rx, -0.9 * ry},
             {0.86 * rx, -0.52 * ry},
             {rx, 0},
             {rx, 0},
             {0.5 * rx, brim},
             {-0.5 * rx, brim},
             {-rx, 0}});
  pen.lines({{-neck, brim},
             {-foot_w, foot},
             {-0.4 * foot_w, foot + 9},
             {0.4 * foot_w, foot + 9},
             {foot_w, foot},
             {neck, brim}});
  if (!pen.chance(0.8)) return;
  const int spots = pen.between(2, 3);
  for (int i = 0; i < spots; ++i) {
    const double x = rx * (1.1 * (i + 0.5) / spots - 0.55), y = -ry * (i % 2 ? 0.66 : 0.4), r = pen.about(14, 3);
    pen.loop({x, y}, r, r);
  }
}

void draw_butterfly(DoodlePen& pen) {
  const double body = pen.about(60, 6);
  const double upper_x = pen.about(104, 7), upper_y = -pen.about(88, 8);
  const double lower_x = pen.about(78, 7), lower_y = pen.about(82, 8);
  if (pen.chance(0.3))
    pen.loop({0, 0}, 9, body);
  else
    pen.lines({{0, -body}, {0, body}});
  // Both wings of a side in one go.
  for (const double side : {-1.0, 1.0}) {
    const double root = side * 9;
    pen.curve({{root, -24},
               {root, -24},
               {side * 0.52 * upper_x, 0.95 * upper_y},
               {side * upper_x, upper_y},
               {side * 0.98 * upper_x, 0.3 * upper_y},
               {root, 4},
               {root, 4},
               {side * 0.85 * lower_x, 0.38 * lower_y},
               {side * lower_x, lower_y},
               {side * 0.4 * lower_x, 0.92 * lower_y},
               {root, 26}});
  }
  const double spread = pen.about(28, 6), rise = pen.about(46, 7);
  for (const double side : {-1.0, 1.0}) pen.lines({{0, -body}, {side * spread, -body - rise}});
}

void draw_snail(DoodlePen& pen) {
  const double side = pen.chance(0.6) ? 1 : -1;  // 1: creeps to the right
  const double r = pen.about(72, 6), turns = pen.about(2.2, 0.3), ground = 62;
  const auto at = [side](double x, double y) { return Point{side * x, y}; };
  const Point middle{-16, ground - r};
  // The shell, from its middle outwards to the ground.
  const int nodes = 24;
  std::vector<Point> shell;
  for (int i = 0; i <= nodes; ++i) {
    const double t = static_cast<double>(i) / nodes, reach = r * (0.06 + 0.94 * t);
    const Point p = on_ellipse(middle, reach, reach, 80 - 360 * turns * (1 - t));
    shell.push_back(at(p.x, p.y));
  }
  pen.curve(shell);
  const double tail = pen.about(-118, 8), head = pen.about(98, 7), top = -pen.about(18, 8);
  pen.curve({at(tail, ground + 22), at(tail, ground + 22), at(head - 22, ground + 24), at(head + 8, ground + 8),
             at(head + 16, 0.5 * (top + ground)), at(head + 10, top), at(head - 14, top + 4),
             at(head - 22, 0.5 * ground), at(head - 40, ground - 4), at(middle.x + 30, ground + 2)});
  const double feeler = pen.about(40, 6);
  const Point left = at(head - 18 - pen.about(0, 4), top - feeler), right = at(head + 30, top - feeler + 4);
  pen.lines({at(head - 6, top + 2), left});
  pen.lines({at(head + 8, top + 2), right});
  if (pen.chance(0.5)) pen.lines({at(tail, ground + 22), at(middle.x - 0.75 * r, ground - 6)});
}

}  // namespace limn::sketch::doodles
