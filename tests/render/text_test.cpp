#include "limn/render/text.hpp"

#include "support.hpp"

namespace limn::render {
namespace {

TEST(Text, CleansWhatIsNotUtf8AndWhatXmlForbids) {
  EXPECT_EQ(clean_text("τ = 0.2"), "τ = 0.2");
  EXPECT_EQ(clean_text("日本 😀"), "日本 😀");
  EXPECT_EQ(clean_text("a\nb\tc\x01"
                       "d\x7F"),
            "a b c d ");
  EXPECT_EQ(clean_text("\xC2\x85"), " ");                            // a control character of two bytes
  EXPECT_EQ(clean_text("caf\xE9"), "caf\uFFFD");                     // latin-1
  EXPECT_EQ(clean_text("\xC0\xAF"), "\uFFFD\uFFFD");                 // overlong
  EXPECT_EQ(clean_text("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");       // a surrogate
  EXPECT_EQ(clean_text("\xF4\x90\x80\x80").substr(0, 3), "\uFFFD");  // beyond Unicode
  EXPECT_EQ(clean_text("\xE6\x97"), "\uFFFD\uFFFD");                 // cut short
  EXPECT_EQ(clean_text("\xEF\xBF\xBF"), "\uFFFD");
  EXPECT_EQ(clean_text(""), "");
}

TEST(Text, ShortensWithoutCuttingCharacters) {
  EXPECT_EQ(shortened("sheep", 12, 500), "sheep");
  const std::string cut = shortened("ääääääääää", 12, 50);
  EXPECT_LE(text_width(cut, 12), 50);
  EXPECT_TRUE(cut.ends_with("…"));
  EXPECT_EQ(clean_text(cut), cut);
  EXPECT_EQ(shortened("sheep", 12, 3), "");
  EXPECT_EQ(shortened("", 12, 0), "");
}

TEST(Text, EscapesAndWritesNumbers) {
  EXPECT_EQ(escape_xml("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
  EXPECT_EQ(number_text(1.50, 2), "1.5");
  EXPECT_EQ(number_text(100, 2), "100");
  EXPECT_EQ(number_text(100, 0), "100");
  EXPECT_EQ(number_text(-0.001, 2), "0");
  EXPECT_EQ(number_text(-12.345, 1), "-12.3");
}

}  // namespace
}  // namespace limn::render
