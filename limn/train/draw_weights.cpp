#include "limn/train/draw_weights.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/random.hpp"
#include "limn/kernels/cells/recurrent.hpp"

namespace limn {
namespace {

// FNV-1a, so that a name gives the same stream everywhere.
std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

void fill_glorot(const TaskParameter& parameter, RandomStream random) {
  const auto fans = static_cast<float>(parameter.shape[0] + parameter.shape[1]);
  const float limit = std::sqrt(6.0f / fans);
  for (float& value : parameter.value) value = random.uniform(-limit, limit);
}

// An orthogonal matrix: rows of normal numbers, each made orthogonal to those before it (modified Gram-Schmidt).
void fill_orthogonal(std::span<float> matrix, std::size_t size, RandomStream& random) {
  std::vector<double> rows(size * size);
  for (double& value : rows) value = static_cast<double>(random.normal());
  for (std::size_t i = 0; i < size; ++i) {
    double* const row = &rows[i * size];
    // Twice, since once loses orthogonality where a row nearly lies in the span of the others.
    for (std::size_t j = 0; j < 2 * i; ++j) {
      const double* const other = &rows[j % i * size];
      double along = 0;
      for (std::size_t k = 0; k < size; ++k) along += row[k] * other[k];
      for (std::size_t k = 0; k < size; ++k) row[k] -= along * other[k];
    }
    double square = 0;
    for (std::size_t k = 0; k < size; ++k) square += row[k] * row[k];
    for (std::size_t k = 0; k < size; ++k) row[k] /= std::sqrt(square);
  }
  std::ranges::transform(rows, matrix.begin(), [](double value) { return static_cast<float>(value); });
}

void fill_gates_orthogonal(const TaskParameter& parameter, RandomStream random) {
  const auto hidden = static_cast<std::size_t>(parameter.shape[1]);
  for (std::size_t gate = 0; gate < kernels::kGates; ++gate)
    fill_orthogonal(parameter.value.subspan(gate * hidden * hidden, hidden * hidden), hidden, random);
}

void fill_cell_bias(const TaskParameter& parameter) {
  const std::size_t hidden = parameter.value.size() / kernels::kGates;
  std::ranges::fill(parameter.value, 0.0f);
  std::ranges::fill(parameter.value.subspan(static_cast<std::size_t>(kernels::Gate::kForget) * hidden, hidden), 1.0f);
}

}  // namespace

void initialize_draw(std::span<const TaskParameter> parameters, std::uint64_t seed) {
  for (const TaskParameter& parameter : parameters) {
    const RandomStream random(seed, Purpose::kInitialWeights, 0, hash_of(parameter.name));
    if (parameter.name.ends_with("weight_hh")) fill_gates_orthogonal(parameter, random);
    else if (parameter.name == "encoder.bias" || parameter.name == "decoder.bias") fill_cell_bias(parameter);
    else if (parameter.shape.size() == 2) fill_glorot(parameter, random);
    else std::ranges::fill(parameter.value, 0.0f);
  }
}

}  // namespace limn
