// DRAW's training step against the steps of version 0.1.0, and what a step must not depend on.
#include "limn/models/draw/step.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "models/step_fixture.hpp"
#include "testing/compare.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;
using testing::StepFixture;
using ::testing::ThrowsMessage;

// A fixture's model and the result of its step.
struct FixtureRun {
  explicit FixtureRun(const std::string& name) : fixture(name) {
    fixture.read_options(fields(options));
    specs = draw_parameters(draw_shape(options));
    parameters = fixture.tensors("parameters", specs);
    gradients = testing::blank_tensors(specs);
    pixels = fixture.pixels();
  }
  [[nodiscard]] DrawBatch batch() const {
    const std::int64_t images = fixture.batch_size();
    return {.pixels = ConstMatrix(pixels.data(), images, static_cast<std::int64_t>(pixels.size()) / images),
            .noise = {.seed = fixture.seed(), .step = fixture.step(), .places = fixture.places()},
            .whole_batch = fixture.whole_batch()};
  }
  DrawMeans take(DrawStep& step) {
    return step.losses_and_gradients(testing::const_spans(parameters), testing::spans(gradients), batch());
  }

  StepFixture fixture;
  DrawOptions options;
  std::vector<kernels::ParameterSpec> specs;
  std::vector<std::vector<float>> parameters, gradients;
  std::vector<float> pixels;
};

class DrawFixtures : public ::testing::TestWithParam<std::string> {};

TEST_P(DrawFixtures, LossesAndGradientsAreThoseOfVersion010) {
  FixtureRun run(GetParam());
  DrawStep step(run.options);
  const DrawMeans losses = run.take(step);
  expect_losses(run.fixture, {{"total", losses.total()}, {"reconstruction", losses.reconstruction}, {"kl", losses.kl}});
  expect_gradients(run.fixture, run.specs, run.gradients);
}

INSTANTIATE_TEST_SUITE_P(Steps, DrawFixtures, ::testing::ValuesIn(StepFixture::names("draw")),
                         [](const auto& name) { return name.param; });

TEST(DrawStep, HasAFixtureOfEachKind) {
  EXPECT_THAT(StepFixture::names("draw"), ::testing::ElementsAre("draw_attention", "draw_colour_gaussian",
                                                                 "draw_no_attention", "draw_read_attention_share"));
}

TEST(DrawStep, AStepDoesNotDependOnTheOneBeforeOrOnTheThreads) {
  FixtureRun run("draw_attention");
  DrawStep fresh(run.options), used(run.options);
  const DrawMeans expected = run.take(fresh);
  const auto gradients = run.gradients;
  DrawBatch other = run.batch();
  other.noise.step += 1;
  other.pixels = other.pixels.slice_rows(0, 1);
  const DrawMeans another =
      used.losses_and_gradients(testing::const_spans(run.parameters), testing::spans(run.gradients), other);
  EXPECT_NE(another.total(), expected.total());
  for (const int threads : {1, 3}) {
    kernels::set_thread_count(threads);
    const DrawMeans losses = run.take(used);
    EXPECT_EQ(losses.reconstruction, expected.reconstruction) << threads << " threads";
    EXPECT_EQ(losses.kl, expected.kl) << threads << " threads";
    EXPECT_EQ(run.gradients, gradients) << threads << " threads";
  }
  kernels::set_thread_count(0);
}

// Losses and gradients of two processes add up to those of the whole batch.
TEST(DrawStep, SharesAddUpToTheWholeBatch) {
  FixtureRun run("draw_attention");
  DrawStep step(run.options);
  const DrawMeans whole = run.take(step);
  const auto gradients = run.gradients;
  const DrawBatch batch = run.batch();
  DrawMeans sum;
  auto total = testing::blank_tensors(run.specs);
  for (auto& tensor : total) std::ranges::fill(tensor, 0.0f);
  for (const std::int64_t rank : {0, 1}) {
    std::vector<std::int64_t> places;
    for (std::int64_t b = rank; b < batch.pixels.rows; b += 2) places.push_back(b);
    ConstMatrix mine = batch.pixels.slice_rows(rank, std::ssize(places));
    mine.row_stride *= 2;
    const DrawMeans part =
        step.losses_and_gradients(testing::const_spans(run.parameters), testing::spans(run.gradients),
                                  {.pixels = mine,
                                   .noise = {.seed = batch.noise.seed, .step = batch.noise.step, .places = places},
                                   .whole_batch = batch.pixels.rows});
    sum.reconstruction += part.reconstruction;
    sum.kl += part.kl;
    for (std::size_t i = 0; i < total.size(); ++i)
      std::ranges::transform(total[i], run.gradients[i], total[i].begin(), std::plus());
  }
  EXPECT_NEAR(sum.reconstruction, whole.reconstruction, 1e-6 * whole.reconstruction);
  EXPECT_NEAR(sum.kl, whole.kl, 1e-6 * whole.kl);
  for (std::size_t i = 0; i < total.size(); ++i)
    EXPECT_TRUE(testing::all_near(total[i], gradients[i], testing::kWholeModel, run.specs[i].name));
}

TEST(DrawStep, RefusesTensorsAndImagesOfOtherSizes) {
  FixtureRun run("draw_attention");
  DrawStep step(run.options);
  run.parameters.back().pop_back();
  EXPECT_THAT([&] { (void)run.take(step); }, ThrowsMessage<Error>(HasSubstr("draw: read.window.bias has 4 values")));
  run.parameters.back().push_back(0);
  run.pixels.resize(run.pixels.size() - static_cast<std::size_t>(run.fixture.batch_size()));
  EXPECT_THAT([&] { (void)run.take(step); }, ThrowsMessage<Error>(HasSubstr("draw: the batch of images is")));
}

}  // namespace
}  // namespace limn::models
