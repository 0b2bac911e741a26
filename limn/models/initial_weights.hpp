// How the tensors of a model start. Each family's folder has a function
//   InitialValues initial_values(const FamilyOptions&, const kernels::ParameterSpec&)
// that says which rule holds for which tensor; initialise() draws the numbers. Values and plain functions; reentrant.
#pragma once

#include <cstdint>
#include <span>

#include "limn/kernels/parameters.hpp"

namespace limn {

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

// Fills `values` of the tensor `spec`. The numbers are a function of the seed and of the tensor's name, so a tensor more
// or less in a model does not change the others.
void initialise(const kernels::ParameterSpec& spec, const InitialValues& rule, std::uint64_t seed,
                std::span<float> values);

}  // namespace limn
