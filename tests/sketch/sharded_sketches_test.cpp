#include "limn/sketch/sharded_sketches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <set>

#include "limn/sketch/dataset.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "testing/hostile.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

// Sketches of 1 to 19 points in no order of length; whole numbers, some of them slips of the pen.
SketchSplits some_splits(std::int64_t train, std::int64_t valid, std::int64_t test) {
  SketchSplits splits;
  std::int64_t number = 0;
  for (const auto& [split, count] : {std::pair(Split::kTrain, train), {Split::kValid, valid}, {Split::kTest, test}})
    for (std::int64_t i = 0; i < count; ++i, ++number) {
      Sketch sketch;
      const std::int64_t length = 1 + number * 7 % 19;
      for (std::int64_t p = 0; p < length; ++p)
        sketch.points.push_back({static_cast<float>(number % 100 - 40), static_cast<float>(p == 3 ? -1500 : 3 * p),
                                 p % 5 == 4 || p + 1 == length});
      splits[split].push_back(std::move(sketch));
    }
  return splits;
}

void write_shards(const fs::path& folder, const SketchSplits& splits, std::int64_t max_bytes = kMaxShardBytes) {
  ShardedSketchWriter writer(folder, max_bytes);
  for (const Split split : kSplits)
    for (const Sketch& sketch : splits[split]) writer.add(split, sketch);
  writer.commit();
}

// Everything that training and evaluation look at.
void read_all(const fs::path& folder) {
  const ShardedSketches store(folder);
  for (const Split split : kSplits)
    for (std::int64_t i = 0; i < store.size(split); ++i) (void)store.sketch(split, i);
}

void expect_same_batches(const StrokeDataset& a, const StrokeDataset& b, std::int64_t batch_size) {
  ASSERT_EQ(a.size(Split::kTrain), b.size(Split::kTrain));
  EXPECT_EQ(a.scale_factor(), b.scale_factor());
  EXPECT_EQ(a.max_seq_len(), b.max_seq_len());
  for (const std::int64_t step : {0, 1, 7, 30}) {
    const StrokeBatch x = a.training_batch(3, step, batch_size), y = b.training_batch(3, step, batch_size);
    EXPECT_EQ(x.indices, y.indices);
    EXPECT_EQ(x.inputs, y.inputs);
    EXPECT_EQ(x.targets, y.targets);
  }
  const EvaluationBatches x(a, Split::kValid, 4), y(b, Split::kValid, 4);
  ASSERT_EQ(x.size(), y.size());
  for (std::int64_t k = 0; k < x.size(); ++k) EXPECT_EQ(x[k].targets, y[k].targets);
}

TEST(ShardedSketches, KeepsEverySketchInItsSplit) {
  const TemporaryFolder folder;
  const SketchSplits splits = some_splits(57, 11, 3);
  for (const std::int64_t max_bytes : {kMaxShardBytes, std::int64_t{500}, std::int64_t{1}}) {
    const fs::path path = folder / fmt::format("x{}.limn", max_bytes);
    write_shards(path, splits, max_bytes);
    EXPECT_EQ(fs::exists(path / "train-000056.shard"), max_bytes == 1);
    EXPECT_EQ(fs::exists(path / "train-000001.shard"), max_bytes < kMaxShardBytes);
    EXPECT_EQ(read_sketches(path).sketches, splits.sketches);
    EXPECT_EQ(read_sketches(parse_sketch_reference(path.string() + "/:valid#4")).at(0), splits[Split::kValid][4]);
    EXPECT_EQ(read_sketches(parse_sketch_reference(path.string()), {.max_sketches = 5}).size(), 5U);
    ShardedSketches(path).verify();
    for (const auto& file : fs::directory_iterator(path)) {
      const bool is_bounded = max_bytes == 500 && file.path().extension() == ".shard";
      EXPECT_TRUE(!is_bounded || fs::file_size(file) <= 500) << file.path();
    }
  }
}

TEST(ShardedSketches, ANumberThatIsNotShortMakesTheRestFloats) {
  const TemporaryFolder folder;
  const float extremes[] = {32767, -32768, 32768, 0.5F, -0.0F, std::numeric_limits<float>::max(), 1e-42F};
  SketchSplits splits;
  for (const float x : extremes) splits[Split::kTrain].push_back(Sketch{{{x, 1, false}, {2, x, true}}});
  splits[Split::kTest] = {Sketch{{{7, -9, true}}}};
  write_shards(folder / "a.limn", splits);
  const SketchSplits back = read_sketches(folder / "a.limn");
  EXPECT_EQ(back.sketches, splits.sketches);
  EXPECT_TRUE(std::signbit(back[Split::kTrain][4].points[0].dx));
  const ShardReader shards(folder / "a.limn", kStrokeShards);
  std::vector<std::byte> buffer;
  EXPECT_EQ(shards.record(Split::kTrain, 1, buffer).row_size, 6);
  EXPECT_EQ(shards.record(Split::kTrain, 2, buffer).row_size, 12);
  EXPECT_EQ(shards.record(Split::kTest, 0, buffer).row_size, 6);
  ShardedSketchWriter writer(folder / "b.limn");
  EXPECT_THAT(error_of([&] {
                writer.add(Split::kValid, Sketch{{{NAN, 1, true}}});
                return 0;
              }),
              HasSubstr("b.limn: sketch 0 of valid has the offset (nan, 1)"));
}

TEST(ShardedSketches, HasTheSummaryOfTheData) {
  const TemporaryFolder folder;
  const SketchSplits splits = some_splits(40, 7, 0);
  write_shards(folder / "x.limn", splits, 300);
  const DatasetSummary expected = summarize(splits), got = ShardedSketches(folder / "x.limn").summary();
  EXPECT_EQ(got.scale_factor, expected.scale_factor);
  for (std::size_t i = 0; i < 3; ++i) {
    const SplitSummary &a = got.splits[i], &b = expected.splits[i];
    EXPECT_EQ(std::tuple(a.sketches, a.points, a.strokes, a.min_length, a.max_length, a.mean_length, a.median_length),
              std::tuple(b.sketches, b.points, b.strokes, b.min_length, b.max_length, b.mean_length, b.median_length));
    EXPECT_EQ(std::tuple(a.min_strokes, a.max_strokes, a.mean_strokes, a.min_offset, a.max_offset),
              std::tuple(b.min_strokes, b.max_strokes, b.mean_strokes, b.min_offset, b.max_offset));
  }
}

// A run from either gives the same losses bit for bit.
TEST(ShardedSketches, GiveTheBatchesOfTheNpz) {
  const TemporaryFolder folder;
  const SketchSplits splits = some_splits(83, 17, 5);
  write_npz(folder / "x.npz", splits);
  write_shards(folder / "x.limn", read_sketch_arrays(folder / "x.npz"), 700);
  for (const StrokeDataOptions& options :
       {StrokeDataOptions{}, {.max_seq_len = 13}, {.max_seq_len = 60, .min_seq_len = 4}, {.random_scale_factor = 0}}) {
    const auto load = [&](const char* name) {
      const std::vector<std::string> paths{(folder / name).string()};
      return StrokeDataset::load(paths, options);
    };
    expect_same_batches(load("x.npz"), load("x.limn"), 9);
  }
  const std::vector<std::string> both{(folder / "x.limn").string() + "/", (folder / "x.npz").string()};
  const std::vector<std::string> twice(2, (folder / "x.npz").string());
  expect_same_batches(StrokeDataset::load(twice, {}), StrokeDataset::load(both, {}), 20);
}

TEST(ShardedSketches, EveryTruncatedOrLongerFileIsNamed) {
  const TemporaryFolder folder;
  write_shards(folder / "x.limn", some_splits(6, 2, 1), 150);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder / "x.limn")) {
    const std::string name = entry.path().filename().string();
    const Bytes whole = read_file(entry.path());
    const auto read = [&](std::span<const std::byte> bytes) {
      write_file(entry.path(), bytes);
      read_all(folder / "x.limn");
      return 0;
    };
    // The index ends in a newline, which it can do without.
    EXPECT_EQ(accepted_truncations(read, whole), name == "index.json" ? 1U : 0U) << name;
    Bytes longer = whole;
    longer.push_back(std::byte{' '});
    const std::string error = error_of([&] { return read(longer); });
    EXPECT_EQ(error.find("x.limn/" + name) != error.npos, name != "index.json") << error;
    fs::remove(entry.path());
    EXPECT_THAT(error_of([&] { return (read_all(folder / "x.limn"), 0); }), HasSubstr("x.limn/" + name));
    fs::create_directory(entry.path());
    EXPECT_THAT(error_of([&] { return (read_all(folder / "x.limn"), 0); }), HasSubstr("x.limn/" + name));
    fs::remove(entry.path());
    write_file(entry.path(), whole);
    ++files;
  }
  EXPECT_GE(files, 5);
  read_all(folder / "x.limn");
}

// Training has a shard open for days. Whoever makes it shorter must get a message, and no SIGBUS.
TEST(ShardedSketches, AShardThatIsCutWhileItIsOpenIsNamed) {
  const TemporaryFolder folder;
  write_shards(folder / "x.limn", some_splits(9, 2, 1));
  const fs::path shard = folder / "x.limn" / "train-000000.shard";
  for (const bool has_read : {false, true})
    for (const std::uintmax_t size : {fs::file_size(shard) - 2, std::uintmax_t{90}, std::uintmax_t{0}}) {
      const Bytes whole = read_file(shard);
      const ShardedSketches store(folder / "x.limn");
      if (has_read) (void)store.sketch(Split::kTrain, 0);
      fs::resize_file(shard, size);
      const std::string error = error_of([&] {
        for (std::int64_t i = 0; i < store.size(Split::kTrain); ++i) (void)store.sketch(Split::kTrain, i);
        store.verify();
        return 0;
      });
      EXPECT_EQ(error, shard.string() + ": was made shorter while it is in use; fetch or convert the data again");
      write_file(shard, whole);
    }
}

// More files than a process may have open: those beyond are opened for each read.
TEST(ShardedSketches, ManyShardsNeedFewDescriptors) {
  const TemporaryFolder folder;
  const SketchSplits splits = some_splits(30, 1, 1);
  write_shards(folder / "x.limn", splits, 1);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 20;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  SketchSplits back;
  std::string error = error_of([&] { back = read_sketches(folder / "x.limn"); });
  EXPECT_EQ(error, "");
  EXPECT_EQ(back.sketches, splits.sketches);
  const ShardedSketches store(folder / "x.limn");
  const fs::path last = folder / "x.limn" / "train-000029.shard";
  const Bytes whole = read_file(last);
  write_file(last, whole);
  error = error_of([&] { return store.sketch(Split::kTrain, 29); });
  EXPECT_THAT(error, HasSubstr("train-000029.shard: was replaced while it is in use; start again"));
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(JoinedSketches, FindTheStoreOfEachSketch) {
  std::vector<std::shared_ptr<const SketchStore>> stores;
  SketchSplits all;
  for (const std::int64_t count : {0, 3, 0, 0, 1, 5, 0}) {
    const SketchSplits some = some_splits(count, count / 2, 0);
    for (const Split split : kSplits) std::ranges::copy(some[split], std::back_inserter(all[split]));
    stores.push_back(std::make_shared<HeldSketches>(some, "x"));
  }
  const JoinedSketches joined(std::move(stores));
  for (const Split split : kSplits) {
    ASSERT_EQ(joined.size(split), std::ssize(all[split]));
    for (std::size_t i = 0; i < all[split].size(); ++i) {
      EXPECT_EQ(joined.sketch(split, static_cast<std::int64_t>(i)), all[split][i]);
      EXPECT_EQ(joined.length(split, static_cast<std::int64_t>(i)), std::ssize(all[split][i].points));
    }
  }
}

TEST(ShardedSketches, SurvivesChangedBytes) {
  const TemporaryFolder folder;
  write_shards(folder / "x.limn", some_splits(9, 2, 1), 200);
  std::uint64_t seed = 0;
  for (const char* name : {"index.json", "train-000000.shard", "train-000001.shard"}) {
    const fs::path path = folder / "x.limn" / name;
    const Bytes whole = read_file(path);
    const auto read = [&](std::span<const std::byte> bytes) {
      write_file(path, bytes);
      read_all(folder / "x.limn");
      return 0;
    };
    expect_survives_changes(read, whole, 400, ++seed);
    write_file(path, whole);
  }
}

TEST(ShardedSketches, WrongNumbersOfTheIndexAreErrors) {
  const TemporaryFolder folder;
  const fs::path index = folder / "x.limn" / "index.json";
  write_shards(folder / "x.limn", some_splits(9, 2, 1));
  const std::string good = read_text_file(index);
  const std::pair<const char*, const char*> changes[] = {{"\"limn-shards\"", "\"other\""},
                                                         {"\"version\": 1", "\"version\": 2"},
                                                         {"\"strokes\"", "\"images\""},
                                                         {"\"records\": 9", "\"records\": 8"},
                                                         {"\"records\": 9", "\"records\": -9"},
                                                         {"\"records\": 9", "\"records\": 9e0"},
                                                         {"\"records\": 9", "\"records\": 18446744073709551615"},
                                                         {"\"row_size\": 6", "\"row_size\": 12"},
                                                         {"\"row_size\": 6", "\"row_size\": 0"},
                                                         {"\"sketches\": 9", "\"sketches\": 10"},
                                                         {"\"sketches\": 9", "\"sketches\": 1e300"},
                                                         {"\"scale_factor\": ", "\"scale_factor\": -"},
                                                         {"\"train\": [", "\"train\": [[],"},
                                                         {"\"crc32\": \"", "\"crc32\": \"x"},
                                                         {"\"max\": ", "\"max\": -"},
                                                         {"\"facts\"", "\"fact\""},
                                                         {"\"splits\"", "\"split\""}};
  for (const auto& [from, to] : changes) {
    std::string bad = good;
    ASSERT_NE(bad.find(from), bad.npos) << from;
    bad.replace(bad.find(from), std::string_view(from).size(), to);
    write_file(index, bad);
    EXPECT_THAT(error_of([&] { return (read_all(folder / "x.limn"), 0); }), HasSubstr("x.limn")) << to;
  }
  write_file(index, good);
  // A table that goes backwards, and a checksum that only verify() looks at.
  const fs::path shard = folder / "x.limn" / "test-000000.shard";
  Bytes bytes = read_file(shard);
  bytes.back() = std::byte{0x7f};
  write_file(shard, bytes);
  EXPECT_THAT(error_of([&] { return (read_all(folder / "x.limn"), 0); }),
              AllOf(HasSubstr("test-000000.shard: its table"), HasSubstr("convert the data again")));
  EXPECT_THAT(error_of([&] { return (ShardedSketches(folder / "x.limn").verify(), 0); }), HasSubstr("checksum"));
}

TEST(ShardedSketches, NothingAppearsBeforeCommit) {
  const TemporaryFolder folder;
  {
    ShardedSketchWriter writer(folder / "x.limn", 100);
    for (int i = 0; i < 20; ++i) writer.add(Split::kTrain, Sketch{{{1, 2, false}, {3, 4, true}}});
    EXPECT_FALSE(fs::exists(folder / "x.limn"));
    EXPECT_FALSE(fs::is_empty(folder.path()));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  write_shards(folder / "x.limn", some_splits(1, 0, 0));
  EXPECT_THAT(error_of([&] { return (ShardedSketchWriter(folder / "x.limn/"), 0); }), HasSubstr("x.limn: exists"));
  EXPECT_THAT(error_of([&] { return (ShardedSketchWriter(folder / "no/x.limn"), 0); }), HasSubstr("create the folder"));
}

// Pages of the process that are its own, in MiB.
std::int64_t own_memory() {
  const std::string status = read_text_file("/proc/self/status");
  return std::stoll(status.substr(status.find("RssAnon:") + 8)) / 1024;
}

// scripts/large-data.sh runs this on a set of millions.
TEST(LargeData, TheOrderOfAnEpochVisitsEverySketchOfEveryShard) {
  const char* path = std::getenv("LIMN_LARGE_DATA");
  if (path == nullptr) GTEST_SKIP() << "LIMN_LARGE_DATA names no folder";
  const std::int64_t before = own_memory();
  const std::vector<std::string> paths{path};
  const StrokeDataset data = StrokeDataset::load(paths, {});
  std::cout << "opened, own memory " << own_memory() - before << " MiB\n";
  const EpochPlan plan = data.epoch_plan(1, 0, 100);
  std::cout << "order of " << plan.indices.size() << " sketches, own memory " << own_memory() - before << " MiB\n";
  std::vector<bool> seen(static_cast<std::size_t>(data.size(Split::kTrain)));
  for (const std::uint32_t i : plan.indices) {
    ASSERT_FALSE(seen.at(i)) << "sketch " << i << " comes twice";
    seen[i] = true;
  }
  EXPECT_GT(std::ssize(plan.indices) + 100, data.size(Split::kTrain));
  const ShardReader shards(path, kStrokeShards);
  std::map<std::string, std::int64_t> visits;
  constexpr std::int64_t kSteps = 200;
  for (std::int64_t step = 0; step < kSteps; ++step)
    for (const std::int64_t i : data.training_batch(plan, step).indices) ++visits[shards.place(Split::kTrain, i)];
  for (const auto& [name, count] : visits)
    std::cout << fs::path(name).filename().string() << ": " << count << " sketches of the first " << kSteps
              << " batches\n";
  EXPECT_EQ(visits.size(), shards.shards()[0].size());
  std::cout << "at the end, own memory " << own_memory() - before << " MiB\n";
}

TEST(ShardedSketches, AreSimplifiedAsSketchesInMemoryAre) {
  const TemporaryFolder folder;
  const SketchSplits splits = some_splits(67, 12, 4);
  write_shards(folder / "x.limn", splits, 500);
  const std::string path = (folder / "x.limn").string();
  for (const std::int64_t longest : {0, 9}) {
    const StrokeDataOptions options{.max_seq_len = longest, .simplify = 5};
    const StrokeDataset shards = StrokeDataset::load({&path, 1}, options), held(splits, options, "x");
    expect_same_batches(shards, held, 6);
    EXPECT_EQ(shards.fingerprint(), held.fingerprint());
    EXPECT_EQ(shards.dropped(Split::kTrain).too_long, held.dropped(Split::kTrain).too_long);
    EXPECT_LT(shards.length(Split::kTrain, 8), std::ssize(splits[Split::kTrain][8].points));
  }
}

}  // namespace
}  // namespace limn::sketch
