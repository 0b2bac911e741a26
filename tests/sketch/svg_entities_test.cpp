#include "limn/sketch/svg_entities.hpp"

#include <gmock/gmock.h>

#include "sketch/svg_drawing.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Stroke> kLine{{{0, 0}, {10, 10}}};

TEST(SvgEntities, StandInAttributesAndBetweenElements) {
  expect_near(
      strokes_of("<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY p \"M0 0L10 10\">]><svg><path d=\"&p;\"/></svg>"),
      kLine);
  expect_near(strokes_of("<!DOCTYPE svg [<!ENTITY a '0 0'><!ENTITY p \"M&a;L10 10\">]><svg><path d='&p;'/></svg>"),
              kLine);
  expect_near(strokes_of("<!DOCTYPE svg [<!ENTITY l \"<path d='M0 0L10 10'/>\">]><svg>&l;<g>&l;</g></svg>").size() == 2
                  ? kLine
                  : std::vector<Stroke>(),
              kLine);
  // Quotes of a value are not those of the attribute that it stands in.
  expect_near(strokes_of("<!DOCTYPE svg [<!ENTITY q '<\"quoted\">'>]><svg><path class=\"&q;\" d='M0 0L10 10'/></svg>"),
              kLine);
}

TEST(SvgEntities, ReadsIllustratorsProlog) {
  const std::string svg = R"(<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: a program, <!DOCTYPE no [ -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
	<!ENTITY ns_svg "http://www.w3.org/2000/svg">
	<!ENTITY % parameter "<!ENTITY st9 'x'>">
	%parameter;
	<!ELEMENT x (#PCDATA)><!ATTLIST svg xmlns:a CDATA #FIXED "http://a/]>">
	<!-- ]> --><?pi ]> ?>
	<!ENTITY st0 "fill:none;stroke:#000000;"> <!ENTITY st0 "display:none">
	<!ENTITY st1 "display:none;">
]>
<svg xmlns="&ns_svg;"><path style="&st0;" d="M0 0L10 10"/><path style="&st1;" d="M50 50L60 70"/></svg>)";
  expect_near(strokes_of(svg), kLine);
}

TEST(SvgEntities, OtherReferencesStay) {
  const std::string head = "<!DOCTYPE svg [<!ENTITY amp 'x'><!ENTITY p 'M0 0'>]>";
  expect_near(strokes_of(head + "<svg><path id='&lt;&amp;&#65;&none;' d='&p;L10 10'/></svg>"), kLine);
  expect_near(
      strokes_of(head + "<svg><!-- &p; ' --><text><![CDATA[&p; ' ]]></text><?a &p; \" ?><path d='&p;L10 10'/></svg>"),
      kLine);
  // A DOCTYPE without entities, and one that does not end.
  expect_near(strokes_of("<!DOCTYPE svg><svg><path d='M0 0L10 10'/></svg>"), kLine);
  svg::Notes notes;
  EXPECT_EQ(svg::with_entities("<!DOCTYPE svg [<!ENTITY p 'M0 0'>", "x.svg", notes), std::nullopt);
  EXPECT_EQ(svg::with_entities("<svg>&p;</svg><!DOCTYPE", "x.svg", notes), std::nullopt);
}

TEST(SvgEntities, OpensNoFile) {
  const SvgContents contents = parse_svg(
      "<!DOCTYPE svg [<!ENTITY f SYSTEM 'file:///etc/passwd'><!ENTITY g PUBLIC 'x' 'http://127.0.0.1/y'>]>"
      "<svg><path d='M0 0L10 10&f;&g;'/></svg>",
      "x.svg");
  expect_near(contents.drawings.at(0), kLine);
  ASSERT_EQ(contents.notes.size(), 1U);
  EXPECT_EQ(contents.notes[0].text(), "an entity stands for another file, which is not opened: &f;");
}

std::string bomb(int levels) {
  std::string svg = "<!DOCTYPE svg [<!ENTITY e0 'M0 0h1 '>";
  for (int i = 1; i <= levels; ++i) {
    svg += "<!ENTITY e" + std::to_string(i) + " '";
    for (int k = 0; k < 10; ++k) svg += "&e" + std::to_string(i - 1) + ";";
    svg += "'>";
  }
  return svg + "]><svg><path d='&e" + std::to_string(levels) + ";'/></svg>";
}

TEST(SvgEntities, RefusesBombs) {
  EXPECT_EQ(strokes_of(bomb(2)).size(), 100U);
  EXPECT_THAT(error_of([] { return strokes_of(bomb(9)); }), HasSubstr("x.svg: its entities make it many times larger"));
  const std::string loop = "<!DOCTYPE svg [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><svg><path d='&a;'/></svg>";
  EXPECT_THAT(error_of([&] { return strokes_of(loop); }), HasSubstr("stand in each other deeper than 16"));
  // Entities of nothing take time all the same.
  std::string empty = bomb(9);
  empty.replace(empty.find("M0 0h1 "), 7, "");
  EXPECT_THAT(error_of([&] { return strokes_of(empty); }), HasSubstr("many times larger"));
}

TEST(SvgEntities, BearTruncationAndChanges) {
  const auto read = [](std::span<const std::byte> file) { return parse_svg(string_of(file), "x.svg"); };
  const Bytes file = bytes_of(
      "<?xml version='1.0'?><!DOCTYPE svg PUBLIC \"a\" 'b' [<!ENTITY a \"1 2\"><!-- c --><!ENTITY b '&a;l&a;'>"
      "<!ENTITY c SYSTEM 'd'>%e;]><svg><path d='M&b;'/>&c;<g style=\"&a;\"><![CDATA[&a;]]></g></svg>");
  EXPECT_EQ(accepted_truncations(read, file), 0U);
  expect_survives_changes(read, file, 3000, 11);
}

}  // namespace
}  // namespace limn::sketch
