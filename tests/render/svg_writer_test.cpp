#include "limn/render/svg_writer.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <pugixml.hpp>

#include "limn/core/base64.hpp"
#include "limn/core/file.hpp"
#include "limn/render/sheet.hpp"
#include "support.hpp"

namespace limn::render {
namespace {

using test::error_of;

// The positions of "M x y l dx dy …" or "M x y h0".
std::vector<PicturePoint> positions_of(const char* path) {
  std::vector<PicturePoint> positions;
  double pending = 0;
  bool has_pending = false;
  for (const char* p = path; *p != '\0';) {
    if (*p == 'h') break;
    if (std::strchr("Ml ", *p) != nullptr) {
      ++p;
      continue;
    }
    char* end = nullptr;
    const double value = std::strtod(p, &end);
    if (end == p) {
      ADD_FAILURE() << "not a path: " << path;
      break;
    }
    p = end;
    if (!std::exchange(has_pending, !has_pending)) {
      pending = value;
      continue;
    }
    const PicturePoint before = positions.empty() ? PicturePoint{} : positions.back();
    positions.push_back({before.x + pending, before.y + value});
  }
  return positions;
}

struct ParsedSvg {
  pugi::xml_document document;
  std::vector<std::vector<PicturePoint>> paths;
  double left = 0, top = 0, width = 0, height = 0;
  std::vector<std::string> texts;

  explicit ParsedSvg(const std::string& svg) {
    const auto result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description();
    const auto root = document.child("svg");
    EXPECT_EQ(std::sscanf(root.attribute("viewBox").value(), "%lf %lf %lf %lf", &left, &top, &width, &height), 4);
    for (const auto& node : document.select_nodes("//path")) {
      EXPECT_STREQ(node.node().parent().attribute("fill").value(), "none");
      EXPECT_STREQ(node.node().parent().attribute("stroke-linecap").value(), "round");
      paths.push_back(positions_of(node.node().attribute("d").value()));
    }
    for (const auto& node : document.select_nodes("//text")) texts.emplace_back(node.node().child_value());
  }

  void expect_paths_inside() const {
    for (const auto& path : paths) {
      for (const PicturePoint& point : path) {
        EXPECT_GE(point.x, left);
        EXPECT_LE(point.x, left + width);
        EXPECT_GE(point.y, top);
        EXPECT_LE(point.y, top + height);
      }
    }
  }
};

TEST(Svg, HasOnePathAStrokeInsideTheViewBox) {
  std::vector<SheetCell> cells;
  std::size_t strokes = 0;
  for (int i = 0; i < 11; ++i) {
    const sketch::Sketch sketch = test::scribble(static_cast<std::uint64_t>(i), i);
    strokes += sketch::to_strokes(sketch).size();
    cells.push_back(cell_of(sketch, "n"));
  }
  const ParsedSvg svg(svg_text(lay_out(grid_sheet(std::move(cells)), {.has_separators = true})));
  EXPECT_EQ(svg.paths.size(), strokes);
  svg.expect_paths_inside();
}

TEST(Svg, EscapesLabels) {
  Sheet sheet = grid_sheet({cell_of(test::square(), "<&>\"'")}, 1);
  sheet.title = "]]> <script>\x01\xFF";
  const ParsedSvg svg(svg_text(lay_out(sheet)));
  EXPECT_THAT(svg.texts, ::testing::ElementsAre("]]> <script> \uFFFD", "<&>\"'"));
}

TEST(Svg, KeepsASketchesOwnUnits) {
  for (const float size : {1e-4F, 1.0F, 255.0F, 3e9F}) {
    const sketch::Sketch sketch = sketch::scaled(test::scribble(5, 13), size / 200, size / 200);
    const ParsedSvg svg(svg_text(sketch));
    const std::vector<sketch::Stroke> strokes = sketch::to_strokes(sketch);
    ASSERT_EQ(svg.paths.size(), strokes.size());
    for (std::size_t s = 0; s < strokes.size(); ++s) {
      ASSERT_EQ(svg.paths[s].size(), strokes[s].size());
      for (std::size_t i = 0; i < strokes[s].size(); ++i) {
        EXPECT_NEAR(svg.paths[s][i].x, strokes[s][i].x, size / 15000) << "size " << size;
        EXPECT_NEAR(svg.paths[s][i].y, strokes[s][i].y, size / 15000) << "size " << size;
      }
    }
    svg.expect_paths_inside();
  }
}

TEST(Svg, TakesEmptyAndPointlikeSketches) {
  const ParsedSvg empty(svg_text(sketch::Sketch{}));
  EXPECT_TRUE(empty.paths.empty());
  EXPECT_GT(empty.width, 0);
  const ParsedSvg dot(svg_text(test::dot_at(-7, 3)));
  ASSERT_EQ(dot.paths.size(), 1u);
  EXPECT_EQ(dot.paths[0][0], (PicturePoint{-7, 3}));
  EXPECT_GT(dot.width, 0);
  dot.expect_paths_inside();
  EXPECT_TRUE(ParsedSvg(svg_text(lay_out(Sheet{}))).paths.empty());
}

TEST(Svg, RefusesWhatIsNotFinite) {
  sketch::Sketch sketch = test::square();
  sketch.points[1].dx = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of([&] { (void)svg_text(sketch); }), ::testing::HasSubstr("not a finite number"));
  EXPECT_THROW((void)svg_text(test::dot_at(1e30F, 0)), Error);
}

TEST(Svg, EmbedsImages) {
  const ParsedSvg svg(svg_text(lay_out(grid_sheet({cell_of(image::make_raster(4, 3, 3, 128))}))));
  const auto image = svg.document.select_node("//image").node();
  EXPECT_THAT(image.attribute("xlink:href").value(), ::testing::StartsWith("data:image/png;base64,iVBORw0KGgo"));
}

TEST(Base64, MatchesRfc4648) {
  const auto encoded = [](std::string_view text) { return encode_base64(as_bytes(text)); };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encoded("\xFF\xFE\xFD"), "//79");
}

}  // namespace
}  // namespace limn::render
