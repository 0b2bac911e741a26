// The training step of a Sketch-RNN against the steps of version 0.1.0, against differences of its own losses, and as
// something that learns.
#include "limn/models/sketch_rnn/step.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "models/step_fixture.hpp"
#include "testing/compare.hpp"

namespace limn::models {
namespace {

using testing::random_sketch;
using testing::StepFixture;

using Tensors = std::vector<std::vector<float>>;
using Losses = SketchRnnStep::Losses;

constexpr std::int64_t kMaxSeqLen = 11;

struct Result {
  Losses losses;
  Tensors gradients;
};

// Gradients begin as NaN: each must be written.
Result run(SketchRnnStep& step, const Tensors& parameters, const SketchRnnStep::Input& input) {
  Result result;
  result.gradients = testing::blank_tensors(sketch_rnn_parameters(step.options()));
  const auto gradients = testing::spans(result.gradients);
  result.losses = step.losses_and_gradients(testing::const_spans(parameters), gradients, input);
  return result;
}

std::map<std::string, double> by_name(const Losses& losses) {
  return {{"total", losses.total},
          {"offset", losses.offset},
          {"pen", losses.pen},
          {"kl", losses.kl},
          {"kl_weight", losses.kl_weight}};
}

// All cells and dropouts at small sizes.
SketchRnnOptions options_with_everything(const std::string& encoder, const std::string& decoder, bool pads) {
  return {.enc_model = encoder,
          .enc_rnn_size = 4,
          .dec_model = decoder,
          .dec_rnn_size = 7,
          .z_size = 3,
          .num_mixture = 2,
          .hyper_num_units = 5,
          .hyper_embedding_size = 2,
          .kl_weight_start = 0.4,
          .kl_tolerance = 0,
          .recurrent_dropout_prob = 0.7,
          .use_input_dropout = true,
          .input_dropout_prob = 0.8,
          .use_output_dropout = true,
          .output_dropout_prob = 0.6,
          .pen_loss_over_padding = pads};
}

Tensors random_parameters(const SketchRnnOptions& options, float spread) {
  Tensors parameters;
  for (const auto& spec : sketch_rnn_parameters(options)) {
    RandomStream random(8, Purpose::kTest, 0, parameters.size());
    for (float& value : parameters.emplace_back(spec.count())) value = random.uniform(-spread, spread);
  }
  return parameters;
}

// The sketches of these lengths at their places in a batch; lengths fall.
sketch::StrokeBatch batch_of(const std::vector<std::int64_t>& lengths, const std::vector<std::int64_t>& places = {}) {
  std::vector<sketch::Sketch> sketches;
  std::vector<const sketch::Sketch*> views;
  for (std::size_t i = 0; i < lengths.size(); ++i)
    sketches.push_back(random_sketch(lengths[i], static_cast<std::uint64_t>(places.empty() ? i : places[i])));
  for (const sketch::Sketch& sketch : sketches) views.push_back(&sketch);
  sketch::StrokeBatch batch = sketch::make_batch(views, {});
  batch.places = places;
  return batch;
}

class SketchRnnSteps : public ::testing::TestWithParam<std::string> {};

TEST_P(SketchRnnSteps, IsTheStepOfVersion010OnAnyNumberOfThreads) {
  const StepFixture fixture(GetParam());
  SketchRnnOptions options;
  fixture.read_options(fields(options));
  const auto specs = sketch_rnn_parameters(options);
  const Tensors parameters = fixture.tensors("parameters", specs);
  const sketch::StrokeBatch batch = fixture.batch();
  const SketchRnnStep::Input input{.batch = batch,
                                   .max_seq_len = fixture.number("max_seq_len"),
                                   .seed = fixture.seed(),
                                   .step = fixture.step(),
                                   .whole = {.size = fixture.whole_batch()}};
  const int before = kernels::thread_count();
  Tensors first;
  for (const int threads : {1, 2}) {
    kernels::set_thread_count(threads);
    SketchRnnStep step(options);
    // Twice: the second time all memory holds what the first left.
    for (int time = 0; time < 2; ++time) {
      const Result result = run(step, parameters, input);
      testing::expect_losses(fixture, by_name(result.losses));
      testing::expect_gradients(fixture, specs, result.gradients);
      if (first.empty()) first = result.gradients;
      EXPECT_EQ(result.gradients, first);
    }
  }
  kernels::set_thread_count(before);
}
INSTANTIATE_TEST_SUITE_P(Fixtures, SketchRnnSteps, ::testing::ValuesIn(StepFixture::names("sketch_rnn")),
                         [](const auto& fixture) { return fixture.param; });

TEST(SketchRnnStep, HasAFixtureOfEachKind) { EXPECT_EQ(StepFixture::names("sketch_rnn").size(), 15U); }

// The parts of a batch that several processes work on: their losses and gradients add up to the whole batch's.
void check_parts(const SketchRnnOptions& options, std::int64_t parts) {
  SCOPED_TRACE(::testing::Message() << options.dec_model << ", tolerance " << options.kl_tolerance << ", " << parts
                                    << " parts");
  const std::vector<std::int64_t> lengths{9, 7, 7, 4, 3, 1, 1};
  const Tensors parameters = random_parameters(options, 0.7F);
  SketchRnnStep step(options);
  const sketch::StrokeBatch all = batch_of(lengths);
  const Result whole = run(step, parameters, {.batch = all, .max_seq_len = kMaxSeqLen, .seed = 5, .step = 3});

  Losses sum;
  Tensors gradients;
  for (std::int64_t part = 0; part < parts; ++part) {
    std::vector<std::int64_t> places, some;
    for (std::int64_t i = part; i < std::ssize(lengths); i += parts) {
      places.push_back(i);
      some.push_back(lengths[static_cast<std::size_t>(i)]);
    }
    const sketch::StrokeBatch batch = batch_of(some, places);
    double own = -1;
    const auto over_all = [&](double kl) {
      own = kl;
      return whole.losses.kl;
    };
    const Result result = run(step, parameters,
                              {.batch = batch,
                               .max_seq_len = kMaxSeqLen,
                               .seed = 5,
                               .step = 3,
                               .whole = {.size = std::ssize(lengths), .sum = over_all}});
    EXPECT_EQ(own, result.losses.kl);
    EXPECT_EQ(result.losses.kl_weight, whole.losses.kl_weight);
    sum.total += result.losses.total;
    sum.offset += result.losses.offset;
    sum.pen += result.losses.pen;
    sum.kl += result.losses.kl;
    if (gradients.empty()) gradients = Tensors(result.gradients.size());
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      gradients[i].resize(result.gradients[i].size());
      for (std::size_t k = 0; k < gradients[i].size(); ++k) gradients[i][k] += result.gradients[i][k];
    }
  }
  EXPECT_NEAR(sum.total, whole.losses.total, 1e-6);
  EXPECT_NEAR(sum.offset, whole.losses.offset, 1e-6);
  EXPECT_NEAR(sum.pen, whole.losses.pen, 1e-6);
  EXPECT_NEAR(sum.kl, whole.losses.kl, 1e-6);
  const auto specs = sketch_rnn_parameters(options);
  for (std::size_t i = 0; i < gradients.size(); ++i)
    EXPECT_TRUE(testing::all_near(gradients[i], whole.gradients[i], testing::kWholeModel, specs[i].name));
}

TEST(SketchRnnStep, PartsAddUpToTheWholeBatch) {
  for (const std::int64_t parts : {2, 3})
    for (const double tolerance : {0.0, 100.0})
      for (const bool pads : {false, true}) {
        SketchRnnOptions options = options_with_everything("lstm", pads ? "layer_norm" : "hyper", pads);
        options.kl_tolerance = tolerance;
        check_parts(options, parts);
      }
}

// Along its own gradient g the loss rises by |g|² a unit.
void check_direction(const SketchRnnOptions& options) {
  SCOPED_TRACE(options.enc_model + ", " + options.dec_model);
  const Tensors parameters = random_parameters(options, 0.5F);
  const sketch::StrokeBatch batch = batch_of({8, 5, 5, 2, 1});
  SketchRnnStep step(options);
  const SketchRnnStep::Input input{.batch = batch, .max_seq_len = kMaxSeqLen, .seed = 2, .step = 4};
  const Result at = run(step, parameters, input);
  double squares = 0;
  for (const auto& gradient : at.gradients)
    for (const float g : gradient) squares += static_cast<double>(g) * g;
  const double length = std::sqrt(squares), step_size = 1e-2;
  const auto loss_at = [&](double offset) {
    Tensors moved = parameters;
    for (std::size_t i = 0; i < moved.size(); ++i)
      for (std::size_t k = 0; k < moved[i].size(); ++k)
        moved[i][k] += static_cast<float>(offset / length * at.gradients[i][k]);
    return run(step, moved, input).losses.total;
  };
  const double slope = (loss_at(step_size) - loss_at(-step_size)) / (2 * step_size);
  EXPECT_NEAR(slope / length, 1, 2e-3);
}

TEST(SketchRnnStep, GradientIsTheSlopeOfTheLoss) {
  for (const char* const decoder : {"lstm", "layer_norm", "hyper"})
    for (const bool is_conditional : {true, false}) {
      SketchRnnOptions options = options_with_everything("layer_norm", decoder, false);
      options.conditional = is_conditional;
      check_direction(options);
    }
}

// No gradient of the KL term where it is tolerated, however large its weight.
TEST(SketchRnnStep, KlBelowItsToleranceHasNoGradient) {
  SketchRnnOptions options = options_with_everything("lstm", "lstm", false);
  options.kl_tolerance = 100;
  const Tensors parameters = random_parameters(options, 0.5F);
  const sketch::StrokeBatch batch = batch_of({6, 3});
  const SketchRnnStep::Input input{.batch = batch, .max_seq_len = kMaxSeqLen, .seed = 2};
  SketchRnnStep light(options);
  const Result one = run(light, parameters, input);
  EXPECT_NEAR(one.losses.total, one.losses.offset + one.losses.pen + one.losses.kl_weight * 100, 1e-9);
  options.kl_weight_start = 40;
  SketchRnnStep heavy(options);
  EXPECT_EQ(run(heavy, parameters, input).gradients, one.gradients);
  options.kl_tolerance = 0;
  SketchRnnStep counting(options);
  EXPECT_NE(run(counting, parameters, input).gradients, one.gradients);
}

// A batch of other size each time, and one point of one sketch: memory fits itself to each.
TEST(SketchRnnStep, TakesBatchesOfAnySize) {
  for (const bool is_conditional : {true, false}) {
    SketchRnnOptions options = options_with_everything("hyper", "hyper", false);
    options.conditional = is_conditional;
    const Tensors parameters = random_parameters(options, 0.5F);
    SketchRnnStep step(options);
    const std::vector<std::vector<std::int64_t>> batches{{1}, {9, 9, 4}, {1}, {3, 0}, {0}};
    for (const auto& lengths : batches) {
      const sketch::StrokeBatch batch = batch_of(lengths);
      const SketchRnnStep::Input input{.batch = batch, .max_seq_len = kMaxSeqLen, .seed = 2};
      SketchRnnStep fresh(options);
      const Result one = run(step, parameters, input), other = run(fresh, parameters, input);
      EXPECT_TRUE(std::isfinite(one.losses.total));
      EXPECT_EQ(one.losses.total, other.losses.total);
      EXPECT_EQ(one.gradients, other.gradients);
      for (const auto& gradient : one.gradients)
        for (const float g : gradient) ASSERT_TRUE(std::isfinite(g));
    }
    const sketch::StrokeBatch none = batch_of({});
    EXPECT_THROW((void)run(step, parameters, {.batch = none, .max_seq_len = kMaxSeqLen}), Error);
  }
}

// bf16 changes the last digits of the cells' and the output layer's products, and nothing more.
TEST(SketchRnnStep, WorksInBf16) {
  const SketchRnnOptions options = options_with_everything("lstm", "layer_norm", false);
  const Tensors parameters = random_parameters(options, 0.5F);
  const sketch::StrokeBatch batch = batch_of({8, 5, 2});
  const SketchRnnStep::Input input{.batch = batch, .max_seq_len = kMaxSeqLen, .seed = 2};
  SketchRnnStep exact(options), rounded(options, kernels::Precision::kBFloat16);
  const Result a = run(rounded, parameters, input), e = run(exact, parameters, input);
  EXPECT_NE(a.losses.total, e.losses.total);
  EXPECT_NEAR(a.losses.total, e.losses.total, 0.02 * e.losses.total);
  const auto specs = sketch_rnn_parameters(options);
  for (std::size_t i = 0; i < specs.size(); ++i)
    EXPECT_TRUE(testing::all_near(a.gradients[i], e.gradients[i], {.relative = 0, .absolute = 0.1, .floor = 1e-3},
                                  specs[i].name));
}

TEST(SketchRnnStep, LearnsOneBatchByHeart) {
  SketchRnnOptions options = options_with_everything("lstm", "lstm", false);
  options.dec_rnn_size = 24;
  options.use_recurrent_dropout = options.use_input_dropout = options.use_output_dropout = false;
  options.kl_weight = options.kl_weight_start = 0;
  Tensors parameters = random_parameters(options, 0.3F);
  Tensors gradients = testing::blank_tensors(sketch_rnn_parameters(options));
  Tensors first = gradients, second = gradients;
  std::vector<kernels::AdamSlot> slots;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::ranges::fill(first[i], 0.0F);
    std::ranges::fill(second[i], 0.0F);
    slots.push_back({parameters[i], gradients[i], first[i], second[i]});
  }
  const sketch::StrokeBatch batch = batch_of({6, 5, 3});
  SketchRnnStep step(options);
  const auto values = testing::const_spans(parameters);
  const auto slopes = testing::spans(gradients);
  double at_start = 0, at_end = 0;
  for (std::int64_t i = 1; i <= 400; ++i) {
    at_end = step.losses_and_gradients(values, slopes, {.batch = batch, .max_seq_len = 6, .seed = 2}).total;
    if (i == 1) at_start = at_end;
    kernels::adam_step(slots, {.learning_rate = 0.01}, i, kernels::ClipMode::kValue, 1.0, 0);
  }
  // The likeliest density of an offset grows without bound, so the loss falls far below zero.
  EXPECT_GT(at_start, 1.0);
  EXPECT_LT(at_end, -1.0);
}

}  // namespace
}  // namespace limn::models
