// The kinds of built-in doodles, one drawing function each. Used by doodles.cpp only.
// A new kind goes to the end of the table: the first ten and the first thirty are families of doodles.hpp.
#pragma once

#include <span>

#include "limn/sketch/doodle_pen.hpp"

namespace limn::sketch::doodles {

struct Kind {
  const char* name;
  void (*draw)(DoodlePen& pen);
};

[[nodiscard]] std::span<const Kind> kinds();

// Of doodle_nature.cpp.
void draw_sun(DoodlePen& pen);
void draw_star(DoodlePen& pen);
void draw_heart(DoodlePen& pen);
void draw_moon(DoodlePen& pen);
void draw_cloud(DoodlePen& pen);
void draw_lightning(DoodlePen& pen);
void draw_apple(DoodlePen& pen);
void draw_cactus(DoodlePen& pen);
void draw_mushroom(DoodlePen& pen);
void draw_butterfly(DoodlePen& pen);
void draw_snail(DoodlePen& pen);

// Of doodle_things.cpp.
void draw_cup(DoodlePen& pen);
void draw_key(DoodlePen& pen);
void draw_envelope(DoodlePen& pen);
void draw_glasses(DoodlePen& pen);
void draw_clock(DoodlePen& pen);
void draw_ladder(DoodlePen& pen);
void draw_pencil(DoodlePen& pen);
void draw_crown(DoodlePen& pen);
void draw_car(DoodlePen& pen);

}  // namespace limn::sketch::doodles
