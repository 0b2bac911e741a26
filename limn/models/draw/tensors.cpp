#include "limn/models/draw/tensors.hpp"

#include <string_view>

#include "limn/core/error.hpp"

namespace limn {

InitialValues initial_values(const DrawOptions&, const kernels::ParameterSpec& spec) {
  using Kind = InitialValues::Kind;
  const std::string_view name = spec.name;
  if (name == "encoder.weight_hh" || name == "decoder.weight_hh") return {.kind = Kind::kOrthogonalGates};
  if (name == "encoder.bias" || name == "decoder.bias") return {.kind = Kind::kForgetGateOne};
  if (name.ends_with(".weight") || name.ends_with(".weight_ih")) return {.kind = Kind::kGlorot};
  require(name.ends_with(".bias") || name.ends_with(".initial_state") || name == "canvas",
          "initial weights: no rule for the tensor {}", name);
  return {.kind = Kind::kConstant, .value = 0};
}

}  // namespace limn
