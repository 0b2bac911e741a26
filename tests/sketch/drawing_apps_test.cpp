// The files of Excalidraw and tldraw.
#include "limn/sketch/drawing_apps.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "sketch/as_read.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AsRead read(const std::string& json) {
  return as_read([&](const SketchJsonOptions& options, const RecordSink& sink) {
    read_sketches_json(json, "x.json", options, sink);
  });
}
std::string error_for(const std::string& json) {
  return error_of([&] { return read(json).train(); });
}
std::string excalidraw(const std::string& elements) {
  return R"({"type":"excalidraw","version":2,"elements":[)" + elements + "],\"files\":{}}";
}

TEST(Excalidraw, LinesLieWhereTheirElementsDo) {
  EXPECT_EQ(read(excalidraw(R"({"type":"freedraw","x":10,"y":20,"points":[[0,0],[3,4],[10,4]],"isDeleted":false},)"
                            R"({"type":"line","x":30,"y":40,"points":[[0,0],[1,10]]},)"
                            R"({"type":"freedraw","x":0,"y":0,"points":[[0,0],[99,99]],"isDeleted":true})"))
                .train(),
            "[[[[10,20],[13,24],[20,24]],[[30,40],[31,50]]]]");
}

TEST(Excalidraw, ShapesAreOutlinesAndTheRestIsCounted) {
  const AsRead got = read(excalidraw(
      R"({"type":"rectangle","x":1,"y":2,"width":10,"height":20},{"type":"diamond","x":0,"y":0,"width":4,"height":2},)"
      R"({"type":"text","text":"hi"},{"type":"text"},{"type":"image","fileId":"a"})"));
  EXPECT_EQ(got.train(), "[[[[1,2],[11,2],[11,22],[1,22],[1,2]],[[2,0],[4,1],[2,2],[0,1],[2,0]]]]");
  EXPECT_THAT(got.notes, ElementsAre("x.json: left out, as no pen draws it: 1 image, 2 text"));
}

TEST(Excalidraw, TurnsAroundTheMiddle) {
  const JsonValues values(
      excalidraw(R"({"type":"line","x":0,"y":0,"angle":1.5707963267948966,"points":[[0,0],[10,0]]})"), "x");
  const auto strokes = to_strokes(read_excalidraw(values.root(), "x", {}).at(0));
  ASSERT_EQ(strokes.size(), 1U);
  EXPECT_NEAR(strokes[0][0].x, 5, 1e-5);
  EXPECT_NEAR(strokes[0][0].y, -5, 1e-5);
  EXPECT_NEAR(strokes[0][1].x, 5, 1e-5);
  EXPECT_NEAR(strokes[0][1].y, 5, 1e-5);
}

TEST(Excalidraw, EllipsesKeepWithinTheTolerance) {
  const JsonValues values(excalidraw(R"({"type":"ellipse","x":10,"y":20,"width":200,"height":200})"), "x");
  const auto strokes = to_strokes(read_excalidraw(values.root(), "x", {.curve_tolerance = 0.5}).at(0));
  ASSERT_EQ(strokes.size(), 1U);
  const Stroke& circle = strokes[0];
  EXPECT_EQ(circle.front(), circle.back());
  EXPECT_LT(circle.size(), 60U);
  for (std::size_t i = 1; i < circle.size(); ++i) {
    const double x = (circle[i].x + circle[i - 1].x) / 2 - 110, y = (circle[i].y + circle[i - 1].y) / 2 - 120;
    EXPECT_NEAR(std::hypot(x, y), 100, 0.5);
  }
}

TEST(Excalidraw, LibrariesAreSketches) {
  EXPECT_EQ(read(R"({"type":"excalidrawlib","version":2,"libraryItems":[)"
                 R"({"elements":[{"type":"line","x":1,"y":2,"points":[[0,0],[1,1]]}]},)"
                 R"({"elements":[{"type":"line","x":5,"y":6,"points":[[0,0],[1,1]]}]}]})")
                .train(),
            "[[[[1,2],[2,3]]],[[[5,6],[6,7]]]]");
}

TEST(Excalidraw, SaysWhatIsWrong) {
  EXPECT_THAT(error_for(R"({"type":"excalidraw"})"), HasSubstr("without \"elements\""));
  EXPECT_THAT(error_for(excalidraw("7")), HasSubstr("a number for an element"));
  EXPECT_THAT(error_for(excalidraw(R"({"type":"line","points":[[1]]})")), HasSubstr("a point that is not [x, y]"));
  EXPECT_THAT(error_for(excalidraw(R"({"type":"line","x":1e300,"points":[]})")), HasSubstr("beyond all pages"));
}

std::string tldraw(const std::string& shapes) {
  return R"({"tldrawFileFormatVersion":1,"schema":{},"records":[{"typeName":"document","id":"document:document"},)"
         R"({"typeName":"page","id":"page:a","index":"a1"},)" +
         shapes + "]}";
}

TEST(Tldraw, DrawShapesOfPoints) {
  const AsRead got = read(tldraw(
      R"({"typeName":"shape","id":"shape:2","type":"draw","parentId":"page:a","index":"a2","x":30,"y":40,"rotation":0,)"
      R"("props":{"segments":[{"type":"free","points":[{"x":0,"y":0,"z":0.5},{"x":1,"y":10}]}]}},)"
      R"({"typeName":"shape","id":"shape:1","type":"draw","parentId":"page:a","index":"a1","x":10,"y":20,"rotation":0,)"
      R"("props":{"isClosed":true,"segments":[{"type":"free","points":[{"x":0,"y":0},{"x":3,"y":4}]},)"
      R"({"type":"straight","points":[{"x":3,"y":4},{"x":10,"y":4}]}]}},)"
      R"({"typeName":"shape","id":"shape:3","type":"text","parentId":"page:a","index":"a3","x":0,"y":0,"props":{}})"));
  EXPECT_EQ(got.train(), "[[[[10,20],[13,24],[20,24],[10,20]],[[30,40],[31,50]]]]");
  EXPECT_THAT(got.notes, ElementsAre(HasSubstr("1 text")));
}

// The first point in float32, the next as differences in float16: (1, 2) and (+3, -4), with pressures and without.
TEST(Tldraw, DrawShapesOfPackedPoints) {
  const auto shape = [](const std::string& segment) {
    return read(tldraw(
                    R"({"typeName":"shape","id":"shape:1","type":"draw","parentId":"page:a","index":"a1","x":0,"y":0,)"
                    R"("props":{"segments":[{"type":"free",)" +
                    segment + "}]}}"))
        .train();
  };
  EXPECT_EQ(shape(R"("path":"AACAPwAAAEAAAAA/AEIAxAAA")"), "[[[[1,2],[4,-2]]]]");
  EXPECT_EQ(shape(R"("path":"AACAPwAAAEAAQgDE","dim":2)"), "[[[[1,2],[4,-2]]]]");
  EXPECT_THAT(error_of([&] { return shape(R"("path":"AACAPwAAAE")"); }), HasSubstr("not its base64"));
  EXPECT_THAT(error_of([&] { return shape(R"("points":"AACAPwAAAE")"); }), HasSubstr("in a form that is not read"));
}

TEST(Tldraw, LinesShapesGroupsAndPages) {
  EXPECT_EQ(
      read(
          tldraw(R"({"typeName":"page","id":"page:b","index":"a2"},)"
                 R"({"typeName":"shape","id":"shape:g","type":"group","parentId":"page:a","index":"a1","x":100,"y":0},)"
                 R"({"typeName":"shape","id":"shape:1","type":"line","parentId":"shape:g","index":"a1","x":1,"y":2,)"
                 R"("props":{"points":{"b":{"index":"a2","x":5,"y":5},"a":{"index":"a1","x":0,"y":0}}}},)"
                 R"({"typeName":"shape","id":"shape:2","type":"geo","parentId":"page:b","index":"a1","x":0,"y":0,)"
                 R"("props":{"geo":"rectangle","w":4,"h":3}},)"
                 R"({"typeName":"shape","id":"shape:3","type":"arrow","parentId":"page:b","index":"a2","x":1,"y":1,)"
                 R"("props":{"start":{"x":0,"y":0},"end":{"x":2,"y":2}}})"))
          .train(),
      "[[[[101,2],[106,7]]],[[[0,0],[4,0],[4,3],[0,3],[0,0]],[[1,1],[3,3]]]]");
}

TEST(Tldraw, GroupsThatHoldEachOtherEnd) {
  EXPECT_EQ(read(tldraw(R"({"typeName":"shape","id":"shape:1","type":"group","parentId":"shape:2"},)"
                        R"({"typeName":"shape","id":"shape:2","type":"group","parentId":"shape:1"},)"
                        R"({"typeName":"shape","id":"page:a","type":"group","parentId":"page:a"})"))
                .train(),
            "[[]]");
}

TEST(Tldraw, TheFirstVersion) {
  EXPECT_EQ(read(R"({"name":"x","document":{"version":15.5,"pages":{"page":{"id":"page","shapes":{)"
                 R"("b":{"id":"b","type":"rectangle","childIndex":2,"point":[1,2],"size":[10,20]},)"
                 R"("a":{"id":"a","type":"draw","childIndex":1,"point":[10,20],"points":[[0,0,0.5],[3,4,0.5]]}}}}}})")
                .train(),
            "[[[[10,20],[13,24]],[[1,2],[11,2],[11,22],[1,22],[1,2]]]]");
}

TEST(DrawingApps, BearTruncationAndChanges) {
  const auto parse = [](std::span<const std::byte> bytes) { return read(string_of(bytes)); };
  for (const std::string& text :
       {excalidraw(
            R"({"type":"ellipse","x":1,"y":2,"width":9,"height":8,"angle":1},{"type":"line","points":[[0,0],[3,4]]})"),
        tldraw(R"({"typeName":"shape","id":"shape:1","type":"draw","parentId":"page:a","index":"a1","x":0,"y":0,)"
               R"("props":{"segments":[{"path":"AACAPwAAAEAAAAA/AEIAxAAA"}]}})")}) {
    EXPECT_EQ(accepted_truncations(parse, bytes_of(text)), 0U);
    expect_survives_changes(parse, bytes_of(text), 3000, 10);
  }
}

}  // namespace
}  // namespace limn::sketch
