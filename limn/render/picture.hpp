// A picture as a list of lines, texts and images in the order they are painted: what sheets and charts are
// laid out to, and what the SVG, PNG, GIF and G-code writers read. A value type. Units are CSS pixels, y
// downwards.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "limn/image/image.hpp"

namespace limn::render {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};

inline constexpr Colour kPaper{255, 255, 255};
inline constexpr Colour kInk{26, 26, 30};          // drawings and titles
inline constexpr Colour kAccent{213, 94, 0};       // what a model adds to a given drawing
inline constexpr Colour kQuietText{96, 96, 104};   // labels, headings, tick marks
inline constexpr Colour kHairline{226, 226, 230};  // separators and grid lines

struct PicturePoint {
  double x = 0;
  double y = 0;
  friend bool operator==(const PicturePoint&, const PicturePoint&) = default;
};

inline constexpr int kDecoration = -1;

// A polyline with round caps and joins; a single point is a dot as wide as the line.
struct PictureLine {
  std::vector<PicturePoint> points;
  Colour colour = kInk;
  double width = 1;
  std::vector<double> dashes = {};  // lengths on, off, on, …; empty is solid
  int cell = kDecoration;           // the drawing that it is a stroke of; kDecoration: axes, separators
};

enum class Anchor { kStart, kMiddle, kEnd };

// One line of text; `at` is the baseline's start, middle or end. `text` is clean (see text.hpp).
struct PictureText {
  PicturePoint at = {};
  std::string text = {};
  double size = 12;
  Colour colour = kInk;
  Anchor anchor = Anchor::kStart;
  bool is_bold = false;
  bool is_vertical = false;  // turned to read from bottom to top
};

// A raster scaled to fill width × height with sharp pixel edges.
struct PictureImage {
  PicturePoint top_left;
  double width = 0;
  double height = 0;
  image::Raster raster;
};

using PictureElement = std::variant<PictureLine, PictureText, PictureImage>;

struct Picture {
  double width = 0;
  double height = 0;
  Colour background = kPaper;
  std::vector<PictureElement> elements = {};
};

}  // namespace limn::render
