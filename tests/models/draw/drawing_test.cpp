// A small DRAW with random weights: what it draws, encodes and says of the bound.
#include "limn/models/draw/drawing.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/models/registry.hpp"
#include "testing/compare.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::models {
namespace {

using limn::testing::all_near;
using limn::testing::kFloat32;
using limn::testing::near;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kSteps = 4, kZ = 3;

DrawOptions small_options(bool has_attention = true) {
  return {.image_channels = 1,
          .image_height = 6,
          .image_width = 7,
          .time_steps = kSteps,
          .enc_rnn_size = 8,
          .dec_rnn_size = 9,
          .z_size = kZ,
          .read_attention = has_attention,
          .write_attention = has_attention,
          .read_size = 2,
          .write_size = 3};
}

Checkpoint checkpoint_of(DrawOptions options, float spread = 0.3f) {
  Checkpoint checkpoint{.model = kDrawModel, .config = options_to_json(fields(options)), .origin = "tiny draw"};
  std::uint64_t index = 0;
  for (const auto& spec : draw_parameters(draw_shape(options))) {
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    std::vector<float> values(count);
    RandomStream random(41, Purpose::kTest, 0, index++);
    for (float& value : values) value = spread * random.normal();
    checkpoint.weights[spec.name] = std::move(values);
    checkpoint.shapes[spec.name] = spec.shape;
  }
  return checkpoint;
}

std::vector<float> images(std::int64_t count) {
  std::vector<float> pixels(static_cast<std::size_t>(count * 42));
  RandomStream random(42, Purpose::kTest);
  for (float& pixel : pixels) pixel = random.uniform() < 0.4f ? 1.0f : 0.0f;
  return pixels;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

TEST(DrawModel, WhatItEncodesDecodesToItsReconstruction) {
  for (const bool has_attention : {true, false}) {
    const DrawModel model(checkpoint_of(small_options(has_attention)));
    const auto pixels = images(3);
    const ImageModel::EncodeOptions options{.seed = 5};
    const image::DrawingSteps steps = model.reconstruct_steps(pixels, options);
    const auto decoded = model.decode(model.encode(pixels, options));
    EXPECT_EQ(steps.count, 3);
    EXPECT_EQ(steps.steps, kSteps);
    EXPECT_EQ(steps.reads.size(), has_attention ? 3 * kSteps : 0u);
    EXPECT_EQ(steps.writes.size(), has_attention ? 3 * kSteps : 0u);
    for (std::int64_t i = 0; i < 3; ++i) {
      const auto last = steps.canvas(i, kSteps - 1);
      EXPECT_TRUE(std::ranges::equal(last, std::span(decoded).subspan(static_cast<std::size_t>(i * 42), 42)));
    }
    EXPECT_TRUE(std::ranges::all_of(decoded, [](float p) { return p > 0 && p < 1; }));
  }
}

TEST(DrawModel, DrawsTheSameFromTheSameLatents) {
  const DrawModel model(checkpoint_of(small_options()));
  const Latents z = prior_latents(5, model.latent_size(), 9);
  const image::DrawingSteps steps = model.decode_steps(z);
  EXPECT_TRUE(steps.reads.empty());  // nothing is read
  EXPECT_EQ(steps.writes.size(), 5 * kSteps);
  const auto decoded = model.decode(z);
  for (std::int64_t i = 0; i < 5; ++i)
    EXPECT_TRUE(std::ranges::equal(steps.canvas(i, kSteps - 1),
                                   std::span(decoded).subspan(static_cast<std::size_t>(i * 42), 42)));
}

// Where μ = 0 and σ = 1, z is the noise itself.
TEST(DrawModel, DrawsOtherNoiseAtEveryStep) {
  Checkpoint checkpoint = checkpoint_of(small_options());
  for (const char* name : {"latent.mu.weight", "latent.mu.bias", "latent.log_sigma.weight", "latent.log_sigma.bias"})
    std::ranges::fill(checkpoint.weights[name], 0.0f);
  const DrawModel model(std::move(checkpoint));
  const Latents z = model.encode(images(2), {.seed = 7});
  std::vector<float> sorted = z.values;
  std::ranges::sort(sorted);
  EXPECT_EQ(std::ranges::adjacent_find(sorted), sorted.end()) << "the same number twice among steps and images";
  const Latents means = model.encode(images(2), {.uses_mean = true});
  EXPECT_TRUE(std::ranges::all_of(means.values, [](float value) { return value == 0; }));
  EXPECT_NEAR(mean(model.step_kl(images(2), {})), 0, 1e-6);
}

// Eq. 11 by hand: ½ (μ² + σ² - log σ² - 1) for each latent dimension of each step.
TEST(DrawModel, CountsTheConstantOfTheKlForEachDimensionOfEachStep) {
  Checkpoint checkpoint = checkpoint_of(small_options());
  for (const char* name : {"latent.mu.weight", "latent.log_sigma.weight"})
    std::ranges::fill(checkpoint.weights[name], 0.0f);
  checkpoint.weights["latent.mu.bias"] = {1, -2, 0.5f};
  checkpoint.weights["latent.log_sigma.bias"] = {0, 0.5f, -1};
  double expected = 0;
  for (const auto& [mu, log_sigma] : {std::pair{1.0, 0.0}, {-2.0, 0.5}, {0.5, -1.0}})
    expected += 0.5 * (mu * mu + std::exp(2 * log_sigma) - 2 * log_sigma - 1);
  const DrawModel model(std::move(checkpoint));
  for (const double kl : model.step_kl(images(2), {})) EXPECT_TRUE(near(kl, expected, kFloat32, "KL of a step"));
  for (const double kl : model.losses(images(2), {}, 1).kl)
    EXPECT_TRUE(near(kl, kSteps * expected, kFloat32, "KL of an image"));
}

TEST(DrawModel, TakesImagesOneByOneAsTogether) {
  const DrawModel model(checkpoint_of(small_options()));
  const auto pixels = images(2);
  const std::vector<std::int64_t> indices{4, 17}, second{17};
  const ImageLosses both = model.losses(pixels, {.seed = 3, .indices = indices}, 2);
  const ImageLosses alone = model.losses(std::span(pixels).subspan(42), {.seed = 3, .indices = second}, 2);
  // oneDNN may sum in another order where there are other rows beside one.
  EXPECT_TRUE(near(alone.reconstruction[0], both.reconstruction[1], kFloat32, "reconstruction"));
  EXPECT_TRUE(near(alone.kl[0], both.kl[1], kFloat32, "KL"));
}

// Burda et al. 2015: the estimate is above the bound and rises with K; with K = 1 it is the bound on average.
TEST(DrawModel, ImportanceWeightedEstimateIsNotAboveTheBound) {
  const DrawModel model(checkpoint_of(small_options(), 0.5f));
  const auto pixels = images(6);
  constexpr int kSamples = 200;
  const ImageLosses bound = model.losses(pixels, {}, kSamples);
  std::vector<std::vector<double>> log_weights;
  for (int k = 0; k < kSamples; ++k) log_weights.push_back(model.log_weights(pixels, {}, k));
  for (std::size_t i = 0; i < 6; ++i) {
    double sum = 0, squares = 0, weighted = 0;
    for (const auto& of_sample : log_weights) {
      sum -= of_sample[i];
      squares += of_sample[i] * of_sample[i];
      weighted += std::exp(of_sample[i] + 40);
    }
    const double total = bound.reconstruction[i] + bound.kl[i], average = sum / kSamples;
    const double deviation = std::sqrt((squares / kSamples - average * average) / kSamples);
    EXPECT_NEAR(average, total, 4 * deviation) << "the same bound by draws of log q - log p";
    EXPECT_LT(40 - std::log(weighted / kSamples), total);
  }
}

TEST(DrawModel, ComesBackFromItsCheckpoint) {
  const testing::TemporaryFolder folder;
  const Checkpoint checkpoint = checkpoint_of(small_options());
  write_checkpoint(folder / "draw.safetensors", checkpoint);
  const auto model = standard_registry().load(folder / "draw.safetensors");
  ASSERT_NE(model->as_image_model(), nullptr);
  const Latents z = prior_latents(2, model->latent_size(), 1);
  EXPECT_EQ(model->as_image_model()->decode(z), DrawModel(checkpoint).decode(z));
}

TEST(DrawModel, RefusesWhatDoesNotFitItsOptions) {
  Checkpoint checkpoint = checkpoint_of(small_options());
  checkpoint.weights.erase("read.window.bias");
  EXPECT_THAT([&] { (void)DrawModel(checkpoint); },
              ThrowsMessage<Error>(HasSubstr("tiny draw: tensor read.window.bias is missing")));
  checkpoint = checkpoint_of(small_options());
  checkpoint.weights["canvas"][3] = NAN;
  EXPECT_THAT([&] { (void)DrawModel(checkpoint); }, ThrowsMessage<Error>(HasSubstr("canvas")));
  checkpoint = checkpoint_of(small_options());
  DrawOptions without_size = small_options();
  without_size.image_height = 0;
  checkpoint.config = options_to_json(fields(without_size));
  EXPECT_THAT([&] { (void)DrawModel(checkpoint); },
              ThrowsMessage<Error>(HasSubstr("tiny draw: the size of the images")));
}

}  // namespace
}  // namespace limn::models
