// The training model against its plain LibTorch twin, which runs in float64 from the same float32 weights and
// the same random numbers: losses, the gradient of every parameter, ten steps of training; and against
// generate, which evaluates the same weights.
#include "limn/nn/sketch_rnn_module.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <tuple>

#include "models/sketch_rnn/tiny_model.hpp"
#include "limn/models/sketch_rnn/evaluation.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/nn/views.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"
#include "testing/compare.hpp"
#include "testing/tensors.hpp"

namespace limn {
namespace {

using testing::kFloat32;
using testing::near;
using testing::random_sketch;
using testing::tensors_near;
using torch::Tensor;

constexpr std::int64_t kMaxSeqLen = 9;
constexpr std::uint64_t kSeed = 11;
constexpr int kOverfitSteps = 500;

SketchRnnOptions tiny_options(const std::string& cell, bool is_conditional) {
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

// Longest first; one sketch is as long as N_max, two are equally long, one has a single point.
StrokeBatch tiny_batch() {
  std::vector<Sketch> sketches;
  for (const std::int64_t length : {kMaxSeqLen, std::int64_t{6}, std::int64_t{6}, std::int64_t{1}})
    sketches.push_back(random_sketch(length, 70 + sketches.size()));
  std::vector<const Sketch*> views;
  for (const auto& sketch : sketches) views.push_back(&sketch);
  return make_batch(views, std::vector<std::int64_t>{0, 1, 2, 3});
}

// A model whose weights are all of one size: the initial ones hide mistakes behind zeros.
SketchRnn random_model(const SketchRnnOptions& options) {
  SketchRnn model(options, 1);
  const auto values = libtorch::oracle::random_parameters(sketch_rnn_parameters(options), torch::kFloat32, 17);
  const torch::NoGradGuard no_gradient;
  for (const auto& item : model->named_parameters()) Tensor(item.value()).copy_(values.at(item.key()));
  return model;
}

libtorch::oracle::Parameters twins(torch::nn::Module& model) {
  libtorch::oracle::Parameters parameters;
  for (const auto& item : model.named_parameters())
    parameters[item.key()] = item.value().detach().to(torch::kFloat64).clone().requires_grad_();
  return parameters;
}

libtorch::oracle::SketchRnnStep twin_step(const SketchRnnOptions& options, const StrokeBatch& batch,
                                   std::uint64_t step, bool is_training) {
  libtorch::oracle::SketchRnnStep twin{.max_seq_len = kMaxSeqLen, .step = static_cast<std::int64_t>(step)};
  if (options.conditional)
    twin.epsilon = libtorch::oracle::training_epsilon(options, batch, kSeed, step);
  if (is_training) twin.dropout = libtorch::oracle::training_dropout(options, batch, kSeed, step);
  return twin;
}

void expect_losses_near(const SketchRnnLosses& losses, const libtorch::oracle::SketchRnnLosses& expected,
                        const testing::Tolerance& tolerance) {
  const auto number = [](const Tensor& t) { return t.item<double>(); };
  EXPECT_TRUE(near(losses.offset, number(expected.offset), tolerance, "offset"));
  EXPECT_TRUE(near(losses.pen, number(expected.pen), tolerance, "pen"));
  EXPECT_TRUE(near(losses.kl, number(expected.kl), tolerance, "kl"));
  EXPECT_TRUE(near(number(losses.total), number(expected.total), tolerance, "total"));
}

void expect_gradients_near(torch::nn::Module& model, const libtorch::oracle::Parameters& expected) {
  for (const auto& item : model.named_parameters())
    EXPECT_TRUE(
        tensors_near(item.value().grad(), expected.at(item.key()).grad(), testing::kWholeModel, item.key()));
}

void expect_twins(const SketchRnnOptions& options, bool is_training) {
  constexpr std::uint64_t kStep = 6;
  SketchRnn model = random_model(options);
  model->train(is_training);
  const libtorch::oracle::Parameters parameters = twins(*model);
  // Gone before the backward pass: the graph must not look into it.
  std::optional<StrokeBatch> batch(tiny_batch());
  const SketchRnnLosses losses = model->forward(*batch, {.seed = kSeed, .step = kStep}, kMaxSeqLen);
  const auto expected =
      sketch_rnn_loss(parameters, options, *batch, twin_step(options, *batch, kStep, is_training));
  batch.reset();
  losses.total.backward();
  expected.total.backward();
  EXPECT_EQ(losses.kl_weight, kl_weight_at(options, kStep));
  expect_losses_near(losses, expected, kFloat32);
  expect_gradients_near(*model, parameters);
}

class SketchRnnTwin : public ::testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  SketchRnnOptions options = tiny_options(std::get<0>(GetParam()), std::get<1>(GetParam()));
};

TEST_P(SketchRnnTwin, ParametersAreThoseOfTheSpecification) {
  const SketchRnn model(options, 1);
  std::set<std::pair<std::string, std::vector<std::int64_t>>> actual, expected;
  for (const auto& item : model->named_parameters()) {
    actual.insert({item.key(), item.value().sizes().vec()});
    EXPECT_TRUE(item.value().requires_grad()) << item.key();
  }
  for (const auto& spec : sketch_rnn_parameters(options)) expected.insert({spec.name, spec.shape});
  EXPECT_EQ(actual, expected);
}

TEST_P(SketchRnnTwin, MatchesInEvaluationModeWhateverTheDropout) {
  options.use_input_dropout = options.use_output_dropout = true;
  expect_twins(options, false);
}

TEST_P(SketchRnnTwin, MatchesWithoutDropout) {
  options.use_recurrent_dropout = false;
  expect_twins(options, true);
}

TEST_P(SketchRnnTwin, MatchesWithRecurrentDropout) { expect_twins(options, true); }

TEST_P(SketchRnnTwin, MatchesWithInputAndOutputDropout) {
  options.use_recurrent_dropout = false;
  options.use_input_dropout = true;
  expect_twins(options, true);
  options.use_output_dropout = true;
  expect_twins(options, true);
  options.use_recurrent_dropout = true;
  expect_twins(options, true);
}

TEST_P(SketchRnnTwin, MatchesWithThePenLossOverPadding) {
  options.pen_loss_over_padding = true;
  expect_twins(options, true);
}

TEST_P(SketchRnnTwin, MatchesWhereTheToleranceHoldsTheKlTerm) {
  options.kl_tolerance = 1e3;
  expect_twins(options, true);
}

TEST_P(SketchRnnTwin, TenTrainingLossesMatch) {
  SketchRnn model = random_model(options);
  model->train();
  const libtorch::oracle::Parameters parameters = twins(*model);
  const StrokeBatch batch = tiny_batch();
  struct Moments {
    std::vector<float> first, second;
  };
  std::map<std::string, Moments> moments, twin_moments;
  std::map<std::string, Tensor> twin_values;  // float32, as Adam wants them
  for (const auto& [name, value] : parameters) {
    const auto count = static_cast<std::size_t>(value.numel());
    moments[name] = twin_moments[name] = {std::vector<float>(count), std::vector<float>(count)};
    twin_values[name] = value.detach().to(torch::kFloat32);
  }
  const auto adam = [](const std::vector<kernels::AdamSlot>& slots, std::int64_t step) {
    kernels::adam_step(slots, {.learning_rate = 0.01}, step, kernels::ClipMode::kValue, 1.0,
                       kernels::gradient_norm(slots));
  };
  for (std::uint64_t step = 0; step < 10; ++step) {
    for (const auto& item : model->named_parameters()) Tensor(item.value()).mutable_grad() = Tensor();
    for (const auto& [name, value] : parameters) Tensor(value).mutable_grad() = Tensor();
    const auto losses = model->forward(batch, {.seed = kSeed, .step = step}, kMaxSeqLen);
    const auto expected = sketch_rnn_loss(parameters, options, batch, twin_step(options, batch, step, true));
    EXPECT_NEAR(losses.total.item<double>(), expected.total.item<double>(), 1e-4) << "step " << step;
    losses.total.backward();
    expected.total.backward();
    std::vector<kernels::AdamSlot> slots, twin_slots;
    std::vector<Tensor> twin_gradients;
    for (const auto& item : model->named_parameters()) {
      const std::string& name = item.key();
      slots.push_back(
          {nn::span(item.value()), nn::span(item.value().grad()), moments[name].first, moments[name].second});
      twin_gradients.push_back(parameters.at(name).grad().to(torch::kFloat32).contiguous());
      twin_slots.push_back({nn::span(twin_values[name]), nn::span(twin_gradients.back()),
                            twin_moments[name].first, twin_moments[name].second});
    }
    const auto number = static_cast<std::int64_t>(step) + 1;
    adam(slots, number);
    adam(twin_slots, number);
    const torch::NoGradGuard no_gradient;
    for (const auto& [name, value] : parameters) Tensor(value).copy_(twin_values[name]);
  }
}

// |given - expected| / |expected| of a gradient.
double relative_difference(const Tensor& given, const Tensor& expected) {
  const Tensor wanted = expected.to(torch::kFloat64);
  const double size = wanted.norm().item<double>();
  return size == 0 ? given.norm().item<double>()
                   : (given.to(torch::kFloat64) - wanted).norm().item<double>() / size;
}

// With its initial weights a layer-normalised cell is chaotic: over hundreds of steps float32 loses the
// gradient of the encoder, whoever computes it. Our error must be of the size of the float32 twin's,
// parameter by parameter.
TEST_P(SketchRnnTwin, OverLongSketchesTheErrorIsThatOfRounding) {
  constexpr std::int64_t kLong = 80;
  constexpr double kFloor = 1e-5, kFactor = 30;  // the two errors are draws from one distribution
  options.enc_rnn_size = options.dec_rnn_size = 24;
  SketchRnn model(options, kSeed);
  const Sketch sketch = random_sketch(kLong, 5), other = random_sketch(kLong - 1, 6);
  const std::vector<const Sketch*> both{&sketch, &other};
  const StrokeBatch batch = make_batch(both, std::vector<std::int64_t>{0, 1});
  const libtorch::oracle::Parameters exact = twins(*model);
  libtorch::oracle::Parameters rounded;
  for (const auto& [name, value] : exact)
    rounded[name] = value.detach().to(torch::kFloat32).clone().requires_grad_();
  auto step = twin_step(options, batch, 1, true);
  step.max_seq_len = kLong;
  sketch_rnn_loss(exact, options, batch, step).total.backward();
  sketch_rnn_loss(rounded, options, batch, step).total.backward();
  model->train();
  model->forward(batch, {.seed = kSeed, .step = 1}, kLong).total.backward();
  for (const auto& item : model->named_parameters()) {
    const Tensor expected = exact.at(item.key()).grad();
    const double ours = relative_difference(item.value().grad(), expected);
    const double theirs = relative_difference(rounded.at(item.key()).grad(), expected);
    EXPECT_LE(ours, kFloor + kFactor * theirs) << item.key();
  }
}

TEST_P(SketchRnnTwin, OneBatchCanBeOverfitted) {
  options.use_recurrent_dropout = false;
  options.dec_rnn_size = 48;
  options.kl_weight = options.kl_weight_start = 0.01;
  SketchRnn model(options, kSeed);
  model->train();
  const StrokeBatch batch = tiny_batch();
  torch::optim::Adam adam(model->parameters(), torch::optim::AdamOptions());
  double first = 0, last = 0;
  for (std::uint64_t step = 0; step < static_cast<std::uint64_t>(kOverfitSteps); ++step) {
    // Narrow components make steep losses: a clipped gradient and a rate that falls to zero.
    static_cast<torch::optim::AdamOptions&>(adam.param_groups()[0].options())
        .lr(0.01 * (1 - static_cast<double>(step) / kOverfitSteps));
    adam.zero_grad();
    const auto losses = model->forward(batch, {.seed = kSeed, .step = step}, kMaxSeqLen);
    losses.total.backward();
    torch::nn::utils::clip_grad_norm_(model->parameters(), 1.0);
    adam.step();
    last = losses.offset + losses.pen;
    if (step == 0) first = last;
  }
  // At first about two nats for each offset and one for each pen state; known by heart, the offsets' density
  // is above one everywhere, which no model reaches that generalises.
  EXPECT_GT(first, 1.0);
  EXPECT_LT(last, -0.5);
}

TEST_P(SketchRnnTwin, GenerateEvaluatesTheSameWeightsToTheSameLosses) {
  SketchRnn model = random_model(options);
  model->eval();
  const StrokeBatch batch = tiny_batch();
  std::vector<std::span<const float>> tensors;
  const auto parameters = model->named_parameters();
  for (const auto& spec : sketch_rnn_parameters(options))
    tensors.push_back(nn::const_span(parameters[spec.name]));
  // Without noise, so that z is μ on both sides.
  const auto evaluation = evaluate(sketch_rnn_weights(options, tensors), std::span(&batch, 1),
                                   {.max_seq_len = kMaxSeqLen, .uses_mean = true});
  auto twin = twin_step(options, batch, 0, false);
  twin.epsilon = Tensor();
  const auto expected = sketch_rnn_loss(twins(*model), options, batch, twin);
  EXPECT_NEAR(evaluation.offset, expected.offset.item<double>(), 1e-5);
  EXPECT_NEAR(evaluation.pen, expected.pen_drawing.item<double>(), 1e-5);
  EXPECT_NEAR(evaluation.reconstruction_training_form, (expected.offset + expected.pen).item<double>(), 1e-5);
  EXPECT_NEAR(evaluation.kl, expected.kl.item<double>(), 1e-5);
  if (options.conditional) return;
  const auto losses = model->forward(batch, {.seed = kSeed}, kMaxSeqLen);
  EXPECT_NEAR(evaluation.reconstruction_training_form, losses.offset + losses.pen, 1e-5);
  EXPECT_NEAR(evaluation.pen_training_form, losses.pen, 1e-5);
}

TEST_P(SketchRnnTwin, WithoutVarianceGenerateAndTheModelSeeTheSameZ) {
  SketchRnn model = random_model(options);
  model->eval();
  if (options.conditional) {
    const torch::NoGradGuard no_gradient;
    model->named_parameters()["encoder.log_variance.weight"].zero_();
    model->named_parameters()["encoder.log_variance.bias"].fill_(-60.0f);  // σ = exp(-30)
  }
  const StrokeBatch batch = tiny_batch();
  std::vector<std::span<const float>> tensors;
  const auto parameters = model->named_parameters();
  for (const auto& spec : sketch_rnn_parameters(options))
    tensors.push_back(nn::const_span(parameters[spec.name]));
  const auto evaluation = evaluate(sketch_rnn_weights(options, tensors), std::span(&batch, 1),
                                   {.max_seq_len = kMaxSeqLen, .seed = 3});
  const auto losses = model->forward(batch, {.seed = kSeed}, kMaxSeqLen);
  EXPECT_NEAR(evaluation.offset, losses.offset, 1e-5);
  EXPECT_NEAR(evaluation.pen_training_form, losses.pen, 1e-5);
  EXPECT_TRUE(near(evaluation.kl, losses.kl, kFloat32, "kl"));
}

// Two processes with every other sketch each, as distributed training shares a batch.
TEST_P(SketchRnnTwin, SharesOfABatchAddUpToTheWhole) {
  options.kl_tolerance = 0;
  options.use_input_dropout = options.use_output_dropout = true;
  std::vector<Sketch> sketches;
  for (const std::int64_t length : {8, 7, 5, 4, 2})
    sketches.push_back(random_sketch(length, 90 + sketches.size()));
  const auto batch_of = [&](std::size_t first, std::size_t stride) {
    std::vector<const Sketch*> views;
    for (std::size_t i = first; i < sketches.size(); i += stride) views.push_back(&sketches[i]);
    return make_batch(views, {});
  };
  SketchRnn whole = random_model(options), shared = random_model(options);
  const auto expected = whole->forward(batch_of(0, 1), {.seed = kSeed, .step = 2}, kMaxSeqLen);
  expected.total.backward();
  SketchRnnLosses sums;
  double total = 0;
  for (const std::int64_t rank : {0, 1}) {
    const auto part = shared->forward(batch_of(static_cast<std::size_t>(rank), 2),
                                      {.seed = kSeed, .step = 2, .numbers = BatchShare{rank, 2}.places(5)},
                                      kMaxSeqLen, {.size = 5});
    part.total.backward();
    sums.offset += part.offset;
    sums.pen += part.pen;
    sums.kl += part.kl;
    total += part.total.item<double>();
  }
  EXPECT_TRUE(near(sums.offset, expected.offset, kFloat32, "offset"));
  EXPECT_TRUE(near(sums.pen, expected.pen, kFloat32, "pen"));
  EXPECT_TRUE(near(sums.kl, expected.kl, kFloat32, "kl"));
  EXPECT_TRUE(near(total, expected.total.item<double>(), kFloat32, "total"));
  for (const auto& item : whole->named_parameters())
    EXPECT_TRUE(tensors_near(shared->named_parameters()[item.key()].grad(), item.value().grad(),
                             testing::kWholeModel, item.key()));
}

// A batch below the tolerance costs it once, however many processes share the batch.
TEST(SketchRnn, TheKlToleranceCountsOnceOverAllShares) {
  auto options = tiny_options("lstm", true);
  options.kl_tolerance = 1e3;
  SketchRnn model = random_model(options);
  const StrokeBatch batch = tiny_batch();
  const auto losses = model->forward(batch, {.seed = kSeed}, kMaxSeqLen, {.size = 2 * batch.batch_size()});
  EXPECT_NEAR(losses.total.item<double>() - losses.offset - losses.pen, losses.kl_weight * 1e3 / 2, 1e-3);
}

// An encoder and a decoder of different cells.
TEST(SketchRnn, MatchesWithMixedCells) {
  auto options = tiny_options("lstm", true);
  options.enc_model = "layer_norm";
  options.dec_model = "hyper";
  expect_twins(options, true);
}

const auto kCells = ::testing::Combine(::testing::Values("lstm", "layer_norm", "hyper"), ::testing::Bool());
INSTANTIATE_TEST_SUITE_P(Cells, SketchRnnTwin, kCells, [](const auto& suite) {
  return std::string(std::get<0>(suite.param)) +
         (std::get<1>(suite.param) ? "_conditional" : "_unconditional");
});

}  // namespace
}  // namespace limn
