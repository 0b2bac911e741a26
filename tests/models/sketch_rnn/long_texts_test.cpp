#include "limn/models/sketch_rnn/long_texts.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace limn::models {
namespace {

using nlohmann::json;

TEST(LongTexts, StandForThemselves) {
  const std::string first(1000, 'A'), second(300, 'B'), escaped(500, 'C');
  const std::string text = R"({"a":")" + first + R"(","short":"x\"y","b":["\\",")" + second + R"("],"c":"\n)" +
                           escaped + R"(","\\\"":1,"d":")" + first + R"("})";
  const LongTexts texts(text);
  EXPECT_LT(texts.json().size(), 700U);  // of which the escaped text has 500
  const json whole = json::parse(text), rest = json::parse(texts.json());
  const auto same = [&](const json& of_rest, const json& of_whole) {
    EXPECT_EQ(texts.text(of_rest.get<std::string>()), of_whole.get<std::string>());
  };
  same(rest["a"], whole["a"]);
  same(rest["short"], whole["short"]);
  same(rest["b"][0], whole["b"][0]);
  same(rest["b"][1], whole["b"][1]);
  same(rest["c"], whole["c"]);
  same(rest["d"], whole["d"]);
  EXPECT_EQ(rest["\\\""], 1);
}

TEST(LongTexts, LeaveOtherTextsAlone) {
  const std::string longer(1000, 'A');
  // A text that looks like what stands for another one, one that never ends, and one that JSON does not allow.
  for (const std::string& text : {R"(["\u007f0",")" + longer + R"("])",
                                  "[\"\x7f"
                                  "0\",\"" +
                                      longer + "\"]",
                                  "[\"" + longer, "[\"" + longer + "\n\"]"}) {
    SCOPED_TRACE(text);
    const LongTexts texts(text);
    const json whole = json::parse(text, nullptr, false), rest = json::parse(texts.json(), nullptr, false);
    ASSERT_EQ(rest.is_discarded(), whole.is_discarded());
    if (whole.is_discarded()) continue;
    EXPECT_EQ(texts.text(rest[1].get<std::string>()), longer);
    EXPECT_EQ(texts.text(rest[0].get<std::string>()), whole[0].get<std::string>());
  }
}

}  // namespace
}  // namespace limn::models
