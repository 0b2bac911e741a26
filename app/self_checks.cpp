#include "app/self_checks.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn::app {
namespace {

using kernels::GemmBackend;
using kernels::Precision;

// Half a unit in the last place of a float32 and of a bf16, as shares of the number.
constexpr double kHalfUnit = 0x1p-24, kHalfUnitBFloat16 = 0x1p-8;

// Where the comparison stands: NaN, once met, stays.
struct Largest {
  double value = 0;
  void take(double error) {
    if (!(error <= value)) value = error;
  }
};

std::vector<float> random_values(std::int64_t count, std::uint64_t index, float spread = 1) {
  std::vector<float> values(static_cast<std::size_t>(count));
  RandomStream(1, Purpose::kTest, 0, index).fill_normal(values);
  for (float& value : values) value *= spread;
  return values;
}

std::string backend_name(GemmBackend backend, Precision precision) {
  return std::string(backend == GemmBackend::kOneDnn ? "oneDNN" : "own") +
         (precision == Precision::kBFloat16 ? " bf16" : " f32");
}

// Of a sum of so many products, as a share of the sum of their sizes: each is rounded once with its sum, and its
// factors before where the products are in bf16.
double bound_of_sum(std::int64_t terms, Precision precision) {
  return static_cast<double>(terms + 1) * kHalfUnit + (precision == Precision::kBFloat16 ? 2.1 * kHalfUnitBFloat16 : 0);
}

// An element's error as such a share. `a` and `b` give its factors.
template <class A, class B>
double error_of_sum(float given, std::int64_t terms, const A& a, const B& b) {
  double sum = 0, size = 0;
  for (std::int64_t k = 0; k < terms; ++k) {
    const double product = static_cast<double>(a(k)) * static_cast<double>(b(k));
    sum += product, size += std::abs(product);
  }
  return std::abs(given - sum) / size;
}

// Sizes beyond every vector and block, and no multiple of one.
constexpr std::int64_t kRows = 37, kColumns = 70, kDepth = 329;

// C [37, 70] = A · B of depth 329.
SelfCheck check_product(GemmBackend backend, Precision precision) {
  const auto a = random_values(kRows * kDepth, 1), b = random_values(kDepth * kColumns, 2);
  std::vector<float> c(kRows * kColumns);
  const ConstMatrix left(a.data(), kRows, kDepth), right(b.data(), kDepth, kColumns);
  const Matrix out(c.data(), kRows, kColumns);
  kernels::PackedWeights weights;
  kernels::GemmScratch scratch;
  weights.pack(right, kernels::WeightLayout::kInputMajor, precision, backend);
  weights.multiply(left, {}, out, scratch);
  Largest error;
  for (std::int64_t r = 0; r < kRows; ++r)
    for (std::int64_t n = 0; n < kColumns; ++n)
      error.take(error_of_sum(
          out(r, n), kDepth, [&](auto k) { return left(r, k); }, [&](auto k) { return right(k, n); }));
  return {"product, " + backend_name(backend, precision), error.value, bound_of_sum(kDepth, precision)};
}

// dW [70, 37] = Dᵀ · A, summed over 329 rows.
SelfCheck check_weight_gradient(GemmBackend backend, Precision precision) {
  const auto a = random_values(kDepth * kRows, 3), d = random_values(kDepth * kColumns, 4);
  std::vector<float> w(kColumns * kRows);
  const ConstMatrix inputs(a.data(), kDepth, kRows), outputs(d.data(), kDepth, kColumns);
  const Matrix gradient(w.data(), kColumns, kRows);
  const std::array<kernels::WeightGradient, 1> parts{{{.a = inputs, .out = gradient}}};
  kernels::set_gemm_backend(backend);
  kernels::weight_gradients(outputs, parts, false, precision);
  kernels::set_gemm_backend(GemmBackend::kAutomatic);
  Largest error;
  for (std::int64_t n = 0; n < kColumns; ++n)
    for (std::int64_t k = 0; k < kRows; ++k)
      error.take(error_of_sum(
          gradient(n, k), kDepth, [&](auto r) { return outputs(r, n); }, [&](auto r) { return inputs(r, k); }));
  return {"weight gradient, " + backend_name(backend, precision), error.value, bound_of_sum(kDepth, precision)};
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// One step of three cells of 33 units (docs/papers/cells.md).
SelfCheck check_lstm() {
  constexpr std::int64_t kBatch = 3, kInputs = 5, kUnits = 33;
  const kernels::CellShape shape{.input_size = kInputs, .hidden_size = kUnits};
  std::vector<std::vector<float>> values;
  for (const auto& spec : kernels::cell_parameters(shape))
    values.push_back(random_values(static_cast<std::int64_t>(spec.count()), 10 + values.size(), 0.3f));
  const std::vector<std::span<const float>> parameters(values.begin(), values.end());
  const auto x = random_values(kBatch * kInputs, 5), before = random_values(kBatch * 2 * kUnits, 6, 0.7f);
  std::vector<float> after = before;
  const Matrix state(after.data(), kBatch, 2 * kUnits);
  const kernels::CellStepper stepper(shape, parameters);
  const auto prepared = stepper.prepare_constant({}, kBatch);
  stepper.step(ConstMatrix(x.data(), kBatch, kInputs), ConstMatrix(prepared.data(), kBatch, stepper.prepared_size()),
               state);
  Largest error, size;
  for (std::int64_t b = 0; b < kBatch; ++b) {
    const float* const h = &before[static_cast<std::size_t>(b * 2 * kUnits)];
    for (std::int64_t j = 0; j < kUnits; ++j) {
      const auto gate = [&](kernels::Gate which) {
        const auto row = static_cast<std::size_t>(static_cast<int>(which) * kUnits + j);
        double sum = values[2][row], terms = std::abs(sum);
        const auto add = [&](double product) { sum += product, terms += std::abs(product); };
        for (std::size_t k = 0; k < kInputs; ++k)
          add(static_cast<double>(values[0][row * kInputs + k]) * x[static_cast<std::size_t>(b) * kInputs + k]);
        for (std::size_t k = 0; k < kUnits; ++k) add(static_cast<double>(values[1][row * kUnits + k]) * h[k]);
        size.take(terms);
        return sum;
      };
      const double c = logistic(gate(kernels::Gate::kForget)) * h[kUnits + j] +
                       logistic(gate(kernels::Gate::kInput)) * std::tanh(gate(kernels::Gate::kCandidate));
      error.take(std::abs(state(b, kUnits + j) - c));
      error.take(std::abs(state(b, j) - logistic(gate(kernels::Gate::kOutput)) * std::tanh(c)));
    }
  }
  // A gate's error moves c and h by at most three times as much; 1e-6 is for the functions.
  return {"LSTM step", error.value, 3 * size.value * bound_of_sum(kInputs + kUnits, Precision::kFloat32) + 1e-6};
}

// Eq. 9 of Ha & Eck 2017 for one row: the offset's and the pen's loss.
std::array<double, 2> mixture_losses(const std::vector<double>& y, const float* target) {
  const std::size_t mixtures = (y.size() - kernels::kPenColumns) / kernels::kMixtureColumns;
  const auto at = [&](std::size_t block, std::size_t j) { return y[kernels::kPenColumns + block * mixtures + j]; };
  double density = 0, total = 0, pens = 0, pen = 0;
  for (std::size_t j = 0; j < mixtures; ++j) {
    const double rho = std::tanh(at(5, j)), rest = 1 - rho * rho;
    const double z_x = (target[0] - at(1, j)) / std::exp(at(3, j)), z_y = (target[1] - at(2, j)) / std::exp(at(4, j));
    const double normal = std::exp(-(z_x * z_x + z_y * z_y - 2 * rho * z_x * z_y) / (2 * rest)) /
                          (2 * std::numbers::pi * std::exp(at(3, j) + at(4, j)) * std::sqrt(rest));
    density += std::exp(at(0, j)) * normal, total += std::exp(at(0, j));
  }
  for (std::size_t k = 0; k < kernels::kPenColumns; ++k) pens += std::exp(y[k]), pen -= target[2 + k] * y[k];
  return {-std::log(density / total + kernels::MixtureDensityTerms().density_floor), pen + std::log(pens)};
}

// 61 rows of five components: the losses, and the gradient against central differences of the losses.
std::vector<SelfCheck> check_mixture() {
  constexpr std::int64_t kPoints = 61, kOutputs = kernels::output_size(5), kTargets = 5;
  const auto outputs = random_values(kPoints * kOutputs, 7, 0.5f), offsets = random_values(2 * kPoints, 8);
  std::vector<float> targets(kPoints * kTargets), slopes(outputs.size());
  const Matrix target(targets.data(), kPoints, kTargets), slope(slopes.data(), kPoints, kOutputs);
  for (std::int64_t r = 0; r < kPoints; ++r) {
    std::copy_n(&offsets[static_cast<std::size_t>(2 * r)], 2, target.row(r));
    target(r, 2 + r % 2) = 1;
  }
  const auto sums = kernels::mixture_density_loss(ConstMatrix(outputs.data(), kPoints, kOutputs), target, 1, slope);
  double offset = 0, pen = 0, size = 0;
  Largest slope_error, largest_slope;
  for (std::int64_t r = 0; r < kPoints; ++r) {
    const auto first = outputs.begin() + r * kOutputs;
    std::vector<double> y(first, first + kOutputs);
    const auto losses = mixture_losses(y, target.row(r));
    offset += losses[0], pen += losses[1], size += std::abs(losses[0]) + std::abs(losses[1]);
    for (std::int64_t k = 0; k < kOutputs; ++k) {
      constexpr double kStep = 1e-5;
      const auto loss_at = [&](double moved) {
        std::vector<double> near = y;
        near[static_cast<std::size_t>(k)] += moved;
        const auto there = mixture_losses(near, target.row(r));
        return there[0] + there[1];
      };
      const double exact = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
      slope_error.take(std::abs(slope(r, k) - exact));
      largest_slope.take(std::abs(exact));
    }
  }
  const double error = std::abs(sums.offset - offset) + std::abs(sums.pen - pen);
  return {{"mixture loss", error / size, 2e-6}, {"mixture gradient", slope_error.value / largest_slope.value, 1e-5}};
}

// Three steps of algorithm 1 of Kingma & Ba 2015 on values below 1.
SelfCheck check_adam() {
  constexpr std::int64_t kCount = 1003, kSteps = 3;
  constexpr double kClip = 1;
  const kernels::AdamOptions adam{.learning_rate = 0.01};
  const auto gradient = random_values(kCount, 9);
  std::vector<float> value(kCount), first(kCount), second(kCount);
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = std::tanh(gradient[value.size() - 1 - i]);
  const auto start = value;
  const std::array<kernels::AdamSlot, 1> slots{{{value, gradient, first, second}}};
  for (std::int64_t step = 1; step <= kSteps; ++step)
    kernels::adam_step(slots, adam, step, kernels::ClipMode::kValue, kClip, 0);
  Largest error;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const double g = std::clamp<double>(gradient[i], -kClip, kClip);
    double exact = start[i], m = 0, v = 0;
    for (std::int64_t step = 1; step <= kSteps; ++step) {
      m = adam.beta1 * m + (1 - adam.beta1) * g, v = adam.beta2 * v + (1 - adam.beta2) * g * g;
      const double m_hat = m / (1 - std::pow(adam.beta1, step)), v_hat = v / (1 - std::pow(adam.beta2, step));
      exact -= adam.learning_rate * m_hat / (std::sqrt(v_hat) + adam.epsilon);
    }
    error.take(std::abs(value[i] - exact));
  }
  // Each step rounds the value and computes the change to about 1e-6 of itself.
  return {"Adam", error.value, kSteps * (kHalfUnit + 1e-6 * adam.learning_rate)};
}

}  // namespace

std::vector<SelfCheck> run_self_checks() {
  std::vector<SelfCheck> checks;
  for (const auto backend : {GemmBackend::kPortable, GemmBackend::kOneDnn}) {
    if (backend == GemmBackend::kOneDnn && !kernels::has_onednn()) continue;
    for (const auto precision : {Precision::kFloat32, Precision::kBFloat16}) {
      // oneDNN takes bf16 only where the CPU has it.
      if (backend == GemmBackend::kOneDnn && precision == Precision::kBFloat16 && !kernels::has_bf16()) continue;
      checks.push_back(check_product(backend, precision));
      checks.push_back(check_weight_gradient(backend, precision));
    }
  }
  checks.push_back(check_lstm());
  std::ranges::move(check_mixture(), std::back_inserter(checks));
  checks.push_back(check_adam());
  return checks;
}

void require_agreement(std::span<const SelfCheck> checks) {
  std::vector<std::string> wrong;
  for (const SelfCheck& check : checks)
    if (!check.agrees())
      wrong.push_back(fmt::format("{} by {:.1e}, at most {:.1e}", check.name, check.error, check.bound));
  require(wrong.empty(),
          "doctor: wrong results on this CPU ({}); please report this with all lines that doctor printed",
          fmt::join(wrong, "; "));
}

}  // namespace limn::app
