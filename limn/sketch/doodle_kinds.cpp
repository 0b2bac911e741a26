// Coordinates are paper units: a drawing is about 200 large before it is fitted to 255; y grows downwards and
// angles are degrees, clockwise from the right. Random numbers are drawn in declarations and braced lists
// only: the order in which a call's arguments are computed is the compiler's choice, and would change the
// doodles.
#include "limn/sketch/doodle_kinds.hpp"

#include <array>

namespace limn::sketch::doodles {
namespace {

void draw_cat(DoodlePen& pen) {
  const double rx = pen.about(92, 10), ry = pen.about(72, 8);
  const double ear = pen.about(58, 12), lean = pen.about(10, 8);
  const auto head = [&](double degrees) { return on_ellipse({0, 0}, rx, ry, degrees); };
  const auto tip = [&](double degrees, double side) { return head(degrees) + Point{side * lean, -ear}; };
  if (pen.chance(0.65)) {
    // Head and ears in one go, from the left ear over the right one and round the chin.
    pen.lines({head(196), tip(214, -1), head(244), head(270), head(296), tip(326, 1), head(344), head(10), head(38),
               head(66), head(90), head(114), head(142), head(170), head(196)});
  } else {
    pen.loop({0, 0}, rx, ry);
    pen.lines({head(198), tip(214, -1), head(242)});
    pen.lines({head(298), tip(326, 1), head(342)});
  }
  const double eye_x = pen.about(34, 5), eye_y = pen.about(-14, 6);
  pen.eye({-eye_x, eye_y});
  pen.eye({eye_x, eye_y});
  const double nose = pen.about(15, 4);
  pen.polygon({{-7, nose - 5}, {7, nose - 5}, {0, nose + 5}});
  if (pen.chance(0.6)) pen.curve({{-20, nose + 17}, {-10, nose + 24}, {0, nose + 8}, {10, nose + 24}, {20, nose + 17}});
  const double reach = pen.about(124, 12), root = pen.about(42, 6);
  const int whiskers = pen.chance(0.75) ? 2 : 3;
  for (const double side : {-1.0, 1.0}) {
    for (int i = 0; i < whiskers; ++i) {
      const double fan = i - (whiskers - 1) / 2.0;
      pen.lines({{side * root, nose + 5 + 9 * fan}, {side * reach, nose + 3 + 24 * fan}});
    }
  }
}

void draw_face(DoodlePen& pen) {
  const double rx = pen.about(82, 9), ry = pen.about(98, 9);
  const double eye_x = pen.about(31, 6), eye_y = pen.about(-24, 8);
  pen.loop({0, 0}, rx, ry);
  pen.in_some_order({
      [&] {
        pen.eye({-eye_x, eye_y});
      },
      [&] {
        pen.eye({eye_x, eye_y});
      },
      [&] {
        if (pen.chance(0.7)) pen.lines({{2, eye_y + 16}, {-9, eye_y + 42}, {5, eye_y + 44}});
      },
      [&] {
        const double mouth_y = pen.about(24, 6), mouth_rx = pen.about(40, 8), mouth_ry = pen.about(30, 8);
        pen.arc({0, mouth_y}, mouth_rx, mouth_ry, 165, 15);
      },
  });
  if (pen.chance(0.5)) {
    pen.arc({-rx, 0}, 16, 22, 290, 70);
    pen.arc({rx, 0}, 16, 22, 250, 470);
  }
  if (pen.chance(0.5)) {
    for (const double degrees : {-112.0, -92.0, -72.0}) {
      const double root = 0.96, tip = pen.about(1.3, 0.08), lean = pen.about(6, 5);
      pen.lines(
          {on_ellipse({0, 0}, rx * root, ry * root, degrees), on_ellipse({0, 0}, rx * tip, ry * tip, degrees + lean)});
    }
  }
}

void draw_flower(DoodlePen& pen) {
  const int petals = pen.between(5, 6);
  const double inner = pen.about(22, 3), outer = pen.about(74, 7);
  const double first = pen.about(-90, 30), step = 360.0 / petals;
  pen.loop({0, 0}, inner, inner);
  // All petals in one go round the middle.
  std::vector<Point> nodes;
  for (int i = 0; i < petals; ++i) {
    const double middle = first + step * (i + 0.5), reach = outer * pen.about(1, 0.1);
    nodes.push_back(on_ellipse({0, 0}, inner, inner, middle - 0.5 * step));
    nodes.push_back(on_ellipse({0, 0}, 0.92 * reach, 0.92 * reach, middle - 0.3 * step));
    nodes.push_back(on_ellipse({0, 0}, 0.92 * reach, 0.92 * reach, middle + 0.3 * step));
  }
  nodes.push_back(on_ellipse({0, 0}, inner, inner, first));
  pen.curve(nodes);
  const double ground = outer + pen.about(95, 15), sway = pen.about(0, 14);
  pen.curve({{0, outer}, {sway, 0.5 * (outer + ground)}, {0, ground}});
  const double side = pen.chance(0.5) ? 1 : -1, height = 0.4 * outer + 0.6 * ground;
  pen.curve(
      {{sway, height}, {side * 26, height - 24}, {side * 48, height - 20}, {side * 30, height - 2}, {sway, height}});
}

void draw_house(DoodlePen& pen) {
  const double w = pen.about(80, 10), wall = pen.about(100, 14), roof = pen.about(72, 14);
  const double eaves = pen.chance(0.5) ? pen.about(14, 6) : 0;
  const double door_x = pen.about(-32, 10), door_w = pen.about(17, 4), door_h = pen.about(56, 9);
  pen.polygon({{-w, 0}, {-w, wall}, {w, wall}, {w, 0}});
  pen.lines({{-w - eaves, 0}, {pen.about(0, 6), -roof}, {w + eaves, 0}});
  pen.in_some_order({
      [&] {
        pen.lines({{door_x - door_w, wall},
                   {door_x - door_w, wall - door_h},
                   {door_x + door_w, wall - door_h},
                   {door_x + door_w, wall}});
      },
      [&] {
        const double x = pen.about(36, 6), y = pen.about(42, 6), half = pen.about(19, 4);
        pen.polygon({{x - half, y - half}, {x - half, y + half}, {x + half, y + half}, {x + half, y - half}});
        if (!pen.chance(0.6)) return;
        pen.lines({{x, y - half}, {x, y + half}});
        pen.lines({{x - half, y}, {x + half, y}});
      },
      [&] {
        if (!pen.chance(0.5)) return;
        const double x = 0.5 * w;
        pen.lines({{x - 10, -0.56 * roof}, {x - 10, -roof - 8}, {x + 12, -roof - 8}, {x + 12, -0.36 * roof}});
      },
  });
}

void draw_fish(DoodlePen& pen) {
  const double side = pen.chance(0.75) ? 1 : -1;  // 1: swims to the left
  const double length = pen.about(92, 8), height = pen.about(50, 8);
  const double tail_x = pen.about(132, 8), tail = pen.about(42, 8);
  const auto at = [side](double x, double y) { return Point{side * x, y}; };
  pen.curve({at(tail_x, -tail), at(0.84 * length, 2), at(0.35 * length, 0.85 * height), at(-0.25 * length, height),
             at(-0.8 * length, 0.45 * height), at(-length, 0), at(-0.8 * length, -0.45 * height),
             at(-0.25 * length, -height), at(0.35 * length, -0.85 * height), at(0.84 * length, -2), at(tail_x, tail)});
  pen.lines({at(tail_x, tail), at(tail_x - pen.about(12, 8), 0), at(tail_x, -tail)});
  const double eye_x = pen.about(-56, 6), eye_y = pen.about(-13, 4);
  pen.eye(at(eye_x, eye_y));
  if (pen.chance(0.6)) pen.lines({at(-length + 2, 12), at(-length + 26, 14)});
  if (pen.chance(0.6))
    pen.arc(at(-34, 0), 12, 0.55 * height, -70 * side + (side < 0 ? 180 : 0), 70 * side + (side < 0 ? 180 : 0));
  if (pen.chance(0.5)) pen.curve({at(-22, -height), at(12, -height - 26), at(34, -0.85 * height)});
}

void draw_bicycle(DoodlePen& pen) {
  const double r = pen.about(47, 4), rear_x = pen.about(-76, 4), front_x = pen.about(76, 4);
  const Point rear{rear_x, 0}, front{front_x, 0}, pedals{pen.about(-10, 5), pen.about(6, 4)};
  const Point seat{pen.about(-32, 5), pen.about(-66, 6)}, head{pen.about(52, 5), pen.about(-68, 6)};
  pen.in_some_order({[&] { pen.loop(rear, r, r); }, [&] { pen.loop(front, r, r); }});
  pen.in_some_order({
      [&] {
        pen.lines({rear, seat, pedals, rear});
      },
      [&] {
        pen.lines({seat, head, pedals});
      },
      [&] {
        pen.lines({front, head, head + Point{-6, -22}, head + Point{-26, -26}});
      },
      [&] {
        pen.lines({seat + Point{-18, -8}, seat + Point{16, -8}});
      },
  });
}

void draw_sailboat(DoodlePen& pen) {
  const double deck = pen.about(98, 10), keel = pen.about(62, 8), depth = pen.about(42, 7);
  const double mast_x = pen.about(-4, 8), top = -pen.about(142, 14), boom = pen.about(-16, 5);
  pen.polygon({{-deck, 0}, {-keel, depth}, {keel, depth}, {deck, 0}});
  pen.lines({{mast_x, 0}, {mast_x, top}});
  pen.in_some_order({
      [&] {
        pen.lines({{mast_x + 5, top + 4}, {pen.about(78, 9), boom}, {mast_x + 5, boom}});
      },
      [&] {
        pen.lines({{mast_x - 5, top + 14}, {-pen.about(64, 9), boom}, {mast_x - 5, boom}});
      },
  });
  if (!pen.chance(0.45)) return;
  std::vector<Point> waves;
  for (int i = 0; i <= 8; ++i) waves.push_back({-124.0 + 31 * i, depth + 15 + (i % 2 ? 9 : -4)});
  pen.curve(waves);
}

void draw_umbrella(DoodlePen& pen) {
  const double r = pen.about(105, 8), height = pen.about(88, 10);
  const int ribs = pen.between(3, 4);
  pen.arc({0, 0}, r, height, 180, 360);
  std::vector<Point> hem{{r, 0}};
  const double width = 2 * r / ribs;
  for (int i = 0; i < ribs; ++i) {
    hem.push_back({r - width * (i + 0.5), -pen.about(20, 4)});
    hem.push_back({r - width * (i + 1), 0});
  }
  pen.lines(hem);
  const double end = pen.about(108, 12), hook = pen.about(17, 4), side = pen.chance(0.7) ? -1 : 1;
  pen.curve({{0, -18}, {0, 0.6 * end}, {0, end}, {side * hook, end + 16}, {side * 2 * hook, end}});
  if (pen.chance(0.6)) pen.lines({{0, -height}, {0, -height - 16}});
}

void draw_ice_cream(DoodlePen& pen) {
  const double half = pen.about(52, 6), tip = pen.about(148, 14), scoop = pen.about(62, 6);
  pen.lines({{-half, 0}, {pen.about(0, 5), tip}, {half, 0}});
  const bool is_melting = pen.chance(0.7);
  const double top = is_melting ? -10 - scoop : -1.8 * scoop;
  if (is_melting) {
    pen.arc({0, -10}, scoop, scoop, 170, 370);
    pen.curve({{-scoop, 0},
               {-0.66 * scoop, 16},
               {-0.33 * scoop, 3},
               {0, 17},
               {0.33 * scoop, 3},
               {0.66 * scoop, 16},
               {scoop, 0}});
  } else {
    pen.loop({0, -scoop * 0.8}, scoop, scoop);
  }
  if (pen.chance(0.35)) pen.loop({pen.about(0, 8), top - 12}, 14, 14);
  const double slope = half / tip;
  pen.lines({{-half + 28 * slope, 34}, {half - 84 * slope - 2, 86}});
  pen.lines({{half - 28 * slope, 34}, {-half + 84 * slope + 2, 86}});
}

void draw_tree(DoodlePen& pen) {
  const int tiers = pen.chance(0.7) ? 3 : 2;
  const double tier = tiers == 3 ? pen.about(58, 5) : pen.about(84, 6),
               spread = pen.about(30, 3) * (tiers == 3 ? 1 : 1.35);
  std::vector<Point> left{{0, 0}}, right;
  for (int i = 1; i <= tiers; ++i) {
    const double reach = spread * (i + 0.6), notch = 0.45 * reach, y = tier * i;
    left.push_back({-reach * pen.about(1, 0.07), y});
    right.push_back({reach * pen.about(1, 0.07), y});
    if (i == tiers) break;
    left.push_back({-notch, y - 3});
    right.push_back({notch, y - 3});
  }
  left.insert(left.end(), right.rbegin(), right.rend());
  left.push_back({pen.about(0, 4), pen.about(0, 4)});
  pen.lines(left);
  const double trunk = pen.about(13, 3), foot = tier * tiers + pen.about(36, 8);
  pen.lines({{-trunk, tier * tiers}, {-trunk, foot}, {trunk, foot}, {trunk, tier * tiers}});
}

constexpr auto kKinds = std::to_array<Kind>({
    {"cat", draw_cat},
    {"face", draw_face},
    {"flower", draw_flower},
    {"house", draw_house},
    {"fish", draw_fish},
    {"bicycle", draw_bicycle},
    {"sailboat", draw_sailboat},
    {"umbrella", draw_umbrella},
    {"ice cream", draw_ice_cream},
    {"tree", draw_tree},
    {"sun", draw_sun},
    {"star", draw_star},
    {"heart", draw_heart},
    {"moon", draw_moon},
    {"cloud", draw_cloud},
    {"lightning", draw_lightning},
    {"apple", draw_apple},
    {"cactus", draw_cactus},
    {"mushroom", draw_mushroom},
    {"butterfly", draw_butterfly},
    {"snail", draw_snail},
    {"cup", draw_cup},
    {"key", draw_key},
    {"envelope", draw_envelope},
    {"glasses", draw_glasses},
    {"clock", draw_clock},
    {"ladder", draw_ladder},
    {"pencil", draw_pencil},
    {"crown", draw_crown},
    {"car", draw_car},
});

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

}  // namespace limn::sketch::doodles
