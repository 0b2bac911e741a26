// The initial weights of every family, tensor by tensor, and their statistics where they are random.
#include "limn/models/initial_weights.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/models/draw/tensors.hpp"
#include "limn/models/sketch_rnn/initial_weights.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/models/vae/initial_weights.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Kind = InitialValues::Kind;

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using Tensors = std::map<std::string, Tensor>;

template <class Options>
void append(Tensors& all, const Options& options, const std::vector<kernels::ParameterSpec>& specs,
            std::uint64_t seed) {
  std::vector<std::span<float>> values;
  for (const auto& spec : specs) {
    Tensor& tensor = all[spec.name] = {spec.shape, std::vector<float>(spec.count(), NAN)};
    values.emplace_back(tensor.values);
  }
  initialise(options, specs, seed, values);
}

double mean(const Tensor& tensor) {
  double sum = 0;
  for (const float value : tensor.values) sum += static_cast<double>(value);
  return sum / static_cast<double>(tensor.values.size());
}
// The root of the mean square.
double deviation(const Tensor& tensor) {
  double squares = 0;
  for (const float value : tensor.values) squares += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(squares / static_cast<double>(tensor.values.size()));
}
double largest(const Tensor& tensor) {
  double most = 0;
  for (const float value : tensor.values) most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}
bool is_all(const Tensor& tensor, float expected) {
  return std::ranges::all_of(tensor.values, [&](float value) { return value == expected; });
}
// Zero but for the forget gate's block, which is one.
bool is_forget_one(const Tensor& bias) {
  const std::size_t units = bias.values.size() / 4;
  for (std::size_t i = 0; i < bias.values.size(); ++i)
    if (bias.values[i] != (i / units == 1 ? 1.0f : 0.0f)) return false;
  return true;
}

// The bound, and a deviation of bound / √3.
void expect_uniform(const Tensor& weight, double limit, const std::string& name) {
  EXPECT_LE(largest(weight), limit * (1 + 1e-6)) << name;
  EXPECT_GT(largest(weight), 0.93 * limit) << name;
  EXPECT_NEAR(deviation(weight) / (limit / std::sqrt(3.0)), 1, 0.1) << name;
  EXPECT_NEAR(mean(weight) / limit, 0, 0.1) << name;
}

void expect_glorot(const Tensor& weight, const std::string& name) {
  expect_uniform(weight, std::sqrt(6.0 / static_cast<double>(weight.shape[0] + weight.shape[1])), name);
}

void expect_normal(const Tensor& weight, double expected, const std::string& name) {
  EXPECT_NEAR(deviation(weight) / expected, 1, 0.15) << name;
  EXPECT_NEAR(mean(weight) / expected, 0, 0.15) << name;
  EXPECT_GT(largest(weight), 2 * expected) << name;
}

// Each gate's block times its transpose is the identity, and no block is another's.
void expect_orthogonal_gates(const Tensor& weight, const std::string& name) {
  const auto units = static_cast<std::size_t>(weight.shape[1]);
  const auto at = [&](std::size_t row, std::size_t k) { return static_cast<double>(weight.values[row * units + k]); };
  for (std::size_t row = 0; row < 4 * units; ++row) {
    for (std::size_t other = row / units * units; other <= row; ++other) {
      double product = 0;
      for (std::size_t k = 0; k < units; ++k) product += at(row, k) * at(other, k);
      EXPECT_NEAR(product, row == other ? 1 : 0, 1e-6) << name << ": rows " << row << " and " << other;
    }
  }
  const auto block = [&](std::size_t gate) {
    return std::span(weight.values).subspan(gate * units * units, units * units);
  };
  for (std::size_t gate = 1; gate < 4; ++gate)
    EXPECT_FALSE(std::ranges::equal(block(gate - 1), block(gate))) << name << ": gate " << gate;
}

SketchRnnOptions sketch_options(const std::string& cell) {
  return {.enc_model = cell,
          .enc_rnn_size = 24,
          .dec_model = cell,
          .dec_rnn_size = 40,
          .z_size = 36,
          .num_mixture = 5,
          .hyper_num_units = 28,
          .hyper_embedding_size = 20};
}

Tensors sketch_tensors(const SketchRnnOptions& options, std::uint64_t seed = 5) {
  Tensors all;
  append(all, options, sketch_rnn_parameters(options), seed);
  return all;
}

void expect_cell(const Tensors& tensors, const std::string& prefix, const std::string& cell) {
  const auto at = [&](const std::string& name) -> const Tensor& { return tensors.at(prefix + name); };
  expect_glorot(at("weight_ih"), prefix + "weight_ih");
  expect_orthogonal_gates(at("weight_hh"), prefix + "weight_hh");
  if (cell == "lstm") {
    EXPECT_TRUE(is_forget_one(at("bias"))) << prefix;
    return;
  }
  EXPECT_TRUE(is_all(at("gamma"), 1) && is_all(at("cell_gamma"), 1) && is_all(at("cell_beta"), 0)) << prefix;
  EXPECT_TRUE(is_forget_one(at("beta"))) << prefix;
  if (cell == "layer_norm") return;
  EXPECT_TRUE(is_all(at("bias"), 0)) << prefix;
  for (const char* z : {"zx", "zh"}) {
    EXPECT_TRUE(is_all(at(std::string(z) + ".weight"), 0)) << prefix << z;
    EXPECT_TRUE(is_all(at(std::string(z) + ".bias"), 1)) << prefix << z;
  }
  expect_normal(at("zb.weight"), 0.01, prefix + "zb.weight");
  EXPECT_TRUE(is_all(at("alpha_x.weight"), 0.1f / 20) && is_all(at("alpha_h.weight"), 0.1f / 20)) << prefix;
  EXPECT_TRUE(is_all(at("beta_h.weight"), 0)) << prefix;
  expect_cell(tensors, prefix + "hyper.", "layer_norm");
}

class SketchRnnInitialWeights : public ::testing::TestWithParam<const char*> {};

TEST_P(SketchRnnInitialWeights, AreThoseOfEachTensor) {
  const Tensors tensors = sketch_tensors(sketch_options(GetParam()));
  for (const char* cell : {"encoder.forward.", "encoder.backward.", "decoder.cell."})
    expect_cell(tensors, cell, GetParam());
  for (const std::string layer : {"encoder.mu", "encoder.log_variance", "decoder.initial_state"}) {
    expect_normal(tensors.at(layer + ".weight"), 0.001, layer);
    EXPECT_TRUE(is_all(tensors.at(layer + ".bias"), 0)) << layer;
  }
  expect_glorot(tensors.at("decoder.output.weight"), "decoder.output.weight");
  EXPECT_TRUE(is_all(tensors.at("decoder.output.bias"), 0));
}

TEST_P(SketchRnnInitialWeights, FollowTheSeedAndTheNameAlone) {
  SketchRnnOptions options = sketch_options(GetParam());
  const Tensors tensors = sketch_tensors(options), again = sketch_tensors(options), other = sketch_tensors(options, 6);
  for (const auto& [name, tensor] : tensors) EXPECT_EQ(tensor.values, again.at(name).values) << name;
  EXPECT_NE(tensors.at("decoder.cell.weight_ih").values, other.at("decoder.cell.weight_ih").values);
  EXPECT_NE(tensors.at("encoder.forward.weight_ih").values, tensors.at("encoder.backward.weight_ih").values);
  EXPECT_NE(tensors.at("encoder.mu.weight").values, tensors.at("encoder.log_variance.weight").values);
  options.conditional = false;
  EXPECT_EQ(tensors.at("decoder.output.weight").values, sketch_tensors(options).at("decoder.output.weight").values)
      << "a model without an encoder starts with the same output layer";
}

INSTANTIATE_TEST_SUITE_P(Cells, SketchRnnInitialWeights, ::testing::Values("lstm", "layer_norm", "hyper"),
                         [](const auto& cell) { return std::string(cell.param); });

TEST(SketchRnnInitialWeights, TheEncoderMayHaveAnotherCell) {
  SketchRnnOptions options = sketch_options("lstm");
  options.dec_model = "hyper";
  const Tensors tensors = sketch_tensors(options);
  EXPECT_TRUE(is_forget_one(tensors.at("encoder.forward.bias")));
  EXPECT_TRUE(is_all(tensors.at("decoder.cell.bias"), 0));
}

TEST(VaeInitialWeights, AreThoseOfPyTorchsLayers) {
  const VaeOptions options = resolved({.arch = "conv40", .channels = 10}, {.channels = 3, .height = 40, .width = 40});
  Tensors tensors;
  append(tensors, options, vae_parameters(options), 5);
  append(tensors, options, vae_buffers(options), 5);
  const auto expect_layer = [&](const std::string& layer, double fan_in) {
    expect_uniform(tensors.at(layer + ".weight"), 1 / std::sqrt(fan_in), layer);
    EXPECT_LE(largest(tensors.at(layer + ".bias")), 1 / std::sqrt(fan_in)) << layer;
    EXPECT_GT(largest(tensors.at(layer + ".bias")), 0.2 / std::sqrt(fan_in)) << layer;
  };
  expect_layer("encoder.0", 3 * 3 * 3);   // [10, 3, 3, 3]
  expect_layer("encoder.3", 10 * 3 * 3);  // [20, 10, 3, 3]
  expect_layer("encoder.14", 128);        // [64, 128]
  expect_layer("decoder.3", 40 * 4 * 4);  // transposed, [80, 40, 4, 4]
  for (const std::string layer : {"encoder.1", "decoder.4"}) {
    EXPECT_TRUE(is_all(tensors.at(layer + ".weight"), 1) && is_all(tensors.at(layer + ".bias"), 0)) << layer;
    EXPECT_TRUE(is_all(tensors.at(layer + ".running_mean"), 0)) << layer;
    EXPECT_TRUE(is_all(tensors.at(layer + ".running_var"), 1)) << layer;
  }
  for (const auto& [name, tensor] : tensors) EXPECT_LE(largest(tensor), 1) << name;
}

TEST(DrawInitialWeights, AreThoseOfEachTensor) {
  const DrawOptions options{.image_channels = 1,
                            .image_height = 13,
                            .image_width = 11,
                            .time_steps = 3,
                            .enc_rnn_size = 17,
                            .dec_rnn_size = 29,
                            .z_size = 9};
  Tensors tensors;
  append(tensors, options, draw_parameters(draw_shape(options)), 5);
  for (const std::string cell : {"encoder.", "decoder."}) {
    expect_glorot(tensors.at(cell + "weight_ih"), cell + "weight_ih");
    expect_orthogonal_gates(tensors.at(cell + "weight_hh"), cell + "weight_hh");
    EXPECT_TRUE(is_forget_one(tensors.at(cell + "bias"))) << cell;
    EXPECT_TRUE(is_all(tensors.at(cell + "initial_state"), 0)) << cell;
  }
  EXPECT_TRUE(is_all(tensors.at("canvas"), 0));
  for (const std::string head : {"latent.mu", "latent.log_sigma", "write.patch", "write.window", "read.window"}) {
    expect_glorot(tensors.at(head + ".weight"), head);
    EXPECT_TRUE(is_all(tensors.at(head + ".bias"), 0)) << head;
  }
}

TEST(InitialWeights, AnUnknownNameIsAnError) {
  const kernels::ParameterSpec strange{.name = "strange", .shape = {2, 3}};
  const auto refusal = ThrowsMessage<Error>(HasSubstr("no rule for the tensor strange"));
  EXPECT_THAT([&] { (void)initial_values(SketchRnnOptions(), strange); }, refusal);
  EXPECT_THAT([&] { (void)initial_values(resolved(VaeOptions(), {.channels = 1, .height = 5, .width = 6}), strange); },
              refusal);
  EXPECT_THAT([&] { (void)initial_values(DrawOptions(), strange); }, refusal);
}

TEST(InitialWeights, AShapeThatTheRuleDoesNotFitIsAnError) {
  std::vector<float> values(12);
  const auto fill = [&](Kind kind, std::vector<std::int64_t> shape) {
    return [&values, kind, shape] { initialise({.name = "w", .shape = shape}, {.kind = kind}, 1, values); };
  };
  EXPECT_THAT(fill(Kind::kConstant, {13}), ThrowsMessage<Error>(HasSubstr("12 values for w of the shape [13]")));
  EXPECT_THAT(fill(Kind::kGlorot, {12}), ThrowsMessage<Error>(HasSubstr("w has the shape [12], expected [out, in]")));
  EXPECT_THAT(fill(Kind::kOrthogonalGates, {3, 4}), ThrowsMessage<Error>(HasSubstr("expected [4H, H]")));
  EXPECT_THAT(fill(Kind::kForgetGateOne, {3, 4}), ThrowsMessage<Error>(HasSubstr("expected [4H]")));
}

}  // namespace
}  // namespace limn::models
