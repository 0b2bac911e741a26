// A small Sketch-RNN through the trainer, with augmentation and every kind of dropout: what a user does, in
// seconds.
#include "limn/train/sketch_rnn_task.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <functional>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/generate/evaluation.hpp"
#include "limn/generate/prior.hpp"
#include "limn/generate/sketch_rnn.hpp"
#include "limn/kernels/gemm.hpp"
#include "limn/kernels/parallel.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/train/trainer.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

using ::testing::HasSubstr;
using Mode = RunDirectory::Mode;

constexpr std::int64_t kSteps = 12;

SketchRnnTaskOptions small_options(const std::string& cell, std::int64_t steps = kSteps) {
  SketchRnnTaskOptions options;
  options.model = {.enc_model = cell,
                   .enc_rnn_size = 10,
                   .dec_model = cell,
                   .dec_rnn_size = 19,
                   .z_size = 6,
                   .num_mixture = 3,
                   .hyper_num_units = 9,
                   .hyper_embedding_size = 4,
                   .use_input_dropout = true,
                   .use_output_dropout = true};
  options.train = {.num_steps = steps,
                   .batch_size = 7,
                   .learning_rate = 0.01,
                   .seed = 3,
                   .save_every = 5,
                   .valid_every = 6,
                   .sample_every = 0,
                   .log_every = 1};
  return options;
}

StrokeDataset doodles(const SketchRnnTaskOptions& options) {
  SketchSplits splits;
  std::uint64_t number = 0;
  const std::array<std::size_t, 3> counts{31, 6, 5};
  for (std::size_t split = 0; split < counts.size(); ++split)
    while (splits.sketches[split].size() < counts[split])
      splits.sketches[split].push_back(draw_doodle(9, number++).sketch);
  return {std::move(splits), options.data, "doodles"};
}

// Trains a run in `root`; with `stop_at` it is asked to stop after that step.
TrainResult train(
    const std::filesystem::path& root, const SketchRnnTaskOptions& options, Mode mode = Mode::kFresh,
    std::optional<std::int64_t> stop_at = {},
    const std::function<void(const Progress&)>& watch = [](const Progress&) {}) {
  const RunDirectory run(root, mode);
  write_file(run.config(), "x = 1\n");
  const auto task = make_sketch_rnn_task(options, doodles(options));
  std::int64_t done = 0;
  Trainer trainer(*task, options.train, run,
                  {.on_step =
                       [&](const Progress& p) {
                         done = p.step;
                         watch(p);
                       },
                   .on_validation = {},
                   .on_notice = {},
                   .should_stop = [&] { return stop_at && done >= *stop_at; }});
  if (mode == Mode::kResume) trainer.resume();
  return trainer.run();
}

// Weights, moments, checkpoints: everything that a run ends with, byte by byte.
std::string outcome(const std::filesystem::path& root) {
  std::string all;
  for (const char* name : {"state", "last", "best"})
    all += read_text_file(root / "checkpoints" / (std::string(name) + ".safetensors"));
  return all;
}

class SketchRnnTraining : public ::testing::TestWithParam<const char*> {};

TEST_P(SketchRnnTraining, StoppedAndResumedEqualsNeverStoppedBitForBit) {
  const testing::TemporaryFolder folder;
  const auto options = small_options(GetParam());
  (void)train(folder / "whole", options);
  const std::string expected = outcome(folder / "whole");
  for (const std::int64_t stop : {4, 11}) {
    const auto root = folder / ("stopped-" + std::to_string(stop));
    EXPECT_FALSE(train(root, options, Mode::kFresh, stop).is_finished);
    EXPECT_TRUE(train(root, options, Mode::kResume).is_finished);
    EXPECT_EQ(outcome(root), expected) << "stopped at " << stop;
  }
}

// Large enough that a step is divided over threads (kernels::kWorthThreads).
SketchRnnTaskOptions shared_options(const std::string& cell, std::int64_t steps) {
  auto options = small_options(cell, steps);
  options.model.enc_rnn_size = 33;
  options.model.dec_rnn_size = 35;
  options.train.valid_every = steps;
  return options;
}

TEST_P(SketchRnnTraining, TheNumberOfThreadsChangesNothing) {
  const testing::TemporaryFolder folder;
  const auto options = shared_options(GetParam(), kSteps);
  kernels::set_gemm_backend(kernels::GemmBackend::kPortable);
  std::vector<std::string> outcomes;
  for (const int threads : {1, 2, 3}) {
    kernels::set_thread_count(threads);
    const auto root = folder / std::to_string(threads);
    (void)train(root, options);
    outcomes.push_back(outcome(root));
  }
  kernels::set_thread_count(0);
  kernels::set_gemm_backend(kernels::GemmBackend::kAutomatic);
  EXPECT_EQ(outcomes[1], outcomes[0]);
  EXPECT_EQ(outcomes[2], outcomes[0]);
}

// oneDNN may add in another order for another number of rows: bit for bit for one number of threads, nearly
// so between two.
TEST_P(SketchRnnTraining, WithOneDnnLossesAreNearlyTheSameOnAnyNumberOfThreads) {
  if (!kernels::has_onednn()) GTEST_SKIP() << "this build has no oneDNN";
  constexpr std::int64_t kManySteps = 50;
  const testing::TemporaryFolder folder;
  const auto options = shared_options(GetParam(), kManySteps);
  // Layer-normalised cells with their initial weights are chaotic: rounding grows from step to step, in layer_norm so
  // fast that only its first steps can be compared.
  const double limit = options.model.dec_model == "lstm" ? 1e-4 : 1e-3;
  const std::size_t compared = options.model.dec_model == "layer_norm" ? 15 : kManySteps;
  kernels::set_gemm_backend(kernels::GemmBackend::kOneDnn);
  std::vector<std::vector<double>> losses;
  for (const int threads : {1, 2, 2}) {
    kernels::set_thread_count(threads);
    losses.emplace_back();
    (void)train(folder / std::to_string(losses.size()), options, Mode::kFresh, {},
                [&](const Progress& p) { losses.back().push_back(metric(p.losses, "total")); });
  }
  kernels::set_thread_count(0);
  kernels::set_gemm_backend(kernels::GemmBackend::kAutomatic);
  EXPECT_EQ(losses[1], losses[2]);
  ASSERT_EQ(losses[0].size(), static_cast<std::size_t>(kManySteps));
  for (auto& run : losses) run.resize(compared);
  EXPECT_THAT(losses[1], ::testing::Pointwise(::testing::DoubleNear(limit), losses[0]));
}

TEST_P(SketchRnnTraining, LearnsAndItsCheckpointDraws) {
  const testing::TemporaryFolder folder;
  auto options = small_options(GetParam(), 120);
  options.train.valid_every = 40;
  options.model.use_input_dropout = options.model.use_output_dropout = false;
  const auto root = folder / "run";
  const auto data = doodles(options);
  const auto untrained = make_sketch_rnn_task(options, doodles(options))->evaluate(Split::kValid, 0);
  const auto result = train(root, options);
  EXPECT_TRUE(result.is_finished);
  EXPECT_LT(result.best_total, metric(untrained, "total") - 0.4);

  const auto generator = SketchRnnGenerator::load(root);
  EXPECT_EQ(generator.checkpoint().step, result.best_step);
  EXPECT_EQ(generator.scale_factor(), data.scale_factor());
  EXPECT_EQ(generator.max_seq_len(), data.max_seq_len());
  const auto again = evaluate(generator.weights(), data, Split::kValid);
  EXPECT_EQ(again.total, result.best_total);
  const auto drawings = draw_new(generator, 4, {.temperature = 0.5f}, 1);
  ASSERT_EQ(drawings.size(), 4u);
  for (const auto& drawing : drawings) {
    EXPECT_LE(static_cast<std::int64_t>(drawing.sketch.points.size()), data.max_seq_len());
    for (const auto& point : drawing.sketch.points)
      EXPECT_TRUE(std::isfinite(point.dx) && std::isfinite(point.dy));
  }
  std::vector<Sketch> held_out;
  for (std::int64_t i = 0; i < data.size(Split::kTest); ++i) held_out.push_back(data.sketch(Split::kTest, i));
  EXPECT_EQ(reconstruct(generator, held_out, {.seed = 1}).size(), held_out.size());
}

INSTANTIATE_TEST_SUITE_P(Cells, SketchRnnTraining, ::testing::Values("lstm", "layer_norm", "hyper"),
                         [](const auto& cell) { return std::string(cell.param); });

TEST(SketchRnnTask, AnUnconditionalModelTrainsWithoutAKlTerm) {
  const testing::TemporaryFolder folder;
  auto options = small_options("lstm");
  options.model.conditional = false;
  options.model.pen_loss_over_padding = true;
  const auto task = make_sketch_rnn_task(options, doodles(options));
  const auto step = task->compute_gradients(0);
  EXPECT_TRUE(std::isnan(metric(step.losses, "kl")));
  EXPECT_FLOAT_EQ(static_cast<float>(metric(step.losses, "total")),
                  static_cast<float>(metric(step.losses, "reconstruction")));
  EXPECT_TRUE(train(folder / "run", options).is_finished);
  EXPECT_FALSE(SketchRnnGenerator::load(folder / "run").is_conditional());
}

TEST(SketchRnnTask, AStepIsAFunctionOfItsNumber) {
  const auto options = small_options("lstm");
  const auto task = make_sketch_rnn_task(options, doodles(options));
  const auto gradients = [&] {
    std::vector<float> all;
    for (const auto& p : task->parameters()) all.insert(all.end(), p.gradient.begin(), p.gradient.end());
    return all;
  };
  const auto first = task->compute_gradients(2);
  const auto expected = gradients();
  // Another step in another epoch, whose gradients must not stay behind.
  (void)task->compute_gradients(9);
  EXPECT_NE(gradients(), expected);
  const auto again = task->compute_gradients(2);
  EXPECT_EQ(gradients(), expected);
  EXPECT_EQ(again.indices, first.indices);
  EXPECT_EQ(metric(again.losses, "total"), metric(first.losses, "total"));
}

TEST(SketchRnnTask, SamplePicturesShowTheModelAtItsStep) {
  const testing::TemporaryFolder folder;
  const auto options = small_options("lstm");
  const auto task = make_sketch_rnn_task(options, doodles(options));
  const auto files = task->draw_samples(folder / "step-0", 0);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_GT(std::filesystem::file_size(files[0]), 1000u);
}

TEST(SketchRnnTask, DataThatCannotFillABatchAreRefused) {
  auto options = small_options("lstm");
  options.train.batch_size = 32;
  try {
    (void)make_sketch_rnn_task(options, doodles(options));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--batch-size 31 or less"));
  }
}

}  // namespace
}  // namespace limn
