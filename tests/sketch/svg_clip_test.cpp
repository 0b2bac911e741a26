#include "limn/sketch/svg_clip.hpp"

#include <gmock/gmock.h>

#include "sketch/svg_drawing.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kBox = "<clipPath id='c'><rect width='10' height='10'/></clipPath>";
std::string line(const std::string& d, const std::string& clip = "url(#c)") {
  return "<path clip-path='" + clip + "' stroke='red' fill='none' d='" + d + "'/>";
}

TEST(SvgClip, KeepsWhatLiesInside) {
  expect_near(drawn(kBox + "<g clip-path='url(#c)'><path d='M0 0L10 10' stroke='#000' fill='none'/>"
                           "<path d='M50 50L60 70' stroke='#000'/></g>"),
              {{{0, 0}, {10, 10}}});
  expect_near(drawn(kBox + line("M5 5h10M20 0v5M-5 2h20M1 1l8 8")),
              {{{5, 5}, {10, 5}}, {{0, 2}, {10, 2}}, {{1, 1}, {9, 9}}});
  // On the edge is inside: a frame around the picture stays.
  expect_near(drawn(kBox + line("M0 0H10V10H0z")), {{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}});
  // In and out and in, and a closed line that begins inside is one part.
  expect_near(drawn(kBox + line("M2 2h10v2h-10")), {{{2, 2}, {10, 2}}, {{10, 4}, {2, 4}}});
  expect_near(drawn(kBox + line("M8 2h4v4h-4z")), {{{10, 6}, {8, 6}, {8, 2}, {10, 2}}});
  expect_near(drawn(kBox + line("M3 3zM30 3z")), {{{3, 3}}});
}

TEST(SvgClip, OfAnyShape) {
  const std::string circle = "<clipPath id='c'><circle cx='50' cy='50' r='20'/></clipPath>";
  const auto across = strokes_of(svg_of(circle + line("M0 50H100")), 0.001);
  ASSERT_EQ(across.size(), 1U);
  EXPECT_NEAR(across[0].front().x, 30, 1e-3);
  EXPECT_NEAR(across[0].back().x, 70, 1e-3);
  EXPECT_EQ(across[0].size(), 2U);
  // A star of one line: its middle is inside but for evenodd.
  const std::string star = "points='50,0 80,90 0,35 100,35 20,90'";
  EXPECT_EQ(drawn("<clipPath id='c'><polygon " + star + "/></clipPath>" + line("M45 50h10")).size(), 1U);
  EXPECT_EQ(drawn("<clipPath id='c'><polygon clip-rule='evenodd' " + star + "/></clipPath>" + line("M45 50h10")).size(),
            0U);
  // Two shapes together; and a region in a region.
  const std::string two =
      "<clipPath id='c'><rect width='10' height='10'/><rect x='20' width='10' height='10'/></clipPath>";
  expect_near(drawn(two + line("M0 5H40")), {{{0, 5}, {10, 5}}, {{20, 5}, {30, 5}}});
  expect_near(drawn(two + "<clipPath id='d'><rect x='5' width='20' height='9'/></clipPath><g clip-path='url(#d)'>" +
                    line("M0 5H40") + "</g>"),
              {{{5, 5}, {10, 5}}, {{20, 5}, {25, 5}}});
  expect_near(drawn("<clipPath id='d'><rect x='5' width='20' height='9'/></clipPath><clipPath id='c' "
                    "clip-path='url(#d)'><rect width='10' height='10'/></clipPath>" +
                    line("M0 5H40")),
              {{{5, 5}, {10, 5}}});
}

TEST(SvgClip, IsInTheUnitsOfWhatItClips) {
  expect_near(drawn(kBox + "<g transform='translate(50 0)'>" + line("M0 5H40") + "</g>"), {{{50, 5}, {60, 5}}});
  expect_near(
      drawn(
          "<clipPath id='c' transform='scale(2)'><rect transform='translate(1 0)' width='10' height='10'/></clipPath>" +
          line("M0 5H40")),
      {{{2, 5}, {22, 5}}});
  expect_near(
      drawn("<defs><rect id='r' width='10' height='10'/></defs><clipPath id='c'><use href='#r' x='3'/></clipPath>" +
            line("M0 5H40")),
      {{{3, 5}, {13, 5}}});
  const auto turned =
      drawn("<clipPath id='c'><rect transform='rotate(45)' width='10' height='10'/></clipPath>" + line("M-50 7H50"));
  ASSERT_EQ(turned.size(), 1U);
  EXPECT_NEAR(turned[0].back().x - turned[0].front().x, 14, 1e-4);
}

TEST(SvgClip, AnEmptyOneHidesAndAnAbsentOneDoesNot) {
  EXPECT_THAT(drawn("<clipPath id='c'/>" + line("M0 5H40")), IsEmpty());
  EXPECT_THAT(drawn("<clipPath id='c'><rect display='none' width='99' height='99'/></clipPath>" + line("M0 5H40")),
              IsEmpty());
  for (const char* clip : {"url(#none)", "none", "url(other.svg#c)"})
    expect_near(drawn(line("M0 5H40", clip)), {{{0, 5}, {40, 5}}});
}

TEST(SvgClip, SaysWhatItDoesNotDo) {
  EXPECT_THAT(notes_of("<clipPath id='c' clipPathUnits='objectBoundingBox'><rect width='1' height='1'/></clipPath>" +
                       line("M0 5H40")),
              ElementsAre(HasSubstr("in units of the element's box are not applied")));
  EXPECT_THAT(notes_of(kBox + "<rect clip-path='url(#c)' x='5' y='5' width='30' height='30'/>"),
              ElementsAre(HasSubstr("keep only what is left of their own outlines")));
  EXPECT_THAT(notes_of("<clipPath id='c'><text>a</text></clipPath>" + line("M0 5H40")),
              ElementsAre(HasSubstr("text in clip paths"), "nothing in it is drawn"));
}

TEST(SvgClip, IsBounded) {
  EXPECT_THAT(
      error_of([] {
        return drawn("<clipPath id='c' clip-path='url(#c)'><rect width='1' height='1'/></clipPath>" + line("M0 5H40"));
      }),
      HasSubstr("clip paths are nested deeper than 256"));
  EXPECT_THAT(error_of([] { return drawn("<clipPath id='c'><use id='u' href='#u'/></clipPath>" + line("M0 5H40")); }),
              HasSubstr("clip paths are nested deeper than 256"));
  std::string zigzag = "M0 0";
  for (int i = 0; i < 20'000; ++i) zigzag += i % 2 == 0 ? "L1 1" : "L0 1";
  EXPECT_THAT(notes_of("<clipPath id='c'><path d='" + zigzag + "'/></clipPath>" + line(zigzag)),
              ElementsAre(HasSubstr("of very many lines are not applied")));
  // One line across all teeth of a comb.
  EXPECT_THAT(notes_of("<clipPath id='c'><path d='" + zigzag + "'/></clipPath>" + line("M.5-1V2M-1 .5H2")),
              ElementsAre(HasSubstr("of very many lines are not applied")));
}

TEST(SvgClip, KnowsUprightRectangles) {
  using svg::is_upright_rectangle;
  EXPECT_TRUE(is_upright_rectangle({{0, 0}, {4, 0}, {4, 3}, {0, 3}, {0, 0}}));
  EXPECT_TRUE(is_upright_rectangle({{0, 3}, {4, 3}, {4, 0}, {0, 0}}));
  EXPECT_FALSE(is_upright_rectangle({{0, 0}, {4, 0}, {4, 3}, {0, 0}}));
  EXPECT_FALSE(is_upright_rectangle({{0, 0}, {4, 3}, {4, 0}, {0, 3}, {0, 0}}));
  EXPECT_FALSE(is_upright_rectangle({{0, 0}, {4, 0}, {4, 2}, {0, 3}, {0, 0}}));
  EXPECT_FALSE(is_upright_rectangle({{0, 0}, {4, 0}, {4, 0}, {0, 0}}));
}

}  // namespace
}  // namespace limn::sketch
