// Drawings as G-code for pen plotters that speak GRBL's dialect: millimetres, absolute positions, y upwards, the origin
// at the page's lower left unless told otherwise.
#pragma once

#include <filesystem>
#include <string>

#include "limn/render/picture.hpp"

namespace limn::render {

struct GcodeOptions {
  double page_width = 210;              // mm; the default page is A4, upright
  double page_height = 297;             // mm
  double margin = 15;                   // mm that stay empty at every edge
  PicturePoint origin = {};             // the machine's (0, 0), mm from the page's lower left corner
  double feed_mm_per_min = 1500;        // speed while drawing
  double travel_mm_per_min = 0;         // speed with the pen up; 0: G0, which travels at the machine's own
  std::string pen_up = "G0 Z5";         // one or more lines; for a servo on the spindle pin: "M3 S0"
  std::string pen_down = "G1 Z0 F600";  // for a servo: "M3 S90"
  double pen_delay_s = 0;               // wait after each pen command, for servos that need time to move
  std::string start_code = {};          // lines after the units are set and before the pen is lifted
  std::string end_code = "M2 ; end";    // lines after the pen is home
  friend bool operator==(const GcodeOptions&, const GcodeOptions&) = default;
};

// The endings of G-code files.
[[nodiscard]] bool is_gcode_file(const std::filesystem::path& path);

// The strokes of the picture's drawings, fitted to the page and centred, ordered to shorten the travel
// between them and drawn from whichever end is nearer. Text, separators and images are left out. Throws Error
// for a page that its margins use up, an origin far from the page, speeds that are not positive, code that is not
// printable, and a picture that has images but no stroke.
[[nodiscard]] std::string gcode_text(const Picture& picture, const GcodeOptions& options = {});

}  // namespace limn::render
