// The fixtures in tests/data/npz are NumPy's own; make_fixtures.py there tells how each came about.
#include "limn/sketch/npz.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <limits>

#include "limn/arrays/npy.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

fs::path fixture(const std::string& name) { return fs::path(LIMN_TEST_DATA_DIR) / "npz" / name; }

// As rows() in make_fixtures.py.
Sketch expected_sketch(int index, int length, float offset = 0) {
  Sketch sketch;
  for (int r = 0; r < length; ++r)
    sketch.points.push_back({.dx = static_cast<float>((index * 7 + r * 13) % 41 - 20) + offset,
                             .dy = static_cast<float>((index * 5 + r * 11) % 37 - 18) + offset,
                             .is_pen_lifted = r == length - 1});
  return sketch;
}

std::vector<Sketch> expected_sketches(std::initializer_list<int> lengths, float offset = 0) {
  std::vector<Sketch> sketches;
  for (const int length : lengths)
    sketches.push_back(expected_sketch(static_cast<int>(sketches.size()), length, offset));
  return sketches;
}

void expect_fixture(const std::string& name, float offset = 0) {
  SCOPED_TRACE(name);
  const SketchSplits splits = read_sketch_arrays(fixture(name));
  EXPECT_EQ(splits[Split::kTrain], expected_sketches({4, 1, 7, 2, 3}, offset));
  EXPECT_EQ(splits[Split::kValid], expected_sketches({3, 5}, offset));
  EXPECT_EQ(splits[Split::kTest], expected_sketches({6}, offset));
}

std::string error_for(const std::string& name) {
  return error_of([&] { return read_sketch_arrays(fixture(name)); });
}

SketchSplits parse(std::span<const std::byte> file) { return parse_npz(file, "x.npz"); }

TEST(Npz, ReadsWhatPython2And3Pickle) {
  for (const char* name : {"python2.npz", "python3.6.npz", "protocol2.npz", "protocol3.npz", "protocol4.npz",
                           "protocol5.npz", "stored.npz", "nested.npz"})
    expect_fixture(name);
}

TEST(Npz, ReadsEveryDtypeInEitherOrder) {
  for (const char* dtype : {"i1", "i2", "i4", "i8", "u1", "f2", "f4", "f8"}) {
    const std::string name = dtype;
    const float offset = name == "u1" ? 20 : name == "f2" ? 0.5F : name == "f4" ? 0.25F : name == "f8" ? 0.125F : 0;
    expect_fixture("little_" + name + ".npz", offset);
    if (name[1] != '1') expect_fixture("big_" + name + ".npz", offset);
  }
}

TEST(Npz, ReadsEqualLengthsAsOneBlock) {
  const SketchSplits splits = read_sketch_arrays(fixture("block.npz"));
  EXPECT_EQ(splits[Split::kTrain], expected_sketches({4, 4, 4}));
  EXPECT_EQ(splits[Split::kValid], expected_sketches({4, 4, 4}));
  EXPECT_TRUE(splits[Split::kTest].empty());
}

TEST(Npz, ReadsEqualLengthsAsPythonNumbers) {
  const SketchSplits splits = read_sketch_arrays(fixture("block_of_objects.npz"));
  EXPECT_EQ(splits[Split::kTrain], expected_sketches({4, 4, 4}));
  EXPECT_EQ(splits[Split::kValid], expected_sketches({4, 4, 4}));
}

TEST(Npz, ReadsLaterHeaderVersions) {
  for (const char* name : {"version2.npz", "version3.npz"})
    EXPECT_EQ(read_sketch_arrays(fixture(name))[Split::kTrain], expected_sketches({4, 1, 7, 2, 3})) << name;
}

TEST(Npz, AnEmptySketchStaysAndAbsentSplitsAreEmpty) {
  const SketchSplits splits = read_sketch_arrays(fixture("empty_sketch.npz"));
  EXPECT_THAT(splits[Split::kTrain], ElementsAre(Sketch{}, expected_sketch(0, 2)));
  EXPECT_TRUE(splits[Split::kValid].empty());
  EXPECT_TRUE(splits[Split::kTest].empty());
}

TEST(Npz, SaysWhatIsWrong) {
  EXPECT_THAT(error_for("no_train.npz"),
              HasSubstr("no array named train; it holds valid, images; name the training sketches train"));
  EXPECT_THAT(error_for("nan.npz"), HasSubstr("train: sketch 2: the offset of row 3 is not finite"));
  EXPECT_THAT(error_for("missing.npz"), HasSubstr("missing.npz: no such file"));
  EXPECT_THAT(error_of([] { return parse(bytes_of("x")); }), HasSubstr("not a whole zip archive"));
}

TEST(Npz, RoundTripsInInt16OrFloat32) {
  SketchSplits splits;
  splits[Split::kTrain] = expected_sketches({4, 1, 300, 0, 7});
  splits[Split::kTrain][0].points[1].dx = -32768;
  splits[Split::kTrain][0].points[2].dy = 32767;
  splits[Split::kValid] = expected_sketches({5, 2}, 0.1F);
  splits[Split::kValid][0].points[1].dx = 32768;
  const Bytes file = serialize_npz(splits);
  const SketchSplits back = parse(file);
  EXPECT_EQ(back[Split::kTrain], splits[Split::kTrain]);
  EXPECT_EQ(back[Split::kValid], splits[Split::kValid]);
  EXPECT_TRUE(back[Split::kTest].empty());
  EXPECT_EQ(file, serialize_npz(back));
}

TEST(Npz, RoundTripsMoreSketchesThanOneAppendTakes) {
  SketchSplits splits;
  for (int i = 0; i < 2345; ++i) splits[Split::kTrain].push_back(expected_sketch(i, 1 + i % 5));
  EXPECT_EQ(parse(serialize_npz(splits))[Split::kTrain], splits[Split::kTrain]);
}

TEST(Npz, StreamsTheSameFile) {
  SketchSplits splits;
  for (int i = 0; i < 2345; ++i) splits[Split::kTrain].push_back(expected_sketch(i, 1 + i % 5));
  splits[Split::kTest] = expected_sketches({5, 2}, 0.1F);
  const testing::TemporaryFolder folder;
  SketchSource source{.counts = {2345, 0, 2}, .sketch = [&](Split split, std::int64_t i) {
                        return splits[split][static_cast<std::size_t>(i)];
                      }};
  stream_npz(folder / "x.npz", source);
  EXPECT_EQ(read_file(folder / "x.npz"), serialize_npz(splits));
  // What goes wrong on the way comes through, and the file stands as it was.
  int looks = 0;
  const auto look = source.sketch;
  source.sketch = [&](Split split, std::int64_t i) {
    require(++looks < 4000, "enough");  // after all were measured
    return look(split, i);
  };
  EXPECT_EQ(error_of([&] { stream_npz(folder / "x.npz", source); }), "enough");
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_EQ(read_file(folder / "x.npz"), serialize_npz(splits));
}

TEST(Npz, BytesDoNotDependOnTheClockOrTheZone) {
  SketchSplits splits;
  splits[Split::kTrain] = expected_sketches({4, 3});
  const Bytes here = serialize_npz(splits);
  ::setenv("TZ", "Pacific/Auckland", 1);
  ::tzset();
  EXPECT_EQ(serialize_npz(splits), here);
  ::unsetenv("TZ");
  ::tzset();
}

TEST(Npz, RefusesABomb) {
  // 64 MiB of zeros as one block of sketches, over two hundred times as large as the file.
  const std::vector<std::int64_t> shape{1 << 20, 21, 3};
  std::string npy = arrays::npy_header("|u1", shape);
  npy.resize(npy.size() + (std::size_t{1} << 20) * 63, '\0');
  const std::pair<std::string, Bytes> entry{"train.npy", bytes_of(npy)};
  const Bytes file = arrays::make_zip({&entry, 1});
  ASSERT_LT(file.size(), npy.size() / 200);
  EXPECT_THAT(error_of([&] { return parse(file); }), HasSubstr("unpacks to more than 32 times"));
}

TEST(Npz, RefusesPensThatAreNeitherUpNorDown) {
  const std::vector<std::int64_t> shape{1, 2, 3};
  const std::pair<std::string, Bytes> entry{
      "train.npy", bytes_of(arrays::npy_header("|u1", shape) + std::string("\1\2\0\3\4\2", 6))};
  EXPECT_THAT(error_of([&] {
                return parse(arrays::make_zip({&entry, 1}));
              }),
              HasSubstr("sketch 0: row 1 has 2 in its third column"));
}

TEST(Npz, RefusesEndlessSketchesWithoutPoints) {
  const std::vector<std::int64_t> shape{std::int64_t{1} << 40, 0, 3};
  const std::pair<std::string, Bytes> entry{"train.npy", bytes_of(arrays::npy_header("<i2", shape))};
  const std::pair<std::string, Bytes> drawings[] = {{"cat.svg", {}}, {"dog.svg", {}}};
  EXPECT_THAT(error_of([&] { return parse(arrays::make_zip(drawings)); }),
              HasSubstr("a zip archive of cat.svg and 1 more, and of no arrays; unpack it"));
  EXPECT_THAT(error_of([&] { return parse(arrays::make_zip({&entry, 1})); }), HasSubstr("expected N x L x 3"));
}

TEST(Npz, BearsTruncation) {
  for (const char* name : {"python2.npz", "stored.npz", "protocol5.npz", "block.npz"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(accepted_truncations(parse, read_file(fixture(name))), 0U);
  }
}

TEST(Npz, BearsChangesInTheZip) {
  for (const char* name : {"python2.npz", "stored.npz"})
    expect_survives_changes(parse, read_file(fixture(name)), 2000, 2);
}

TEST(Npz, BearsTruncationAndChangesInTheArrays) {
  const auto read = [](std::span<const std::byte> npy) {
    const std::pair<std::string, Bytes> entry{"train.npy", Bytes(npy.begin(), npy.end())};
    return parse(arrays::make_zip({&entry, 1}));
  };
  for (const char* name : {"python2.npz", "protocol2.npz", "protocol4.npz", "protocol5.npz", "block.npz", "nested.npz",
                           "block_of_objects.npz"}) {
    SCOPED_TRACE(name);
    const Bytes file = read_file(fixture(name));
    const Bytes npy = arrays::ZipReader(file, name).read("train.npy").value();
    EXPECT_EQ(accepted_truncations(read, npy), 0U);
    expect_survives_changes(read, npy, 1000, 3);
  }
}

TEST(Npz, ReadsTheRealDataSets) {
  const fs::path folder = fs::path(LIMN_SHARED_DATA_DIR) / "strokes";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << ": the real data sets are not here";
  // Counts of sketches and points by NumPy.
  const SketchSplits sheep = read_sketch_arrays(folder / "aaron_sheep.npz");
  EXPECT_EQ(sheep[Split::kTrain].size(), 7400U);
  EXPECT_EQ(sheep[Split::kValid].size(), 300U);
  EXPECT_EQ(sheep[Split::kTest].size(), 300U);
  const auto points = [](const std::vector<Sketch>& sketches) {
    std::size_t count = 0;
    for (const Sketch& sketch : sketches) count += sketch.points.size();
    return count;
  };
  EXPECT_EQ(points(sheep[Split::kTrain]), 926652U);
  EXPECT_EQ(points(read_sketch_arrays(folder / "short_kanji.npz")[Split::kTrain]), 406111U);
  EXPECT_EQ(points(read_sketch_arrays(folder / "omniglot.npz")[Split::kTest]), 31144U);
}

}  // namespace
}  // namespace limn::sketch
