// Reconstruction losses of models that draw images, with their gradients in the same pass, and the logistic function
// over many values. Plain memory; rows are divided over the pool of parallel.hpp and a row's result depends on that row
// alone.
#pragma once

#include <cstdint>
#include <span>

#include "limn/core/matrix.hpp"

namespace limn::kernels {

// −log p(x | logits l) of a pixel x in [0, 1]:
enum class PixelLikelihood {
  kBernoulli,     // −x log σ(l) − (1 − x) log(1 − σ(l)) = max(l, 0) − x l + log(1 + exp(−|l|))
  kSquaredError,  // (x − σ(l))²: a normal of variance ½ without its constant ½ log π
};

struct PixelLosses {
  PixelLikelihood likelihood = PixelLikelihood::kBernoulli;
  ConstMatrix logits;           // [B, D]
  ConstMatrix targets;          // [B, D], values in [0, 1]
  std::span<double> sums = {};  // [B]: of each row, in nats
  // Either empty or [B, D], possibly `logits` itself: gets scale · d sums / d logits.
  Matrix gradient = {};
  float gradient_scale = 1;
};
void pixel_losses(const PixelLosses& losses);

// out = σ(in), element by element; may be the same memory.
void logistic(std::span<const float> in, std::span<float> out);

}  // namespace limn::kernels
