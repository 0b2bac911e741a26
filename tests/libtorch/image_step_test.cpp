// The training steps of VAEs and DRAW against the oracle, which runs in float64 from the same float32 weights and the
// same random numbers: losses, every gradient, running means, ten steps of training.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "libtorch/step_pair.hpp"
#include "limn/libtorch/oracle/draw.hpp"
#include "limn/libtorch/oracle/vae.hpp"
#include "limn/libtorch/torch.hpp"
#include "limn/models/draw/step.hpp"
#include "limn/models/vae/step.hpp"
#include "limn/models/vae/tensors.hpp"

namespace limn {
namespace {

namespace oracle = libtorch::oracle;
using testing::ConditionedOracle;
using testing::kWholeModel;
using testing::near;
using testing::Results;
using testing::Rounding;
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
models::DrawOptions draw_options(bool has_attention) {
  return models::resolved({.time_steps = 3,
                           .enc_rnn_size = 7,
                           .dec_rnn_size = 6,
                           .z_size = 5,
                           .read_attention = has_attention,
                           .write_attention = has_attention,
                           .read_size = 2,
                           .write_size = 4},
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

// Values by name, as tensors.
Results named(const std::vector<kernels::ParameterSpec>& specs, std::span<const std::span<const float>> values) {
  Results named;
  for (std::size_t i = 0; i < specs.size(); ++i)
    named[specs[i].name] = torch::tensor(std::vector<float>(values[i].begin(), values[i].end())).view(specs[i].shape);
  return named;
}

// A VAE and its twin on one batch: losses, gradients, running means.
void expect_vae_twins(const models::VaeOptions& options, std::int64_t rows) {
  StepPair pair(models::vae_parameters(options)), buffers(models::vae_buffers(options));
  for (const auto& values : buffers.mutable_values())
    std::ranges::transform(values, values.begin(), [](float value) { return std::abs(value); });
  const Results running = named(models::vae_buffers(options), buffers.values());
  const Tensor pixels = random_pixels(rows, models::image_shape(options).size());
  ConditionedOracle twin(kWholeModel, [&](Rounding& round) {
    const oracle::Parameters parameters = round.each(pair.twin());
    oracle::Parameters means;  // plain tensors, which the twin changes in place
    for (const auto& [name, value] : running) means[name] = value.to(torch::kFloat64);
    const auto losses = oracle::vae_loss(parameters, means, options, pixels,
                                         {.epsilon = noise_of(rows, options.z_size, 0), .beta = options.beta});
    losses.total.backward();
    Results results{{"total", losses.total}, {"reconstruction", losses.reconstruction}, {"kl", losses.kl}};
    for (const auto& [name, value] : parameters) results[name] = value.grad();
    results.insert(means.begin(), means.end());
    return results;
  });
  models::VaeStep ours(options);
  const models::VaeLosses losses = ours.losses_and_gradients(pair.values(), buffers.mutable_values(), pair.gradients(),
                                                             {.pixels = view(pixels), .noise = {.seed = kSeed}});
  for (const auto& [name, loss] :
       {std::pair("total", losses.total()), {"reconstruction", losses.reconstruction}, {"kl", losses.kl}})
    twin.expect_near(torch::tensor(loss, torch::kFloat64), name);
  pair.expect_gradients_near(twin, [&](const std::string& name) { return is_without_effect(options, name); });
  for (const auto& [name, value] : named(models::vae_buffers(options), buffers.values())) twin.expect_near(value, name);
}

TEST(VaeTwin, DenseMatches) {
  for (const std::int64_t rows : {1, 37, 65}) expect_vae_twins(dense_options(), rows);
}

TEST(VaeTwin, DenseSquaredErrorsMatch) {
  models::VaeOptions options = dense_options();
  options.likelihood = "mse";
  expect_vae_twins(options, 37);
  options.z_size = 17;  // beyond a vector
  expect_vae_twins(options, 5);
}

TEST(VaeTwin, Conv40Matches) { expect_vae_twins(conv40_options(), 3); }
TEST(VaeTwin, Conv20Matches) { expect_vae_twins(conv20_options(), 5); }

TEST(VaeTwin, TenTrainingLossesMatch) {
  const models::VaeOptions options = dense_options();
  constexpr std::int64_t kRows = 9;
  StepPair pair(models::vae_parameters(options));
  const Tensor pixels = random_pixels(kRows, models::image_shape(options).size());
  models::VaeStep ours(options);
  for (std::uint64_t step = 0; step < 10; ++step) {
    pair.forget_gradients();
    const models::VaeLosses losses = ours.losses_and_gradients(
        pair.values(), {}, pair.gradients(), {.pixels = view(pixels), .noise = {.seed = kSeed, .step = step}});
    const Tensor expected = oracle::vae_loss(pair.twin(), {}, options, pixels,
                                             {.epsilon = noise_of(kRows, options.z_size, step), .beta = options.beta})
                                .total;
    expected.backward();
    EXPECT_TRUE(near(losses.total(), expected.item<double>(), kWholeModel, "step " + std::to_string(step)));
    pair.update(static_cast<std::int64_t>(step) + 1, 1e-3);
  }
}

class DrawTwin : public ::testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] Tensor noise(std::uint64_t step) const {
    return noise_of(kRows, options.time_steps * options.z_size, step).to(torch::kFloat64);
  }
  static constexpr std::int64_t kRows = 5;
  models::DrawOptions options = draw_options(GetParam());
  models::DrawShape shape = draw_shape(options);
  Tensor pixels = random_pixels(kRows, models::image_shape(options).size());
};
INSTANTIATE_TEST_SUITE_P(Attention, DrawTwin, ::testing::Bool());

TEST_P(DrawTwin, Matches) {
  StepPair pair(models::draw_parameters(shape));
  ConditionedOracle twin(kWholeModel, [&](Rounding& round) {
    const oracle::Parameters parameters = round.each(pair.twin());
    const Tensor total = oracle::draw(shape, parameters, pixels.to(torch::kFloat64), noise(0)).total;
    total.backward();
    Results results{{"total", total}};
    for (const auto& [name, value] : parameters) results[name] = value.grad();
    return results;
  });
  models::DrawStep ours(options);
  const models::DrawMeans losses =
      ours.losses_and_gradients(pair.values(), pair.gradients(), {.pixels = view(pixels), .noise = {.seed = kSeed}});
  twin.expect_near(torch::tensor(losses.total(), torch::kFloat64), "total");
  pair.expect_gradients_near(twin);
}

TEST_P(DrawTwin, TenTrainingLossesMatch) {
  StepPair pair(models::draw_parameters(shape));
  models::DrawStep ours(options);
  for (std::uint64_t step = 0; step < 10; ++step) {
    pair.forget_gradients();
    const models::DrawMeans losses = ours.losses_and_gradients(
        pair.values(), pair.gradients(), {.pixels = view(pixels), .noise = {.seed = kSeed, .step = step}});
    const Tensor expected = oracle::draw(shape, pair.twin(), pixels.to(torch::kFloat64), noise(step)).total;
    expected.backward();
    EXPECT_TRUE(near(losses.total(), expected.item<double>(), kWholeModel, "step " + std::to_string(step)));
    pair.update(static_cast<std::int64_t>(step) + 1, 1e-3);
  }
}

}  // namespace
}  // namespace limn
