#include <oneapi/dnnl/dnnl.h>
#include <torch/torch.h>

#include <array>

#include "app/bench/cases.hpp"
#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/nn/views.hpp"
#include "limn/libtorch/oracle/mixture_density.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kRowsOfThread = 96;  // multiply_parallel leaves fewer to the caller
constexpr double kLimit = 1e-4;  // of float32 results, relative to the largest element

torch::Tensor random_tensor(std::initializer_list<std::int64_t> shape, std::uint64_t index,
                            double spread = 1) {
  torch::Tensor tensor = torch::empty(shape);
  RandomStream random(1, Purpose::kTest, 0, index);
  random.fill_normal(nn::span(tensor));
  return tensor.mul_(spread);
}

double difference(const torch::Tensor& given, const torch::Tensor& expected) {
  return ((given - expected).abs().max() / expected.abs().max()).item<double>();
}

TimingBudget budget_of(const BenchOptions& options) {
  return {.least = 3, .most = 30, .seconds = options.is_quick ? 0.5 : 2.0};
}

// Both have run once, for the check: that was the warm-up. Plain LibTorch's products can take seconds, so one timed
// run of it is enough.
void time_and_report(const BenchOptions& options, BenchRow row, const std::function<void()>& plain,
                     const std::function<void()>& ours, BenchReport& report) {
  at::set_num_threads(options.threads);
  row.plain = time_runs(plain, {.least = 1, .most = 30, .seconds = budget_of(options).seconds});
  row.ours = time_runs(ours, budget_of(options));
  report.add(row);
}

// C [m, n] = A [m, k] · W [n, k]ᵀ with weights packed beforehand, as a step does.
void bench_product(const BenchOptions& options, std::int64_t m, std::int64_t n, std::int64_t k,
                   BenchReport& report) {
  const std::string name = "gemm forward";
  if (!report.wants(name)) return;
  const auto a = random_tensor({m, k}, 1), w = random_tensor({n, k}, 2);
  torch::Tensor c = torch::empty({m, n}), expected;
  kernels::PackedWeights packed;
  packed.pack(nn::const_view(w), kernels::WeightLayout::kOutputMajor);
  const auto ours = [&] { kernels::multiply_parallel(packed, nn::const_view(a), {}, nn::view(c)); };
  const auto plain = [&] { expected = torch::mm(a, w.t()); };
  ours(), plain();
  BenchRow row{.name = name,
               .shape = fmt::format("{} x {} x {}{}", m, n, k, m < 2 * kRowsOfThread ? ", 1 thread" : ""),
               .flops = 2.0 * static_cast<double>(m * n * k)};
  row.difference = difference(c, expected);
  require_agreement(name, row.difference, kLimit);
  time_and_report(options, row, plain, ours, report);
}

// dW [n, k] = D [r, n]ᵀ · A [r, k].
void bench_weight_gradient(const BenchOptions& options, std::int64_t r, std::int64_t n, std::int64_t k,
                           BenchReport& report) {
  const std::string name = "gemm weight gradient";
  if (!report.wants(name)) return;
  const auto d = random_tensor({r, n}, 3), a = random_tensor({r, k}, 4);
  torch::Tensor out = torch::empty({n, k}), expected;
  const std::array<kernels::WeightGradient, 1> parts{{{.a = nn::const_view(a), .out = nn::view(out)}}};
  const auto ours = [&] { kernels::weight_gradients(nn::const_view(d), parts); };
  const auto plain = [&] { expected = torch::mm(d.t(), a); };
  ours(), plain();
  BenchRow row{.name = name,
               .shape = fmt::format("{} x {} x {}", n, k, r),
               .flops = 2.0 * static_cast<double>(n * k * r)};
  row.difference = difference(out, expected);
  require_agreement(name, row.difference, kLimit);
  time_and_report(options, row, plain, ours, report);
}

void bench_mixture_density(const BenchOptions& options, std::int64_t rows, std::int64_t mixtures,
                           BenchReport& report) {
  const std::string name = "mixture density";
  if (!report.wants(name)) return;
  const auto y = random_tensor({rows, kernels::output_size(mixtures)}, 5, 0.3).requires_grad_();
  auto targets = torch::zeros({rows, kStroke5});
  targets.narrow(1, 0, 2).copy_(random_tensor({rows, 2}, 6));
  targets.select(1, 2).fill_(1);
  torch::Tensor gradient = torch::empty({rows, y.size(1)});
  const auto outputs = y.detach();
  const auto ours = [&] {
    (void)kernels::mixture_density_loss(nn::const_view(outputs), nn::const_view(targets), 1,
                                        nn::view(gradient));
  };
  const auto plain = [&] {
    y.mutable_grad() = torch::Tensor();
    const auto losses = libtorch::oracle::mixture_density(y, targets);
    (losses.offset.sum() + losses.pen.sum()).backward();
  };
  ours(), plain();
  BenchRow row{.name = name,
               .shape = fmt::format("{} rows, M = {}", rows, mixtures),
               .points = static_cast<double>(rows)};
  row.difference = difference(gradient, y.grad());
  require_agreement(name, row.difference, kLimit);
  time_and_report(options, row, plain, ours, report);
}

// Clipping by value and one Adam step over `count` parameters.
void bench_adam(const BenchOptions& options, std::int64_t count, BenchReport& report) {
  const std::string name = "clip and Adam";
  if (!report.wants(name)) return;
  const auto start = random_tensor({count}, 7), gradient = random_tensor({count}, 8);
  auto plain_value = start.clone().requires_grad_();
  torch::optim::Adam adam({plain_value}, torch::optim::AdamOptions(1e-3));
  const auto plain = [&] {
    plain_value.mutable_grad() = gradient.clamp(-1, 1);
    adam.step();
  };
  auto value = start.clone(), first = torch::zeros({count}), second = torch::zeros({count});
  const std::array<kernels::AdamSlot, 1> slots{
      {{nn::span(value), nn::const_span(gradient), nn::span(first), nn::span(second)}}};
  std::int64_t step = 0;
  const auto ours = [&] {
    kernels::adam_step(slots, {}, ++step, kernels::ClipMode::kValue, 1.0, kernels::gradient_norm(slots));
  };
  ours(), plain();
  BenchRow row{.name = name, .shape = fmt::format("{} parameters", count)};
  row.difference = difference(value - start, plain_value.detach() - start);
  require_agreement(name, row.difference, 1e-3);  // differences of numbers near 1: float32 rounding shows
  time_and_report(options, row, plain, ours, report);
}

}  // namespace

double measure_gemm_limit(const BenchOptions& options) {
  constexpr std::int64_t kM = 6000, kN = 2048, kK = 512;
  const auto a = random_tensor({kM, kK}, 1), b = random_tensor({kK, kN}, 2);
  const auto c = torch::empty({kM, kN});
  at::set_num_threads(options.threads);  // OpenMP's threads, which oneDNN uses too
  const auto run = [&] {
    const auto status = dnnl_sgemm('N', 'N', kM, kN, kK, 1, a.data_ptr<float>(), kK, b.data_ptr<float>(), kN,
                                   0, c.data_ptr<float>(), kN);
    require(status == dnnl_success, "bench: oneDNN's GEMM failed with status {}", static_cast<int>(status));
  };
  run();
  return 2.0 * kM * kN * kK /
         time_runs(run, {.least = 5, .most = 15, .seconds = options.is_quick ? 2.0 : 4.0}).median;
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
