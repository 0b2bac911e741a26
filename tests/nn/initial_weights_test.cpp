// The initial weights against MODELS.md §3, tensor by tensor, and their statistics where they are random.
#include "limn/nn/initial_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/nn/sketch_rnn_module.hpp"

namespace limn {
namespace {

using torch::Tensor;

SketchRnnOptions options_of(const std::string& cell) {
  return {.enc_model = cell,
          .enc_rnn_size = 24,
          .dec_model = cell,
          .dec_rnn_size = 40,
          .z_size = 36,
          .num_mixture = 5,
          .hyper_num_units = 28,
          .hyper_embedding_size = 20};
}

double deviation(const Tensor& t) { return std::sqrt(t.to(torch::kFloat64).square().mean().item<double>()); }
bool is_all(const Tensor& t, float value) { return t.eq(value).all().item<bool>(); }

// Zero but for the forget gate's block, which is one.
bool is_forget_one(const Tensor& bias) {
  const std::int64_t hidden = bias.size(0) / kernels::kGates;
  return is_all(bias.narrow(0, hidden, hidden), 1) &&
         bias.sum().item<double>() == static_cast<double>(hidden);
}

// Uniform within ±sqrt(6 / (in + out)): the bound, and a deviation of bound / √3.
void expect_glorot(const Tensor& weight, const std::string& name) {
  const double limit = std::sqrt(6.0 / static_cast<double>(weight.size(0) + weight.size(1)));
  EXPECT_LE(weight.abs().max().item<double>(), limit * (1 + 1e-6)) << name;
  EXPECT_GT(weight.abs().max().item<double>(), 0.95 * limit) << name;
  EXPECT_NEAR(deviation(weight) / (limit / std::sqrt(3.0)), 1, 0.1) << name;
  EXPECT_NEAR(weight.mean().item<double>() / limit, 0, 0.1) << name;
}

void expect_normal(const Tensor& weight, double expected, const std::string& name) {
  EXPECT_NEAR(deviation(weight) / expected, 1, 0.15) << name;
  EXPECT_NEAR(weight.mean().item<double>() / expected, 0, 0.15) << name;
  EXPECT_GT(weight.abs().max().item<double>(), 2 * expected) << name;
}

// Each gate's block times its transpose is the identity, and no block is another's.
void expect_orthogonal_gates(const Tensor& weight, const std::string& name) {
  const std::int64_t hidden = weight.size(1);
  for (std::int64_t gate = 0; gate < kernels::kGates; ++gate) {
    const Tensor q = weight.narrow(0, gate * hidden, hidden).to(torch::kFloat64);
    EXPECT_LT((q.matmul(q.t()) - torch::eye(hidden, torch::kFloat64)).abs().max().item<double>(), 1e-5)
        << name;
    for (std::int64_t other = 0; other < gate; ++other)
      EXPECT_FALSE(torch::allclose(q, weight.narrow(0, other * hidden, hidden).to(torch::kFloat64))) << name;
  }
}

void expect_cell(const torch::OrderedDict<std::string, Tensor>& parameters, const std::string& prefix,
                 const std::string& cell) {
  const auto at = [&](const std::string& name) -> const Tensor& { return parameters[prefix + name]; };
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
  expect_cell(parameters, prefix + "hyper.", "layer_norm");
}

class InitialWeights : public ::testing::TestWithParam<const char*> {};

TEST_P(InitialWeights, AreThoseOfTheSpecification) {
  const SketchRnn model(options_of(GetParam()), 5);
  const auto parameters = model->named_parameters();
  for (const char* cell : {"encoder.forward.", "encoder.backward.", "decoder.cell."})
    expect_cell(parameters, cell, GetParam());
  for (const char* layer : {"encoder.mu", "encoder.log_variance", "decoder.initial_state"}) {
    expect_normal(parameters[std::string(layer) + ".weight"], 0.001, layer);
    EXPECT_TRUE(is_all(parameters[std::string(layer) + ".bias"], 0)) << layer;
  }
  expect_glorot(parameters["decoder.output.weight"], "decoder.output.weight");
  EXPECT_TRUE(is_all(parameters["decoder.output.bias"], 0));
}

TEST_P(InitialWeights, FollowTheSeedAndTheNameAlone) {
  const SketchRnn a(options_of(GetParam()), 5), again(options_of(GetParam()), 5),
      other(options_of(GetParam()), 6);
  for (const auto& item : a->named_parameters())
    EXPECT_TRUE(item.value().equal(again->named_parameters()[item.key()])) << item.key();
  EXPECT_FALSE(a->named_parameters()["decoder.cell.weight_ih"].equal(
      other->named_parameters()["decoder.cell.weight_ih"]));
  const auto parameters = a->named_parameters();
  EXPECT_FALSE(parameters["encoder.forward.weight_ih"].equal(parameters["encoder.backward.weight_ih"]));
  EXPECT_FALSE(parameters["encoder.mu.weight"].equal(parameters["encoder.log_variance.weight"]));
  // A model without an encoder starts with the same output layer.
  auto alone = options_of(GetParam());
  alone.conditional = false;
  EXPECT_TRUE(parameters["decoder.output.weight"].equal(
      SketchRnn(alone, 5)->named_parameters()["decoder.output.weight"]));
}

INSTANTIATE_TEST_SUITE_P(Cells, InitialWeights, ::testing::Values("lstm", "layer_norm", "hyper"),
                         [](const auto& cell) { return std::string(cell.param); });

TEST(InitialWeights, AnUnknownNameIsAnError) {
  torch::nn::Module module;
  module.register_parameter("strange", torch::zeros({2, 3}));
  EXPECT_THROW(initialize_sketch_rnn(module, 1), Error);
}

}  // namespace
}  // namespace limn
