#include "limn/serve/json_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace limn::serve {
namespace {

using ::testing::HasSubstr;

const Limits kLimits;

template <class Call>
Refusal refusal_of(Call call) {
  try {
    call();
  } catch (const Refusal& refusal) {
    return refusal;
  }
  return Refusal(200, "no refusal");
}

std::string where_of_strokes(const std::string& strokes) {
  const Refusal refusal = refusal_of([&] {
    const auto json = parse_body("{\"strokes\":" + strokes + "}");
    (void)JsonObject(json, "", {"strokes"}).strokes("strokes", kLimits);
  });
  return refusal.status() == 400 ? refusal.where() : std::to_string(refusal.status());
}

TEST(JsonBody, SaysWhereItIsNoJson) {
  EXPECT_EQ(refusal_of([] { (void)parse_body(""); }).where(), "line 1, column 1");
  EXPECT_EQ(refusal_of([] { (void)parse_body("{\"a\":NaN}"); }).where(), "line 1, column 6");
  EXPECT_EQ(refusal_of([] { (void)parse_body("{\n \"a\": 1,\n  }"); }).where(), "line 3, column 3");
  EXPECT_EQ(refusal_of([] { (void)parse_body("{} x"); }).status(), 400);
  EXPECT_EQ(refusal_of([] { (void)parse_body("[1]"); }).where(), "body");
  EXPECT_EQ(refusal_of([] { (void)parse_body("{\"a\":1e999}"); }).status(), 400);
  EXPECT_EQ(refusal_of([] { (void)parse_body("{\"\xff\xfe\":1}"); }).status(), 400);
}

TEST(JsonBody, RefusesDeepNesting) {
  const std::string deep(100000, '[');
  EXPECT_THAT(refusal_of([&] { (void)parse_body("{\"a\":" + deep); }).what(), HasSubstr("nested deeper"));
  EXPECT_EQ(refusal_of([] { (void)parse_body("{\"a\":[[[[1]]]]}"); }).status(), 200);
}

TEST(JsonBody, SaysWhichStrokeIsWrong) {
  EXPECT_EQ(where_of_strokes("7"), "strokes");
  EXPECT_EQ(where_of_strokes("[[[1,2]],5]"), "strokes[1]");
  EXPECT_EQ(where_of_strokes("[[[1,2],\"x\"]]"), "strokes[0][1]");
  EXPECT_EQ(where_of_strokes("[[[1,2],[3]]]"), "strokes[0][1]");
  EXPECT_EQ(where_of_strokes("[[[1,2],[3,null]]]"), "strokes[0][1][1]");
  EXPECT_EQ(where_of_strokes("[[[1,2],[1e7,0]]]"), "strokes[0][1][0]");
  EXPECT_EQ(where_of_strokes("[[[1,2,0,0,0]]]"), "strokes[0][0]");
}

TEST(JsonBody, ReadsStrokesWithTimesAndEmptyOnes) {
  const auto json = parse_body("{\"strokes\":[[[1,2,0.5],[3.5,-4,1]],[],[[0,0]]]}");
  const auto strokes = JsonObject(json, "", {"strokes"}).strokes("strokes", kLimits);
  ASSERT_EQ(strokes.size(), 2U);
  EXPECT_EQ(strokes[0], (Stroke{{1, 2}, {3.5F, -4}}));
  EXPECT_EQ(strokes[1], (Stroke{{0, 0}}));
}

TEST(JsonBody, CountsPointsAndStrokes) {
  Limits limits;
  limits.max_points = 4;
  limits.max_strokes = 3;
  const auto status = [&](const std::string& strokes) {
    return refusal_of([&] {
             const auto json = parse_body("{\"strokes\":" + strokes + "}");
             (void)JsonObject(json, "", {"strokes"}).strokes("strokes", limits);
           })
        .status();
  };
  EXPECT_EQ(status("[[[0,0],[0,0]],[[0,0],[0,0]]]"), 200);
  EXPECT_EQ(status("[[[0,0],[0,0]],[[0,0],[0,0],[0,0]]]"), 413);
  EXPECT_EQ(status("[[],[],[],[]]"), 413);
}

TEST(JsonBody, SuggestsTheNearestName) {
  const auto json = parse_body("{\"temprature\":1}");
  const Refusal refusal = refusal_of([&] { const JsonObject object(json, "", {"temperature", "count"}); });
  EXPECT_EQ(refusal.where(), "temprature");
  EXPECT_THAT(refusal.what(), HasSubstr("do you mean temperature"));
}

TEST(JsonBody, HoldsNumbersToTheirBounds) {
  const auto json = parse_body("{\"a\":2.5,\"b\":\"x\",\"c\":9007199254740993,\"d\":[1,2],\"e\":true}");
  const JsonObject object(json, "", {"a", "b", "c", "d", "e", "f"});
  EXPECT_EQ(object.number("a", 0, 3), 2.5);
  EXPECT_EQ(refusal_of([&] { (void)object.number("a", 0, 2); }).where(), "a");
  EXPECT_EQ(refusal_of([&] { (void)object.integer("a", 0, 3); }).status(), 400);
  EXPECT_EQ(refusal_of([&] { (void)object.number("b", 0, 3); }).status(), 400);
  EXPECT_EQ(refusal_of([&] { (void)object.integer("f", 0, 3); }).where(), "f");
  EXPECT_EQ(object.integer("f", 0, 3, 2), 2);
  EXPECT_EQ(object.integer("c", 0, std::int64_t{1} << 60), 9007199254740993);
  EXPECT_EQ(refusal_of([&] { (void)object.numbers("d", 0, 1, 2, 2); }).where(), "d[1]");
  EXPECT_EQ(refusal_of([&] { (void)object.numbers("d", 0, 9, 3, 3); }).where(), "d");
  EXPECT_TRUE(object.truth("e", false));
  EXPECT_EQ(refusal_of([&] { (void)object.truth("a", false); }).status(), 400);
  EXPECT_EQ(refusal_of([&] { (void)object.choice("b", {"svg", "png"}); }).where(), "b");
}

}  // namespace
}  // namespace limn::serve
