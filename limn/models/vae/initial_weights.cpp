#include "limn/models/vae/initial_weights.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

using Kind = InitialValues::Kind;

InitialValues normalisation_values(std::string_view tensor) {
  const bool is_scale = tensor == "weight" || tensor == "running_var";
  return {.kind = Kind::kConstant, .value = is_scale ? 1.0f : 0.0f};
}

bool is_of(const std::vector<kernels::ParameterSpec>& specs, const kernels::ParameterSpec& spec) {
  return std::ranges::any_of(specs, [&](const auto& own) { return own.name == spec.name; });
}

}  // namespace

InitialValues initial_values(const VaeOptions& options, const kernels::ParameterSpec& spec) {
  const std::vector<kernels::ParameterSpec> parameters = vae_parameters(options);
  const std::string_view name = spec.name;
  const std::size_t dot = name.rfind('.');
  require(dot != name.npos && (is_of(parameters, spec) || is_of(vae_buffers(options), spec)),
          "initial weights: no rule for the tensor {}", name);
  const auto weight = std::ranges::find_if(
      parameters, [&](const auto& own) { return own.name == std::string(name.substr(0, dot)) + ".weight"; });
  if (weight->shape.size() == 1) return normalisation_values(name.substr(dot + 1));
  const auto fan_in = static_cast<float>(weight->count() / static_cast<std::size_t>(weight->shape[0]));
  return {.kind = Kind::kUniform, .value = 1 / std::sqrt(fan_in)};
}

}  // namespace limn::models
