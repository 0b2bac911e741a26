#include "limn/sketch/json.hpp"

#include <gmock/gmock.h>

#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::HasSubstr;

std::string error_for(const std::string& json) {
  return error_of([&] { return parse_sketches_json(json, "x.json"); });
}

std::vector<Sketch> train_of(const std::string& json) {
  return std::move(parse_sketches_json(json, "x.json")[Split::kTrain]);
}

TEST(SketchJson, ReadsStrokesOfPoints) {
  const auto sketches = train_of("[[[[1,2],[3,5]],[[0,-1.5,99]]], []]");
  ASSERT_EQ(sketches.size(), 2U);
  EXPECT_EQ(sketches[0].points, (std::vector<StrokePoint>{{1, 2, false}, {2, 3, true}, {-3, -6.5, true}}));
  EXPECT_TRUE(sketches[1].points.empty());
}

TEST(SketchJson, RoundTrips) {
  const std::vector<Sketch> sketches{{{{0.1F, -2, false}, {1e-3F, 7, true}, {3, 3, true}}}, {}, {{{5, 5, true}}}};
  const auto once = train_of(sketches_to_json(sketches));
  ASSERT_EQ(once.size(), 3U);
  EXPECT_EQ(to_strokes(once[0]), to_strokes(sketches[0]));
  EXPECT_EQ(once[1], sketches[1]);
  EXPECT_EQ(once[2], sketches[2]);
}

TEST(SketchJson, SaysWhatIsWrong) {
  EXPECT_THAT(error_for(""), HasSubstr("x.json: not valid JSON at byte"));
  EXPECT_THAT(error_for("{}"), HasSubstr("an empty object; expected a list of sketches"));
  EXPECT_THAT(error_for(R"({"a":1,"b":[2]})"), HasSubstr("an object with \"a\", \"b\"; expected"));
  EXPECT_THAT(error_for("[1]"), HasSubstr("a list of numbers; expected"));
  EXPECT_THAT(error_for("7"), HasSubstr("a number; expected"));
  EXPECT_THAT(error_for("[[[[1]]]]"), HasSubstr("sketch 0: stroke 1 has 1 x and no y"));
  EXPECT_THAT(error_for("[[[[1,NaN]]]]"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for("[[[[1,1e999]]]]"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for("[[[[1,1e300]]]]"), HasSubstr("beyond all pages"));
  EXPECT_THAT(error_for("[[[[1,\"2\"]]]]"), HasSubstr("a text for a coordinate"));
  EXPECT_THAT(error_for("[[[[1,null]]]]"), HasSubstr("null for a coordinate"));
  EXPECT_THAT(error_for("[[[[1,2]]]] x"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for("[[[[[1,2]]]]]"), HasSubstr("lists too deep in each other"));
  EXPECT_THAT(error_for(std::string(1000000, '[')), HasSubstr("more than 64 deep"));
  EXPECT_THAT(error_for("[\"\xff\xfe\"]"), HasSubstr("not valid JSON"));
}

TEST(SketchJson, BearsTruncationAndChanges) {
  const auto read = [](std::span<const std::byte> file) { return parse_sketches_json(string_of(file), "x.json"); };
  const Bytes file = bytes_of("[[[[1,2],[3.5e1,-5]],[[0,-1]]],[[[7,8]]]]");
  EXPECT_EQ(accepted_truncations(read, file), 0U);
  expect_survives_changes(read, file, 5000, 4);
}

}  // namespace
}  // namespace limn::sketch
