#include "limn/models/sketch_rnn/initial_weights.hpp"

#include <optional>
#include <string_view>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/cell_shape.hpp"

namespace limn::models {
namespace {

using Kind = InitialValues::Kind;

constexpr float kLatentDeviation = 0.001f;     // W_μ, W_σ, W_z
constexpr float kHyperShiftDeviation = 0.01f;  // zb
constexpr float kHyperScale = 0.1f;            // α weights are this / E: the embeddings are 1, so scales start at 0.1

InitialValues constant(float value) { return {.kind = Kind::kConstant, .value = value}; }

// The rule for the tensor that is called `name` within a cell.
std::optional<InitialValues> cell_values(kernels::CellType cell, std::string_view name,
                                         const kernels::ParameterSpec& spec) {
  constexpr std::string_view kHyperPrefix = "hyper.";
  if (name.starts_with(kHyperPrefix))
    return cell_values(kernels::CellType::kLayerNorm, name.substr(kHyperPrefix.size()), spec);
  if (name == "weight_ih") return InitialValues{.kind = Kind::kGlorot};
  if (name == "weight_hh") return InitialValues{.kind = Kind::kOrthogonalGates};
  if (name == "beta") return InitialValues{.kind = Kind::kForgetGateOne};
  if (name == "bias")
    return cell == kernels::CellType::kHyper ? constant(0) : InitialValues{.kind = Kind::kForgetGateOne};
  if (name == "gamma" || name == "cell_gamma" || name == "zx.bias" || name == "zh.bias") return constant(1);
  if (name == "cell_beta" || name == "zx.weight" || name == "zh.weight" || name == "beta_h.weight") return constant(0);
  if (name == "zb.weight") return InitialValues{.kind = Kind::kNormal, .value = kHyperShiftDeviation};
  if (name == "alpha_x.weight" || name == "alpha_h.weight")
    return constant(kHyperScale / static_cast<float>(spec.shape[1]));
  return {};
}

std::optional<InitialValues> linear_values(std::string_view name) {
  if (name == "decoder.output.weight") return InitialValues{.kind = Kind::kGlorot};
  for (const std::string_view layer : {"encoder.mu", "encoder.log_variance", "decoder.initial_state"})
    if (name.starts_with(layer) && name.substr(layer.size()) == ".weight")
      return InitialValues{.kind = Kind::kNormal, .value = kLatentDeviation};
  for (const std::string_view layer : {"encoder.mu", "encoder.log_variance", "decoder.initial_state", "decoder.output"})
    if (name.starts_with(layer) && name.substr(layer.size()) == ".bias") return constant(0);
  return {};
}

}  // namespace

InitialValues initial_values(const SketchRnnOptions& options, const kernels::ParameterSpec& spec) {
  const std::string_view name = spec.name;
  std::optional<InitialValues> rule = linear_values(name);
  for (const std::string_view prefix : {"encoder.forward.", "encoder.backward.", "decoder.cell."}) {
    if (!name.starts_with(prefix)) continue;
    const std::string& model = prefix == "decoder.cell." ? options.dec_model : options.enc_model;
    rule = cell_values(kernels::cell_type_named(model), name.substr(prefix.size()), spec);
  }
  require(rule.has_value(), "initial weights: no rule for the tensor {}", name);
  return *rule;
}

}  // namespace limn::models
