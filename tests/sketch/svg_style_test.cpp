#include "limn/sketch/svg_style.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"
#include "sketch/svg_drawing.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Whether `shape` is drawn under these rules, with a line beside it that always is.
bool is_drawn(const std::string& css, const std::string& shape) {
  const auto strokes = drawn(
      "<style>" + css + "</style><path style='stroke:red!important;display:inline!important' d='M0 0h1'/>" + shape);
  EXPECT_GE(strokes.size(), 1U);
  return strokes.size() == 2;
}
const std::string kShape = "<g class='layer'><g id='inner'><line class='x st0' id='a' x2='5' stroke='red'/></g></g>";

TEST(SvgStyle, KnowsTheSelectors) {
  for (const char* hiding : {"line",
                             "g *",
                             ".st0",
                             ".x.st0",
                             "#a",
                             "line.st0#a",
                             "g line",
                             "g > line",
                             "#inner>line",
                             ".layer line",
                             ".layer .st0",
                             ".layer > g > .x",
                             "svg g g line",
                             "path, .st0",
                             ".no,.st0,.other",
                             "[class]",
                             "[id=a]",
                             "[id='a']",
                             "[class~=st0]",
                             "[class^=x]",
                             "[class$='t0']",
                             "[class*=' s']",
                             "line:first-child",
                             ":root line",
                             "svg|line",
                             "g /* any */ line",
                             ".st\\30 ",
                             "\\.st0,line"})
    EXPECT_FALSE(is_drawn(std::string(hiding) + "{display:none}", kShape)) << hiding;
  for (const char* other :
       {"LINE", ".ST0", ".st", "#A", "path", "svg > line", ".layer > line", "line line", "g + line", ".st0 .x",
        "line:hover", "line::before", "[id=b]", "[class=st0]", "[id|=b]", "polyline", ".layer#a"})
    EXPECT_TRUE(is_drawn(std::string(other) + "{display:none}", kShape)) << other;
  const std::string siblings = "<g><rect id='r' width='0' height='0'/><g/><line x2='5' stroke='red'/></g>";
  for (const char* hiding : {"rect ~ line", "g + line", "#r + g + line", "g line:last-child", "rect~g~line"})
    EXPECT_FALSE(is_drawn(std::string(hiding) + "{display:none}", siblings)) << hiding;
  for (const char* other : {"rect + line", "line ~ rect", "line:first-child"})
    EXPECT_TRUE(is_drawn(std::string(other) + "{display:none}", siblings)) << other;
}

TEST(SvgStyle, ReadsRulesInAllTheirForms) {
  for (const char* hiding :
       {"/* first */ .st0 { /* in */ fill : red ; display : none ; }", ".st0{DISPLAY:NONE}",
        ".st0{fill:url('a;b{}')}.st0{display:none", "}}.st0{display:none}", "@charset 'utf-8'; .st0{display:none}",
        "@font-face{font-family:x;src:url(data:font/woff;base64,AA;B)} .st0{display:none}",
        "@keyframes k{from{display:inline}to{opacity:1}}.st0{display:none}", "@media screen{.st0{display:none}}",
        "@media all{@media screen{.st0{display:none}}}",
        "@namespace svg url(http://www.w3.org/2000/svg);.st0{display:none}",
        "@supports (display:none){.st0{display:none}}", ".st0{display:nonsense;display:none;display:nonsense}",
        ".st0{fill:red;&:hover{display:inline}display:none}", ".st0{display:none!important}line{display:inline}",
        ".st0{display:none ! important}#a{display:inline}"})
    EXPECT_FALSE(is_drawn(hiding, kShape)) << hiding;
  for (const char* other :
       {"/* .st0{display:none} */", "@media print{.st0{display:none}}",
        "@media (prefers-color-scheme:dark){.st0{display:none}}", ".st0{-x-display:none}",
        ".st0{display:none;}.st0{display:inline}", ".st0{displaynone}", "{display:none}",
        "@keyframes k{to{display:none}}", "@media print{.a{fill:red}.st0{display:none}}.b{fill:red}"})
    EXPECT_TRUE(is_drawn(other, kShape)) << other;
}

TEST(SvgStyle, TheStrongestDeclarationHolds) {
  EXPECT_TRUE(is_drawn(".st0{display:none}#a{display:inline}", kShape));
  EXPECT_TRUE(is_drawn("#a{display:inline}.st0{display:none}", kShape));
  EXPECT_FALSE(is_drawn(".x.st0{display:none}.st0{display:inline}", kShape));
  EXPECT_FALSE(is_drawn("g .st0{display:none}.st0{display:inline}", kShape));
  EXPECT_FALSE(is_drawn(".st0{display:inline}.st0{display:none}", kShape));
  // Style attributes, then rules, then presentation attributes.
  EXPECT_TRUE(is_drawn("#a{display:none}", "<line id='a' x2='5' stroke='red' style='display:inline'/>"));
  EXPECT_FALSE(is_drawn("#a{display:none!important}", "<line id='a' x2='5' stroke='red' style='display:inline'/>"));
  EXPECT_TRUE(
      is_drawn("#a{display:none!important}", "<line id='a' x2='5' stroke='red' style='display:inline!important'/>"));
  EXPECT_TRUE(is_drawn("line{display:inline}", "<line id='a' x2='5' stroke='red' display='none'/>"));
  EXPECT_FALSE(is_drawn("line{display:nothing}", "<line id='a' x2='5' stroke='red' display='none'/>"));
  EXPECT_TRUE(is_drawn("*{display:inline}", "<line x2='5' stroke='red' display='none'/>"));
}

TEST(SvgStyle, SeveralStyleElementsAreOneSheet) {
  const std::string line = "<line class='st0' x2='5' stroke='red'/>";
  EXPECT_TRUE(
      drawn("<style>.st0{display:inline}</style>" + line + "<style><![CDATA[.st0]]>{display:none}</style>").empty());
  EXPECT_TRUE(
      drawn("<defs><style type='text/css'><![CDATA[ .st0,.st9{display:none} ]]></style></defs>" + line).empty());
  EXPECT_TRUE(drawn("<style><![CDATA[<!-- .st0{display:none} -->]]></style>" + line).empty());
  EXPECT_EQ(drawn("<style><!-- .st0{display:none} --></style>" + line).size(), 1U);  // a comment of XML
  EXPECT_EQ(drawn("<style type='text/less'>.st0{display:none}</style>" + line).size(), 1U);
  EXPECT_EQ(drawn("<style media='print'>.st0{display:none}</style>" + line).size(), 1U);
}

TEST(SvgStyle, RulesPaint) {
  // A rule gives what no attribute says, and takes what one says.
  EXPECT_TRUE(is_drawn(".st1{fill:none;stroke:#000}", "<path class='st1' d='M0 0L5 5'/>"));
  EXPECT_FALSE(is_drawn("path{fill:none}", "<path d='M0 0L5 5'/>"));
  EXPECT_FALSE(is_drawn("g{fill:none}", "<g><path d='M0 0L5 5'/></g>"));
  EXPECT_FALSE(is_drawn(".x{stroke:none}", "<path class='x' fill='none' stroke='red' d='M0 0L5 5'/>"));
  EXPECT_TRUE(is_drawn(".x{stroke:none}.x{stroke:}", "<path class='x' d='M0 0L5 5'/>"));
}

TEST(SvgStyle, SaysWhatItLeavesOut) {
  EXPECT_THAT(notes_of("<style>@import 'a.css';line{fill:red}</style><line x2='5'/>"),
              ElementsAre(HasSubstr("style sheet in another file is not opened")));
  EXPECT_THAT(notes_of("<style>line:nth-child(2){display:none}</style><line x2='5'/>"),
              ElementsAre(HasSubstr("selectors that limn does not know are left out")));
  EXPECT_THAT(notes_of("<style>@media (min-width:9px){line{display:none}}</style><line x2='5'/>"),
              ElementsAre(HasSubstr("for some screens only are left out: @media (min-width:9px)")));
  EXPECT_THAT(notes_of("<style>line:hover{fill:red}@media print{line{display:none}}</style><line x2='5'/>"), IsEmpty());
}

TEST(SvgStyle, KnowsWhatPaints) {
  using svg::paints;
  for (const char* paint : {"red", "#fff", "#FFFF", "#12345678", "rgb(1,2,3)", "rgba(1,2,3,.5)", "hsl(1 2% 3% / 5%)",
                            "url(#a)", "url(#a) none", "currentColor", "context-stroke", "inherit"})
    EXPECT_EQ(paints(paint), true) << paint;
  for (const char* nothing : {"none", "NONE", "transparent", "#fff0", "#12345600", "rgba(1,2,3,0)", "rgb(1 2 3 / 0%)"})
    EXPECT_EQ(paints(nothing), false) << nothing;
  for (const char* wrong : {"", "12", "#12345", "#xyz", "red;", "a b"}) EXPECT_EQ(paints(wrong), std::nullopt) << wrong;
}

TEST(SvgStyle, IsBounded) {
  std::string many = "<style>";
  for (std::size_t i = 0; i <= svg::kMaxSelectors; ++i) many += "a,";
  EXPECT_THAT(error_of([&] { return drawn(many + "a{fill:red}</style>"); }), HasSubstr("more than 65536 selectors"));
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "@media all{";
  EXPECT_THAT(error_of([&] { return drawn("<style>" + deep + "a{fill:red}</style>"); }),
              HasSubstr("style rules are nested deeper than 8"));
  // Each of many rules looks at all of the elements before each of many elements.
  std::string slow = "<style>";
  for (int i = 0; i < 300; ++i) slow += "x~line{fill:red}";
  slow += "</style>";
  for (int i = 0; i < 3000; ++i) slow += "<line/>";
  EXPECT_THAT(error_of([&] { return drawn(slow); }), HasSubstr("style rules take too much work"));
}

TEST(SvgStyle, BearsAnyText) {
  for (const char* css :
       {"{",  "}",   "@",    "@media", "@media{", ".",      "#",         "a{",   "a{b", "a{b:", "a{b:c!", "[",
        "a[", "a[b", "a[b=", "a[b='",  "\\",      "a\\",    "/*",        "a/*",  ",",   "a,",   ">",      "a>",
        ">a", ":",   "::",   "a{b:'",  "<!--",    "a{b:\\", "\\110000 ", "a{/*", "*/",  "/*/"}) {
    const auto read = [](std::span<const std::byte> file) { return parse_svg(string_of(file), "x.svg"); };
    (void)survives(read,
                   bytes_of(svg_of("<style><![CDATA[" + std::string(css) + "]]></style><line style='" +
                                   (css == std::string("a[b='") || css == std::string("a{b:'") ? "" : css) + "'/>")),
                   css);
  }
}

}  // namespace
}  // namespace limn::sketch
