// A network that draws against the same network in training: batch normalisation folded into the convolutions, with the
// statistics of the batch as the running ones, gives the activations of the batch.
#include "limn/models/vae/network.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "limn/core/random.hpp"
#include "models/step_fixture.hpp"
#include "testing/compare.hpp"

namespace limn::models {
namespace {

using testing::const_spans;
using Tensors = std::vector<std::vector<float>>;

// In training the biased variance divides, the running one is unbiased: 1 / 2R of a scale, for R >= 190 pixels.
constexpr testing::Tolerance kUnbiased{.relative = 0, .absolute = 0.02};

Tensors random_tensors(std::span<const kernels::ParameterSpec> specs) {
  Tensors tensors = testing::blank_tensors(specs);
  RandomStream random(3, Purpose::kTest);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const float limit = std::sqrt(3.0f * static_cast<float>(specs[i].shape[0]) / static_cast<float>(specs[i].count()));
    for (float& value : tensors[i]) value = random.uniform(-limit, limit);
  }
  return tensors;
}

void expect_same(std::span<const VaeLayer> layers, const Tensors& parameters, std::size_t buffers, std::int64_t rows) {
  VaeNetwork training(layers), drawing(layers);
  ASSERT_EQ(training.parameters(), parameters.size());
  ASSERT_EQ(training.buffers(), buffers);
  std::vector<float> in(static_cast<std::size_t>(rows * training.input_size()));
  RandomStream(4, Purpose::kTest).fill_normal(in);
  std::vector<float> expected(static_cast<std::size_t>(rows * training.output_size())), out(expected.size());
  const ConstMatrix x(std::span<const float>(in), rows, training.input_size());

  const auto weights = const_spans(parameters);
  VaeTasks packing;
  VaeNetwork::Pass pass;
  kernels::GemmScratch scratch;
  training.add_packing(weights, false, packing);
  run_tasks(std::move(packing));
  training.start(pass, x, Matrix(std::span(expected), rows, training.output_size()));
  training.forward(pass, {.first = 0, .count = rows}, scratch);

  Tensors running;
  for (const VaeLayer& layer : layers)
    if (layer.kind == VaeLayerKind::kBatchNorm)
      for (int i = 0; i < 2; ++i) running.emplace_back(static_cast<std::size_t>(layer.output.channels));
  for (int i = 0; i < 200; ++i) training.update_running(pass, testing::spans(running));
  drawing.pack_for_drawing(weights, const_spans(running));
  drawing.apply(x, Matrix(std::span(out), rows, drawing.output_size()));
  EXPECT_TRUE(testing::all_near(out, expected, buffers == 0 ? testing::kFloat32 : kUnbiased, layers.front().name));
}

void expect_same_drawing(const VaeOptions& options, std::int64_t rows) {
  const VaeLayout layout = vae_layout(options);
  const Tensors all = random_tensors(vae_parameters(options));
  const auto is_encoder = [](const kernels::ParameterSpec& spec) { return spec.name.starts_with("encoder."); };
  const auto specs = vae_parameters(options), buffers = vae_buffers(options);
  const auto split = std::ranges::count_if(specs, is_encoder);
  const auto buffer_split = static_cast<std::size_t>(std::ranges::count_if(buffers, is_encoder));
  expect_same(layout.encoder, Tensors(all.begin(), all.begin() + split), buffer_split, rows);
  expect_same(layout.decoder, Tensors(all.begin() + split, all.end()), buffers.size() - buffer_split, rows);
}

TEST(VaeNetwork, DrawsWhatItLearnt) {
  expect_same_drawing(resolved({.hidden = 13, .z_size = 3}, {.channels = 1, .height = 5, .width = 7}), 131);
  expect_same_drawing(resolved({.arch = "conv40", .hidden = 7, .z_size = 3, .channels = 4}, {3, 40, 48}), 37);
  expect_same_drawing(resolved({.arch = "conv20", .hidden = 7, .z_size = 5, .channels = 6}, {1, 12, 14}), 35);
}

}  // namespace
}  // namespace limn::models
