#include "limn/sketch/json_values.hpp"

#include <gmock/gmock.h>

#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::HasSubstr;

// The tree as a text in which numbers have all their bits.
std::string shown(JsonValue value) {
  if (value.is_number()) return fmt::format("{:a}", value.number());
  if (value.is_text()) return fmt::format("'{}'", value.text());
  if (!value.is_list() && !value.is_object()) return std::string(value.kind_name());
  std::string all = fmt::format("{} of {}:", value.kind_name(), value.size());
  for (auto item = value.begin(); item != value.end(); ++item)
    all += fmt::format(" {}{}", value.is_object() ? std::string(item.name()) + "=" : "", shown(*item));
  return all + ";";
}

std::string read(const std::string& json) { return shown(JsonValues(json, "x").root()); }

TEST(JsonValues, ReadPlainTextsAsNlohmannDoes) {
  // A text with an escape goes through nlohmann/json.
  const std::string beside = R"("\u0041")";
  for (const std::string json : {"0",
                                 "-0",
                                 "-0.0",
                                 "7",
                                 "-12",
                                 "123456789012345678",
                                 "-123456789012345678",
                                 "1234567890123456789",
                                 "18446744073709551615",
                                 "18446744073709551616",
                                 "-9223372036854775808",
                                 "-9223372036854775809",
                                 "0.1",
                                 "-2.5",
                                 "1e5",
                                 "1E+5",
                                 "12.5e-3",
                                 "3.14159265358979323846264338327950288",
                                 "1e-400",
                                 "4.9e-324",
                                 "1.7976931348623157e308",
                                 "true",
                                 "false",
                                 "null",
                                 R"("")",
                                 R"("a b~")",
                                 "\"\x7f\"",
                                 "[]",
                                 "{}",
                                 "[[],{}]",
                                 "[ 1 ,\t2\r\n, 3 ]",
                                 R"({"a":1,"b":[2,{"c":"d"}],"a":null})",
                                 R"({ "x" : [ ] , "y" : { } })",
                                 "[[[1,2],[3,4]],[[5],[6]]]"}) {
    SCOPED_TRACE(json);
    EXPECT_EQ(fmt::format("a list of 2: {} 'A';", read(json)), read("[" + json + "," + beside + "]"));
    EXPECT_EQ(read(" " + json + " \n"), read(json));
  }
  EXPECT_EQ(read(R"({"a":1,"b":[2,{"c":"d"}],"a":null})"),
            "an object of 3: a=0x1p+0 b=a list of 2: 0x1p+1 an object of 1: c='d';; a=null;");
  EXPECT_EQ(read("\"\xc3\xa9\""), "'\xc3\xa9'");
}

TEST(JsonValues, SayWhereATextIsNoJson) {
  const auto error_in = [](const std::string& json) { return error_of([&] { (void)read(json); }); };
  EXPECT_EQ(error_in("[1,2,x]"), "x: not valid JSON at byte 6; fix it or fetch it again");
  EXPECT_EQ(error_in("{\"a\":1,}"), "x: not valid JSON at byte 8; fix it or fetch it again");
  for (const std::string json :
       {"",          " ",     "[",       "]",        "[1",       "[1,",       "[1,]",       "[,1]",        "[1 2]",
        "{",         "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\" 1}", "{\"a\":1,}", "{\"a\":1,2}", "[1}",
        "{\"a\":1]", "[]]",   "1 2",     "01",       "-",        "-a",        "+1",         "1.",          ".5",
        "1.e5",      "1e",    "1e+",     "0x1",      "1e400",    "tru",       "True",       "nul",         "\"",
        "\"a",       "'a'",   "\"\n\"",  "[1]\x01",  "\"\xff\"", "NaN",       "[1]a"}) {
    SCOPED_TRACE(json);
    EXPECT_THAT(error_in(json), HasSubstr("x: not valid JSON at byte "));
  }
  EXPECT_THAT(error_in(std::string("[1,\0]", 5)), HasSubstr("x: not valid JSON at byte 4"));
}

TEST(JsonValues, AreNotTooDeep) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW((void)read(nested(kMaxJsonDepth)));
  EXPECT_THAT(error_of([&] { (void)read(nested(kMaxJsonDepth + 1)); }), HasSubstr("more than 64 deep"));
}

}  // namespace
}  // namespace limn::sketch
