// The training steps of VAEs and DRAW against the oracle, which runs in float64 from the same float32 weights and the
// same random numbers: losses, every gradient, running means, ten steps of training.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "libtorch/step_pair.hpp"
#include "limn/libtorch/oracle/draw.hpp"
#include "limn/libtorch/oracle/vae.hpp"
#include "limn/models/draw/step.hpp"
#include "limn/models/vae/step.hpp"
#include "limn/models/vae/tensors.hpp"

namespace limn {
namespace {

namespace oracle = libtorch::oracle;
using testing::kFloat32;
using testing::near;
using testing::StepPair;
using torch::Tensor;

constexpr std::uint64_t kSeed = 11;

models::VaeOptions dense_options() {
  return models::resolved({.hidden = 13, .z_size = 3, .beta = 0.7}, {.channels = 1, .height = 5, .width = 7});
}
models::VaeOptions conv40_options() {
  return models::resolved({.arch = "conv40", .hidden = 7, .z_size = 3, .channels = 4, .likelihood = "mse"},
                          {3, 40, 48});
}
models::VaeOptions conv20_options() {
  return models::resolved({.arch = "conv20", .hidden = 7, .z_size = 5, .channels = 6, .beta = 2}, {3, 12, 14});
}
models::DrawOptions draw_options() {
  return models::resolved(
      {.time_steps = 3, .enc_rnn_size = 7, .dec_rnn_size = 6, .z_size = 5, .read_size = 2, .write_size = 4},
      {.channels = 1, .height = 8, .width = 9});
}

Tensor random_pixels(std::int64_t rows, std::int64_t size) {
  return torch::sigmoid(2 * testing::random_tensor({rows, size}, 3));
}
ConstMatrix view(const Tensor& t) { return {t.data_ptr<float>(), t.size(0), t.size(1)}; }

// ε of a step [rows, columns], a stream for each image.
Tensor noise_of(std::int64_t rows, std::int64_t columns, std::uint64_t step) {
  Tensor noise = torch::empty({rows, columns});
  for (std::int64_t b = 0; b < rows; ++b) {
    RandomStream random(kSeed, Purpose::kLatentTraining, step, static_cast<std::uint64_t>(b));
    random.fill_normal({noise[b].data_ptr<float>(), static_cast<std::size_t>(columns)});
  }
  return noise;
}

// A bias that batch normalisation takes away again has the gradient zero; what is left is rounding.
bool is_without_effect(const models::VaeOptions& options, const std::string& name) {
  const std::size_t dot = name.rfind('.'), first = name.find('.') + 1;
  if (name.substr(dot) != ".bias") return false;
  const std::string next =
      name.substr(0, first) + std::to_string(std::stoi(name.substr(first, dot - first)) + 1) + ".running_mean";
  return std::ranges::any_of(models::vae_buffers(options), [&](const auto& spec) { return spec.name == next; });
}

// A VAE and its twin on one batch: `steps` training steps, the first compared in full.
void expect_vae_twins(const models::VaeOptions& options, std::int64_t rows, std::uint64_t steps) {
  StepPair pair(models::vae_parameters(options)), buffers(models::vae_buffers(options));
  oracle::Parameters running;  // plain tensors, which the twin changes in place
  for (const auto& [name, value] : buffers.twin()) running[name] = value.detach().clone().abs_();
  for (std::size_t i = 0; i < buffers.mutable_values().size(); ++i)
    std::ranges::transform(buffers.mutable_values()[i], buffers.mutable_values()[i].begin(),
                           [](float value) { return std::abs(value); });
  const Tensor pixels = random_pixels(rows, models::image_shape(options).size());
  models::VaeStep ours(options);
  for (std::uint64_t step = 0; step < steps; ++step) {
    pair.forget_gradients();
    const models::VaeLosses losses =
        ours.losses_and_gradients(pair.values(), buffers.mutable_values(), pair.gradients(),
                                  {.pixels = view(pixels), .noise = {.seed = kSeed, .step = step}});
    const auto expected = oracle::vae_loss(pair.twin(), running, options, pixels,
                                           {.epsilon = noise_of(rows, options.z_size, step), .beta = options.beta});
    expected.total.backward();
    EXPECT_TRUE(near(losses.total(), expected.total.item<double>(), step == 0 ? kFloat32 : testing::kWholeModel,
                     "total of step " + std::to_string(step)));
    if (step == 0) {
      EXPECT_TRUE(near(losses.reconstruction, expected.reconstruction.item<double>(), kFloat32, "reconstruction"));
      EXPECT_TRUE(near(losses.kl, expected.kl.item<double>(), kFloat32, "kl"));
      pair.expect_gradients_near([&](const std::string& name) { return is_without_effect(options, name); });
      const auto specs = models::vae_buffers(options);
      for (std::size_t i = 0; i < specs.size(); ++i) {
        const auto values = buffers.values()[i];
        const Tensor given = torch::tensor(std::vector<float>(values.begin(), values.end())).view(specs[i].shape);
        EXPECT_TRUE(tensors_near(given, running.at(specs[i].name), kFloat32, specs[i].name));
      }
    }
    pair.update(static_cast<std::int64_t>(step) + 1, 1e-3);
  }
}

TEST(VaeTwin, DenseMatches) {
  for (const std::int64_t rows : {1, 37, 65}) expect_vae_twins(dense_options(), rows, 1);
}

TEST(VaeTwin, DenseSquaredErrorsMatch) {
  models::VaeOptions options = dense_options();
  options.likelihood = "mse";
  expect_vae_twins(options, 37, 1);
  options.z_size = 17;  // beyond a vector
  expect_vae_twins(options, 5, 1);
}

TEST(VaeTwin, Conv40Matches) { expect_vae_twins(conv40_options(), 3, 1); }
TEST(VaeTwin, Conv20Matches) { expect_vae_twins(conv20_options(), 5, 1); }
TEST(VaeTwin, TenTrainingLossesMatch) { expect_vae_twins(dense_options(), 9, 10); }

TEST(DrawTwin, TenTrainingLossesMatch) {
  for (const bool has_attention : {true, false}) {
    models::DrawOptions options = draw_options();
    options.read_attention = options.write_attention = has_attention;
    constexpr std::int64_t kRows = 5;
    const models::DrawShape shape = draw_shape(options);
    StepPair pair(models::draw_parameters(shape));
    const Tensor pixels = random_pixels(kRows, models::image_shape(options).size());
    models::DrawStep ours(options);
    for (std::uint64_t step = 0; step < 10; ++step) {
      pair.forget_gradients();
      const models::DrawMeans losses = ours.losses_and_gradients(
          pair.values(), pair.gradients(), {.pixels = view(pixels), .noise = {.seed = kSeed, .step = step}});
      const Tensor noise = noise_of(kRows, options.time_steps * options.z_size, step).to(torch::kFloat64);
      const auto expected = oracle::draw(shape, pair.twin(), pixels.to(torch::kFloat64), noise).total;
      expected.backward();
      EXPECT_TRUE(near(losses.total(), expected.item<double>(), testing::kWholeModel, "step " + std::to_string(step)));
      if (step == 0) pair.expect_gradients_near();
      pair.update(static_cast<std::int64_t>(step) + 1, 1e-3);
    }
  }
}

}  // namespace
}  // namespace limn
