// What nested numbers and objects of JSON mean, case by case, and what is refused.
#include "limn/sketch/json_shapes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <sstream>

#include "limn/sketch/json.hpp"
#include "limn/sketch/quickdraw.hpp"
#include "sketch/as_read.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

AsRead read(const std::string& json) {
  return as_read([&](const SketchJsonOptions& options, const RecordSink& sink) {
    read_sketches_json(json, "x.json", options, sink);
  });
}

AsRead read_lines(const std::string& lines) {
  return as_read([&](const SketchJsonOptions& options, const RecordSink& sink) {
    std::istringstream in(lines);
    read_ndjson(in, "x.ndjson", {.note = options.note},
                [&](QuickDrawRecord&& record) { sink(std::move(record), Split::kTrain); });
  });
}

std::string error_for(const std::string& json) {
  return error_of([&] { return read(json).train(); });
}

// Expects these sketches, and as many notes as there are matchers.
template <class... Notes>
void expect(const std::string& json, const std::string& sketches, const Notes&... notes) {
  const AsRead got = read(json);
  EXPECT_EQ(got.train(), sketches) << json;
  EXPECT_THAT(got.notes, ElementsAre(HasSubstr(notes)...)) << json;
}

TEST(JsonShapes, OwnFormIsPoints) {
  expect("[[[[1,2],[3,4],[5,6],[7,8],[9,9]]]]", "[[[[1,2],[3,4],[5,6],[7,8],[9,9]]]]");
  expect("[[[[1,2]],[[3,4],[5,6]]],[]]", "[[[[1,2]],[[3,4],[5,6]]],[]]");
  expect("[[[[1,2,0],[3,4,16],[5,6,33],[6,6,40],[6,7,50]]]]", "[[[[1,2],[3,4],[5,6],[6,6],[6,7]]]]");
  expect("[]", "[]");
  expect("[[],[[]]]", "[[],[]]");
}

TEST(JsonShapes, PairsInPlainListsArePoints) {
  expect("[[[[0,1],[2,3]],[[4,5],[6,7]]]]", "[[[[0,1],[2,3]],[[4,5],[6,7]]]]");
  // Another stroke makes it sure, wherever it stands.
  expect("[[[[0,1],[2,3]]],[[[4,5],[6,7],[8,9]]]]", "[[[[0,1],[2,3]]],[[[4,5],[6,7],[8,9]]]]");
}

TEST(JsonShapes, ColumnsInPlainListsAreToldFromPoints) {
  expect("[[[[0,10,20,30],[0,5,0,1]],[[30,40,50],[1,2,3]]]]", "[[[[0,0],[10,5],[20,0],[30,1]],[[30,1],[40,2],[50,3]]]]",
         "read as columns");
  expect("[[[[0,1,2,3,4,5,6,7,8],[0,1,2,3,4,5,6,7,9]]]]", "[[[[0,0],[1,1],[2,2],[3,3],[4,4],[5,5],[6,6],[7,7],[8,9]]]]",
         "read as columns");
  expect("[[[[5],[6]]]]", "[[[[5,6]]]]", "read as columns");
  // Two strokes of three and of four points with times.
  expect("[[[[0,1,2],[3,4,5],[0,9,18]],[[0,1,2,3],[4,5,6,7],[20,21,22,23]]]]",
         "[[[[0,3],[1,4],[2,5]],[[0,4],[1,5],[2,6],[3,7]]]]", "read as columns");
}

TEST(JsonShapes, WhatMayBeEitherIsRefused) {
  EXPECT_THAT(error_for("[[[[0,10,20],[0,5,0]]]]"), HasSubstr("may be points [[x, y], …] or columns"));
  EXPECT_THAT(error_for("[[[[0,10,20],[0,5,0]],[[1,2,3],[4,5,6]]]]"), HasSubstr("may be points"));
  // Some are points for sure, others columns.
  EXPECT_THAT(error_for("[[[[1,2],[3,4],[5,6],[7,8],[9,9]]],[[[1],[2]]]]"), HasSubstr("some strokes are points"));
  EXPECT_THAT(error_for("[[[[0,10,20],[0,5]]]]"), HasSubstr("stroke 1 has 3 x and 2 y"));
}

TEST(JsonShapes, OneSketchOrStrokeWithoutOuterBracketsIsNoted) {
  expect("[[[0,0],[10,5],[1,1],[2,2],[3,3]],[[30,1],[40,2]]]", "[[[[0,0],[10,5],[1,1],[2,2],[3,3]],[[30,1],[40,2]]]]",
         "one sketch of 2 strokes");
  expect("[[0,0],[10,5],[11,6],[12,7],[13,8]]", "[[[[0,0],[10,5],[11,6],[12,7],[13,8]]]]", "one sketch of one stroke");
}

TEST(JsonShapes, RowsWithAPenAreStroke3AndStroke5) {
  expect("[[[0,0,0],[3,4,0],[5,-5,1]],[[1,1,0],[2,2,1]]]", "[[[[0,0],[3,4],[8,-1]]],[[[1,1],[3,3]]]]");
  expect("[[[0,0,0],[3,4,1],[5,5,0],[1,1,1]]]", "[[[[0,0],[3,4]],[[8,9],[9,10]]]]");
  EXPECT_THAT(read("[[[100,100,0],[101,102,0],[103,103,0],[105,104,0],[106,105,0],[107,107,1]]]").notes,
              ElementsAre(HasSubstr("they look like positions")));
  expect("[[1,1,0],[2,-2,1],[3,3,1]]", "[[[[1,1],[3,-1]],[[6,2]]]]");
  expect("[[[2,1,1,0,0],[3,-4,1,0,0],[5,5,0,1,0],[0,0,0,0,1]]]", "[[[[2,1],[5,-3],[10,2]]]]");
  // The pen is never lifted: a time or a pressure of 0.
  expect("[[[0,0,0],[3,4,0],[5,5,0],[6,6,0],[7,7,0]]]", "[[[[0,0],[3,4],[5,5],[6,6],[7,7]]]]",
         "one sketch of one stroke;");
}

TEST(JsonShapes, MostRowsThatLiftThePenAreNoted) {
  EXPECT_THAT(read("[[[1,1,1],[-2,2,1],[3,-3,1],[1,1,1],[2,-2,1]]]").notes,
              ElementsAre(HasSubstr("5 of 5 rows lift the pen, which makes dots of most of them")));
  EXPECT_THAT(read("[[[1,1,1],[-2,2,0],[3,-3,0],[1,1,0],[2,-2,1]]]").notes, IsEmpty());
}

// Metres of a map: a float has steps of 1/32 there.
TEST(JsonShapes, OffsetsFarFromTheOriginKeepTheirDigits) {
  const auto offsets = [](const std::string& json) {
    std::vector<Sketch> sketches;
    read_sketches_json(json, "x.json", {},
                       [&](QuickDrawRecord&& record, Split) { sketches.push_back(std::move(record.sketch)); });
    return sketches.at(0).points;
  };
  const std::vector<StrokePoint> expected{
      {500000.25F, 4649776.5F, false}, {0.01F, 0.02F, false}, {0.03F, -0.01F, true}};
  EXPECT_EQ(offsets("[[[[500000.26,4649776.22],[500000.27,4649776.24],[500000.30,4649776.23]]]]").at(1).dx, 0.01F);
  EXPECT_EQ(offsets(R"([{"x":500000.25,"y":4649776.5},{"x":500000.26,"y":4649776.52},{"x":500000.29,"y":4649776.51}])"),
            expected);
}

TEST(JsonShapes, AListALine) {
  expect("[[[1,2],[3,4]],[[5,6]]]\n\n[[[7,8]]]\r\n", "[[[[1,2],[3,4]],[[5,6]]],[[[7,8]]]]");
  expect("[[0,0,0],[3,4,0],[5,-5,1]]\n[[1,1,0],[2,2,1]]", "[[[[0,0],[3,4],[8,-1]]],[[[1,1],[3,3]]]]");
  expect("[[[[1,2]]],\n[[[3,4]]]]\n", "[[[[1,2]]],[[[3,4]]]]");
  EXPECT_THAT(error_for("[[[1,2]]]\n[[[3,4]]"), HasSubstr("not valid JSON"));
}

TEST(JsonShapes, ADrawingThatIsNoneIsNamed) {
  EXPECT_THAT(error_of([] { return read_lines(R"({"drawing":null})").train(); }),
              HasSubstr("its \"drawing\" is null; expected"));
  EXPECT_THAT(error_of([] { return read_lines(R"({"drawing":["a"]})").train(); }),
              HasSubstr("its \"drawing\" is a list without numbers"));
  EXPECT_THAT(error_of([] { return read_lines(R"({"a":1})").train(); }), HasSubstr("has no \"drawing\""));
}

TEST(JsonShapes, SplitsByName) {
  const AsRead rows = read(R"({"train":[[[0,0,0],[3,-4,1]]],"valid":[[[1,1,0],[2,2,1]]],"test":[]})");
  EXPECT_THAT(rows.splits, ElementsAre("[[[[0,0],[3,-4]]]]", "[[[[1,1],[3,3]]]]", "[]"));
  const AsRead points = read(R"({"train":[[[[1,2]],[[3,4],[5,6]]]],"val":[[[[7,8]]]],"classes":["cat"]})");
  EXPECT_THAT(points.splits, ElementsAre("[[[[1,2]],[[3,4],[5,6]]]]", "[[[[7,8]]]]", "[]"));
  EXPECT_THAT(points.notes, ElementsAre(HasSubstr("\"classes\" is not a split")));
  EXPECT_THAT(error_for(R"({"train":[[[1,2],[3,4]]]})"), HasSubstr("neither stroke-3"));
  EXPECT_THAT(error_for(R"({"train":[[[0,0,1]]],"test":[[[[1,2]]]]})"), HasSubstr("different depth"));
}

TEST(JsonShapes, PointsAsObjects) {
  expect(R"([[[{"x":0,"y":0},{"x":10,"y":5}],[{"x":30,"y":1,"pressure":0.5},{"x":40,"y":2}]]])",
         "[[[[0,0],[10,5]],[[30,1],[40,2]]]]");
  expect(R"([[{"x":0,"y":0},{"x":10,"y":5}],[{"x":30,"y":1},{"x":40,"y":2}]])", "[[[[0,0],[10,5]],[[30,1],[40,2]]]]",
         "one sketch of 2 strokes");
  expect(R"([{"x":0,"y":0,"t":1},{"x":10,"y":5,"t":2}])", "[[[[0,0],[10,5]]]]");
  expect(R"([{"x":0,"y":0,"pen":0},{"x":10,"y":5,"pen":1},{"x":1,"y":1,"pen":0},{"x":2,"y":2,"pen":1}])",
         "[[[[0,0],[10,5]],[[1,1],[2,2]]]]");
  expect(R"([{"x":0,"y":0,"stroke":1},{"x":10,"y":5,"stroke":1},{"x":1,"y":1,"stroke":2}])",
         "[[[[0,0],[10,5]],[[1,1]]]]");
  EXPECT_THAT(error_for(R"([[[{"x":0,"y":"1"}]]])"), HasSubstr("expected a list of sketches"));
  EXPECT_THAT(error_for(R"([[[{"x":0,"y":0},{"x":1}]]])"), HasSubstr("without numbers x and y"));
}

// Five points, of which the third begins the second stroke. `members` has the further members of each.
std::string five_points(const std::array<std::string, 5>& members) {
  std::string json = "[";
  for (std::size_t i = 0; i < 5; ++i)
    json += fmt::format(R"({}{{"x":{},"y":{}{}{}}})", i == 0 ? "" : ",", i, i * i, members[i].empty() ? "" : ",",
                        members[i]);
  return json + "]";
}

TEST(JsonShapes, MembersOfPointsSayWhereStrokesEnd) {
  const std::string two = "[[[[0,0],[1,1]],[[2,4],[3,9],[4,16]]]]";
  const auto check = [&](const std::string& name, const std::array<std::string, 5>& values) {
    std::array<std::string, 5> members;
    for (std::size_t i = 0; i < 5; ++i)
      if (!values[i].empty()) members[i] = fmt::format("\"{}\":{}", name, values[i]);
    expect(five_points(members), two);
  };
  check("drag", {"false", "true", "false", "true", "true"});
  check("newStroke", {"true", "false", "true", "false", "false"});
  check("start", {"true", "", "true", "", ""});
  check("end", {"", "true", "", "", "true"});
  check("last", {"", "1", "", "", "1"});
  check("type", {R"("start")", R"("end")", R"("start")", R"("move")", R"("end")"});
  check("event", {R"("mousedown")", R"("mouseup")", R"("mousedown")", R"("mousemove")", R"("mouseup")"});
  check("cmd", {R"("M")", R"("L")", R"("M")", R"("L")", R"("L")"});
  check("id", {"7", "7", "9", "9", "9"});
  check("lineId", {R"("a")", R"("a")", R"("b")", R"("b")", R"("b")"});
  expect("{\"points\":" + five_points({R"("end":false)", R"("end":true)", "", "", ""}) + "}", two);
}

TEST(JsonShapes, PointsWithThePenInTheAirAreLeftOutWithANote) {
  const std::string two = "[[[[0,0],[1,1]],[[3,9],[4,16]]]]";
  const auto check = [&](const std::string& name, const std::string& down, const std::string& up) {
    std::array<std::string, 5> members;
    for (std::size_t i = 0; i < 5; ++i) members[i] = fmt::format("\"{}\":{}", name, i == 2 ? up : down);
    expect(five_points(members), two, "1 of 5 points were left out");
  };
  check("isDrawing", "true", "false");
  check("drawing", "true", "false");
  check("pen", R"("down")", R"("up")");
  check("pen_down", "1", "0");
  const std::array<std::string, 5> events{R"("event":"down")", R"("event":"up")", R"("event":"move")",
                                          R"("event":"down")", R"("event":"up")"};
  expect(five_points(events), two, "1 of 5 points were left out");
}

TEST(JsonShapes, APointWithoutPositionEndsAStroke) {
  expect(R"([{"x":0,"y":0},{"x":1,"y":1},{"x":null,"y":null},{"x":2,"y":4}])", "[[[[0,0],[1,1]],[[2,4]]]]");
  expect(R"([{"x":0,"y":0,"event":"down"},{"x":1,"y":1,"event":"move"},{"event":"up"},{"x":2,"y":4,"event":"down"}])",
         "[[[[0,0],[1,1]],[[2,4]]]]");
  EXPECT_THAT(error_for(R"([{"x":0,"y":0},{"x":1}])"), HasSubstr("point 2: no number in the member \"y\""));
  EXPECT_THAT(error_for(R"([{"x":0,"y":0},7])"), HasSubstr("point 2 is a number; expected an object"));
}

TEST(JsonShapes, OtherMembersOfPointsAreNamed) {
  const std::string one = "[[[[0,0],[1,1],[2,4],[3,9],[4,16]]]]";
  expect(five_points({R"("tool":"a")", R"("M":{})", "", "", ""}), one, R"(members that are not read: "tool", "M")");
  // Neither a stroke's number nor words of a pen.
  expect(five_points({"\"id\":1", "\"id\":2", "\"id\":1", "\"id\":2", "\"id\":1"}), one, "not read: \"id\"");
  expect(five_points({R"("type":"point")", R"("type":"point")", "", "", ""}), one, "not read: \"type\"");
  EXPECT_THAT(error_for(five_points({R"("pen":1,"newStroke":true)", "", "", "", ""})), HasSubstr("say twice where"));
  EXPECT_THAT(error_for(five_points({R"("pen":"red")", "", "", "", ""})),
              HasSubstr(R"(point 1: "red" is not a number)"));
  EXPECT_THAT(error_for(R"({"strokes":[[[1,2]]],"strokes":[[[1,2]]]})"), HasSubstr("has \"strokes\" twice"));
}

TEST(JsonShapes, PointsInCapitalsAndOffsets) {
  expect(R"([{"X":0,"Y":0},{"X":10,"Y":5}])", "[[[[0,0],[10,5]]]]");
  expect(R"([[[{"X":0,"Y":0},{"X":10,"Y":5}]]])", "[[[[0,0],[10,5]]]]");
  expect(R"([{"dx":1,"dy":2,"pen":0},{"dx":3,"dy":4,"pen":1},{"dx":3,"dy":4,"pen":0},{"dx":1,"dy":1,"pen":1}])",
         "[[[[1,2],[4,6]],[[7,10],[8,11]]]]");
}

TEST(JsonShapes, ObjectsThatKeepStrokes) {
  const std::string two = "[[[[1,2],[3,4]],[[5,6]]]]";
  // react-canvas-draw, signature_pad, react-sketch-canvas, and their like.
  expect(
      R"({"lines":[{"points":[{"x":1,"y":2},{"x":3,"y":4}],"brushColor":"#444"},{"points":[{"x":5,"y":6}]}],"width":4})",
      two);
  expect(R"([{"penColor":"black","points":[{"x":1,"y":2},{"x":3,"y":4}]},{"points":[{"x":5,"y":6}]}])", two);
  expect(R"([{"drawMode":true,"paths":[{"x":1,"y":2},{"x":3,"y":4}]},{"paths":[{"x":5,"y":6}]}])", two);
  expect(R"({"data":[[[[1,2],[3,4]],[[5,6]]]]})", two);
  expect(R"({"strokes":[[[1,2],[3,4]],[[5,6]]]})", two);
  expect(R"([{"strokes":[[[1,2],[3,4]],[[5,6]]]},{"strokes":[]}])", "[[[[1,2],[3,4]],[[5,6]]],[]]");
  expect(R"({"strokes":[{"x":[1,3],"y":[2,4]},{"x":[5],"y":[6]}]})", two);
  expect(R"({"strokes":[{"points":[1,2,3,4]},{"points":[5,6]}]})", two, "were read as x, y, x, y");
  EXPECT_THAT(error_for(R"({"strokes":[[[1,2]]],"points":[[1,2]]})"), HasSubstr("has both \"strokes\" and \"points\""));
  EXPECT_THAT(error_for(R"({"strokes":[{"points":[1,2,3]}]})"), HasSubstr("a list of 3 numbers"));
  EXPECT_THAT(error_for(R"({"strokes":[{"x":[1,3],"y":[2]}]})"), HasSubstr("stroke 1 has 2 x and 1 y"));
}

TEST(JsonShapes, QuickDrawObjects) {
  const std::string cat =
      R"({"word":"cat","key_id":"5","recognized":true,"drawing":[[[0,10,20],[0,5,0]],[[30,40],[1,2]]]})";
  expect("[" + cat + "," + cat + "]",
         "[[[[0,0],[10,5],[20,0]],[[30,1],[40,2]]],[[[0,0],[10,5],[20,0]],[[30,1],[40,2]]]]");
  expect(cat, "[[[[0,0],[10,5],[20,0]],[[30,1],[40,2]]]]");
  expect(R"([{"word":"cat","drawing":"[[[0,10,20],[0,5,0]]]"}])", "[[[[0,0],[10,5],[20,0]]]]");
  expect(R"({"ink":[[[0,10],[0,5],[0,100]]]})", "[[[[0,0],[10,5]]]]");
  expect(R"({"requests":[{"ink":[[[0,10],[0,5],[0,100]]]}]})", "[[[[0,0],[10,5]]]]");
  EXPECT_THAT(error_for(R"([{"drawing":"[[[0,10,20]"}])"), HasSubstr("the text of its \"drawing\": not valid JSON"));
  std::vector<QuickDrawRecord> records;
  read_sketches_json("[" + cat + R"(,{"recognized":false,"drawing":[]}])", "x.json", {.only_recognized = true},
                     [&](QuickDrawRecord&& record, Split) { records.push_back(std::move(record)); });
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].word, "cat");
  EXPECT_EQ(records[0].key_id, 5U);
}

TEST(JsonShapes, DrawingsOfLinesFollowThoseThatAreSure) {
  const std::string columns = R"({"drawing":[[[0,10],[1,11]]]})", sure = R"({"drawing":[[[0,10,20],[0,5,0]]]})";
  const AsRead alone = read_lines(columns + "\n" + columns);
  EXPECT_EQ(alone.train(), "[[[[0,1],[10,11]]],[[[0,1],[10,11]]]]");
  EXPECT_THAT(alone.notes, ElementsAre(HasSubstr("x.ndjson: the strokes may be")));
  EXPECT_THAT(read_lines(columns + "\n" + sure).notes, IsEmpty());
  // Three lists of two: with times that rise from 0 a raw drawing, else three points.
  EXPECT_EQ(read_lines(R"({"drawing":[[[1,2],[3,4],[0,16]]]})").train(), "[[[[1,3],[2,4]]]]");
  const AsRead points = read_lines(R"({"drawing":[[[1,2],[3,4],[5,6]],[[7,8],[9,10],[11,12]]]})");
  EXPECT_EQ(points.train(), "[[[[1,2],[3,4],[5,6]],[[7,8],[9,10],[11,12]]]]");
  EXPECT_THAT(points.notes, ElementsAre(HasSubstr("were read as points")));
  const std::string five = R"({"drawing":[[[1,2],[3,4],[5,6],[7,8],[9,9]]]})";
  EXPECT_EQ(read_lines(five).train(), "[[[[1,2],[3,4],[5,6],[7,8],[9,9]]]]");
  EXPECT_THAT(error_of([&] { return read_lines(columns + "\n" + five).train(); }),
              AllOf(HasSubstr("line 2"), HasSubstr("put this drawing first")));
  EXPECT_THAT(error_of([&] { return read_lines(sure + "\n" + five).train(); }), HasSubstr("split the file"));
}

TEST(JsonShapes, FilesOfOtherProgramsAreNamed) {
  EXPECT_THAT(error_for(R"([{"mode":2,"version":6},[[8]],["AAAA"]])"), HasSubstr("limn import reads it"));
  EXPECT_THAT(error_for(R"({"type":"FeatureCollection","features":[]})"), HasSubstr("file of another program"));
  EXPECT_THAT(error_for(R"({"version":"5","objects":[{"type":"path"}]})"), HasSubstr("save the drawing as SVG"));
  EXPECT_THAT(error_for("\"text\""), HasSubstr("a text; expected"));
  EXPECT_THAT(error_for("[[[\"text\"]]]"), HasSubstr("a list without numbers"));
}

TEST(JsonShapes, BearsTruncationAndChanges) {
  const Bytes file = bytes_of(
      R"([{"word":"cat","drawing":[[[0,10,20],[0,5,0]],[[30,40],[1,2]]]},{"strokes":[[{"x":1,"y":2}],{"points":[1,2]}]},)"
      R"({"drawing":"[[[0,1],[2,3]]]"}])");
  const auto parse = [](std::span<const std::byte> bytes) { return read(string_of(bytes)); };
  EXPECT_EQ(accepted_truncations(parse, file), 0U);
  expect_survives_changes(parse, file, 5000, 7);
}

}  // namespace
}  // namespace limn::sketch
