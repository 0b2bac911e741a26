// What limn data convert writes with: splits kept or dealt out anew, and nothing left of what was broken off.
#include "limn/sketch/sketch_writer.hpp"

#include <gmock/gmock.h>

#include "limn/sketch/sketch_file.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

using ::testing::HasSubstr;

// Sketch number i is one line of length i + 1.
Sketch line_of(int number) { return {{{0, 0, false}, {static_cast<float>(number + 1), 0, true}}}; }

void add_lines(SketchWriter& writer, int count, Split split) {
  for (int i = 0; i < count; ++i) writer.add({.sketch = line_of(i)}, split);
}

// The numbers of all sketches, sorted; each must be there once.
std::vector<int> numbers_in(const SketchSplits& splits) {
  std::vector<int> numbers;
  for (const auto& sketches : splits.sketches)
    for (const Sketch& sketch : sketches) numbers.push_back(static_cast<int>(sketch.points.back().dx) - 1);
  std::ranges::sort(numbers);
  return numbers;
}

TEST(SplitShares, ArePercentThatAddUp) {
  EXPECT_EQ(parse_split_shares("90/5/5"), (SplitShares{90, 5, 5}));
  EXPECT_EQ(parse_split_shares("97.5/2.5/0"), (SplitShares{97.5, 2.5, 0}));
  for (const char* text : {"", "90/5", "90/5/6", "90/5/5/", "-5/100/5", "a/b/c", "90,5,5"})
    EXPECT_THAT(error_of([&] { return parse_split_shares(text); }), HasSubstr("as in 90/5/5")) << text;
}

TEST(SketchWriter, DealsOutEachSketchOnce) {
  const TemporaryFolder folder;
  std::vector<int> all(200);
  for (int i = 0; i < 200; ++i) all[static_cast<std::size_t>(i)] = i;
  for (const char* name : {"x.npz", "x.limn"}) {
    const auto writer = make_sketch_writer(folder / name, {.shares = SplitShares{70, 20, 10}, .seed = 3});
    add_lines(*writer, 200, Split::kTest);
    writer->finish();
    const SketchSplits back = read_sketches(folder / name);
    EXPECT_EQ(numbers_in(back), all) << name;
    const auto counts = writer->counts();
    for (std::size_t i = 0; i < counts.size(); ++i) EXPECT_EQ(counts[i], std::ssize(back.sketches[i])) << name;
    EXPECT_NEAR(static_cast<double>(counts[1]), 40,
                name == std::string("x.npz") ? 0 : 5 * 5.7);  // binomial's deviation
  }
}

TEST(SketchWriter, KeepsSplitsWhereTheFormatHasThem) {
  const TemporaryFolder folder;
  for (const char* name : {"x.npz", "x.limn", "x.json", "x.ndjson", "x.bin"}) {
    const auto writer = make_sketch_writer(folder / name);
    add_lines(*writer, 5, Split::kTrain);
    add_lines(*writer, 3, Split::kValid);
    writer->finish();
    const bool keeps = std::string_view(name) == "x.npz" || std::string_view(name) == "x.limn";
    EXPECT_EQ(writer->counts(), (keeps ? std::array<std::int64_t, 3>{5, 3, 0} : std::array<std::int64_t, 3>{8, 0, 0}));
    EXPECT_EQ(read_sketches(folder / name)[Split::kValid].size(), keeps ? 3U : 0U) << name;
  }
  EXPECT_EQ(make_sketch_writer(folder / "x.svg"), nullptr);
  EXPECT_THAT(error_of([&] {
                return make_sketch_writer(folder / "x.bin", {.shares = SplitShares{90, 5, 5}}) != nullptr;
              }),
              HasSubstr("only .npz and .limn keep splits"));
}

TEST(SketchWriter, LeavesNothingOfWhatWasBrokenOff) {
  const TemporaryFolder folder;
  for (const char* name : {"x.npz", "x.limn", "x.json", "x.ndjson"}) {
    const auto writer = make_sketch_writer(folder / name);
    add_lines(*writer, 5, Split::kTrain);
  }
  const auto stop = [] { fail("stopped"); };
  const auto stopped = [&] {
    const auto writer = make_sketch_writer(folder / "x.npz", {.poll = stop});
    add_lines(*writer, 5, Split::kTrain);
    writer->finish();
  };
  EXPECT_EQ(error_of(stopped), "stopped");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace limn::sketch
