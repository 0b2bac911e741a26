// Gradient clipping and Adam (Kingma & Ba 2015, algorithm 1) fused over all parameters of a model.
#pragma once

#include <cstdint>
#include <span>

namespace limn::kernels {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

enum class ClipMode { kNone, kValue, kNorm };

// One parameter tensor with its gradient and moments, all of one length.
struct AdamSlot {
  std::span<float> value;
  std::span<const float> gradient;
  std::span<float> first_moment;
  std::span<float> second_moment;
};

// The root of the sum of squares of all gradients; not finite if any of them is not. Independent of the thread count.
[[nodiscard]] double gradient_norm(std::span<const AdamSlot> slots);

// Step number `step` (1, 2, …) in place. kValue clips each gradient element to ±clip; kNorm scales all gradients by
// min(1, clip / (norm + 1e-6)), where `norm` is gradient_norm(slots).
void adam_step(std::span<const AdamSlot> slots, const AdamOptions& options, std::int64_t step, ClipMode mode,
               double clip, double norm);

}  // namespace limn::kernels
