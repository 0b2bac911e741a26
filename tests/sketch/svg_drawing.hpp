// Short ways to an SVG's strokes and notes, for tests.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "limn/sketch/svg_reader.hpp"

namespace limn::sketch {

// The strokes of the one drawing that a whole SVG is.
inline std::vector<Stroke> strokes_of(const std::string& svg, double tolerance = 0.25) {
  SvgContents contents = parse_svg(svg, "x.svg", {.tolerance = tolerance});
  EXPECT_EQ(contents.drawings.size(), 1U);
  return contents.drawings.at(0);
}
// The same of what stands in it; its size is 100 by 100.
inline std::string svg_of(const std::string& content) {
  return "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 100 100'>" +
         content + "</svg>";
}
inline std::vector<Stroke> drawn(const std::string& content) { return strokes_of(svg_of(content)); }
inline std::vector<std::string> notes_of(const std::string& content) {
  std::vector<std::string> notes;
  for (const svg::Note& note : parse_svg(svg_of(content), "x.svg").notes) notes.push_back(note.text());
  return notes;
}

inline void expect_near(const std::vector<Stroke>& found, const std::vector<Stroke>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t s = 0; s < found.size(); ++s) {
    ASSERT_EQ(found[s].size(), wanted[s].size()) << "stroke " << s;
    for (std::size_t p = 0; p < found[s].size(); ++p) {
      EXPECT_NEAR(found[s][p].x, wanted[s][p].x, 1e-4) << "stroke " << s << " point " << p;
      EXPECT_NEAR(found[s][p].y, wanted[s][p].y, 1e-4) << "stroke " << s << " point " << p;
    }
  }
}

}  // namespace limn::sketch
