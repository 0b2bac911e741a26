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
  const Refusal refusal =
      refusal_of([&] { (void)JsonObject("{\"strokes\":" + strokes + "}", {"strokes"}).strokes("strokes", kLimits); });
  return refusal.status() == 400 ? refusal.where() : std::to_string(refusal.status());
}

TEST(JsonBody, SaysWhereItIsNoJson) {
  EXPECT_EQ(refusal_of([] { (void)JsonObject("", {"a"}); }).where(), "line 1, column 1");
  EXPECT_EQ(refusal_of([] { (void)JsonObject("{\"a\":NaN}", {"a"}); }).where(), "line 1, column 6");
  EXPECT_EQ(refusal_of([] { (void)JsonObject("{\n \"a\": 1,\n  }", {"a"}); }).where(), "line 3, column 3");
  EXPECT_EQ(refusal_of([] { (void)JsonObject("{} x", {}); }).status(), 400);
  EXPECT_EQ(refusal_of([] { (void)JsonObject("[1]", {"a"}); }).where(), "body");
  EXPECT_EQ(refusal_of([] { (void)JsonObject("{\"a\":1e999}", {"a"}); }).status(), 400);
  EXPECT_EQ(refusal_of([] { (void)JsonObject("{\"\xff\xfe\":1}", {"a"}); }).status(), 400);
}

TEST(JsonBody, RefusesDeepNesting) {
  const std::string deep(100000, '[');
  EXPECT_THAT(refusal_of([&] { (void)JsonObject("{\"a\":" + deep, {"a"}); }).what(), HasSubstr("nested deeper"));
  EXPECT_EQ(refusal_of([] { (void)JsonObject("{\"a\":[[[[1]]]]}", {"a"}); }).status(), 200);
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
  const JsonObject body("{\"strokes\":[[[1,2,0.5],[3.5,-4,1]],[],[[0,0]]]}", {"strokes"});
  const auto strokes = body.strokes("strokes", kLimits);
  ASSERT_EQ(strokes.size(), 2U);
  EXPECT_EQ(strokes[0], (sketch::Stroke{{1, 2}, {3.5F, -4}}));
  EXPECT_EQ(strokes[1], (sketch::Stroke{{0, 0}}));
}

TEST(JsonBody, CountsPointsAndStrokes) {
  Limits limits;
  limits.max_points = 4;
  limits.max_strokes = 3;
  const auto status = [&](const std::string& strokes) {
    return refusal_of(
               [&] { (void)JsonObject("{\"strokes\":" + strokes + "}", {"strokes"}).strokes("strokes", limits); })
        .status();
  };
  EXPECT_EQ(status("[[[0,0],[0,0]],[[0,0],[0,0]]]"), 200);
  EXPECT_EQ(status("[[[0,0],[0,0]],[[0,0],[0,0],[0,0]]]"), 413);
  EXPECT_EQ(status("[[],[],[],[]]"), 413);
}

TEST(JsonBody, SuggestsTheNearestName) {
  const Refusal refusal = refusal_of([] { const JsonObject object("{\"temprature\":1}", {"temperature", "count"}); });
  EXPECT_EQ(refusal.where(), "temprature");
  EXPECT_THAT(refusal.what(), HasSubstr("do you mean temperature"));
}

TEST(JsonBody, HoldsNumbersToTheirBounds) {
  const JsonObject object("{\"a\":2.5,\"b\":\"x\",\"c\":9007199254740993,\"d\":[1,2],\"e\":true}",
                          {"a", "b", "c", "d", "e", "f"});
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

TEST(JsonBody, TakesOneListOfNumbersOrSeveral) {
  const JsonObject body(R"({"one":[1,2],"two":[[1,2],[3,4]],"bad":[[1,2],[3,"x"]],"short":[[1]],"none":[]})",
                        {"one", "two", "bad", "short", "none"});
  using Lists = std::vector<std::vector<double>>;
  EXPECT_EQ(body.number_lists("one", 0, 9, 2, 3), (Lists{{1, 2}}));
  EXPECT_EQ(body.number_lists("two", 0, 9, 2, 3), (Lists{{1, 2}, {3, 4}}));
  EXPECT_EQ(refusal_of([&] { (void)body.number_lists("bad", 0, 9, 2, 3); }).where(), "bad[1][1]");
  EXPECT_EQ(refusal_of([&] { (void)body.number_lists("short", 0, 9, 2, 3); }).where(), "short[0]");
  EXPECT_EQ(refusal_of([&] { (void)body.number_lists("none", 0, 9, 2, 3); }).status(), 400);
  EXPECT_EQ(refusal_of([&] { (void)body.number_lists("two", 0, 9, 2, 1); }).status(), 413);
}

TEST(JsonBody, ReadsObjectsInItAndKeepsTheirPlace) {
  const auto inner = [] { return JsonObject(R"({"frame":{"x":3,"y":"low"}})", {"frame"}).object("frame", {"x", "y"}); };
  EXPECT_EQ(inner().integer("x", 0, 9), 3);  // after the body's own object is gone
  EXPECT_EQ(inner().text("y", ""), "low");
  EXPECT_EQ(inner().text("z", "otherwise"), "otherwise");
  EXPECT_EQ(refusal_of([&] { (void)inner().number("y", 0, 9); }).where(), "frame.y");
  EXPECT_EQ(refusal_of([&] { (void)inner().object("x", {}); }).where(), "frame.x");
  EXPECT_EQ(refusal_of([&] { (void)inner().text("x", ""); }).where(), "frame.x");
}

}  // namespace
}  // namespace limn::serve
