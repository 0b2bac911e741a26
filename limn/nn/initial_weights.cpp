#include "limn/nn/initial_weights.hpp"

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/nn/views.hpp"

namespace limn {
namespace {

using torch::Tensor;

// FNV-1a, so that a name gives the same stream everywhere.
std::uint32_t hash_of(const std::string& name) {
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

void fill_uniform(Tensor& tensor, float limit, RandomStream random) {
  for (float& value : nn::span(tensor)) value = random.uniform(-limit, limit);
}

void fill_normal(Tensor& tensor, float deviation, RandomStream random) {
  for (float& value : nn::span(tensor)) value = deviation * random.normal();
}

// Glorot & Bengio 2010, eq. 16: uniform within ±sqrt(6 / (in + out)).
void fill_glorot(Tensor& tensor, RandomStream random) {
  fill_uniform(tensor, std::sqrt(6.0f / static_cast<float>(tensor.size(0) + tensor.size(1))), random);
}

// One orthogonal [H, H] block for each gate: Q of a Gaussian matrix, its signs fixed by R's diagonal (Saxe et al. 2014).
void fill_orthogonal_gates(Tensor& tensor, RandomStream random) {
  const std::int64_t hidden = tensor.size(1);
  for (int gate = 0; gate < kernels::kGates; ++gate) {
    Tensor gaussian = torch::empty({hidden, hidden});
    random.fill_normal(nn::span(gaussian));
    const auto [q, r] = torch::linalg_qr(gaussian.to(torch::kFloat64));
    tensor.narrow(0, gate * hidden, hidden).copy_(q * torch::sign(torch::diagonal(r)).unsqueeze(0));
  }
}

// Zero but for the forget gate's part, which is one: Magenta adds that one at run time.
void fill_bias(Tensor& tensor) {
  const std::int64_t hidden = tensor.size(0) / kernels::kGates;
  tensor.zero_();
  tensor.narrow(0, static_cast<int>(kernels::Gate::kForget) * hidden, hidden).fill_(1.0f);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

constexpr float kLatentDeviation = 0.001f;       // W_μ, W_σ, W_z
constexpr float kHyperShiftDeviation = 0.01f;    // zb
constexpr float kHyperScale = 0.1f;              // α weights: this / E, so that the scales start at 0.1

void fill(const std::string& name, Tensor tensor, RandomStream random) {
  const auto is = [&](const char* end) { return ends_with(name, end); };
  if (is("zx.weight") || is("zh.weight") || is("beta_h.weight")) tensor.zero_();
  else if (is("zx.bias") || is("zh.bias")) tensor.fill_(1.0f);
  else if (is("zb.weight")) fill_normal(tensor, kHyperShiftDeviation, random);
  else if (is("alpha_x.weight") || is("alpha_h.weight")) tensor.fill_(kHyperScale / static_cast<float>(tensor.size(1)));
  else if (is("mu.weight") || is("log_variance.weight") || is("initial_state.weight"))
    fill_normal(tensor, kLatentDeviation, random);
  else if (is("mu.bias") || is("log_variance.bias") || is("initial_state.bias") || is("output.bias") || is("cell_beta"))
    tensor.zero_();
  else if (is("weight_ih") || is("output.weight")) fill_glorot(tensor, random);
  else if (is("weight_hh")) fill_orthogonal_gates(tensor, random);
  else if (is("gamma")) tensor.fill_(1.0f);
  // The layer-norm cells normalise before β, so the forget gate's one lives there; a hyper cell's bias is before it.
  else if (is("beta")) fill_bias(tensor);
  else if (is("cell.bias") && tensor.size(0) > 0) fill_bias(tensor);
  else if (is("forward.bias") || is("backward.bias")) fill_bias(tensor);
  else fail("initial weights: no rule for the tensor {}", name);
}

}  // namespace

void initialize_sketch_rnn(torch::nn::Module& module, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  const auto parameters = module.named_parameters();
  for (const auto& item : parameters)
    fill(item.key(), item.value(), RandomStream(seed, Purpose::kInitialWeights, 0, hash_of(item.key())));
  for (const auto& item : parameters) {
    // A hyper cell has both a bias and β: the bias, which layer normalisation follows, starts at zero.
    if (!ends_with(item.key(), "weight_ih") || item.key().find("hyper.") != std::string::npos) continue;
    const std::string cell = item.key().substr(0, item.key().size() - std::string("weight_ih").size());
    if (parameters.contains(cell + "beta") && parameters.contains(cell + "bias"))
      Tensor(parameters[cell + "bias"]).zero_();
  }
}

void initialize_layers(torch::nn::Module& module, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  for (const auto& layer : module.named_modules("", false)) {
    const auto own = layer.value()->named_parameters(false);
    if (!own.contains("weight")) continue;
    const Tensor weight = own["weight"];
    const bool is_normalisation = weight.dim() == 1;
    const float limit = 1.0f / std::sqrt(static_cast<float>(weight.numel() / weight.size(0)));
    for (const auto& item : own) {
      Tensor tensor = item.value();
      if (is_normalisation) tensor.fill_(item.key() == "weight" ? 1.0f : 0.0f);
      else fill_uniform(tensor, limit, RandomStream(seed, Purpose::kInitialWeights, 0, hash_of(layer.key() + "." + item.key())));
    }
  }
}

}  // namespace limn
