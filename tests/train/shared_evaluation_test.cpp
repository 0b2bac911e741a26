// An evaluation that several processes share, played by threads with a sum of their own: the bits of one process, a
// part of the work for each, and one end for all where one fails.
#include <gmock/gmock.h>

#include <barrier>
#include <cmath>
#include <exception>
#include <thread>

#include "limn/core/error.hpp"
#include "limn/models/network_passes.hpp"
#include "limn/models/shared_work.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

using models::WorkShare;
using ::testing::ElementsAre;

// Calls `work` in `ranks` threads, which add up over each other; gives the messages of what they threw.
std::vector<std::string> in_processes(std::int64_t ranks, const std::function<void(const WorkShare&)>& work) {
  std::barrier meet(ranks);
  std::vector<std::span<double>> given(static_cast<std::size_t>(ranks));
  std::vector<std::string> errors(static_cast<std::size_t>(ranks));
  const auto run = [&](std::int64_t rank) {
    const auto sum = [&, rank](std::span<double> values) {
      given[static_cast<std::size_t>(rank)] = values;
      meet.arrive_and_wait();
      std::vector<double> total(values.size());
      for (const auto& part : given) {
        EXPECT_EQ(part.size(), total.size()) << "the processes make different calls";
        for (std::size_t i = 0; i < std::min(part.size(), total.size()); ++i) total[i] += part[i];
      }
      meet.arrive_and_wait();
      std::ranges::copy(total, values.begin());
    };
    try {
      work({.share = {.rank = rank, .ranks = ranks}, .sum = sum});
    } catch (const std::exception& error) {
      errors[static_cast<std::size_t>(rank)] = error.what();
    }
  };
  std::vector<std::thread> threads;
  for (std::int64_t rank = 0; rank < ranks; ++rank) threads.emplace_back(run, rank);
  for (auto& thread : threads) thread.join();
  return errors;
}

// Piece k gives k % 3 figures that float64 cannot add in any order.
std::vector<double> figures_of(std::int64_t k) {
  std::vector<double> figures;
  for (std::int64_t i = 0; i < k % 3; ++i) figures.push_back(std::sqrt(static_cast<double>(2 + 7 * k + i)) * 1e-3);
  return figures;
}

TEST(SharedWork, AddsTheSameInTheSameOrderWhateverTheProcesses) {
  for (const std::int64_t pieces : {0, 1, 2, 5, 7}) {
    std::vector<double> expected;
    for (std::int64_t k = 0; k < pieces; ++k) std::ranges::copy(figures_of(k), std::back_inserter(expected));
    for (const std::int64_t ranks : {1, 2, 3}) {
      const auto errors = in_processes(ranks, [&](const WorkShare& among) {
        std::vector<double> added;
        std::int64_t computed = 0, calls = 0;
        const auto compute = [&](std::int64_t k) {
          EXPECT_EQ(k % ranks, among.share.rank);
          ++computed;
          return figures_of(k);
        };
        const auto add = [&](std::span<const double> figures) {
          ++calls;
          added.insert(added.end(), figures.begin(), figures.end());
        };
        models::share_work({.pieces = pieces, .most_figures = 2, .compute = compute, .add = add}, among);
        EXPECT_EQ(added, expected) << pieces << " pieces, " << ranks << " processes";
        EXPECT_EQ(calls, pieces);
        EXPECT_LE(computed, (pieces + ranks - 1) / ranks);
      });
      for (const auto& error : errors) EXPECT_EQ(error, "");
    }
  }
}

TEST(SharedWork, AFailureOfOneProcessIsToldInAll) {
  const auto errors = in_processes(3, [](const WorkShare& among) {
    const auto compute = [](std::int64_t k) -> std::vector<double> {
      if (k == 4) fail("the drawing 4 is not there");
      return {1.0};
    };
    models::share_work({.pieces = 9, .most_figures = 1, .compute = compute, .add = [](auto) {}}, among);
  });
  const std::string told = "process 1 of 3: the drawing 4 is not there";
  EXPECT_THAT(errors, ElementsAre(told, told, told));
}

TEST(SharedWork, TooManyFiguresAreAnErrorAndNotAnother) {
  const auto errors = in_processes(2, [](const WorkShare& among) {
    const auto compute = [](std::int64_t) { return std::vector<double>(3); };
    models::share_work({.pieces = 2, .most_figures = 2, .compute = compute, .add = [](auto) {}}, among);
  });
  EXPECT_THAT(errors[0], ::testing::HasSubstr("3 figures, expected at most 2"));
}

void expect_shared(const std::function<std::unique_ptr<models::TrainingTask>()>& make) {
  const Metrics expected = make()->evaluate(Split::kValid, 0, {});
  ASSERT_FALSE(expected.empty());
  for (const std::int64_t ranks : {2, 3}) {
    const auto errors = in_processes(ranks, [&](const WorkShare& among) {
      const auto task = make();
      task->join(among);
      const Metrics actual = task->evaluate(Split::kValid, 0, {.is_shared = true});
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(actual[i].name, expected[i].name);
        EXPECT_EQ(actual[i].value, expected[i].value) << expected[i].name << " of " << ranks << " processes";
      }
      // One alone makes no call to the others.
      if (among.share.rank != 0) return;
      EXPECT_EQ(metric(task->evaluate(Split::kValid, 0, {}), "total"), metric(expected, "total"));
    });
    for (const auto& error : errors) EXPECT_EQ(error, "");
  }
}

// More than two batches of 100 in the validation split.
sketch::StrokeDataset many_sketches(const sketch::StrokeDataOptions& options) {
  sketch::SketchSplits all;
  for (int i = 0; i < 260; ++i) {
    sketch::Sketch sketch;
    for (int t = 0; t < 3 + i % 6; ++t)
      sketch.points.push_back({std::cos(0.7f * static_cast<float>(t + i)), std::sin(0.4f * static_cast<float>(t * i)),
                               t % 3 == 2 || t == 2 + i % 6});
    all[i % 26 == 4 ? Split::kTrain : Split::kValid].push_back(sketch);
  }
  return {std::move(all), options, "many"};
}

testing::SketchRnnRun small_sketch_rnn() {
  testing::SketchRnnRun run;
  run.model.enc_rnn_size = 7;
  run.model.dec_rnn_size = 12;
  run.model.z_size = 5;
  run.model.num_mixture = 3;
  run.train.batch_size = 5;
  return run;
}

TEST(SharedEvaluation, OfASketchRnnHasTheBitsOfOneProcess) {
  for (const bool is_conditional : {true, false}) {
    testing::SketchRnnRun run = small_sketch_rnn();
    run.model.conditional = is_conditional;
    expect_shared([&] { return run.task(many_sketches(run.data)); });
  }
}

TEST(SharedEvaluation, OfImagesHasTheBitsOfOneProcess) {
  testing::VaeRun vae;
  vae.model = {.hidden = 12, .z_size = 3};
  vae.data = {.image_size = 9, .color = "grey"};
  vae.train.batch_size = 7;
  const std::vector<std::string> paths{"builtin:shapes"};
  const auto data = image::ImageDataset::load(paths, vae.data);
  ASSERT_GT(data.size(Split::kValid), 200);
  expect_shared([&] { return vae.task(data); });
  testing::DrawRun draw;
  draw.model = {.time_steps = 3, .enc_rnn_size = 7, .dec_rnn_size = 8, .z_size = 2, .read_size = 3, .write_size = 4};
  draw.data = vae.data;
  draw.train.batch_size = 7;
  expect_shared([&] { return draw.task(data); });
}

// Whoever computes the passes is asked for a share of the batches.
TEST(SharedEvaluation, EachProcessComputesItsShare) {
  struct Counted final : models::NetworkPasses {
    std::int64_t batches = 0;
    std::vector<float> posterior_rows(const models::PassBatch& batch, std::int64_t columns) override {
      return std::vector<float>(static_cast<std::size_t>(batch.strokes->batch_size() * columns));
    }
    std::vector<double> losses(const models::PassBatch&, ConstMatrix, std::int64_t count) override {
      ++batches;
      return std::vector<double>(static_cast<std::size_t>(count), 1.0);
    }
  };
  const testing::SketchRnnRun run = small_sketch_rnn();
  std::vector<std::int64_t> batches(2);
  const auto errors = in_processes(2, [&](const WorkShare& among) {
    const auto task = run.task(many_sketches(run.data));
    task->join(among);
    Counted passes;
    (void)task->evaluate(Split::kValid, 0, {.is_shared = true, .passes = &passes});
    batches[static_cast<std::size_t>(among.share.rank)] = passes.batches;
  });
  EXPECT_THAT(errors, ElementsAre("", ""));
  EXPECT_THAT(batches, ElementsAre(2, 1));
}

}  // namespace
}  // namespace limn::train
