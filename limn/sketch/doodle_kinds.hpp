// The kinds of built-in doodles, one drawing function each. Used by doodles.cpp only.
#pragma once

#include <span>

#include "limn/sketch/doodle_pen.hpp"

namespace limn::sketch::doodles {

struct Kind {
  const char* name;
  void (*draw)(DoodlePen& pen);
};

[[nodiscard]] std::span<const Kind> kinds();

}  // namespace limn::sketch::doodles
