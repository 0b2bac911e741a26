// How the tensors of a model start. Each family's folder has a function
//   InitialValues initial_values(const FamilyOptions&, const kernels::ParameterSpec&)
// that says which rule holds for which tensor; initialise() draws the numbers. Values and plain functions; reentrant.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>

#include "limn/kernels/parameters.hpp"

namespace limn::models {

// The rule for one tensor.
struct InitialValues {
  enum class Kind {
    kConstant,         // all are `value`
    kUniform,          // uniform within ±value
    kNormal,           // normal with mean 0 and deviation `value`
    kGlorot,           // [out, in], uniform within ±sqrt(6 / (in + out)): Glorot & Bengio 2010, eq. 16
    kOrthogonalGates,  // [4H, H], an orthogonal [H, H] for each gate: Saxe et al. 2014
    kForgetGateOne,    // [4H], 1 for the forget gate and 0 for the others
  };
  Kind kind = Kind::kConstant;
  float value = 0;
};

// Fills `values` of the tensor `spec`. The numbers are a function of the seed and of the name, so a tensor more
// or less in a model does not change the others. Throws Error for a shape that the rule does not fit.
void initialise(const kernels::ParameterSpec& spec, const InitialValues& rule, std::uint64_t seed,
                std::span<float> values);

// Fills the tensors of a model, `values` in the order of `specs`, by the rules of its family.
template <class FamilyOptions>
void initialise(const FamilyOptions& options, std::span<const kernels::ParameterSpec> specs, std::uint64_t seed,
                std::span<const std::span<float>> values) {
  assert(values.size() == specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i)
    initialise(specs[i], initial_values(options, specs[i]), seed, values[i]);
}

}  // namespace limn::models
