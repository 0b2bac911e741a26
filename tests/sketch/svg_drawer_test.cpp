#include "limn/sketch/svg_drawer.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "sketch/svg_drawing.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kBlack = "stroke='#000' fill='none'";
const std::string kShown = "<path d='M0 0L10 10' " + kBlack + "/>";
const std::vector<Stroke> kLine{{{0, 0}, {10, 10}}};
const std::vector<Stroke> kBoth{{{0, 0}, {10, 10}}, {{50, 50}, {60, 70}}};

// What an element is drawn as, after a line that always is.
std::vector<Stroke> beside(const std::string& content) {
  auto strokes = drawn(kShown + content);
  EXPECT_FALSE(strokes.empty());
  if (!strokes.empty()) strokes.erase(strokes.begin());
  return strokes;
}

TEST(SvgDrawer, LeavesOutWhatIsNotDisplayed) {
  for (const char* hidden :
       {"<path d='M50 50L60 70' display='none'/>", "<path d='M50 50L60 70' style='DISPLAY:NONE'/>",
        "<g display='none'><path d='M50 50L60 70' display='inline'/></g>",
        "<g style='fill:red; display : none'><g><path d='M50 50L60 70'/></g></g>",
        "<path d='M50 50L60 70' visibility='hidden'/>", "<path d='M50 50L60 70' visibility='collapse'/>",
        "<g visibility='hidden'><path d='M50 50L60 70'/></g>", "<path d='M50 50L60 70' style='visibility:hidden'/>",
        "<path d='M50 50L60 70' opacity='0'/>", "<g opacity='0'><path d='M50 50L60 70' opacity='1'/></g>",
        "<g style='opacity:0%'><path d='M50 50L60 70'/></g>"})
    EXPECT_THAT(beside(hidden), IsEmpty()) << hidden;
  for (const char* shown :
       {"<path d='M50 50L60 70' display='none' style='display:inline'/>",
        "<g visibility='hidden'><path d='M50 50L60 70' visibility='visible'/></g>",
        "<g style='visibility:hidden'><g><path d='M50 50L60 70' style='visibility:visible'/></g></g>",
        "<path d='M50 50L60 70' visibility='seen'/>", "<path d='M50 50L60 70' display='nowhere' opacity='much'/>",
        "<g style='inline-display:none'><path d='M50 50L60 70'/></g>", "<path d='M50 50L60 70' opacity='.01'/>"})
    EXPECT_THAT(beside(shown).size(), 1U) << shown;
}

TEST(SvgDrawer, LeavesOutWhatPaintsNothing) {
  for (const char* nothing :
       {"stroke='none' fill='none'", "fill='none'", "fill='transparent'", "fill='#1230'", "fill-opacity='0'",
        "stroke='#000' stroke-opacity='0' fill='none'", "stroke='#000' stroke-width='0' fill='none'",
        "style='fill:none'", "stroke='rgba(0,0,0,0)' fill='none'", "stroke='#000' style='stroke:none;fill:none'"})
    EXPECT_THAT(beside("<path d='M50 50L60 70' " + std::string(nothing) + "/>"), IsEmpty()) << nothing;
  for (const char* something : {"", "fill='red'", "stroke='red' fill='none'", "fill='nonsense;'", "style='fill:12'",
                                "stroke='currentColor' fill='none'", "stroke='#000' fill-opacity='0'"})
    EXPECT_THAT(beside("<path d='M50 50L60 70' " + std::string(something) + "/>").size(), 1U) << something;
  EXPECT_THAT(beside("<g fill='none'><path d='M50 50L60 70'/></g>"), IsEmpty());
  EXPECT_THAT(beside("<g fill='none'><path d='M50 50L60 70' fill='initial'/></g>").size(), 1U);
  EXPECT_THAT(beside("<g fill='none' stroke='red'><path d='M50 50L60 70' stroke='inherit'/></g>").size(), 1U);
}

TEST(SvgDrawer, PaintsThatAreNotInTheFilePaintNothing) {
  const std::string gradient = "<linearGradient id='a'/>", path = "<path d='M0 0L10 10L0 20z' ";
  for (const char* nothing :
       {"fill='url(#b)'", "fill='url(#b) none'", "fill='none' stroke='url(#b)'", "style='fill:url(b.svg#a)'"})
    EXPECT_TRUE(drawn(gradient + path + nothing + "/>").empty()) << nothing;
  for (const char* something :
       {"fill='url(#a)'", "fill='url(#b) red'", "fill='none' stroke='url(#a) none'", "fill='url(\"#a\")'"})
    EXPECT_EQ(drawn(gradient + path + something + "/>").size(), 1U) << something;
}

TEST(SvgDrawer, APointThatIsOnlyFilledIsNothing) {
  EXPECT_THAT(beside("<path d='M327 468z'/>"), IsEmpty());
  EXPECT_THAT(beside("<path d='M327 468h0M1 1L1 1z'/><line x1='3' x2='3'/><polygon points='4 4'/>"), IsEmpty());
  expect_near(beside("<path d='M3 4z' stroke='red'/>"), {{{3, 4}}});
}

TEST(SvgDrawer, CssTransforms) {
  const auto moved = [](const std::string& css) {
    return beside("<style>.t{" + css + "}</style><path class='t' d='M0 0L10 20' stroke='#000'/>");
  };
  expect_near(moved("transform:translate(50px,50px)"), {{{50, 50}, {60, 70}}});
  expect_near(moved("transform:translate(50%, 1in)"), {{{50, 96}, {60, 116}}});
  expect_near(moved("transform:translateX(5px) translateY(.6e1px)"), {{{5, 6}, {15, 26}}});
  expect_near(moved("transform:scale(2)"), {{{0, 0}, {20, 40}}});
  expect_near(moved("transform:scale(2, 50%)"), {{{0, 0}, {20, 10}}});
  for (const char* turn : {"90deg", "1.5707963268rad", ".25turn", "100grad"})
    expect_near(moved("transform:rotate(" + std::string(turn) + ")"), {{{0, 0}, {-20, 10}}});
  expect_near(moved("transform:skewX(45deg)"), {{{0, 0}, {30, 20}}});
  expect_near(moved("transform:skew(0,45deg)"), {{{0, 0}, {10, 30}}});
  expect_near(moved("transform:matrix(1,0,0,1,5,6)"), {{{5, 6}, {15, 26}}});
  expect_near(moved("transform:translate3d(1px,2px,3px)"), {{{1, 2}, {11, 22}}});
  expect_near(moved("transform:rotate(90deg);transform-origin:50px 50px"), {{{100, 0}, {80, 10}}});
  expect_near(moved("transform:rotate(90deg);transform-origin:center"), {{{100, 0}, {80, 10}}});
  expect_near(moved("transform:rotate(90deg);transform-origin:bottom left"), {{{100, 100}, {80, 110}}});
  expect_near(moved("transform:none"), {{{0, 0}, {10, 20}}});
  // CSS goes before the attribute, and wants units.
  expect_near(beside("<path style='transform:translate(1px)' transform='scale(9)' d='M0 0L10 20'/>"),
              {{{1, 0}, {11, 20}}});
  expect_near(moved("transform:translate(50,50)"), {{{0, 0}, {10, 20}}});
}

TEST(SvgDrawer, ATransformAttributeThatIsNotSvgsIsPassedOver) {
  for (const char* wrong : {"translate(10px,0)", "rotate(45deg)", "turn(3)", "scale(1,2,3,4,5,6,7)", "translate(1",
                            "scale()", "translate(1 2) and", "matrix(1 2 3)", "rotate(1 2)", "translate(--1)"}) {
    const std::string content = "<g transform='" + std::string(wrong) + "'>" + kShown + "</g>";
    expect_near(drawn(content), kLine);
    EXPECT_THAT(notes_of(content), ElementsAre(HasSubstr("a transform attribute that is not SVG's is passed over")))
        << wrong;
  }
  expect_near(drawn("<g transform='none'>" + kShown + "</g>"), kLine);
}

TEST(SvgDrawer, InnerSvgsAndSymbolsHaveAViewport) {
  expect_near(drawn("<svg x='50' y='50' width='20' height='40' viewBox='0 0 10 20'><path d='M0 0L10 20'/></svg>"),
              {{{50, 50}, {70, 90}}});
  const auto inner = [](const std::string& attributes) {
    return drawn("<svg " + attributes + "><line x2='10' y2='10'/></svg>");
  };
  // Of a square viewBox in a wide viewport: in the middle, at either end, stretched, or cut.
  expect_near(inner("width='40' height='20' viewBox='0 0 10 10'"), {{{10, 0}, {30, 20}}});
  expect_near(inner("width='40' height='20' viewBox='0 0 10 10' preserveAspectRatio='xMinYMin meet'"),
              {{{0, 0}, {20, 20}}});
  expect_near(inner("width='40' height='20' viewBox='0 0 10 10' preserveAspectRatio='xMaxYMid'"),
              {{{20, 0}, {40, 20}}});
  expect_near(inner("width='40' height='20' viewBox='0 0 10 10' preserveAspectRatio='none'"), {{{0, 0}, {40, 20}}});
  expect_near(inner("width='40' height='20' viewBox='0 0 10 10' preserveAspectRatio='xMidYMid slice'"),
              {{{10, 0}, {30, 20}}});
  expect_near(
      inner("width='40' height='20' viewBox='0 0 10 10' preserveAspectRatio='xMidYMid slice' overflow='visible'"),
      {{{0, -10}, {40, 30}}});
  expect_near(inner("viewBox='5 5 10 10' overflow='visible'"), {{{-50, -50}, {50, 50}}});
  expect_near(inner("viewBox='5 5 10 10'"), {{{0, 0}, {50, 50}}});
  expect_near(inner("x='10%' width='50%' height='50%'"), {{{10, 0}, {20, 10}}});
  EXPECT_TRUE(inner("width='0' height='20'").empty());
  expect_near(drawn("<svg width='20' height='20' viewBox='0 0 10 10'><line x2='100%' y2='50%'/></svg>"),
              {{{0, 0}, {20, 10}}});
}

TEST(SvgDrawer, UseDrawsASymbolInItsSize) {
  const std::string symbol = "<symbol id='s' viewBox='0 0 10 10'><line x2='10' y2='10'/></symbol>";
  expect_near(drawn(symbol + "<use href='#s' x='5' y='6' width='20' height='20'/>"), {{{5, 6}, {25, 26}}});
  expect_near(drawn(symbol + "<use xlink:href='#s'/>"), {{{0, 0}, {100, 100}}});
  expect_near(drawn("<symbol id='s'><line x2='10' y2='10'/></symbol><use href='#s' x='1' transform='scale(2)'/>"),
              {{{2, 0}, {22, 20}}});
  expect_near(drawn("<defs><svg id='s' viewBox='0 0 10 10' width='1' height='1'><line x2='10' y2='10'/></svg></defs>"
                    "<use href='#s' width='20' height='20'/>"),
              {{{0, 0}, {20, 20}}});
  EXPECT_TRUE(drawn(symbol).empty());
  // Paint and visibility come from where it is used.
  expect_near(
      drawn("<defs><path id='p' d='M0 0L10 10' fill='none'/></defs><use href='#p' stroke='red'/><use href='#p'/>"),
      kLine);
  EXPECT_TRUE(drawn(symbol + "<use href='#s' visibility='hidden'/>").empty());
  const std::string absent = kShown + "<use href='other.svg#a'/>";
  expect_near(drawn(absent), kLine);
  EXPECT_THAT(notes_of(absent), ElementsAre("a <use> of what is not in the file is left out: \"other.svg#a\""));
  EXPECT_THAT(notes_of(kShown + "<use href='#b'/><use/>"), ElementsAre(HasSubstr("left out: \"#b\"")));
}

// A playing card: the symbol's viewBox does not begin at 0 and keeps its proportions at the left.
TEST(SvgDrawer, ASymbolsViewBoxMayLieAnywhere) {
  const auto strokes = strokes_of(
      "<svg viewBox='-120 -168 240 336' width='250' height='350'><symbol id='A' viewBox='-500 -500 1000 1000' "
      "preserveAspectRatio='xMinYMid'><path d='M-270 460L-110 460' stroke='red' fill='none'/></symbol>"
      "<rect width='239' height='335' x='-119.5' y='-167.5' fill='white' stroke='black'/>"
      "<use href='#A' height='32' width='32' x='-114.4' y='-156'/></svg>");
  ASSERT_EQ(strokes.size(), 2U);
  expect_near({strokes[1]}, {{{-107.04F, -125.28F}, {-101.92F, -125.28F}}});
}

TEST(SvgDrawer, LeavesOutThePaperInEveryForm) {
  for (const char* paper :
       {"<rect width='100' height='100' fill='#fff'/>", "<path fill='#fff' d='M0 0h100v100H0z'/>",
        "<path d='M0 0h100v100H0V0z'/>", "<polygon points='0,0 100,0 100,100 0,100'/>",
        "<g transform='scale(2,2)'><rect fill='#dcdcdc' stroke='none' x='0' y='0' width='50' height='50'/></g>",
        "<g><g><rect x='-1' y='-2' width='104' height='105'/></g></g>",
        "<rect width='100%' height='100%' fill='#fff'/><rect width='100%' height='100%' fill='#eee'/>",
        "<path d='M0 0h100v100H0z' fill='none'/><rect width='100' height='100'/>",
        "<style>.p{fill:#fff}</style><rect class='p' width='100' height='100'/>",
        "<g transform='rotate(90 50 50)'><rect width='100' height='100'/></g>"})
    expect_near(drawn(paper + kShown), kLine);
  for (const char* drawing :
       {"<rect width='100' height='100' fill='#fff' stroke='#000'/>", "<rect width='100' height='90'/>",
        "<rect width='100' height='100' rx='9'/>", "<path d='M0 0h100v100z'/>",
        "<rect width='100' height='100' fill='none' stroke='#000'/>"})
    EXPECT_EQ(drawn(drawing + kShown).size(), 2U) << drawing;
  EXPECT_EQ(drawn(kShown + "<rect width='100' height='100'/>").size(), 2U);  // it would cover the drawing
  EXPECT_EQ(drawn("<rect width='100' height='100'/>").size(), 1U);           // it is all that there is
  EXPECT_EQ(
      strokes_of("<svg viewBox='-50 -50 100 100'><rect x='-50' y='-50' width='100' height='100'/>" + kShown + "</svg>")
          .size(),
      1U);
  EXPECT_EQ(strokes_of("<svg viewBox='-50 -50 100 100'><rect width='100' height='100'/>" + kShown + "</svg>").size(),
            2U);
}

TEST(SvgDrawer, AnInnerSvgUnderTheOutermostScale) {
  const auto strokes = strokes_of(
      "<svg width='900' height='700' viewBox='0 0 45 35' preserveAspectRatio='none'><rect width='45' height='35' "
      "fill='blue'/>"
      "<svg stroke='#fff' fill='none' width='27' height='27' viewBox='0 0 6 6' x='9' y='4'>"
      "<circle r='2.5' cx='3' cy='3'/><path d='M0.5,3h5M3,0.5v5'/></svg></svg>");
  ASSERT_EQ(strokes.size(), 3U);
  for (const Position& p : strokes[0]) EXPECT_NEAR(std::hypot(p.x - 22.5, p.y - 17.5), 11.25, 1e-4);
  expect_near({strokes[1], strokes[2]}, {{{11.25, 17.5}, {33.75, 17.5}}, {{22.5, 6.25}, {22.5, 28.75}}});
}

TEST(SvgDrawer, SwitchDrawsItsFirstChildThatHolds) {
  const std::string other = "<path d='M50 50L60 70'/>";
  expect_near(drawn("<switch>" + kShown + other + "</switch>"), kLine);
  expect_near(drawn("<switch><foreignObject requiredExtensions='http://ns.adobe.com/AdobeIllustrator/10.0/'/><g>" +
                    kShown + other + "</g></switch>"),
              kBoth);
  expect_near(drawn("<switch><g systemLanguage='de,fr'>" + other + "</g><g systemLanguage='en-GB, de'>" + kShown +
                    "</g></switch>"),
              kLine);
  expect_near(drawn("<switch><!-- c --><desc/>" + kShown + "</switch>").empty() ? kLine : std::vector<Stroke>(), kLine);
  expect_near(drawn("<g requiredExtensions='x'>" + other + "</g>" + kShown), kLine);
}

TEST(SvgDrawer, ElementsOfOtherNamespacesAreNotSvgs) {
  expect_near(drawn("<x:path xmlns:x='http://other' d='M50 50L60 70'/>" + kShown), kLine);
  expect_near(drawn("<g xmlns='http://other'><path d='M50 50L60 70'/></g>" + kShown), kLine);
  expect_near(drawn("<x:g xmlns:x='http://www.w3.org/2000/svg'>" + kShown + "</x:g>"), kLine);
  expect_near(strokes_of("<svg:svg xmlns:svg='http://www.w3.org/2000/svg'><svg:path d='M0 0L10 10'/><path d='M50 50L60 "
                         "70' xmlns='http://other'/></svg:svg>"),
              kLine);
  expect_near(strokes_of("<svg><path d='M0 0L10 10'/><inkscape:path d='M5 5h9'/></svg>"), kLine);
  expect_near(strokes_of("<svg:svg><svg:path d='M0 0L10 10'/></svg:svg>"), kLine);
  // The prefix's meaning ends with the element that gave it.
  expect_near(
      strokes_of("<svg xmlns='http://www.w3.org/2000/svg'><g xmlns='http://other'/><path d='M0 0L10 10'/></svg>"),
      kLine);
}

TEST(SvgDrawer, EachGlyphOfAFontIsADrawing) {
  const std::string font =
      "<defs><font id='f' horiz-adv-x='378'><font-face units-per-em='1000'/><missing-glyph d='M0 0h9'/><glyph "
      "unicode=' '/>"
      "<glyph unicode='H' d='M 126 662 L 126 0 M 567 662 L 567 0 M 126 347 L 567 347'/>"
      "<glyph unicode='L' d='M 126 662 L 126 0 L 504 0'/></font></defs>";
  const SvgContents contents = parse_svg(svg_of(font), "x.svg");
  ASSERT_EQ(contents.drawings.size(), 2U);
  EXPECT_EQ(contents.drawings[0].size(), 3U);
  expect_near(contents.drawings[1], {{{126, -662}, {126, 0}, {504, 0}}});
  EXPECT_THAT(contents.notes, IsEmpty());
  expect_near(drawn(font + kShown), kLine);
  EXPECT_THAT(notes_of(font + kShown), ElementsAre("a font beside the drawing is left out"));
}

TEST(SvgDrawer, FaultyPathDataAreDrawnUpToTheFault) {
  expect_near(drawn(kShown + "<path d='M50 50L60 70L80' stroke='#000'/>"), kBoth);
  expect_near(beside("<path d='M0 0h1z 1'/>"), {{{0, 0}, {1, 0}, {0, 0}}});
  expect_near(beside("<path d='M1 1L2 2X3 3'/>"), {{{1, 1}, {2, 2}}});
  for (const char* data :
       {"L1 1", "M1", "M1 1X", "M1 1L1 nan", "M1e10 0", "M0 0A1 1 0 2 0 1 1", "M+-1 0", "7", "M1e999 0"}) {
    EXPECT_THAT(beside("<path d='" + std::string(data) + "'/>"), IsEmpty()) << data;
    EXPECT_THAT(notes_of("<path d='" + std::string(data) + "'/>" + kShown),
                ElementsAre(HasSubstr("path data that are not SVG's are drawn up to the fault, as browsers do: \"")))
        << data;
  }
  EXPECT_THAT(beside("<path d='none'/><path d=''/><path/>"), IsEmpty());
  EXPECT_THAT(notes_of(kShown + "<path d='none'/><path d=''/>"), IsEmpty());
  expect_near(beside("<path style='d:path(\"M1 1L2 2\")'/>"), {{{1, 1}, {2, 2}}});
}

TEST(SvgDrawer, PointsAreDrawnUpToTheFault) {
  expect_near(drawn(kShown + "<polyline points='50,50 60,70 80' stroke='#000'/>"), kBoth);
  expect_near(beside("<polygon points='1 1 2 2 3'/>"), {{{1, 1}, {2, 2}, {1, 1}}});
  expect_near(beside("<polyline points='1 1 2 2 x 3 4'/>"), {{{1, 1}, {2, 2}}});
  EXPECT_THAT(notes_of(kShown + "<polyline points='1 1 2'/>"), ElementsAre(HasSubstr("points that are not SVG's")));
}

TEST(SvgDrawer, RadiiThatAreNotGivenAreAsTheOther) {
  for (const char* radii :
       {"rx='auto' ry='5'", "ry='5'", "rx='5'", "rx='5' ry='auto'", "style='rx:5px'", "rx='5' ry='5'"}) {
    const auto strokes = beside("<rect x='10' y='20' width='30' height='20' " + std::string(radii) + "/>");
    ASSERT_EQ(strokes.size(), 1U) << radii;
    for (const Position& p : strokes[0]) {  // no corner is nearer than that of a circle
      EXPECT_TRUE(p.x >= 10 && p.x <= 40 && p.y >= 20 && p.y <= 40) << radii;
      const double x = std::max(0.0F, std::abs(p.x - 25) - 10), y = std::max(0.0F, std::abs(p.y - 30) - 5);
      EXPECT_NEAR(std::hypot(x, y), 5, 1e-4) << radii;
    }
  }
  EXPECT_EQ(beside("<ellipse rx='4'/>").size(), 1U);
  expect_near(beside("<rect style='x:1px;width:2px;height:3px'/>"), {{{1, 0}, {3, 0}, {3, 3}, {1, 3}, {1, 0}}});
}

TEST(SvgDrawer, LengthsThatAreNoneCountAsZero) {
  expect_near(beside("<line x1='x' y1='' x2='1q2' y2='3'/>"), {{{0, 0}, {0, 3}}});
  EXPECT_THAT(notes_of(kShown + "<line x1='x' y2='3'/>"),
              ElementsAre("lengths that are not SVG's count as 0, as in browsers: x1=\"x\""));
  expect_near(beside("<line x2='2em' y2='1in'/>"), {{{0, 0}, {32, 96}}});
}

TEST(SvgDrawer, NotesWhatItLeavesOut) {
  const std::pair<const char*, const char*> cases[] = {
      {"<text>words</text>", "text is left out"},
      {"<image href='http://example.org/x.png'/>", "images are left out"},
      {"<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
       "foreign content, such as HTML, is left out"},
      {"<script>draw()</script>", "scripts are not run"},
      {"<g><animate attributeName='x'/></g>", "animations are left out: what they begin with is drawn"},
      {"<path mask='url(#m)' d='M0 0h1'/>", "masks are not applied"},
      {"<path marker-end='url(#m)' d='M0 0h1'/>", "markers, such as arrow heads, are left out"},
      {"<g style='rotate:3deg'/>", "the CSS properties translate, rotate and scale are left out"},
      {"<g style='clip-path:circle(3px)'/>", "clip paths that are shapes of CSS are not applied"}};
  for (const auto& [content, note] : cases) EXPECT_THAT(notes_of(kShown + content), ElementsAre(note)) << content;
  EXPECT_THAT(
      notes_of(kShown + "<defs><text>a</text></defs><g display='none'><image/></g><title>t</title><style/><metadata/>"),
      IsEmpty());
  EXPECT_THAT(notes_of("<symbol><path d='M0 0h1'/></symbol>"), ElementsAre("nothing in it is drawn"));
}

}  // namespace
}  // namespace limn::sketch
