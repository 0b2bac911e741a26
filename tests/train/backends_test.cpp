// The same seed on other kinds of CPU: each family trains with every set of vector instructions and each backend of the
// products, and the losses agree within the bound that docs/performance.md states.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "limn/core/metrics.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/registry.hpp"
#include "testing/simd_targets.hpp"

namespace limn::train {
namespace {

constexpr std::int64_t kSteps = 6;
// The share of a loss by which it may differ. Where layers are normalised or cut off at zero, rounding is enlarged and
// may decide on which side of zero a value lies.
constexpr double kSmooth = 1e-6, kNormalised = 1e-3;

struct Model {
  std::string family;
  std::vector<std::string> settings;
  double bound;
};

void PrintTo(const Model& model, std::ostream* out) { *out << model.family << " " << model.settings.front(); }

Model sketch_rnn(const std::string& cell, double bound) {
  return {"sketch-rnn",
          {"enc_model=" + cell, "dec_model=" + cell, "enc_rnn_size=17", "dec_rnn_size=35", "z_size=6", "num_mixture=3",
           "hyper_num_units=9", "hyper_embedding_size=4", "use_input_dropout=true"},
          bound};
}

class Backends : public ::testing::TestWithParam<Model> {
 protected:
  Backends() { kernels::set_thread_count(1); }  // it changes no result
  ~Backends() override {
    kernels::set_thread_count(0);
    kernels::set_gemm_backend(kernels::GemmBackend::kAutomatic);
  }
};

std::vector<std::vector<float>> values_of(std::span<const models::TaskParameter> tensors) {
  std::vector<std::vector<float>> values;
  for (const auto& tensor : tensors) values.emplace_back(tensor.value.begin(), tensor.value.end());
  return values;
}

void restore(std::span<const models::TaskParameter> tensors, const std::vector<std::vector<float>>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) std::ranges::copy(values[i], tensors[i].value.begin());
}

// The losses of the first steps, as a run trains by default.
std::vector<double> train(models::TrainingTask& task) {
  std::vector<std::vector<float>> moments;
  for (const auto& parameter : task.parameters())
    for (int i = 0; i < 2; ++i) moments.emplace_back(parameter.value.size());
  std::vector<kernels::AdamSlot> slots;
  for (const auto& parameter : task.parameters())
    slots.push_back({parameter.value, parameter.gradient, moments[2 * slots.size()], moments[2 * slots.size() + 1]});
  std::vector<double> losses;
  for (std::int64_t step = 0; step < kSteps; ++step) {
    losses.push_back(metric(task.compute_gradients(step).losses, "total"));
    kernels::adam_step(slots, {}, step + 1, kernels::ClipMode::kValue, 1, kernels::gradient_norm(slots));
  }
  return losses;
}

TEST_P(Backends, TrainAlike) {
  const models::Registry registry = models::standard_registry();
  const models::Family& family = registry.family_of_command(GetParam().family);
  const auto setup = family.make_setup();
  set_options(setup->fields(), GetParam().settings);
  const std::vector<std::string> data{family.built_in_data};
  const auto task = setup->load(data, {.batch_size = 33, .seed = 5});
  const auto parameters = values_of(task->parameters()), buffers = values_of(task->buffers());
  std::vector<double> expected;
  double worst = 0;
  for (const auto backend : {kernels::GemmBackend::kPortable, kernels::GemmBackend::kOneDnn}) {
    if (backend == kernels::GemmBackend::kOneDnn && !kernels::has_onednn()) continue;
    SCOPED_TRACE(backend == kernels::GemmBackend::kOneDnn ? "oneDNN" : "our own products");
    kernels::set_gemm_backend(backend);
    testing::for_each_simd_target([&] {
      restore(task->parameters(), parameters);
      restore(task->buffers(), buffers);
      const std::vector<double> losses = train(*task);
      if (expected.empty()) expected = losses;
      for (std::size_t step = 0; step < losses.size(); ++step) {
        const double difference = std::abs(losses[step] / expected[step] - 1);
        EXPECT_LE(difference, GetParam().bound) << "step " << step;
        worst = std::max(worst, difference);
      }
    });
  }
  RecordProperty("worst", fmt::format("{:.1e}", worst));
}

INSTANTIATE_TEST_SUITE_P(
    Models, Backends,
    ::testing::Values(
        sketch_rnn("lstm", kSmooth), sketch_rnn("layer_norm", kNormalised), sketch_rnn("hyper", kNormalised),
        Model{"vae", {"arch=dense", "hidden=33", "z_size=3", "image_size=13"}, kSmooth},
        Model{"vae", {"arch=conv20", "hidden=17", "z_size=5", "channels=6", "image_size=12", "color=rgb"}, kNormalised},
        Model{"draw", {"time_steps=6", "enc_rnn_size=17", "dec_rnn_size=19", "image_size=13"}, kSmooth}));

}  // namespace
}  // namespace limn::train
