// Drawings as G-code for pen plotters that speak GRBL's dialect: millimetres, absolute positions, the origin
// at the page's lower left, y upwards.
#pragma once

#include <string>

#include "limn/render/picture.hpp"

namespace limn::render {

struct GcodeOptions {
  double page_width = 210;              // mm; the default page is A4, upright
  double page_height = 297;             // mm
  double margin = 15;                   // mm that stay empty at every edge
  double feed_mm_per_min = 1500;        // speed while drawing; G0 travels at the machine's own
  std::string pen_up = "G0 Z5";         // one or more lines; for a servo on the spindle pin: "M3 S0"
  std::string pen_down = "G1 Z0 F600";  // for a servo: "M3 S90"
  double pen_delay_s = 0;               // wait after each pen command, for servos that need time to move
};

// The strokes of the picture's drawings, fitted to the page and centred, ordered to shorten the travel
// between them and drawn from whichever end is nearer. Text, separators and images are left out. Throws Error
// for a page that its margins use up, speeds that are not positive, and a picture that has images but no
// stroke.
[[nodiscard]] std::string gcode_text(const Picture& picture, const GcodeOptions& options = {});

}  // namespace limn::render
