// Gradients of a training step compared with those of its plain LibTorch twin.
#pragma once

#include <span>
#include <string>

#include "app/bench/our_training.hpp"
#include "app/bench/twin.hpp"

namespace limn::app {

// Copies of our model's.
[[nodiscard]] Gradients gradients_of(std::span<const models::TaskParameter> parameters);

// |given - expected| / |expected| over all gradients together.
[[nodiscard]] double difference_of(const Gradients& given, const Gradients& expected);

// Throws Error for a parameter whose gradient is further from the twin's than rounding explains: `other` is
// what gradients_rounded_otherwise() gives for the same step.
void require_gradients(const std::string& name, const Gradients& given, const Gradients& other,
                       const Gradients& expected);

// The gradients of our step as another machine might round them: each weight moved to a neighbour in float32,
// and the products by the other backend, which sums in another order.
[[nodiscard]] Gradients gradients_rounded_otherwise(OurTraining& training, std::int64_t step);

}  // namespace limn::app
