// The training step of a Sketch-RNN against the oracle, which runs in float64 from the same float32 weights and the
// same random numbers: losses, the gradient of every parameter, ten steps of training.
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "libtorch/step_pair.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"
#include "limn/libtorch/torch.hpp"
#include "limn/models/sketch_rnn/initial_weights.hpp"
#include "limn/models/sketch_rnn/step.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn {
namespace {

namespace oracle = libtorch::oracle;
using testing::ConditionedOracle;
using testing::kWholeModel;
using testing::Results;
using testing::Rounding;
using testing::StepPair;
using torch::Tensor;

constexpr std::int64_t kMaxSeqLen = 9;
constexpr std::uint64_t kSeed = 11;

models::SketchRnnOptions tiny_options(const std::string& cell, bool is_conditional) {
  return {.conditional = is_conditional,
          .enc_model = cell,
          .enc_rnn_size = 5,
          .dec_model = cell,
          .dec_rnn_size = 11,
          .z_size = 3,
          .num_mixture = 2,
          .hyper_num_units = 7,
          .hyper_embedding_size = 4,
          .recurrent_dropout_prob = 0.7,
          .input_dropout_prob = 0.8,
          .output_dropout_prob = 0.6};
}

sketch::StrokeBatch batch_of(const std::vector<std::int64_t>& lengths, std::uint64_t seed) {
  std::vector<sketch::Sketch> sketches;
  for (const std::int64_t length : lengths) sketches.push_back(testing::random_sketch(length, seed + sketches.size()));
  std::vector<const sketch::Sketch*> views;
  for (const auto& sketch : sketches) views.push_back(&sketch);
  return sketch::make_batch(views, {});
}

// Longest first; one sketch is as long as N_max, two are equally long, one has a single point.
sketch::StrokeBatch tiny_batch() { return batch_of({kMaxSeqLen, 6, 6, 1}, 70); }

oracle::SketchRnnLossTensors twin_losses(const oracle::Parameters& parameters, const models::SketchRnnOptions& options,
                                         const sketch::StrokeBatch& batch, std::uint64_t step,
                                         std::int64_t max_seq_len = kMaxSeqLen) {
  return oracle::sketch_rnn_loss(
      parameters, options, batch,
      {.max_seq_len = max_seq_len,
       .step = static_cast<std::int64_t>(step),
       .epsilon = options.conditional ? oracle::training_epsilon(options, batch, kSeed, step) : Tensor(),
       .dropout = oracle::training_dropout(options, batch, kSeed, step)});
}

models::SketchRnnStep::Losses our_losses(StepPair& pair, models::SketchRnnStep& ours, const sketch::StrokeBatch& batch,
                                         std::uint64_t step, std::int64_t max_seq_len = kMaxSeqLen) {
  return ours.losses_and_gradients(pair.values(), pair.gradients(),
                                   {.batch = batch, .max_seq_len = max_seq_len, .seed = kSeed, .step = step});
}

// The gradients of `parameters`, once the loss has gone backward.
Results gradients_of(const oracle::Parameters& parameters) {
  Results gradients;
  for (const auto& [name, value] : parameters) gradients[name] = value.grad();
  return gradients;
}

void expect_twins(const models::SketchRnnOptions& options) {
  constexpr std::uint64_t kStep = 6;
  StepPair pair(models::sketch_rnn_parameters(options));
  models::SketchRnnStep step(options);
  const sketch::StrokeBatch batch = tiny_batch();
  const auto losses = our_losses(pair, step, batch, kStep);
  ConditionedOracle twin(kWholeModel, [&](Rounding& round) {
    const oracle::Parameters parameters = round.each(pair.twin());
    const auto expected = twin_losses(parameters, options, batch, kStep);
    expected.total.backward();
    Results results = gradients_of(parameters);
    results.insert(
        {{"offset", expected.offset}, {"pen", expected.pen}, {"kl", expected.kl}, {"total", expected.total}});
    return results;
  });
  for (const auto& [name, loss] :
       {std::pair("offset", losses.offset), {"pen", losses.pen}, {"kl", losses.kl}, {"total", losses.total}})
    twin.expect_near(torch::tensor(loss, torch::kFloat64), name);
  pair.expect_gradients_near(twin);
}

class SketchRnnTwin : public ::testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  models::SketchRnnOptions options = tiny_options(std::get<0>(GetParam()), std::get<1>(GetParam()));
};

TEST_P(SketchRnnTwin, MatchesWithoutDropout) {
  options.use_recurrent_dropout = false;
  expect_twins(options);
}

TEST_P(SketchRnnTwin, MatchesWithRecurrentDropout) { expect_twins(options); }

TEST_P(SketchRnnTwin, MatchesWithInputAndOutputDropout) {
  options.use_recurrent_dropout = false;
  options.use_input_dropout = true;
  expect_twins(options);
  options.use_output_dropout = true;
  expect_twins(options);
  options.use_recurrent_dropout = true;
  expect_twins(options);
}

TEST_P(SketchRnnTwin, MatchesWithThePenLossOverPadding) {
  options.pen_loss_over_padding = true;
  expect_twins(options);
  options.use_input_dropout = options.use_output_dropout = true;
  expect_twins(options);
}

TEST_P(SketchRnnTwin, MatchesInTheFormsOfOtherPrograms) {
  options.kl_reduction = "sum";
  options.pen_loss_at_end = false;
  expect_twins(options);  // as the Keras port
  options.kl_reduction = "mean";
  options.pen_loss_at_end = true;
  options.pen_reduction = "mean";
  options.offset_loss_at_end = true;
  options.density_floor = 1e-5;
  expect_twins(options);
  options.pen_loss_over_padding = true;
  expect_twins(options);  // as labml
}

TEST_P(SketchRnnTwin, MatchesWhereTheToleranceHoldsTheKlTerm) {
  options.kl_tolerance = 1e3;
  expect_twins(options);
}

TEST_P(SketchRnnTwin, TenTrainingLossesMatch) {
  StepPair pair(models::sketch_rnn_parameters(options));
  models::SketchRnnStep ours(options);
  const sketch::StrokeBatch batch = tiny_batch();
  for (std::uint64_t step = 0; step < 10; ++step) {
    pair.forget_gradients();
    const double loss = our_losses(pair, ours, batch, step).total;
    const Tensor expected = twin_losses(pair.twin(), options, batch, step).total;
    EXPECT_NEAR(loss, expected.item<double>(), 1e-4) << "step " << step;
    expected.backward();
    pair.update(static_cast<std::int64_t>(step) + 1, 0.01);
  }
}

// |given - expected| / |expected| of a gradient.
double relative_difference(const Tensor& given, const Tensor& expected) {
  const double size = expected.norm().item<double>();
  const double difference = (given.to(torch::kFloat64) - expected).norm().item<double>();
  return size == 0 ? difference : difference / size;
}

// With its initial weights a layer-normalised cell is chaotic: over hundreds of steps float32 loses the gradient of the
// encoder, whoever computes it. Our error must be of the size of the float32 twin's, parameter by parameter.
TEST_P(SketchRnnTwin, OverLongSketchesTheErrorIsThatOfRounding) {
  constexpr std::int64_t kLong = 80;
  constexpr double kFloor = 1e-5, kFactor = 30;  // the two errors are draws from one distribution
  options.enc_rnn_size = options.dec_rnn_size = 24;
  const auto specs = models::sketch_rnn_parameters(options);
  StepPair pair(specs);
  models::initialise(options, specs, kSeed, pair.mutable_values());
  oracle::Parameters exact, rounded;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto values = pair.values()[i];
    const Tensor value = torch::tensor(std::vector<float>(values.begin(), values.end())).view(specs[i].shape);
    exact[specs[i].name] = value.to(torch::kFloat64).requires_grad_();
    rounded[specs[i].name] = value.clone().requires_grad_();
  }
  const sketch::StrokeBatch batch = batch_of({kLong, kLong - 1}, 5);
  twin_losses(exact, options, batch, 1, kLong).total.backward();
  twin_losses(rounded, options, batch, 1, kLong).total.backward();
  models::SketchRnnStep ours(options);
  (void)our_losses(pair, ours, batch, 1, kLong);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::string& name = specs[i].name;
    const auto gradient = pair.gradients()[i];
    const Tensor given = torch::tensor(std::vector<float>(gradient.begin(), gradient.end())).view(specs[i].shape);
    const Tensor expected = exact.at(name).grad();
    EXPECT_LE(relative_difference(given, expected),
              kFloor + kFactor * relative_difference(rounded.at(name).grad(), expected))
        << name;
  }
}

// An encoder and a decoder of different cells.
TEST(SketchRnnStep, MatchesWithMixedCells) {
  auto options = tiny_options("lstm", true);
  options.enc_model = "layer_norm";
  options.dec_model = "hyper";
  expect_twins(options);
}

const auto kCells = ::testing::Combine(::testing::Values("lstm", "layer_norm", "hyper"), ::testing::Bool());
INSTANTIATE_TEST_SUITE_P(Cells, SketchRnnTwin, kCells, [](const auto& suite) {
  return std::string(std::get<0>(suite.param)) + (std::get<1>(suite.param) ? "_conditional" : "_unconditional");
});

}  // namespace
}  // namespace limn
