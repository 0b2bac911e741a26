// Evaluation on a device of LibTorch against evaluation by limn's kernels: the same models, data and draws of z. This
// program does not link LibTorch.
#include <gmock/gmock.h>

#include <cmath>
#include <optional>

#include "libtorch/device_under_test.hpp"
#include "limn/core/random.hpp"
#include "limn/models/draw/drawing.hpp"
#include "limn/models/draw/evaluation.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/evaluation.hpp"
#include "limn/train/device_passes.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

using testing::device_under_test;
using ::testing::HasSubstr;
using testing::small_draw;
using testing::small_sketch_rnn;
using testing::some_doodles;
using testing::some_shapes;

// Of each figure, relative.
constexpr double kFigures = 1e-5;

void expect_near(double actual, double expected, const char* name) {
  ASSERT_TRUE(std::isfinite(expected)) << name;
  EXPECT_NEAR(actual, expected, kFigures * std::max(std::abs(expected), 1e-3)) << name;
}

// A model with other weights and running means than a fresh start's, so that every tensor counts.
models::Checkpoint moved(models::TrainingTask& task) {
  std::uint64_t number = 0;
  const auto move = [&](const models::TaskParameter& tensor, bool is_variance) {
    RandomStream random(5, Purpose::kTest, 0, number++);
    for (float& value : tensor.value) {
      const float by = 0.1F * random.normal();
      value += is_variance ? std::abs(by) : by;
    }
  };
  for (const auto& parameter : task.parameters()) move(parameter, false);
  for (const auto& buffer : task.buffers()) move(buffer, buffer.name.ends_with("running_var"));
  return task.checkpoint(0, {});
}

void expect_same_sketches(const testing::SketchRnnRun& run, bool uses_mean) {
  const sketch::StrokeDataset data = some_doodles(run.data);
  const models::Checkpoint checkpoint = moved(*run.task(some_doodles(run.data)));
  const models::SketchRnnModel model(checkpoint);
  const auto passes = make_device_passes(checkpoint, device_under_test());
  // Batches of 5, so that the last of 23 sketches are fewer.
  models::EvaluationOptions options{
      .batch_size = 5, .seed = 9, .uses_mean = uses_mean, .with_shuffled_z = run.model.conditional};
  const auto expected = models::evaluate(model.weights(), data, Split::kTrain, options);
  options.passes = passes.get();
  const auto actual = models::evaluate(model.weights(), data, Split::kTrain, options);
  EXPECT_EQ(actual.n, expected.n);
  expect_near(actual.offset, expected.offset, "offset");
  expect_near(actual.pen, expected.pen, "pen");
  expect_near(actual.kl, expected.kl, "kl");
  expect_near(actual.total, expected.total, "total");
  expect_near(actual.reconstruction_training_form, expected.reconstruction_training_form, "training form");
  ASSERT_EQ(actual.reconstruction_shuffled_z.has_value(), expected.reconstruction_shuffled_z.has_value());
  if (expected.reconstruction_shuffled_z)
    expect_near(*actual.reconstruction_shuffled_z, *expected.reconstruction_shuffled_z, "shuffled");
}

class SketchRnnEvaluationOnDevice : public ::testing::TestWithParam<const char*> {
 protected:
  testing::SketchRnnRun run = small_sketch_rnn(GetParam());
};
TEST_P(SketchRnnEvaluationOnDevice, GivesTheSameFigures) {
  expect_same_sketches(run, false);
  expect_same_sketches(run, true);
}
TEST_P(SketchRnnEvaluationOnDevice, GivesTheSameFiguresUnconditional) {
  run.model.conditional = false;
  expect_same_sketches(run, false);
}
TEST_P(SketchRnnEvaluationOnDevice, GivesTheSameFiguresInTheFormsOfOtherPrograms) {
  run.model.pen_loss_over_padding = true;
  run.model.kl_reduction = "sum";
  expect_same_sketches(run, false);
  run.model.pen_loss_over_padding = false;
  run.model.pen_loss_at_end = false;
  run.model.offset_loss_at_end = true;
  run.model.pen_reduction = "mean";
  run.model.density_floor = 1e-5;
  run.model.loss_steps = "longest";
  expect_same_sketches(run, false);
}
INSTANTIATE_TEST_SUITE_P(Cells, SketchRnnEvaluationOnDevice, ::testing::Values("lstm", "layer_norm", "hyper"),
                         [](const auto& suite) { return std::string(suite.param); });

// Both bounds, with what only some models have.
void expect_same_images(const models::ImageModel& model, const models::Checkpoint& checkpoint,
                        const image::ImageDataset& data, bool uses_mean) {
  const auto passes = make_device_passes(checkpoint, device_under_test());
  models::ImageEvaluationOptions options{.batch_size = 7,
                                         .samples = uses_mean ? 1 : 2,
                                         .importance_samples = 3,
                                         .seed = 9,
                                         .uses_mean = uses_mean,
                                         .max_images = 17};
  const auto expected = models::evaluate(model, data, Split::kTest, options);
  options.passes = passes.get();
  const auto actual = models::evaluate(model, data, Split::kTest, options);
  EXPECT_EQ(actual.n, expected.n);
  EXPECT_EQ(actual.active_units, expected.active_units);
  expect_near(actual.reconstruction, expected.reconstruction, "reconstruction");
  expect_near(actual.kl, expected.kl, "kl");
  expect_near(actual.total, expected.total, "total");
  expect_near(actual.importance_weighted, expected.importance_weighted, "importance weighted");
}

class VaeEvaluationOnDevice : public ::testing::TestWithParam<const char*> {};
TEST_P(VaeEvaluationOnDevice, GivesTheSameFigures) {
  for (const char* likelihood : {"bce", "mse"}) {
    testing::VaeRun run;
    const std::string arch = GetParam();
    run.model = {.arch = arch, .hidden = 12, .z_size = 3, .channels = 4, .likelihood = likelihood};
    run.data.image_size = arch == "dense" ? 9 : arch == "conv40" ? 48 : 14;
    run.data.color = arch == "dense" ? "grey" : "rgb";
    run.train.batch_size = 7;
    const image::ImageDataset& data = some_shapes(run.data);
    const models::Checkpoint checkpoint = moved(*run.task(data));
    const models::Registry registry = models::standard_registry();
    const auto model = registry.make(checkpoint);
    for (const bool uses_mean : {false, true})
      expect_same_images(*model->as_image_model(), checkpoint, data, uses_mean);
  }
}
INSTANTIATE_TEST_SUITE_P(Networks, VaeEvaluationOnDevice, ::testing::Values("dense", "conv40", "conv20"),
                         [](const auto& suite) { return std::string(suite.param); });

TEST(DrawEvaluationOnDevice, GivesTheSameFigures) {
  for (const bool reads : {false, true}) {
    for (const bool writes : {false, true}) {
      const testing::DrawRun run = small_draw(reads, writes);
      const image::ImageDataset& data = some_shapes(run.data);
      const models::Checkpoint checkpoint = moved(*run.task(data));
      const models::DrawModel model(checkpoint);
      expect_same_images(model, checkpoint, data, false);
      const auto passes = make_device_passes(checkpoint, device_under_test());
      const image::ImageBatch batch = data.batch(Split::kTest, 0, 5);
      const auto expected = model.step_kl(batch.pixels, {.indices = batch.indices});
      const auto actual = model.step_kl(batch.pixels, {.indices = batch.indices, .passes = passes.get()});
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) expect_near(actual[i], expected[i], "kl of a step");
    }
  }
}

TEST(EvaluationOnDevice, SaysWhatItCannotDo) {
  const testing::SketchRnnRun run = small_sketch_rnn("lstm");
  models::Checkpoint checkpoint = run.task(some_doodles(run.data))->checkpoint(0, {});
  EXPECT_THAT([&] { (void)make_device_passes(checkpoint, "cuda:977"); },
              ::testing::ThrowsMessage<Error>(HasSubstr("cuda:977")));
  checkpoint.model = "sofa";
  EXPECT_THAT([&] { (void)make_device_passes(checkpoint, device_under_test()); },
              ::testing::ThrowsMessage<Error>(HasSubstr("has no model sofa")));
}

}  // namespace
}  // namespace limn::train
