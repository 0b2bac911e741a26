// A small Sketch-RNN through the trainer, with augmentation and every kind of dropout: what a user does, in
// seconds.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/evaluation.hpp"
#include "limn/sketch/doodles.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

using ::testing::HasSubstr;
using testing::SketchRnnRun;
using Mode = runs::RunDirectory::Mode;

constexpr std::int64_t kSteps = 12;

SketchRnnRun small_options(const std::string& cell, std::int64_t steps = kSteps) {
  SketchRnnRun options;
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

sketch::StrokeDataset doodles(const SketchRnnRun& options) {
  sketch::SketchSplits splits;
  std::uint64_t number = 0;
  const std::array<std::size_t, 3> counts{options.train.batch_size > 32 ? 50U : 31U, 6, 5};
  for (std::size_t split = 0; split < counts.size(); ++split)
    while (splits.sketches[split].size() < counts[split])
      splits.sketches[split].push_back(sketch::draw_doodle(9, number++).sketch);
  return {std::move(splits), options.data, "doodles"};
}

TrainResult train(const std::filesystem::path& root, const SketchRnnRun& options, Mode mode = Mode::kFresh,
                  std::optional<std::int64_t> stop_at = {}) {
  return testing::train_task(*options.task(doodles(options)), options.train, root, mode, stop_at);
}

TEST(SketchRnnTask, JudgesByTheKlWeightOfTheStep) {
  auto options = small_options("lstm");
  options.model.kl_weight = 0.5;
  options.model.kl_weight_start = 0.1;
  options.model.kl_decay_rate = 0.5;
  options.model.kl_tolerance = 0.2;
  const auto task = options.task(doodles(options));
  const Metrics losses{{"total", 3}, {"reconstruction", 1}, {"kl", 4}};
  EXPECT_DOUBLE_EQ(task->objective(losses, 0), 1 + 0.1 * 4);
  EXPECT_DOUBLE_EQ(task->objective(losses, 1), 1 + 0.3 * 4);
  EXPECT_NEAR(task->objective(losses, 1000), 1 + 0.5 * 4, 1e-12);
  EXPECT_DOUBLE_EQ(task->objective({{"reconstruction", 1}, {"kl", 0.05}}, 0), 1 + 0.1 * 0.2) << "the tolerance";
  options.model.conditional = false;
  EXPECT_EQ(options.task(doodles(options))->objective(losses, 0), 3);
}

// The first sketches, and not those of the first batch, which are the longest.
TEST(SketchRnnTask, EvaluatesTheFirstSketchesOfASplit) {
  const auto options = small_options("lstm");
  const auto task = options.task(doodles(options));
  const Metrics some = task->evaluate(Split::kValid, 0, {.most = 2}), all = task->evaluate(Split::kValid, 0, {});
  EXPECT_NE(metric(some, "reconstruction"), metric(all, "reconstruction"));
  EXPECT_EQ(metric(task->evaluate(Split::kValid, 0, {.most = 99}), "reconstruction"), metric(all, "reconstruction"));
  const sketch::StrokeDataset data = doodles(options);
  const sketch::EvaluationBatches batches(data, Split::kValid, 9, 2);
  ASSERT_EQ(batches.size(), 1);
  EXPECT_THAT(batches[0].indices, ::testing::UnorderedElementsAre(0, 1));
}

class SketchRnnTraining : public ::testing::TestWithParam<const char*> {};

TEST_P(SketchRnnTraining, StoppedAndResumedEqualsNeverStoppedBitForBit) {
  testing::expect_resumes_bit_for_bit(
      [](const auto& root, Mode mode, auto stop_at) { return train(root, small_options(GetParam()), mode, stop_at); });
}

// Large enough that a step is divided over threads (kernels::kWorthThreads), and a batch into slices with oneDNN too
// (kernels::batch_slices()).
SketchRnnRun shared_options(const std::string& cell, std::int64_t steps) {
  auto options = small_options(cell, steps);
  options.model.enc_rnn_size = 33;
  options.model.dec_rnn_size = 35;
  options.train.batch_size = 35;
  options.train.valid_every = steps;
  return options;
}

TEST_P(SketchRnnTraining, TheNumberOfThreadsChangesNothing) {
  const testing::TemporaryFolder folder;
  const auto options = shared_options(GetParam(), 50);
  for (const auto backend : {kernels::GemmBackend::kPortable, kernels::GemmBackend::kOneDnn}) {
    if (backend == kernels::GemmBackend::kOneDnn && !kernels::has_onednn()) continue;
    kernels::set_gemm_backend(backend);
    std::vector<std::string> outcomes;
    for (const int threads : {1, 2, 3}) {
      kernels::set_thread_count(threads);
      const auto root = folder / fmt::format("{}-{}", static_cast<int>(backend), threads);
      (void)train(root, options);
      outcomes.push_back(testing::run_outcome(root));
    }
    EXPECT_TRUE(outcomes[1] == outcomes[0]) << static_cast<int>(backend);
    EXPECT_TRUE(outcomes[2] == outcomes[0]) << static_cast<int>(backend);
  }
  kernels::set_thread_count(0);
  kernels::set_gemm_backend(kernels::GemmBackend::kAutomatic);
}

TEST_P(SketchRnnTraining, LearnsAndItsCheckpointDraws) {
  const testing::TemporaryFolder folder;
  auto options = small_options(GetParam(), 120);
  options.train.valid_every = 40;
  options.model.use_input_dropout = options.model.use_output_dropout = false;
  const auto root = folder / "run";
  const auto data = doodles(options);
  const auto untrained = options.task(doodles(options))->evaluate(Split::kValid, 0, {});
  const auto result = train(root, options);
  EXPECT_TRUE(result.is_finished);
  EXPECT_LT(result.best_total, metric(untrained, "total") - 0.4);

  const models::SketchRnnModel generator(models::read_checkpoint(models::resolve_model_path(root)));
  EXPECT_EQ(generator.checkpoint().step, result.best_step);
  EXPECT_EQ(generator.scale_factor(), data.scale_factor());
  EXPECT_EQ(generator.max_seq_len(), data.max_seq_len());
  const auto again = models::evaluate(generator.weights(), data, Split::kValid);
  EXPECT_EQ(again.total, result.best_total);
  const auto drawings = models::draw_new(generator, 4, {.temperature = 0.5f}, 1);
  ASSERT_EQ(drawings.size(), 4u);
  for (const auto& drawing : drawings) {
    EXPECT_LE(static_cast<std::int64_t>(drawing.sketch.points.size()), data.max_seq_len());
    for (const auto& point : drawing.sketch.points) EXPECT_TRUE(std::isfinite(point.dx) && std::isfinite(point.dy));
  }
  std::vector<sketch::Sketch> held_out;
  for (std::int64_t i = 0; i < data.size(Split::kTest); ++i) held_out.push_back(data.sketch(Split::kTest, i));
  EXPECT_EQ(models::reconstruct(generator, held_out, {.seed = 1}).size(), held_out.size());
  const std::string events = testing::events_of(root);
  for (const char* tag : {"weights/decoder.output.bias", "gradients/decoder.output.bias", "outputs/encoder/hidden",
                          "outputs/decoder/output"})
    EXPECT_THAT(events, HasSubstr(tag));
}

INSTANTIATE_TEST_SUITE_P(Cells, SketchRnnTraining, ::testing::Values("lstm", "layer_norm", "hyper"),
                         [](const auto& cell) { return std::string(cell.param); });

TEST(SketchRnnTask, AnUnconditionalModelTrainsWithoutAKlTerm) {
  const testing::TemporaryFolder folder;
  auto options = small_options("lstm");
  options.model.conditional = false;
  options.model.pen_loss_over_padding = true;
  const auto task = options.task(doodles(options));
  const auto step = task->compute_gradients(0);
  EXPECT_TRUE(std::isnan(metric(step.losses, "kl")));
  EXPECT_FLOAT_EQ(static_cast<float>(metric(step.losses, "total")),
                  static_cast<float>(metric(step.losses, "reconstruction")));
  EXPECT_TRUE(train(folder / "run", options).is_finished);
  EXPECT_FALSE(models::read_checkpoint(models::resolve_model_path(folder / "run")).prior.has_value());
  EXPECT_FALSE(
      models::SketchRnnModel(models::read_checkpoint(models::resolve_model_path(folder / "run"))).is_conditional());
}

// The prior in every checkpoint is the one of its own weights.
TEST(SketchRnnTask, CheckpointsHaveThePriorOfTheirWeights) {
  const testing::TemporaryFolder folder;
  auto options = small_options("lstm");
  options.train.keep_checkpoints = 1;
  options.train.valid_every = 4;
  (void)train(folder / "fitted", options);
  for (const char* name : {"best", "last", "step-12"}) {
    const models::Checkpoint checkpoint =
        models::read_checkpoint(folder / "fitted/checkpoints" / (std::string(name) + ".safetensors"));
    ASSERT_TRUE(checkpoint.prior.has_value()) << name;
    EXPECT_EQ(*checkpoint.prior, models::fit_prior(models::SketchRnnModel(checkpoint), doodles(options))) << name;
  }
  options.train.fit_prior = false;
  (void)train(folder / "standard", options);
  const models::Checkpoint standard = models::read_checkpoint(folder / "standard/checkpoints/last.safetensors");
  EXPECT_FALSE(standard.prior.has_value());
  // Nothing else differs.
  EXPECT_EQ(standard.weights, models::read_checkpoint(folder / "fitted/checkpoints/last.safetensors").weights);
}

TEST(SketchRnnTask, ThePriorIsFittedAgainWhenWeightsChange) {
  const auto options = small_options("lstm");
  const auto task = options.task(doodles(options));
  const std::optional<models::FittedPrior> before = task->prior(task->checkpoint(3, {}));
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(task->prior(task->checkpoint(3, {})), before);
  for (const auto& parameter : task->parameters())
    if (parameter.name == "encoder.mu.bias")
      for (float& value : parameter.value) value += 1;
  const std::optional<models::FittedPrior> after = task->prior(task->checkpoint(3, {}));
  for (std::size_t i = 0; i < before->mean.size(); ++i) EXPECT_NEAR(after->mean[i], before->mean[i] + 1, 1e-4);
}

// New drawings of sample pictures are those of limn sample.
TEST(SketchRnnTask, SamplesComeFromThePrior) {
  auto options = small_options("lstm");
  const auto fitting = options.task(doodles(options));
  options.train.fit_prior = false;
  const auto standard = options.task(doodles(options));
  models::Checkpoint checkpoint = fitting->checkpoint(0, {});
  checkpoint.prior = fitting->prior(fitting->checkpoint(0, {}));
  EXPECT_FALSE(standard->prior(standard->checkpoint(0, {})).has_value());
  const auto drawn = models::draw_new(models::SketchRnnModel(checkpoint), 8, {.temperature = 0.4F}, 3);
  const auto fitted_row = fitting->sample_drawings(0).rows[2].drawings.sketches;
  for (std::size_t i = 0; i < drawn.size(); ++i) EXPECT_EQ(fitted_row[i], drawn[i].sketch);
  EXPECT_EQ(fitting->sample_grids(0, 4).back().drawings.sketches[1], drawn[1].sketch);
  EXPECT_NE(standard->sample_drawings(0).rows[2].drawings.sketches, fitted_row);
}

TEST(SketchRnnTask, AStepIsAFunctionOfItsNumber) {
  const auto options = small_options("lstm");
  const auto task = options.task(doodles(options));
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

TEST(SketchRnnTask, SamplesShowTheModelAtItsStep) {
  const auto options = small_options("lstm");
  const models::SampleDrawings samples = options.task(doodles(options))->sample_drawings(0);
  ASSERT_EQ(samples.rows.size(), 4u);
  for (const auto& row : samples.rows) EXPECT_GE(row.drawings.count(), 6) << row.heading;
}

TEST(SketchRnnTask, DataThatCannotFillABatchAreRefused) {
  auto options = small_options("lstm");
  options.train.batch_size = 32;
  try {
    (void)options.task(doodles(options));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--batch-size 31 or less"));
  }
}

}  // namespace
}  // namespace limn::train
