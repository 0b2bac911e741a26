#include "limn/sketch/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <set>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::sketch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// A sketch of that many points that no other `mark` shares.
Sketch sketch_of(std::int64_t length, float mark) {
  Sketch sketch;
  for (std::int64_t i = 0; i < length; ++i)
    sketch.points.push_back({mark, static_cast<float>(i), i % 4 == 3 || i == length - 1});
  return sketch;
}

// Sketches of 1 to 23 points in no order of length.
SketchSplits many_sketches(std::int64_t train, std::int64_t valid = 0) {
  SketchSplits splits;
  for (std::int64_t i = 0; i < train + valid; ++i)
    splits[i < train ? Split::kTrain : Split::kValid].push_back(sketch_of(1 + i * 7 % 23, static_cast<float>(i)));
  return splits;
}

StrokeDataset many(std::int64_t train, std::int64_t valid = 0) { return {many_sketches(train, valid), {}, "many.npz"}; }

// The targets of sketch b of a batch, its S_1 … S_end.
std::vector<float> targets_of(const StrokeBatch& batch, std::int64_t b) {
  std::vector<float> targets;
  std::int64_t row = 0;
  for (const std::int64_t active : batch.active) {
    const auto first = batch.targets.begin() + (row + b) * kStroke5;
    if (b < active) targets.insert(targets.end(), first, first + kStroke5);
    row += active;
  }
  return targets;
}

TEST(StrokeDataset, DividesByTheDeviationOfTrainingOffsets) {
  SketchSplits splits;
  splits[Split::kTrain] = {Sketch{{{1, 2, false}, {3, 6, true}}}};
  splits[Split::kValid] = {Sketch{{{14, -7, true}}}};
  const StrokeDataset data(splits, {}, "tiny");
  // Of 1, 2, 3, 6: mean 3, variance (4 + 1 + 0 + 9) / 4.
  const double scale = std::sqrt(14.0 / 4);
  EXPECT_FLOAT_EQ(data.scale_factor(), static_cast<float>(scale));
  EXPECT_FLOAT_EQ(data.sketch(Split::kTrain, 0).points[1].dy, static_cast<float>(6 / scale));
  EXPECT_FLOAT_EQ(data.sketch(Split::kValid, 0).points[0].dx, static_cast<float>(14 / scale));
  EXPECT_EQ(data.max_seq_len(), 2);
}

TEST(StrokeDataset, ScaleFactorCanBeGiven) {
  const StrokeDataset data(many_sketches(3), {}, "many", 4.0f);
  EXPECT_EQ(data.scale_factor(), 4.0f);
  EXPECT_EQ(data.sketch(Split::kTrain, 2).points[0].dx, 0.5f);
}

TEST(StrokeDataset, ClampsSlipsOfThePenBeforeMeasuring) {
  SketchSplits splits;
  splits[Split::kTrain] = {Sketch{{{5000, -1000.5f, true}}}};
  const StrokeDataset data(splits, {}, "slip");
  EXPECT_EQ(data.scale_factor(), 1000);  // of +1000 and -1000
  EXPECT_EQ(data.sketch(Split::kTrain, 0), (Sketch{{{1, -1, true}}}));
}

TEST(StrokeDataset, DropsByLengthInEverySplit) {
  SketchSplits splits;
  for (std::int64_t length = 0; length <= 9; ++length) {
    splits[Split::kTrain].push_back(sketch_of(length, 1));
    splits[Split::kTest].push_back(sketch_of(length, 2));
  }
  const StrokeDataset data(splits, {.max_seq_len = 7, .min_seq_len = 3}, "lengths");
  for (const Split split : {Split::kTrain, Split::kTest}) {
    ASSERT_EQ(data.size(split), 5);
    EXPECT_EQ(data.length(split, 0), 3);
    EXPECT_EQ(data.sketch(split, 0).points.size(), 3u);
    EXPECT_EQ(data.sketch(split, 4).points.size(), 7u);
  }
  EXPECT_EQ(data.max_seq_len(), 7);
  // Without options only the empty one goes, and the longest sketch of any split counts.
  splits[Split::kValid] = {sketch_of(12, 3)};
  const StrokeDataset all(splits, {}, "lengths");
  EXPECT_EQ(all.size(Split::kTrain), 9);
  EXPECT_EQ(all.max_seq_len(), 12);
}

TEST(StrokeDataset, SaysWhatIsWrongWithTheData) {
  EXPECT_THAT([] { StrokeDataset(SketchSplits{}, {}, "void.npz"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("void.npz: "), HasSubstr("training split is empty"))));
  EXPECT_THAT(
      [] { StrokeDataset(many_sketches(40), {.max_seq_len = 3, .min_seq_len = 4}, "a.npz"); },
      ThrowsMessage<Error>(AllOf(HasSubstr("nothing is left of the train split: of its 40 sketches"),
                                 HasSubstr("longer than max_seq_len = 3"), HasSubstr("shorter than min_seq_len = 4"))));
  SketchSplits nothing;
  nothing[Split::kTrain] = {Sketch{}, Sketch{}};
  EXPECT_THAT([&] { StrokeDataset(nothing, {}, "a.npz"); },
              ThrowsMessage<Error>(HasSubstr("all its 2 sketches are without points")));
  SketchSplits still;
  still[Split::kTrain] = {Sketch{{{3, 3, false}, {3, 3, true}}}};
  EXPECT_THAT([&] { StrokeDataset(still, {}, "a.npz"); }, ThrowsMessage<Error>(HasSubstr("nothing to learn")));
}

TEST(StrokeDataset, SaysHowManySketchesWereDropped) {
  SketchSplits splits;
  for (const int length : {1, 2, 3, 4, 5, 6}) splits[Split::kTrain].push_back(sketch_of(length, 3));
  splits[Split::kTrain].emplace_back();
  splits[Split::kTest] = {sketch_of(8, 3)};
  const StrokeDataset data(splits, {.max_seq_len = 4}, "a.npz");
  EXPECT_EQ(data.dropped(Split::kTrain).too_long, 2);
  EXPECT_EQ(data.dropped(Split::kTrain).count(), 3);
  EXPECT_THAT(data.notes(),
              testing::ElementsAre("a.npz: 2 of 7 train sketches are longer than max_seq_len = 4 and were left out",
                                   "a.npz: 1 of 7 train sketches is without points and was left out",
                                   "a.npz: 1 of 1 test sketches is longer than max_seq_len = 4 and was left out"));
  EXPECT_EQ(data.notes({Split::kTest}).size(), 1U);
  EXPECT_THAT(data.notes({Split::kValid}), testing::IsEmpty());
  EXPECT_THAT(
      [&] { data.require_sketches(Split::kTest); },
      ThrowsMessage<Error>("a.npz: nothing is left of the test split: its 1 sketch is longer than max_seq_len = 4; "
                           "change the option or the data"));
  EXPECT_THAT([&] { data.require_sketches(Split::kValid); },
              ThrowsMessage<Error>(HasSubstr("the valid split is empty")));
}

TEST(StrokeDataset, NamesTheSketchThatIsNotNumbers) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    SketchSplits splits = many_sketches(5, 5);
    splits[Split::kValid][4].points.back().dy = bad;
    EXPECT_THAT([&] { StrokeDataset(splits, {}, "b.npz"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("b.npz: sketch 4 of valid"), HasSubstr("at point 17"))));
  }
}

TEST(StrokeDataset, FewerSketchesThanABatchIsAnError) {
  const StrokeDataset data = many(40);
  EXPECT_EQ(data.batches_per_epoch(100), 0);
  EXPECT_THAT([&] { (void)data.batch_indices(1, 0, 100); },
              ThrowsMessage<Error>("many.npz: the training split holds 40 sketches, fewer than one batch of 100; "
                                   "use --batch-size 40 or less"));
  EXPECT_THROW((void)data.training_batch(1, 3, 41), Error);
  EXPECT_THROW((void)data.training_batch(1, 3, 0), Error);
  EXPECT_EQ(data.training_batch(1, 3, 40).batch_size(), 40);
}

TEST(StrokeDataset, LoadsTheDoodlesAndJoinsSeveral) {
  const std::vector<std::string> twice{"builtin:doodles", "builtin:doodles"};
  const StrokeDataset once = StrokeDataset::load(std::span(twice).first(1), {});
  const StrokeDataset both = StrokeDataset::load(twice, {});
  EXPECT_EQ(once.name(), "builtin:doodles");
  EXPECT_EQ(once.size(Split::kTrain), 30'000);
  EXPECT_EQ(both.size(Split::kTrain), 60'000);
  EXPECT_EQ(both.size(Split::kTest), 1'200);
  EXPECT_FLOAT_EQ(once.scale_factor(), both.scale_factor());
  EXPECT_THROW((void)StrokeDataset::load({}, {}), Error);
  const std::vector<std::string> absent{"no such file.npz"};
  EXPECT_THAT([&] { (void)StrokeDataset::load(absent, {}); }, ThrowsMessage<Error>(HasSubstr("no such file.npz")));
  const std::vector<std::string> misspelt{"builtin:doodle"};
  EXPECT_THAT([&] { (void)StrokeDataset::load(misspelt, {}); }, ThrowsMessage<Error>(HasSubstr("builtin:doodles")));
}

TEST(StrokeDataset, OptionsAndSplitsHaveNames) {
  StrokeDataOptions options;
  const std::vector<OptionField> all = fields(options);
  set_option(all, "max_seq_len", "250");
  set_option(all, "min_seq_len", "11");
  set_option(all, "random_scale_factor", "0.1");
  set_option(all, "augment_stroke_prob", "0");
  EXPECT_EQ(options.max_seq_len, 250);
  EXPECT_EQ(options.min_seq_len, 11);
  EXPECT_EQ(options.random_scale_factor, 0.1);
  EXPECT_EQ(options.augment_stroke_prob, 0);
  EXPECT_THROW(set_option(all, "augment_stroke_prob", "1.5"), Error);
  EXPECT_THROW(set_option(all, "max_seq_len", "-1"), Error);

  EXPECT_EQ(split_named("valid"), Split::kValid);
  EXPECT_THAT([] { (void)split_named("validation"); }, ThrowsMessage<Error>(HasSubstr("train, valid, test")));
}

TEST(Epoch, EachSketchAtMostOnce) {
  const StrokeDataset data = many(103);
  ASSERT_EQ(data.batches_per_epoch(10), 10);
  std::set<std::int64_t> seen;
  for (std::int64_t step = 30; step < 40; ++step) {
    const std::vector<std::int64_t> indices = data.batch_indices(5, step, 10);
    ASSERT_EQ(indices.size(), 10u);
    for (const std::int64_t i : indices) {
      EXPECT_GE(i, 0);
      EXPECT_LT(i, 103);
      EXPECT_TRUE(seen.insert(i).second) << "sketch " << i << " comes twice";
    }
  }
}

TEST(Epoch, IsAFunctionOfSeedAndNumber) {
  const StrokeDataset data = many(103);
  EXPECT_EQ(data.epoch_plan(5, 2, 10).indices, data.epoch_plan(5, 2, 10).indices);
  EXPECT_NE(data.epoch_plan(5, 2, 10).indices, data.epoch_plan(5, 3, 10).indices);
  EXPECT_NE(data.epoch_plan(5, 2, 10).indices, data.epoch_plan(6, 2, 10).indices);
  const EpochPlan plan = data.plan_for_step(5, 29, 10);
  EXPECT_EQ(plan.epoch, 2);
  EXPECT_TRUE(plan.covers(20));
  EXPECT_TRUE(plan.covers(29));
  EXPECT_FALSE(plan.covers(19));
  EXPECT_FALSE(plan.covers(30));
  EXPECT_FALSE(EpochPlan{}.covers(0));
}

// The order that runs of earlier versions had, written down plainly: a resumed run must find it again.
TEST(Epoch, IsAPermutationSortedInPoolsItsBatchesShuffled) {
  constexpr std::int64_t kSketches = 103, kBatch = 4;
  const StrokeDataset data = many(kSketches);
  RandomStream random(5, Purpose::kShuffle, 2);
  std::vector<std::int64_t> pooled(kSketches), order(kSketches / kBatch);
  std::iota(pooled.begin(), pooled.end(), 0);
  std::iota(order.begin(), order.end(), 0);
  shuffle(std::span(pooled), random);
  shuffle(std::span(order), random);
  pooled.resize(kSketches / kBatch * kBatch);
  for (auto begin = pooled.begin(); begin != pooled.end();) {
    const auto end = begin + std::min<std::ptrdiff_t>(kPoolBatches * kBatch, pooled.end() - begin);
    std::stable_sort(begin, end, [](auto a, auto b) { return a * 7 % 23 > b * 7 % 23; });
    begin = end;
  }
  std::vector<std::int64_t> expected;
  for (const auto batch : order)
    expected.insert(expected.end(), pooled.begin() + batch * kBatch, pooled.begin() + (batch + 1) * kBatch);
  const EpochPlan plan = data.epoch_plan(5, 2, kBatch);
  EXPECT_EQ(std::vector<std::int64_t>(plan.indices.begin(), plan.indices.end()), expected);
}

// Pearson's chi-square of counts that should all be `expected`.
double chi_square(std::span<const double> counts, double expected) {
  return std::transform_reduce(counts.begin(), counts.end(), 0.0, std::plus<>{},
                               [=](double n) { return (n - expected) * (n - expected) / expected; });
}

TEST(Epoch, NoSketchAndNoPlaceIsFavoured) {
  constexpr std::int64_t kSketches = 103, kBatch = 10, kBatches = 10, kEpochs = 2000;
  const StrokeDataset data = many(kSketches);
  std::vector<double> at_place(kSketches * kBatches), left_out(kSketches, kEpochs);
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const EpochPlan plan = data.epoch_plan(17, epoch, kBatch);
    for (std::size_t i = 0; i < plan.indices.size(); ++i) {
      const auto sketch = static_cast<std::size_t>(plan.indices[i]);
      ++at_place[sketch * kBatches + i / kBatch];
      --left_out[sketch];
    }
  }
  // Each cell is about Poisson; so a sum over n cells has mean n and deviation sqrt(2n): 1030 ± 45 and 103
  // ± 14.
  EXPECT_LT(chi_square(at_place, double{kEpochs} * kBatch / kSketches), 1030 + 5 * 45);
  EXPECT_LT(chi_square(left_out, double{kEpochs} * 3 / kSketches), 103 + 5 * 14);
}

TEST(Epoch, BatchesHoldSimilarLengths) {
  const std::vector<std::string> doodles{"builtin:doodles-10"};
  const StrokeDataset data = StrokeDataset::load(doodles, {.random_scale_factor = 0, .augment_stroke_prob = 0});
  const EpochPlan plan = data.epoch_plan(1, 0, 100);
  std::int64_t rows = 0, padded_rows = 0;
  for (std::int64_t step = 0; step < plan.batches(); ++step) {
    const StrokeBatch batch = data.training_batch(plan, step);
    rows += batch.rows();
    padded_rows += batch.batch_size() * (batch.lengths.front() + 1);
  }
  const double padding = 1 - static_cast<double>(rows) / static_cast<double>(padded_rows);
  RecordProperty("padding_percent", static_cast<int>(100 * padding));
  EXPECT_LT(padding, 0.15);
}

TEST(TrainingBatch, IsTheSameEachTimeAndAugmented) {
  const StrokeDataset data = many(60);
  const StrokeBatch batch = data.training_batch(9, 7, 13);
  const StrokeBatch again = data.training_batch(data.plan_for_step(9, 7, 13), 7);
  EXPECT_EQ(batch.indices, again.indices);
  EXPECT_EQ(batch.targets, again.targets);
  EXPECT_EQ(batch.inputs, again.inputs);

  std::vector<std::int64_t> expected = data.batch_indices(9, 7, 13), got = batch.indices;
  std::ranges::sort(expected);
  std::ranges::sort(got);
  EXPECT_EQ(got, expected);
  const Sketch& original = data.sketch(Split::kTrain, batch.indices[0]);
  EXPECT_NE(batch.targets[0], original.points[0].dx);
  EXPECT_NEAR(batch.targets[0], original.points[0].dx, 0.15 * std::abs(original.points[0].dx) + 1e-6);
}

TEST(TrainingBatch, SharesTogetherAreTheWhole) {
  const StrokeDataset data = many(60);
  const EpochPlan plan = data.plan_for_step(9, 7, 13);
  const StrokeBatch whole = data.training_batch(plan, 7);
  std::int64_t found = 0;
  for (std::int64_t rank = 0; rank < 4; ++rank) {
    const StrokeBatch share = data.training_batch(plan, 7, {.rank = rank, .ranks = 4});
    EXPECT_EQ(share.batch_size(), rank == 0 ? 4 : 3);
    ASSERT_EQ(share.places.size(), share.indices.size());
    for (std::int64_t b = 0; b < share.batch_size(); ++b, ++found) {
      const std::int64_t index = share.indices[static_cast<std::size_t>(b)];
      const auto place = std::ranges::find(whole.indices, index) - whole.indices.begin();
      ASSERT_LT(place, 13);
      // What the noise of a sketch is numbered by: the same whoever works on it.
      EXPECT_EQ(share.places[static_cast<std::size_t>(b)], whole.places[static_cast<std::size_t>(place)]);
      EXPECT_EQ(share.places[static_cast<std::size_t>(b)] % 4, rank);
      EXPECT_EQ(targets_of(share, b), targets_of(whole, place));
    }
  }
  EXPECT_EQ(found, 13);
}

TEST(EvaluationBatches, HoldEverySketchOnceAsItIs) {
  const StrokeDataset data = many(3, 31);
  const EvaluationBatches batches(data, Split::kValid, 9);
  ASSERT_EQ(batches.size(), 4);
  EXPECT_EQ(batches[3].batch_size(), 4);
  std::set<std::int64_t> seen;
  std::int64_t previous = 1000;
  for (std::int64_t k = 0; k < batches.size(); ++k) {
    const StrokeBatch batch = batches[k];
    for (std::int64_t b = 0; b < batch.batch_size(); ++b) {
      const auto place = static_cast<std::size_t>(b);
      EXPECT_LE(batch.lengths[place], previous);
      previous = batch.lengths[place];
      EXPECT_TRUE(seen.insert(batch.indices[place]).second);
      const Sketch& sketch = data.sketch(Split::kValid, batch.indices[place]);
      EXPECT_EQ(targets_of(batch, b)[0], sketch.points[0].dx);
      EXPECT_EQ(targets_of(batch, b).size(), (sketch.points.size() + 1) * kStroke5);
    }
  }
  EXPECT_EQ(seen.size(), 31u);
  EXPECT_EQ(EvaluationBatches(data, Split::kTest, 9).size(), 0);
  EXPECT_THROW(EvaluationBatches(data, Split::kValid, 0), Error);
}

struct RealData {
  const char* file;
  double numpy_std;  // np.std(np.concatenate(train)[:, :2].astype(np.float64))
  std::int64_t longest;
};

TEST(RealDataSets, ScaleFactorIsNumPys) {
  const std::filesystem::path folder = std::filesystem::path(LIMN_SHARED_DATA_DIR) / "strokes";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  for (const RealData& real :
       {RealData{"aaron_sheep.npz", 18.519826873930, 250}, RealData{"omniglot.npz", 53.437044578352, 157},
        RealData{"short_kanji.npz", 99.712460079829, 88}}) {
    const std::vector<std::string> paths{(folder / real.file).string()};
    const StrokeDataset data = StrokeDataset::load(paths, {});
    EXPECT_NEAR(data.scale_factor(), real.numpy_std, 1e-7 * real.numpy_std) << real.file;
    EXPECT_EQ(data.max_seq_len(), real.longest) << real.file;
  }
}

// A wave of so many points, all of them on a curve.
Sketch wave(int length, double height) {
  Stroke stroke;
  for (int i = 0; i < length; ++i)
    stroke.push_back({static_cast<float>(2 * i), static_cast<float>(height * std::sin(0.3 * i))});
  return from_strokes(std::span(&stroke, 1));
}

SketchSplits waves() {
  SketchSplits splits;
  for (int i = 0; i < 9; ++i) splits[Split::kTrain].push_back(wave(30 + 5 * i, 20 + i));
  splits[Split::kValid] = {wave(90, 25), wave(20, 25)};
  splits[Split::kTest] = {wave(33, 40)};
  return splits;
}

// As `limn data convert --simplify` does.
SketchSplits converted(SketchSplits splits, double epsilon) {
  for (auto& sketches : splits.sketches)
    for (Sketch& sketch : sketches) sketch = prepared(sketch, {.epsilon = epsilon});
  return splits;
}

TEST(StrokeDataset, SimplifiesAsAConversionDoes) {
  const StrokeDataset data(waves(), {.simplify = 2.5}, "waves"), same(converted(waves(), 2.5), {}, "waves");
  EXPECT_EQ(data.scale_factor(), same.scale_factor());
  EXPECT_EQ(data.max_seq_len(), same.max_seq_len());
  EXPECT_LT(data.max_seq_len(), 60);  // of 90
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    ASSERT_EQ(data.size(split), same.size(split));
    for (std::int64_t i = 0; i < data.size(split); ++i) {
      EXPECT_EQ(data.stored(split, i), same.stored(split, i));
      EXPECT_EQ(data.sketch(split, i), same.sketch(split, i));
      EXPECT_EQ(data.length(split, i), same.length(split, i));
    }
  }
  EXPECT_EQ(data.training_batch(1, 3, 4).inputs, same.training_batch(1, 3, 4).inputs);
}

TEST(StrokeDataset, SimplifiesBeforeItDropsByLength) {
  const StrokeDataset simple(waves(), {.simplify = 2.5}, "waves");
  const std::int64_t longest = simple.longest(Split::kTrain);
  const StrokeDataset data(waves(), {.max_seq_len = longest, .simplify = 2.5}, "waves");
  EXPECT_EQ(data.size(Split::kTrain), 9);
  EXPECT_LT(longest, 30);  // the shortest as it is
  const StrokeDataset shorter(waves(), {.max_seq_len = longest - 1, .simplify = 2.5}, "waves");
  EXPECT_GT(shorter.dropped(Split::kTrain).too_long, 0);
}

// The positions of slips of the pen may be beyond float32.
TEST(StrokeDataset, SaysWhereSimplifyingOverflows) {
  SketchSplits splits = waves();
  splits[Split::kValid][1].points[3].dx = splits[Split::kValid][1].points[4].dx = 3e38F;
  EXPECT_EQ(StrokeDataset(splits, {}, "slip.npz").size(Split::kValid), 2);
  EXPECT_THAT([&] { StrokeDataset(splits, {.simplify = 2.5}, "slip.npz"); },
              ThrowsMessage<Error>(HasSubstr("slip.npz: sketch 1 of valid has the offset (inf, ")));
}

TEST(StrokeDataset, FingerprintTellsHowItWasSimplified) {
  const std::string plain = StrokeDataset(waves(), {}, "waves").fingerprint();
  const std::string simple = StrokeDataset(waves(), {.simplify = 2.5}, "waves").fingerprint();
  EXPECT_NE(simple, plain);
  EXPECT_NE(simple, StrokeDataset(waves(), {.simplify = 2.6}, "waves").fingerprint());
  EXPECT_NE(simple, StrokeDataset(converted(waves(), 2.5), {}, "waves").fingerprint());
  EXPECT_EQ(simple, StrokeDataset(waves(), {.simplify = 2.5}, "waves").fingerprint());
}

TEST(StrokeDataset, SaysWhatSimplifyingWouldSaveUntilItIsDone) {
  const auto saving = StrokeDataset(waves(), {}, "waves").simplify_saving();
  ASSERT_TRUE(saving);
  EXPECT_EQ(saving->points, 50);
  EXPECT_LT(saving->points_left, 30);
  EXPECT_FALSE(StrokeDataset(waves(), {.simplify = 0.1}, "waves").simplify_saving());
}

}  // namespace
}  // namespace limn::sketch
