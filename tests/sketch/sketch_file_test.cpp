#include "limn/sketch/sketch_file.hpp"

#include <gmock/gmock.h>

#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::HasSubstr;

SketchSplits three_splits() {
  SketchSplits splits;
  splits[Split::kTrain] = {{{{0, 0, false}, {3, 4, true}}}, {{{0, 7, false}, {9, -7, true}, {0, 5, true}}}};
  splits[Split::kValid] = {{{{0, 0, true}, {200, 1, true}}}};
  splits[Split::kTest] = {{{{0, 0, false}, {1, 1, false}, {2, 2, true}}}};
  return splits;
}

TEST(SketchReference, MayNameSplitAndIndex) {
  const auto expect = [](const char* text, const char* path, std::optional<Split> split,
                         std::optional<std::int64_t> index) {
    const SketchReference reference = parse_sketch_reference(text);
    EXPECT_EQ(reference.path, path) << text;
    EXPECT_EQ(reference.split, split) << text;
    EXPECT_EQ(reference.index, index) << text;
  };
  expect("cat.npz", "cat.npz", {}, {});
  expect("cat.npz#17", "cat.npz", {}, 17);
  expect("cat.npz:test#17", "cat.npz", Split::kTest, 17);
  expect("cat.npz:valid", "cat.npz", Split::kValid, {});
  expect("c:cat.npz", "c:cat.npz", {}, {});
  expect("a#b.svg", "a#b.svg", {}, {});
  expect("a#", "a#", {}, {});
  expect("a#1#2", "a#1", {}, 2);
  EXPECT_THAT(error_of([] { return parse_sketch_reference("x.npz#99999999999999999999"); }),
              HasSubstr("no file holds so many"));
}

TEST(SketchFile, ReferencesCountFromZero) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npz";
  const SketchSplits splits = three_splits();
  write_sketches(path, splits);
  EXPECT_EQ(read_sketch(parse_sketch_reference(path)), splits[Split::kTrain][0]);
  EXPECT_EQ(read_sketch(parse_sketch_reference(path + "#1")), splits[Split::kTrain][1]);
  EXPECT_EQ(read_sketch(parse_sketch_reference(path + ":test#0")), splits[Split::kTest][0]);
  EXPECT_EQ(read_sketches(parse_sketch_reference(path)), splits[Split::kTrain]);
  EXPECT_THAT(error_of([&] { return read_sketch(parse_sketch_reference(path + "#2")); }),
              HasSubstr("x.npz: no sketch #2: train holds 2, #0 to #1"));
}

TEST(SketchFile, FormatsKeepTheStrokes) {
  const TemporaryFolder folder;
  const SketchSplits splits = three_splits();
  std::vector<Sketch> all;
  for (const auto& sketches : splits.sketches) all.insert(all.end(), sketches.begin(), sketches.end());
  for (const char* name : {"x.ndjson", "x.bin", "x.json", "x.NDJSON"}) {
    write_sketches(folder / name, splits);
    const SketchSplits back = read_sketches(folder / name);
    EXPECT_EQ(back[Split::kTrain], all) << name;
    EXPECT_TRUE(back[Split::kTest].empty()) << name;
    EXPECT_THAT(error_of([&] { return read_sketches(parse_sketch_reference((folder / name).string() + ":test")); }),
                HasSubstr("holds no sketches in test"));
  }
  write_sketches(folder / "x.npz", splits);
  EXPECT_EQ(read_sketches(folder / "x.npz").sketches, splits.sketches);
  write_sketches(folder / "x.limn", splits);
  EXPECT_EQ(read_sketches(folder / "x.limn").sketches, splits.sketches);
}

TEST(SketchFile, AFolderOfSvgsIsReadInOrderOfNames) {
  const TemporaryFolder folder;
  write_file(folder / "b.svg", "<svg><line x1='2' x2='3'/></svg>");
  write_file(folder / "a.SVG", "<svg><line x1='1' x2='3'/></svg>");
  write_file(folder / "readme.txt", "no drawing");
  const auto sketches = read_sketches(folder.path())[Split::kTrain];
  ASSERT_EQ(sketches.size(), 2U);
  EXPECT_EQ(sketches[0].points[0].dx, 1);
  EXPECT_EQ(sketches[1].points[0].dx, 2);
  EXPECT_EQ(read_sketches(folder / "b.svg")[Split::kTrain].at(0), sketches[1]);
}

TEST(SketchFile, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { return read_sketches(folder.path()); }), HasSubstr("a folder without .svg files"));
  EXPECT_THAT(error_of([&] { return read_sketches(folder / "none.png"); }), HasSubstr("no such file"));
  for (const char* name : {"none.npz", "none.ndjson", "none.bin", "none.json", "none.svg"})
    EXPECT_THAT(error_of([&] { return read_sketches(folder / name); }), HasSubstr(name));
  write_file(folder / "x.png", "");
  EXPECT_THAT(error_of([&] { return read_sketches(folder / "x.png"); }),
              HasSubstr("not a file of sketches by its name"));
  EXPECT_THAT(error_of([&] {
                write_sketches(folder / "x.gif", three_splits());
                return 0;
              }),
              HasSubstr("use .npz, .ndjson, .bin, .json or .limn"));
}

}  // namespace
}  // namespace limn::sketch
