#include "limn/models/initial_weights.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/kernels/cells/cell_shape.hpp"
#include "limn/kernels/products/orthogonal.hpp"

namespace limn::models {
namespace {

// FNV-1a, so that a name gives the same stream everywhere.
std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

void fill_uniform(std::span<float> values, float limit, RandomStream& random) {
  for (float& value : values) value = random.uniform(-limit, limit);
}

void fill_orthogonal_gates(std::span<float> values, std::int64_t units, RandomStream& random) {
  const Matrix gates(values.data(), kernels::kGates * units, units);
  for (std::int64_t gate = 0; gate < kernels::kGates; ++gate)
    kernels::random_orthogonal(random, gates.slice_rows(gate * units, units));
}

void fill_forget_gate_one(std::span<float> values) {
  const std::size_t units = values.size() / kernels::kGates;
  std::ranges::fill(values, 0.0f);
  std::ranges::fill(values.subspan(static_cast<std::size_t>(kernels::Gate::kForget) * units, units), 1.0f);
}

}  // namespace

void initialise(const kernels::ParameterSpec& spec, const InitialValues& rule, std::uint64_t seed,
                std::span<float> values) {
  using Kind = InitialValues::Kind;
  require(values.size() == spec.count(), "initial weights: {} values for {} of the shape {}", values.size(), spec.name,
          shape_text(spec.shape));
  const auto require_shape = [&](bool fits, const char* expected) {
    require(fits, "initial weights: {} has the shape {}, expected {}", spec.name, shape_text(spec.shape), expected);
  };
  const auto& shape = spec.shape;
  RandomStream random(seed, Purpose::kInitialWeights, 0, hash_of(spec.name));
  switch (rule.kind) {
    case Kind::kConstant:
      std::ranges::fill(values, rule.value);
      return;
    case Kind::kUniform:
      return fill_uniform(values, rule.value, random);
    case Kind::kNormal:
      for (float& value : values) value = rule.value * random.normal();
      return;
    case Kind::kGlorot:
      require_shape(shape.size() == 2, "[out, in]");
      return fill_uniform(values, std::sqrt(6.0f / static_cast<float>(shape[0] + shape[1])), random);
    case Kind::kOrthogonalGates:
      require_shape(shape.size() == 2 && shape[0] == kernels::kGates * shape[1], "[4H, H]");
      return fill_orthogonal_gates(values, shape[1], random);
    case Kind::kForgetGateOne:
      require_shape(shape.size() == 1 && shape[0] % kernels::kGates == 0, "[4H]");
      return fill_forget_gate_one(values);
  }
}

}  // namespace limn::models
