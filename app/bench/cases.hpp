// The measurements of limn bench. Each checks its result against plain LibTorch where the module on LibTorch is there,
// warms up, times, and reports.
#pragma once

#include "app/bench/report.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::app {

// Floating-point operations per second that a float32 GEMM of 6000 x 2048 x 512 reaches here, the better of oneDNN's
// own and ours: what the hardware gives, to which everything is compared.
[[nodiscard]] double measure_gemm_limit(const BenchOptions& options);

// Training steps (forward, backward, clipping, Adam) of Sketch-RNN at default sizes with each cell.
void bench_training(const BenchOptions& options, const sketch::StrokeDataset& data, BenchReport& report);
// A training step of DRAW at the sizes of the preset mnist.
void bench_draw_training(const BenchOptions& options, BenchReport& report);
// A training step of the dense VAE at batch 128, and the time of an epoch of MNIST that follows.
void bench_vae(const BenchOptions& options, BenchReport& report);
// How the time of our step grows with the points of a sketch and with the sketches of a batch.
void bench_growth(const BenchOptions& options, const sketch::StrokeDataset& data, BenchReport& report);
// Matrix products, the mixture-density loss and Adam by themselves.
void bench_kernels(const BenchOptions& options, BenchReport& report);
// Drawing: one sketch, and 256 at once.
void bench_generation(const BenchOptions& options, const sketch::StrokeDataset& data, BenchReport& report);

}  // namespace limn::app
