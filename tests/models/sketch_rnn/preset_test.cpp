// --preset magenta, labml and keras: the losses of those programs, written here as they write them, and their
// gradients, for the same decoder outputs. Sources: magenta/models/sketch_rnn/model.py, labml_nn/sketch_rnn, and the
// Keras port's loss as docs/moving.md describes it.
#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/family.hpp"
#include "limn/models/sketch_rnn/loss_rows.hpp"
#include "limn/models/sketch_rnn/step.hpp"

namespace limn::models {
namespace {

constexpr std::int64_t kMixtures = 2, kColumns = 3 + 6 * kMixtures, kLongest = 6;

// The options of a model after --preset, and those of its data and training that this test looks at.
SketchRnnOptions options_of(const std::string& name) {
  SketchRnnOptions options;
  const auto list = fields(options);
  const Family family = sketch_rnn_family();
  const auto preset = std::ranges::find(family.presets, name, &Preset::name);
  EXPECT_NE(preset, family.presets.end());
  for (const std::string& setting : preset->settings) {
    const std::string option = setting.substr(0, setting.find('='));
    if (std::ranges::find(list, option, &OptionField::name) != list.end())
      set_option(list, option, setting.substr(option.size() + 1));
  }
  return options;
}

// What those programs draw from is N(0, I).
TEST(Presets, FitNoPrior) {
  for (const Preset& preset : sketch_rnn_family().presets)
    EXPECT_THAT(preset.settings, ::testing::Contains("fit_prior=false")) << preset.name;
}

// One row of one sketch: what the program says (outputs), and what it should (target).
struct Step {
  const double* outputs;
  const float* target;
  bool is_drawing, is_end, is_padding;  // i <= Ns, i = Ns + 1, later
};

double density(const Step& s) {
  const double* const y = s.outputs + 3;
  double pi_sum = 0, sum = 0;
  for (std::int64_t j = 0; j < kMixtures; ++j) pi_sum += std::exp(y[j]);
  for (std::int64_t j = 0; j < kMixtures; ++j) {
    const double sx = std::exp(y[3 * kMixtures + j]), sy = std::exp(y[4 * kMixtures + j]);
    const double rho = std::tanh(y[5 * kMixtures + j]);
    const double x = (s.target[0] - y[kMixtures + j]) / sx, v = (s.target[1] - y[2 * kMixtures + j]) / sy;
    const double z = x * x + v * v - 2 * rho * x * v, rest = 1 - rho * rho;
    sum += std::exp(y[j]) / pi_sum * std::exp(-z / (2 * rest)) / (2 * std::numbers::pi * sx * sy * std::sqrt(rest));
  }
  return sum;
}

double cross_entropy(const Step& s) {
  double sum = 0;
  for (int k = 0; k < 3; ++k) sum += std::exp(s.outputs[k]);
  double loss = 0;
  for (int k = 0; k < 3; ++k) loss -= s.target[2 + k] * (s.outputs[k] - std::log(sum));
  return loss;
}

// Each of them is a mean over N steps of a batch of B: `steps` holds N · B rows.
double magenta_loss(const std::vector<Step>& steps) {
  double sum = 0;
  for (const Step& s : steps) sum += (s.is_drawing ? -std::log(density(s) + 1e-6) : 0) + cross_entropy(s);
  return sum / static_cast<double>(steps.size());
}
double labml_loss(const std::vector<Step>& steps) {
  double stroke = 0, pen = 0;
  for (const Step& s : steps) {
    const double mask = s.is_padding ? 0 : 1;
    stroke -= mask * std::log(1e-5 + density(s));
    pen += cross_entropy(s);
  }
  const auto count = static_cast<double>(steps.size());
  return stroke / count + pen / (3 * count);  // a mean over the pen states too
}
double keras_loss(const std::vector<Step>& steps) {
  double sum = 0;
  for (const Step& s : steps)
    if (s.is_drawing) sum += -std::log(density(s) + 1e-6) + cross_entropy(s);
  return sum / static_cast<double>(steps.size());
}

sketch::StrokeBatch batch_of_three(std::vector<sketch::Sketch>& sketches) {
  RandomStream random(3, Purpose::kTest);
  for (const std::int64_t length : {kLongest, std::int64_t{4}, std::int64_t{1}}) {
    sketch::Sketch sketch;
    for (std::int64_t i = 0; i < length; ++i)
      sketch.points.push_back({.dx = random.normal(), .dy = random.normal(), .is_pen_lifted = i % 3 == 2});
    sketches.push_back(sketch);
  }
  std::vector<const sketch::Sketch*> views;
  for (const auto& sketch : sketches) views.push_back(&sketch);
  return sketch::make_batch(views, {});
}

// Loss and gradients of our form and of theirs, whose divisor has `steps` rows a sketch.
void expect_equal(const std::string& preset, std::int64_t steps, double (*theirs)(const std::vector<Step>&)) {
  SCOPED_TRACE(preset);
  std::vector<sketch::Sketch> sketches;
  const sketch::StrokeBatch batch = batch_of_three(sketches);
  LossRows loss_rows(options_of(preset));
  const sketch::StrokeBatch& rows = loss_rows.rows_of(batch, steps);
  std::vector<float> outputs(static_cast<std::size_t>(rows.rows() * kColumns)), gradient(outputs.size());
  RandomStream(4, Purpose::kTest).fill_normal(outputs);
  for (float& y : outputs) y *= 0.5F;
  const auto divisor = static_cast<double>(steps * batch.batch_size());
  const auto sums = kernels::mixture_density_loss(
      ConstMatrix(outputs, rows.rows(), kColumns), ConstMatrix(rows.targets, rows.rows(), sketch::kStroke5),
      static_cast<float>(1 / divisor), Matrix(gradient.data(), rows.rows(), kColumns), loss_rows.terms_of(rows));

  // Their tensors have N rows of each sketch; those that ours leaves out must not count there.
  std::vector<double> values(outputs.begin(), outputs.end());
  const std::vector<double> nothing(kColumns, 0.0);
  const std::vector<float> end{0, 0, 0, 0, 1};
  std::vector<Step> all;
  std::int64_t row = 0;
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t b = 0; b < batch.batch_size(); ++b) {
      const bool has_row = t < std::ssize(rows.active) && b < rows.active[static_cast<std::size_t>(t)];
      const std::int64_t length = batch.lengths[static_cast<std::size_t>(b)];
      all.push_back({.outputs = has_row ? values.data() + row * kColumns : nothing.data(),
                     .target = has_row ? rows.targets.data() + row * sketch::kStroke5 : end.data(),
                     .is_drawing = t<length, .is_end = t == length, .is_padding = t> length});
      if (has_row) ++row;
    }
  ASSERT_EQ(row, rows.rows());
  EXPECT_NEAR((sums.offset + sums.pen) / divisor, theirs(all), 1e-6);
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double kept = values[i];
    values[i] = kept + kStep;
    const double above = theirs(all);
    values[i] = kept - kStep;
    const double below = theirs(all);
    values[i] = kept;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 2e-6) << "output " << i;
  }
}

TEST(Preset, LossesAndGradientsAreTheirs) {
  expect_equal("magenta", 9, magenta_loss);  // N_max
  expect_equal("big", 9, magenta_loss);
  expect_equal("labml", kLongest + 1, labml_loss);  // the longest sketch + 1
  expect_equal("keras", 9, keras_loss);
}

// w_KL · max(KL, tolerance), as each program writes the KL term and its weight at a step.
TEST(Preset, TheKlTermIsTheirs) {
  const SketchRnnOptions keras = options_of("keras"), labml = options_of("labml"), magenta = options_of("magenta");
  EXPECT_EQ(kl_divisor(keras), 1);
  EXPECT_EQ(kl_divisor(labml), labml.z_size);
  EXPECT_EQ(kl_divisor(magenta), magenta.z_size);
  for (const std::int64_t step : {0, 5000}) {
    EXPECT_DOUBLE_EQ(kl_weight_at(keras, step), 0.01);
    EXPECT_DOUBLE_EQ(kl_weight_at(labml, step), 0.5);
    EXPECT_DOUBLE_EQ(kl_weight_at(magenta, step), 0.5 - 0.49 * std::pow(0.99995, static_cast<double>(step)));
  }
  EXPECT_EQ(keras.kl_tolerance, 0.2);
  EXPECT_EQ(labml.kl_tolerance, 0);
}

TEST(KlWeight, RisesToItsFullValueByTwoThirdsOfAPlan) {
  const SketchRnnOptions o{.kl_weight = 0.5, .kl_weight_start = 0.1};
  EXPECT_DOUBLE_EQ(kl_weight_at(o, 0, 900), 0.1);
  EXPECT_DOUBLE_EQ(kl_weight_at(o, 300, 900), 0.3);
  EXPECT_DOUBLE_EQ(kl_weight_at(o, 600, 900), 0.5);
  EXPECT_DOUBLE_EQ(kl_weight_at(o, 899, 900), 0.5);
  EXPECT_DOUBLE_EQ(kl_weight_at(o, 5000, 900), 0.5);
}

}  // namespace
}  // namespace limn::models
