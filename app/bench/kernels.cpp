#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "app/bench/cases.hpp"
#include "app/bench/twin.hpp"
#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/train/libtorch_module.hpp"
#include "limn/train/libtorch_values.hpp"

namespace limn::app {
namespace {

using train::float_rows;

constexpr std::int64_t kRowsOfThread = 96;  // multiply_parallel leaves fewer to the caller
constexpr double kLimit = 1e-4;             // of float32 results, relative to the largest element

kernels::MatrixBuffer matrix(std::int64_t rows, std::int64_t columns, float value = 0) {
  kernels::MatrixBuffer values;
  values.resize(rows, columns);
  values.fill(value);
  return values;
}

std::span<float> span(kernels::MatrixBuffer& values) {
  return {values.row(0), static_cast<std::size_t>(values.rows() * values.columns())};
}

kernels::MatrixBuffer random_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t index, float spread = 1) {
  kernels::MatrixBuffer values = matrix(rows, columns);
  RandomStream random(1, Purpose::kTest, 0, index);
  random.fill_normal(span(values));
  for (float& value : span(values)) value *= spread;
  return values;
}

// The largest difference, relative to the largest element.
double difference(std::span<const float> given, std::span<const float> expected) {
  float worst = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, std::abs(given[i] - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

TimingBudget budget_of(const BenchOptions& options) {
  return {.least = 3, .most = 30, .seconds = options.is_quick ? 0.5 : 2.0};
}

// Runs both once, which warms ours up, checks that their results agree, times ours and adds the row.
struct Checked {
  std::function<void()> ours, plain;
  std::function<double()> difference;
  double limit = kLimit;
};
void time_and_report(const BenchOptions& options, BenchRow row, const Checked& checked, BenchReport& report) {
  checked.ours();
  if (options.plain != nullptr) {
    set_plain_threads(options, options.threads);
    checked.plain();
    row.difference = checked.difference();
    require_agreement(row.name, *row.difference, checked.limit);
  }
  row.ours = time_runs(checked.ours, budget_of(options));
  report.add(row);
}

// C [m, n] = A [m, k] · W [n, k]ᵀ with weights packed beforehand, as a step does.
void bench_product(const BenchOptions& options, std::int64_t m, std::int64_t n, std::int64_t k, BenchReport& report) {
  const std::string name = "gemm forward";
  if (!report.wants(name)) return;
  const kernels::MatrixBuffer a = random_matrix(m, k, 1), w = random_matrix(n, k, 2);
  kernels::MatrixBuffer c = matrix(m, n), expected = matrix(m, n);
  kernels::PackedWeights packed;
  packed.pack(w.view(), kernels::WeightLayout::kOutputMajor);
  const BenchRow row{.name = name,
                     .shape = fmt::format("{} x {} x {}{}", m, n, k, m < 2 * kRowsOfThread ? ", 1 thread" : ""),
                     .flops = 2.0 * static_cast<double>(m * n * k)};
  time_and_report(options, row,
                  {.ours = [&] { kernels::multiply_parallel(packed, a.view(), {}, c.view()); },
                   .plain =
                       [&] {
                         train::call_libtorch(options.plain->multiply, float_rows(a.view()), float_rows(w.view()),
                                              expected.row(0));
                       },
                   .difference = [&] { return difference(span(c), span(expected)); }},
                  report);
}

// dW [n, k] = D [r, n]ᵀ · A [r, k].
void bench_weight_gradient(const BenchOptions& options, std::int64_t r, std::int64_t n, std::int64_t k,
                           BenchReport& report) {
  const std::string name = "gemm weight gradient";
  if (!report.wants(name)) return;
  const kernels::MatrixBuffer d = random_matrix(r, n, 3), a = random_matrix(r, k, 4);
  kernels::MatrixBuffer out = matrix(n, k), expected = matrix(n, k);
  const std::array<kernels::WeightGradient, 1> parts{{{.a = a.view(), .out = out.view()}}};
  const BenchRow row{
      .name = name, .shape = fmt::format("{} x {} x {}", n, k, r), .flops = 2.0 * static_cast<double>(n * k * r)};
  time_and_report(options, row,
                  {.ours = [&] { kernels::weight_gradients(d.view(), parts); },
                   .plain =
                       [&] {
                         train::call_libtorch(options.plain->multiply_transposed, float_rows(d.view()),
                                              float_rows(a.view()), expected.row(0));
                       },
                   .difference = [&] { return difference(span(out), span(expected)); }},
                  report);
}

void bench_mixture_density(const BenchOptions& options, std::int64_t rows, std::int64_t mixtures, BenchReport& report) {
  const std::string name = "mixture density";
  if (!report.wants(name)) return;
  const std::int64_t columns = kernels::output_size(mixtures);
  const kernels::MatrixBuffer y = random_matrix(rows, columns, 5, 0.3f), offsets = random_matrix(rows, 2, 6);
  kernels::MatrixBuffer targets = matrix(rows, sketch::kStroke5), gradient = matrix(rows, columns);
  kernels::MatrixBuffer expected = matrix(rows, columns);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(offsets.row(r), 2, targets.row(r));
    targets.row(r)[2] = 1;
  }
  const BenchRow row{
      .name = name, .shape = fmt::format("{} rows, M = {}", rows, mixtures), .points = static_cast<double>(rows)};
  time_and_report(options, row,
                  {.ours = [&] { (void)kernels::mixture_density_loss(y.view(), targets.view(), 1, gradient.view()); },
                   .plain =
                       [&] {
                         train::call_libtorch(options.plain->mixture_density_gradient, float_rows(y.view()),
                                              float_rows(targets.view()), expected.row(0));
                       },
                   .difference = [&] { return difference(span(gradient), span(expected)); }},
                  report);
}

// Clipping by value and one Adam step over `count` parameters.
void bench_adam(const BenchOptions& options, std::int64_t count, BenchReport& report) {
  const std::string name = "clip and Adam";
  if (!report.wants(name)) return;
  kernels::MatrixBuffer start = random_matrix(1, count, 7), gradient = random_matrix(1, count, 8);
  kernels::MatrixBuffer value = random_matrix(1, count, 7), first = matrix(1, count), second = matrix(1, count);
  const std::array<kernels::AdamSlot, 1> slots{{{span(value), span(gradient), span(first), span(second)}}};
  std::int64_t step = 0;
  const kernels::AdamOptions adam;
  const models::TaskParameter parameter{
      .name = "values", .shape = {count}, .value = span(start), .gradient = span(gradient)};
  std::optional<Twin> twin;
  if (options.plain != nullptr) {
    twin.emplace(*options.plain, Twin::Model{}, std::span(&parameter, 1), std::span<const models::TaskParameter>(),
                 train::TrainOptions{.learning_rate = adam.learning_rate, .adam_beta1 = adam.beta1, .grad_clip = 1});
    twin->set_gradients(span(gradient));
  }
  // Of the first steps of both: how far the values moved.
  const auto moved = [&](std::span<const float> to) {
    std::vector<float> distance(to.begin(), to.end());
    for (std::size_t i = 0; i < distance.size(); ++i) distance[i] -= span(start)[i];
    return distance;
  };
  time_and_report(options, {.name = name, .shape = fmt::format("{} parameters", count)},
                  {.ours =
                       [&] {
                         kernels::adam_step(slots, adam, ++step, kernels::ClipMode::kValue, 1.0,
                                            kernels::gradient_norm(slots));
                       },
                   .plain = [&] { twin->update(); },
                   .difference = [&] { return difference(moved(span(value)), moved(twin->values())); },
                   .limit = 1e-3},  // differences of numbers near 1: float32 rounding shows
                  report);
}

}  // namespace

double measure_gemm_limit(const BenchOptions& options) {
  constexpr std::int64_t kM = 6000, kN = 2048, kK = 512;
  const kernels::MatrixBuffer a = random_matrix(kM, kK, 1), b = random_matrix(kK, kN, 2);
  kernels::MatrixBuffer c = matrix(kM, kN);
  const int before = omp_get_max_threads();
  omp_set_num_threads(options.threads);  // oneDNN's threads
  const auto onednn = [&] {
    const auto status = dnnl_sgemm('N', 'N', kM, kN, kK, 1, a.row(0), kK, b.row(0), kN, 0, c.row(0), kN);
    require(status == dnnl_success, "bench: oneDNN's GEMM failed with status {}", static_cast<int>(status));
  };
  const TimingBudget budget{.least = 5, .most = 15, .seconds = options.is_quick ? 1.0 : 2.0};
  onednn();
  double seconds = time_runs(onednn, budget).median;
  omp_set_num_threads(before);
  const kernels::MatrixBuffer w = random_matrix(kN, kK, 3);
  kernels::PackedWeights packed;
  packed.pack(w.view(), kernels::WeightLayout::kOutputMajor);
  const auto ours = [&] { kernels::multiply_parallel(packed, a.view(), {}, c.view()); };
  ours();
  seconds = std::min(seconds, time_runs(ours, budget).median);
  return 2.0 * kM * kN * kK / seconds;
}

void bench_kernels(const BenchOptions& options, BenchReport& report) {
  // The decoder's: recurrent products of half a batch, of all steps together, of the output layer.
  bench_product(options, 1, 2048, 512, report);
  bench_product(options, 50, 2048, 512, report);
  bench_product(options, 6000, 2048, 512, report);
  bench_product(options, 6000, 123, 512, report);
  bench_weight_gradient(options, 6000, 2048, 512, report);
  bench_weight_gradient(options, 6000, 1024, 256, report);
  bench_mixture_density(options, 6000, 20, report);
  bench_adam(options, 2'500'000, report);
}

}  // namespace limn::app
