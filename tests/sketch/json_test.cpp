#include "limn/sketch/json.hpp"

#include <gmock/gmock.h>

#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::HasSubstr;

std::string error_for(const std::string& json) {
  return error_of([&] { return parse_sketches_json(json, "x.json"); });
}

TEST(SketchJson, ReadsStrokesOfPoints) {
  const auto sketches = parse_sketches_json("[[[[1,2],[3,5]],[[0,-1.5,99]]], []]", "x.json");
  ASSERT_EQ(sketches.size(), 2U);
  EXPECT_EQ(sketches[0].points, (std::vector<StrokePoint>{{1, 2, false}, {2, 3, true}, {-3, -6.5, true}}));
  EXPECT_TRUE(sketches[1].points.empty());
}

TEST(SketchJson, RoundTrips) {
  const TemporaryFolder folder;
  const std::vector<Sketch> sketches{{{{0.1F, -2, false}, {1e-3F, 7, true}, {3, 3, true}}}, {}, {{{5, 5, true}}}};
  write_file(folder / "x.json", sketches_to_json(sketches));
  const auto once = read_sketches_json(folder / "x.json");
  ASSERT_EQ(once.size(), 3U);
  EXPECT_EQ(to_strokes(once[0]), to_strokes(sketches[0]));
  EXPECT_EQ(once[1], sketches[1]);
  EXPECT_EQ(once[2], sketches[2]);
}

TEST(SketchJson, SaysWhatIsWrong) {
  EXPECT_THAT(error_for(""), HasSubstr("x.json: not valid JSON at byte"));
  EXPECT_THAT(error_for("{}"), HasSubstr("an object where the format has none"));
  EXPECT_THAT(error_for("[1]"), HasSubstr("a number outside of a point"));
  EXPECT_THAT(error_for("7"), HasSubstr("a number outside of a point"));
  EXPECT_THAT(error_for("[[[[1]]]]"), HasSubstr("a point has 1 numbers"));
  EXPECT_THAT(error_for("[[[[1,NaN]]]]"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for("[[[[1,1e999]]]]"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for("[[[[1,1e300]]]]"), HasSubstr("beyond all pages"));
  EXPECT_THAT(error_for("[[[[1,\"2\"]]]]"), HasSubstr("a text where"));
  EXPECT_THAT(error_for("[[[[1,null]]]]"), HasSubstr("null where"));
  EXPECT_THAT(error_for("[[[[1,2]]]] x"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for(std::string(1000000, '[')), HasSubstr("a list within a point"));
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
