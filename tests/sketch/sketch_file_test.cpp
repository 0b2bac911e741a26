#include "limn/sketch/sketch_file.hpp"

#include <gmock/gmock.h>

#include "limn/sketch/sketch_format.hpp"
#include "testing/gzip.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::ElementsAre;
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

// Names say the format, with .gz before their end left out; what they leave open the first bytes say.
TEST(SketchFile, NamesAndFirstBytesSayTheFormat) {
  const TemporaryFolder folder;
  const auto format = [&](const std::string& name, std::string_view content) {
    write_file(folder / name, content);
    return sketch_format_of(folder / name);
  };
  EXPECT_EQ(format("a.json", "[[[[1,2]]]]"), SketchFormat::kJson);
  EXPECT_EQ(format("b.JSON", "{\"drawing\":[]}\n{\"drawing\":[]}\n"), SketchFormat::kNdjson);
  EXPECT_EQ(format("c.json", "{\"drawing\":[]}\n"), SketchFormat::kJson);
  EXPECT_EQ(format("d.json", "{\n\"drawing\":[]\n}\n"), SketchFormat::kJson);
  EXPECT_EQ(format("e.ndjson", "[{\"drawing\":[]}]"), SketchFormat::kJson);
  EXPECT_EQ(format("f.ndjson", "{\"drawing\":[]}"), SketchFormat::kNdjson);
  EXPECT_EQ(format("g.jsonl", "{}"), SketchFormat::kNdjson);
  EXPECT_EQ(format("h.excalidraw", "{}"), SketchFormat::kJson);
  EXPECT_EQ(format("i.tldr", "{}"), SketchFormat::kJson);
  EXPECT_EQ(format("j.csv", "x,y\n"), SketchFormat::kTable);
  EXPECT_EQ(format("k.txt", "1 2\n3 4\n"), SketchFormat::kTable);
  EXPECT_EQ(format("l.txt", " [[[[1,2]]]]"), SketchFormat::kJson);
  EXPECT_EQ(format("m", "<?xml version='1.0'?><ink/>"), SketchFormat::kInk);
  EXPECT_EQ(format("n.xml", "<svg xmlns='x'/>"), SketchFormat::kSvg);
  EXPECT_EQ(format("o.inkml", "<ink/>"), SketchFormat::kInk);
  EXPECT_EQ(format("p.ndjson.gz", "{}"), SketchFormat::kNdjson);
  EXPECT_EQ(format("q.bin.gz", "\1"), SketchFormat::kBin);
  EXPECT_EQ(sketch_format_of(folder.path()), SketchFormat::kFolder);
  EXPECT_EQ(sketch_format_of("builtin:doodles"), SketchFormat::kBuiltin);
}

TEST(SketchFile, SaysWhatAFileOfAnotherKindLooksLike) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name, std::string_view content) {
    write_file(folder / name, content);
    return error_of([&] { return sketch_format_of(folder / name); });
  };
  using namespace std::string_view_literals;
  EXPECT_THAT(error("a.json", "<!DOCTYPE html><html>"), HasSubstr("a.json: an HTML page"));
  EXPECT_THAT(error("b.json", "\x89PNG\r\n\x1a\n"), HasSubstr("a PNG picture; sketches are read from"));
  EXPECT_THAT(error("c.ndjson", "PK\x03\x04"), HasSubstr("a zip archive"));
  EXPECT_THAT(error("d.csv", "\xff\xfex\0,\0y\0"sv), HasSubstr("text in UTF-16"));
  EXPECT_THAT(error("e.pdf", "%PDF-1.7"), HasSubstr("a PDF document"));
  EXPECT_THAT(error("f.safetensors", "\x10\0\0\0\0\0\0\0{\"a\""sv), HasSubstr("which holds a model"));
  EXPECT_THAT(error("g.txt", "Nothing to see."), HasSubstr("g.txt: neither JSON nor XML nor a table of numbers"));
  EXPECT_THAT(error("h.ndjson", "version https://git-lfs.github.com/spec/v1\n"), HasSubstr("Git LFS"));
  for (const char* name : {"k.npz", "k.npy", "k.pkl", "k.bin", "k.svg", "k"}) {
    EXPECT_THAT(error(name, "version https://git-lfs.github.com/spec/v1\noid"), HasSubstr("a pointer of Git LFS"))
        << name;
    EXPECT_THAT(error(name, "<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>"),
                HasSubstr("an error of the server"))
        << name;
  }
  EXPECT_THAT(error("l.npz", "\x89PNG\r\n\x1a\n"), HasSubstr("a PNG picture"));
  for (const char* name :
       {"m.npz", "m.npy", "m.pkl", "m.bin", "m.svg", "m", "m.txt", "m.json", "m.ndjson", "m.csv", "m.inkml"}) {
    EXPECT_THAT(error(name, ""), HasSubstr(std::string(name) + ": is empty; fetch it again"));
    EXPECT_THAT(error(name, " \n"), HasSubstr(std::string(name) + ": is empty; fetch it again"));
  }
  EXPECT_THAT(error("i.unp", ".VERSION 1.0\n.COORD X Y T\n"), HasSubstr("UNIPEN"));
  EXPECT_THAT(error("j.dat", "\0\1\2"sv), HasSubstr("neither JSON nor XML"));
}

// Whatever the name: packed with gzip, the same is read.
TEST(SketchFile, GzipIsUnpackedByItsFirstBytes) {
  const TemporaryFolder folder;
  const std::string record = R"({"word":"cat","drawing":[[[0,10,20],[0,5,0]]]})";
  const std::vector<Stroke> strokes{{{0, 0}, {10, 5}, {20, 0}}};
  const auto expect_read = [&](const char* name, std::string_view text) {
    write_file(folder / name, testing::gzip_file(bytes_of(text)));
    EXPECT_THAT(read_sketches(folder / name)[Split::kTrain], ElementsAre(from_strokes(strokes))) << name;
  };
  expect_read("a.ndjson.gz", record + "\n");
  expect_read("a.ndjson", record + "\n");
  expect_read("a.json.gz", "[" + record + "]");
  expect_read("a.json", record + "\n");
  expect_read("a.csv.gz", "x,y\n0,0\n10,5\n20,0\n");
  expect_read("a.txt", "0 0\n10 5\n20 0\n");
  expect_read("a.inkml.gz", "<ink><trace>0 0,10 5,20 0</trace></ink>");
  const QuickDrawRecord bin{.sketch = from_strokes(strokes)};
  expect_read("a.bin.gz", quickdraw_bin_record(bin));
  Bytes cut = testing::gzip_file(bytes_of(record + "\n" + record));
  cut.resize(cut.size() - 5);
  write_file(folder / "cut.ndjson.gz", cut);
  EXPECT_THAT(error_of([&] { return read_sketches(folder / "cut.ndjson.gz"); }), HasSubstr("ends too early"));
}

// Drawings of one file keep their sizes to each other.
TEST(SketchFile, QuickDrawFormatsScaleAllOrNone) {
  const TemporaryFolder folder;
  SketchSplits splits;
  splits[Split::kTrain] = {{{{0, 0, false}, {100, 50, true}}}, {{{0, 0, false}, {300, 150, true}}}};
  for (const char* name : {"x.ndjson", "x.bin"}) {
    write_sketches(folder / name, splits);
    const auto back = read_sketches(folder / name)[Split::kTrain];
    ASSERT_EQ(back.size(), 2U);
    EXPECT_EQ(back[0].points[1], (StrokePoint{255, 128, true})) << name;
    EXPECT_EQ(back[1].points[1], (StrokePoint{255, 128, true})) << name;
  }
}

TEST(SketchFile, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  for (const char* name : {"loop", "loop.npz"}) {
    std::filesystem::create_symlink(name, folder / name);
    EXPECT_THAT(error_of([&] { return read_sketches(folder / name); }), HasSubstr("is a link that leads to itself"));
    std::filesystem::remove(folder / name);
  }
  EXPECT_THAT(error_of([&] { return read_sketches(folder.path()); }),
              HasSubstr("a folder without .svg files, which holds nothing"));
  EXPECT_THAT(error_of([&] { return read_sketches(folder / "none.png"); }), HasSubstr("no such file"));
  for (const char* name : {"none.npz", "none.ndjson", "none.bin", "none.json", "none.svg"})
    EXPECT_THAT(error_of([&] { return read_sketches(folder / name); }), HasSubstr(name));
  write_file(folder / "x.png", "x");
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
