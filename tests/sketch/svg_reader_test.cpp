#include "limn/sketch/svg_reader.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "limn/core/file.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "sketch/svg_drawing.hpp"
#include "testing/gzip.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::sketch {
namespace {

using ::testing::HasSubstr;

std::vector<Stroke> draw(const std::string& content, double tolerance = 0.25) {
  return strokes_of("<svg xmlns='http://www.w3.org/2000/svg'>" + content + "</svg>", tolerance);
}
std::vector<Stroke> path(const std::string& data) { return draw("<path d='" + data + "'/>"); }
std::string error_for(const std::string& content) {
  return error_of([&] { return draw(content); });
}

TEST(Svg, DrawsLinesOfEveryForm) {
  const std::vector<Stroke> wanted{{{1, 2}, {3, 4}, {8, 4}, {8, -1}, {1, 2}}};
  expect_near(path("M1,2 L3,4 H8 V-1 Z"), wanted);
  expect_near(path("m1 2l2 2h5v-5z"), wanted);
  expect_near(path("M1 2 3 4 8 4 8-1z"), wanted);
  expect_near(path("m1,2,2,2,5,0,0-5z"), wanted);
}

TEST(Svg, NumbersMayTouch) {
  expect_near(path("M.5.25L-1-2+3+4 1e1 2E-1"), {{{0.5F, 0.25F}, {-1, -2}, {3, 4}, {10, 0.2F}}});
  // The flags of an arc need nothing between them.
  expect_near({path("M0 0A5 5 0 01 10 0").at(0).back() == Position{10, 0} ? Stroke{{1, 1}} : Stroke{}}, {{{1, 1}}});
}

TEST(Svg, AMoveStartsAStrokeAndCloseGoesBack) {
  expect_near(path("M0 0L1 0M5 5L6 6zl2 0"), {{{0, 0}, {1, 0}}, {{5, 5}, {6, 6}, {5, 5}}, {{5, 5}, {7, 5}}});
  expect_near(path("M0 0m3 3l1 0"), {{{3, 3}, {4, 3}}});
  EXPECT_TRUE(path("M3 3").empty());
  expect_near(draw("<path stroke='black' d='M3 3z'/>"), {{{3, 3}}});
  EXPECT_TRUE(path("M3 3z").empty());  // there is nothing to fill
}

// The largest distance of the points from f(p) = 0, and that the pieces between them are short enough.
template <class Distance>
void expect_on_curve(const std::vector<Stroke>& strokes, const Distance& distance, double tolerance) {
  ASSERT_EQ(strokes.size(), 1U);
  for (std::size_t i = 0; i + 1 < strokes[0].size(); ++i) {
    const Position a = strokes[0][i], b = strokes[0][i + 1];
    EXPECT_LE(std::abs(distance(a.x, a.y)), 1e-3);
    EXPECT_LE(std::abs(distance((a.x + b.x) / 2, (a.y + b.y) / 2)), tolerance + 1e-5);  // float's rounding
  }
}

TEST(Svg, ArcsLieOnTheirEllipse) {
  const auto circle = [](double x, double y) { return std::hypot(x - 10, y) - 10; };
  for (const char* data :
       {"M0 0A10 10 0 0 1 20 0", "M0 0A10 10 0 1 0 20 0", "M0 0a10 10 30 0 1 10 -10", "M0 0A1 1 0 0 1 20 0"})
    expect_on_curve(path(data), circle, 0.25);
  // Which of the two half circles: sweeping is clockwise on a page whose y grows downwards.
  EXPECT_LT(path("M0 0A10 10 0 0 1 20 0").at(0)[1].y, 0);
  EXPECT_GT(path("M0 0A10 10 0 0 0 20 0").at(0)[1].y, 0);
  // The large arc goes the long way.
  EXPECT_GT(path("M0 0A10 10 0 1 1 10 10").at(0).size(), path("M0 0A10 10 0 0 1 10 10").at(0).size());
  // An ellipse of radii 20 and 10 turned by 90 degrees about (10, 0).
  expect_on_curve(
      path("M0 0A20 10 90 0 1 20 0"), [](double x, double y) { return (std::hypot((x - 10) / 10, y / 20) - 1) * 10; },
      0.25);
}

TEST(Svg, CurvesKeepToTheTolerance) {
  // y = x (1 - x/100) * 0.5: a quadratic from (0,0) by (50,50) to (100,0) has y = x (100 - x) / 100.
  const auto parabola = [](double x, double y) { return y - x * (100 - x) / 100; };
  for (const double tolerance : {0.01, 0.25, 2.0})
    expect_on_curve(draw("<path d='M0 0Q50 50 100 0'/>", tolerance), parabola, tolerance);
  EXPECT_GT(draw("<path d='M0 0Q50 50 100 0'/>", 0.01).at(0).size(),
            draw("<path d='M0 0Q50 50 100 0'/>", 2).at(0).size());
  // The same curve as a cubic, relative, and in two halves with the smooth forms.
  expect_on_curve(path("M0 0c33.333333 33.333333 66.666667 33.333333 100 0"), parabola, 0.26);
  expect_on_curve(path("M0 0Q25 25 50 25T100 0"), parabola, 0.26);
  expect_on_curve(path("M0 0C16.666667 16.666667 33.333333 25 50 25S83.333333 16.666667 100 0"), parabola, 0.26);
}

TEST(Svg, SmoothAfterAnotherFamilyTakesThePointItself) {
  expect_near({{path("M0 0L10 0T20 0").at(0).back()}}, {{{20, 0}}});
  const Stroke stroke = path("M0 0L10 5T20 0").at(0);
  for (const Position& p : stroke) EXPECT_LE(p.y, 5);
}

TEST(Svg, DrawsTheShapes) {
  expect_near(draw("<line x1='1' y1='2' x2='3' y2='4'/>"), {{{1, 2}, {3, 4}}});
  expect_near(draw("<polyline points='0,0 1,1, 2 0'/>"), {{{0, 0}, {1, 1}, {2, 0}}});
  expect_near(draw("<polygon points='0,0 1,1 2,0'/>"), {{{0, 0}, {1, 1}, {2, 0}, {0, 0}}});
  expect_near(draw("<rect x='1' y='2' width='3' height='4'/>"), {{{1, 2}, {4, 2}, {4, 6}, {1, 6}, {1, 2}}});
  EXPECT_TRUE(draw("<rect width='0' height='4'/><circle r='0'/><polyline points=''/><path/>").empty());
  expect_on_curve(
      draw("<circle cx='5' cy='6' r='7'/>"), [](double x, double y) { return std::hypot(x - 5, y - 6) - 7; }, 0.25);
  expect_on_curve(
      draw("<ellipse cx='5' rx='8' ry='4'/>"),
      [](double x, double y) { return (std::hypot((x - 5) / 8, y / 4) - 1) * 4; }, 0.25);
  // Round corners: x + y stays 3 (2 - sqrt 2) = 1.757 inside of the square ones; ry is as rx.
  const Stroke rounded = draw("<rect width='20' height='10' rx='3'/>").at(0);
  for (const Position& p : rounded) {
    EXPECT_GE(p.x, 0);
    EXPECT_LE(p.x + p.y, 28.25);
    EXPECT_GE(p.x + p.y, 1.7);
  }
  expect_near(draw("<line x2='1in' y2='25.4mm'/>"), {{{0, 0}, {96, 96}}});
}

TEST(Svg, AppliesEveryTransformInOrder) {
  const auto moved = [](const std::string& transform) {
    return draw("<g transform='" + transform + "'><line x1='1' x2='2' y2='3'/></g>");
  };
  expect_near(moved("translate(10)"), {{{11, 0}, {12, 3}}});
  expect_near(moved("translate(10, -5) scale(2)"), {{{12, -5}, {14, 1}}});
  expect_near(moved("scale(2 3)translate(1,1)"), {{{4, 3}, {6, 12}}});
  expect_near(moved("rotate(90)"), {{{0, 1}, {-3, 2}}});
  expect_near(moved("rotate(90 1 0)"), {{{1, 0}, {-2, 1}}});
  expect_near(moved("skewX(45)"), {{{1, 0}, {5, 3}}});
  expect_near(moved("skewY(45)"), {{{1, 1}, {2, 5}}});
  expect_near(moved("matrix(1 2 3 4 5 6)"), {{{6, 8}, {16, 22}}});
  expect_near(draw("<g transform='translate(1 0)'><g transform='scale(2)'><path transform='translate(0 1)' "
                   "d='M0 0h1'/></g></g>"),
              {{{1, 2}, {3, 2}}});
}

TEST(Svg, LeavesOutWhatIsNotDrawn) {
  EXPECT_TRUE(draw("<defs><line x2='1'/></defs><symbol><line x2='1'/></symbol><clipPath><line x2='1'/></clipPath>"
                   "<line x2='1' display='none'/><g style='fill:red; display : none'><line x2='1'/></g>"
                   "<text>words</text><image href='http://example.org/x.png'/><style>@import 'x';</style>")
                  .empty());
  EXPECT_EQ(draw("<g style='inline-display:none'><line x2='1'/></g>").size(), 1U);
}

TEST(Svg, LeavesOutThePaper) {
  const auto sheet = [](const std::string& rectangle) {
    return strokes_of("<svg viewBox='0 0 200 100'>" + rectangle + "<line x2='1'/></svg>").size();
  };
  EXPECT_EQ(sheet("<rect width='100%' height='100%' fill='#fff'/>"), 1U);
  EXPECT_EQ(sheet("<rect x='-1' y='-1' width='202' height='102' style='fill:white'/>"), 1U);
  EXPECT_EQ(sheet("<rect width='100%' height='100%' fill='none' stroke='black'/>"), 2U);
  EXPECT_EQ(sheet("<rect width='100%' height='90%' fill='#fff'/>"), 2U);
  EXPECT_EQ(sheet("<g><rect width='100%' height='100%' fill='#fff'/></g>"), 1U);
}

TEST(Svg, PerCentIsOfThePicture) {
  const std::string line = "<line x1='10%' y1='10%' x2='50%' y2='100%'/></svg>";
  const std::vector<Stroke> wanted{{{20, 10}, {100, 100}}};
  expect_near(strokes_of("<svg width='9' height='9' viewBox='-5 -5 200 100'>" + line), wanted);
  expect_near(strokes_of("<svg width='200px' height='100'>" + line), wanted);
  const auto circle = strokes_of("<svg viewBox='0 0 30 40'><circle r='10%'/></svg>");
  EXPECT_NEAR(circle.at(0).at(0).x, 50 / std::sqrt(2.0) / 10, 1e-4);
  EXPECT_THAT(error_of([&] { return strokes_of("<svg viewBox='0 0 wide 100'>" + line); }),
              HasSubstr("no fixed length"));
}

TEST(Svg, DrawsInternalUses) {
  expect_near(draw("<defs><line id='a' x2='1'/></defs><use href='#a' x='5' transform='scale(2)'/>"),
              {{{10, 0}, {12, 0}}});
  expect_near(draw("<symbol id='s'><line x2='1'/></symbol><use xlink:href='#s' y='3'/>"), {{{0, 3}, {1, 3}}});
  EXPECT_THAT(error_for("<g id='a'><use href='#a'/></g>"), HasSubstr("nested deeper than"));
}

TEST(Svg, RefusesABombOfUses) {
  std::string bomb = "<g id='a0'><line x2='1'/></g>";
  for (int i = 1; i < 40; ++i) {
    const std::string use = "<use href='#a" + std::to_string(i - 1) + "'/>";
    bomb += "<g id='a" + std::to_string(i) + "' display='inline'>" + use + use + "</g>";
  }
  EXPECT_THAT(error_for("<defs>" + bomb + "</defs><use href='#a39'/>"), HasSubstr("draws more than 1000000 elements"));
}

// Each use reads the text of its element again. Here 300 KiB would ask for a gigabyte.
TEST(Svg, RefusesLargeElementsThatAreUsedAgainAndAgain) {
  std::string uses;
  for (int i = 0; i < 5000; ++i) uses += "<use href='#a'/>";
  const std::string path = "<defs><path id='a' d='M0 0L1 1' class='" + std::string(200'000, 'x') + "'/></defs>";
  EXPECT_THAT(error_for(path + uses), HasSubstr("x.svg: draws large elements again and again with <use>"));
  EXPECT_EQ(draw(path + uses.substr(0, uses.size() / 5)).size(), 1000U);
}

TEST(Svg, SaysWhatIsWrong) {
  EXPECT_THAT(error_of([] { return strokes_of(""); }), HasSubstr("x.svg: not whole XML"));
  EXPECT_THAT(error_of([] { return strokes_of("<html/>"); }), HasSubstr("outermost element is <html>"));
  EXPECT_THAT(error_for("<g transform='scale(1e9) scale(1e9)'><line x2='1'/></g>"), HasSubstr("beyond all pages"));
  EXPECT_THAT(error_for("<circle r='10%'/>"), HasSubstr("r=\"10%\" has no fixed length"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<g>";
  for (int i = 0; i < 100000; ++i) deep += "</g>";
  EXPECT_THAT(error_for(deep), HasSubstr("nested deeper than 256"));
}

// Numbers at the edge of what a double holds, wherever one may stand: an error or a drawing, and either at
// once.
TEST(Svg, BearsHugeNumbersEverywhere) {
  for (const char* number :
       {"1e999", "-1e999", "1e308", "-1e308", "1e-320", "1e38", "99999999999999999999999", "-0", "1e"}) {
    const std::string n = number;
    for (const std::string& body :
         {"<line x1='" + n + "'/>", "<rect width='" + n + "' height='2'/>",
          "<rect width='2' height='2' rx='" + n + "'/>", "<circle r='" + n + "'/>", "<ellipse rx='1' ry='" + n + "'/>",
          "<polyline points='0 0 " + n + " 1'/>", "<path d='M0 0A" + n + " 1 0 1 0 5 5'/>",
          "<path d='M0 0a1 1 " + n + " 1 0 5 5'/>", "<path d='M0 0l" + n + " 1'/>",
          "<path d='M0 0C1 1 " + n + " 1 2 2'/>", "<g transform='rotate(" + n + ")'><line x2='1'/></g>",
          "<g transform='skewX(" + n + ")'><line x2='1'/></g>",
          "<g transform='scale(" + n + ")'><circle r='3'/></g>"}) {
      const auto read = [](std::span<const std::byte> file) { return parse_svg(string_of(file), "x.svg"); };
      (void)survives(read, bytes_of("<svg>" + body + "</svg>"), body);
    }
  }
}

TEST(Svg, BearsOtherEncodings) {
  const auto read = [](std::span<const std::byte> file) { return parse_svg(string_of(file), "x.svg"); };
  // Bytes that are not UTF-8 in names, ids and texts, and where numbers should be.
  for (const char* body :
       {"<g id='\xff\xfe'><line x2='1'/></g>", "<text>\xc3\x28</text><line x2='1'/>", "<\xf0\x9f\x98/>",
        "<path d='M0 0\xe2\x82h1'/>", "<use href='#\xff'/>", "<g transform='\xff(1)'/>"})
    (void)survives(read, bytes_of(std::string("<svg>") + body + "</svg>"), body);
  EXPECT_EQ(draw("<text>\xc3\x28</text><line x2='1'/>").size(), 1U);
  // A byte order mark, and UTF-16 after one.
  EXPECT_EQ(strokes_of("\xef\xbb\xbf<svg><line x2='1'/></svg>").size(), 1U);
  std::string wide = "\xff\xfe";
  for (const char c : std::string("<svg><line x2='1'/></svg>")) wide += {c, '\0'};
  (void)survives(read, bytes_of(wide), "UTF-16");
}

// Of a circle of 24 or of 1 unit or of 1000: round all the same.
TEST(Svg, TheToleranceFollowsTheDrawing) {
  const auto circle = [](double size) {
    return strokes_of(fmt::format("<svg viewBox='0 0 {0} {0}'><g transform='scale({0})'><circle cx='.5' cy='.5' r='.4' "
                                  "fill='none' stroke='black'/></g></svg>",
                                  size),
                      0)
        .at(0);
  };
  for (const double size : {1e-3, 1.0, 24.0, 100.0, 200.0}) {
    const Stroke stroke = circle(size);
    EXPECT_GE(stroke.size(), 30U) << size;
    EXPECT_LE(stroke.size(), 80U) << size;
    for (const Position& p : stroke) EXPECT_NEAR(std::hypot(p.x - size / 2, p.y - size / 2), 0.4 * size, 1e-3 * size);
  }
  // Of a large one at most a quarter of a unit.
  EXPECT_GT(circle(10'000).size(), 250U);
  EXPECT_EQ(strokes_of("<svg><path d='M1 1L2 2' stroke='red'/></svg>", 0), (std::vector<Stroke>{{{1, 1}, {2, 2}}}));
  EXPECT_EQ(strokes_of("<svg><path d='M1 1C1 1 1 1 1 1' stroke='red'/></svg>", 0).size(), 1U);
  EXPECT_THAT(error_of([] { return strokes_of("<svg/>", -1); }), HasSubstr("a tolerance of -1"));
  EXPECT_THAT(error_of([] { return strokes_of("<svg/>", std::numeric_limits<double>::quiet_NaN()); }),
              HasSubstr("a tolerance of nan"));
}

TEST(Svg, ReadsGzipUnderEitherName) {
  const TemporaryFolder folder;
  const std::string svg = "<svg viewBox='0 0 100 100'><path d='M0 0L10 10'/></svg>";
  const Bytes packed = testing::gzip_file(bytes_of(svg));
  const Sketch wanted = from_strokes(strokes_of(svg));
  for (const char* name : {"a.svgz", "a.svg", "A.SVGZ"}) {
    write_file(folder / name, packed);
    EXPECT_EQ(read_svg(folder / name).sketches.at(0), wanted) << name;
    EXPECT_EQ(read_sketches(folder / name)[Split::kTrain].at(0), wanted) << name;
  }
  EXPECT_EQ(read_sketches(folder.path())[Split::kTrain].size(), 3U);
  write_file(folder / "a.svgz", std::span(packed).first(20));
  EXPECT_THAT(error_of([&] { return read_svg(folder / "a.svgz").sketches; }), HasSubstr("a.svgz"));
}

TEST(Svg, BearsTruncationAndChanges) {
  const auto read = [](std::span<const std::byte> file) { return parse_svg(string_of(file), "x.svg"); };
  const Bytes file = bytes_of(
      "<svg viewBox='0 0 9 9'><defs><g id='a'><circle r='3'/></g></defs><g transform='rotate(9) scale(2,1)'>"
      "<path d='M1 2C3 4 5 6 7 8S1 1 2 2Q1 0 3 3T9 9a3 2 45 0 1 5 5z'/><use href='#a' x='2'/>"
      "<rect width='5' height='4' rx='1'/><polygon points='1,2 3,4 5,0'/></g></svg>");
  EXPECT_EQ(accepted_truncations(read, file), 0U);
  expect_survives_changes(read, file, 5000, 7);
}

}  // namespace
}  // namespace limn::sketch
