#include "limn/libtorch/oracle/cells.hpp"

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn::libtorch::oracle {
namespace {

using kernels::CellShape;
using kernels::CellType;
using torch::Tensor;

constexpr std::int64_t kGates = 4;  // i, f, g, o

struct HiddenAndCell {
  Tensor h, c;  // [B, units]
};

// The parameters of one cell, by their names without the prefix.
struct Cell {
  const Parameters& parameters;
  std::string prefix;
  [[nodiscard]] const Tensor& operator[](const std::string& name) const {
    const auto found = parameters.find(prefix + name);
    require(found != parameters.end(), "oracle: unknown parameter {}{}", prefix, name);
    return found->second;
  }
};

Tensor product(const Tensor& x, const Tensor& weight) { return torch::matmul(x, weight.t()); }

// [4n] or [B, 4n] as [4, n] or [B, 4, n].
Tensor by_gate(const Tensor& a) { return a.dim() == 1 ? a.view({kGates, -1}) : a.view({a.size(0), kGates, -1}); }

Tensor normalised_gates(const Cell& cell, const Tensor& a) {
  return layer_norm(by_gate(a), by_gate(cell["gamma"]), by_gate(cell["beta"])).flatten(1);
}

// c' = σ(f) ⊙ c + σ(i) ⊙ D(tanh g).
Tensor next_cell(const Tensor& a, const Tensor& c, const Tensor& mask) {
  const auto gates = a.chunk(kGates, 1);
  const Tensor &i = gates[0], &f = gates[1], &g = gates[2];
  return torch::sigmoid(f) * c + torch::sigmoid(i) * mask * torch::tanh(g);
}

// h' = σ(o) ⊙ tanh(c').
Tensor output(const Tensor& a, const Tensor& c) { return torch::sigmoid(a.chunk(kGates, 1)[3]) * torch::tanh(c); }

HiddenAndCell lstm_step(const Cell& cell, const Tensor& x, const HiddenAndCell& state, const Tensor& mask) {
  const Tensor a = product(x, cell["weight_ih"]) + product(state.h, cell["weight_hh"]) + cell["bias"];
  const Tensor c = next_cell(a, state.c, mask);
  return {output(a, c), c};
}

HiddenAndCell normalised_step(const Cell& cell, const Tensor& presig, const HiddenAndCell& state, const Tensor& mask) {
  const Tensor a = normalised_gates(cell, presig);
  const Tensor c = next_cell(a, state.c, mask);
  return {output(a, layer_norm(c, cell["cell_gamma"], cell["cell_beta"])), c};
}

HiddenAndCell layer_norm_step(const Cell& cell, const Tensor& x, const HiddenAndCell& state, const Tensor& mask) {
  return normalised_step(cell, product(x, cell["weight_ih"]) + product(state.h, cell["weight_hh"]), state, mask);
}

// The factor of each pre-activation from its gate's embedding: z [B, 4E], weight [4H, E] gives [B, 4H].
Tensor factor_of_embedding(const Tensor& z, const Tensor& weight) {
  const std::int64_t embedding = weight.size(1);
  const Tensor blocks = weight.view({kGates, -1, embedding});
  return torch::einsum("bge,gue->bgu", {by_gate(z), blocks}).flatten(1);
}

// The main cell of a HyperLSTM, given ĥ of this step.
HiddenAndCell hyper_step(const Cell& cell, const Tensor& x, const Tensor& h_hat, const HiddenAndCell& state,
                         const Tensor& mask) {
  const Tensor z_x = product(h_hat, cell["zx.weight"]) + cell["zx.bias"];
  const Tensor z_h = product(h_hat, cell["zh.weight"]) + cell["zh.bias"];
  const Tensor z_b = product(h_hat, cell["zb.weight"]);
  const Tensor alpha_x = factor_of_embedding(z_x, cell["alpha_x.weight"]);
  const Tensor alpha_h = factor_of_embedding(z_h, cell["alpha_h.weight"]);
  const Tensor beta_h = factor_of_embedding(z_b, cell["beta_h.weight"]);
  const Tensor presig =
      alpha_x * product(x, cell["weight_ih"]) + alpha_h * product(state.h, cell["weight_hh"]) + beta_h + cell["bias"];
  return normalised_step(cell, presig, state, mask);
}

}  // namespace

Parameters random_parameters(const std::vector<kernels::ParameterSpec>& specs, torch::Dtype dtype, std::uint64_t seed) {
  Parameters parameters;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    Tensor tensor = torch::empty(specs[i].shape, torch::kFloat32);
    RandomStream random(seed, Purpose::kTest, 0, i);
    const bool scales = specs[i].name.ends_with("gamma");
    float* const data = tensor.data_ptr<float>();
    for (std::int64_t k = 0; k < tensor.numel(); ++k) data[k] = 0.3f * random.normal() + (scales ? 1.0f : 0.0f);
    parameters[specs[i].name] = tensor.to(dtype).requires_grad_();
  }
  return parameters;
}

Tensor pad(const Tensor& packed, const std::vector<std::int64_t>& active) {
  std::vector<Tensor> steps;
  std::int64_t row = 0;
  for (const std::int64_t count : active) {
    const Tensor nothing = torch::zeros({active.front() - count, packed.size(1)}, packed.options());
    steps.push_back(torch::cat({packed.narrow(0, row, count), nothing}));
    row += count;
  }
  return torch::stack(steps);
}

Tensor pack(const Tensor& padded, const std::vector<std::int64_t>& active) {
  std::vector<Tensor> steps;
  for (std::size_t t = 0; t < active.size(); ++t) {
    steps.push_back(padded[static_cast<std::int64_t>(t)].narrow(0, 0, active[t]));
  }
  return torch::cat(steps);
}

Tensor keep_masks(const kernels::RecurrentDropout& dropout, std::int64_t batch, std::int64_t t, std::int64_t units,
                  torch::Dtype dtype, std::int64_t first_unit) {
  Tensor mask = torch::ones({batch, units}, torch::kFloat32);
  if (dropout.keep < 1) {
    auto values = mask.accessor<float, 2>();
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t j = 0; j < units; ++j) values[b][j] = kernels::keep_mask(dropout, b, t, first_unit + j);
    }
  }
  return mask.to(dtype);
}

std::int64_t state_columns(const CellShape& shape) {
  return 2 * (shape.hidden_size + (shape.type == CellType::kHyper ? shape.hyper_num_units : 0));
}

Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta) {
  const Tensor centred = x - x.mean(-1, /*keepdim=*/true);
  const Tensor variance = centred.square().mean(-1, /*keepdim=*/true);
  return gamma * centred / torch::sqrt(variance + 1e-3) + beta;
}

Tensor cell_step(const CellShape& shape, const Parameters& parameters, const std::string& prefix, const Tensor& x,
                 const Tensor& state, const kernels::RecurrentDropout& dropout, std::int64_t t) {
  const std::int64_t batch = x.size(0), units = shape.hidden_size;
  const Cell cell{parameters, prefix};
  const HiddenAndCell main{state.narrow(1, 0, units), state.narrow(1, units, units)};
  const Tensor mask = keep_masks(dropout, batch, t, units, x.scalar_type());
  if (shape.type != CellType::kHyper) {
    const auto next =
        shape.type == CellType::kLstm ? lstm_step(cell, x, main, mask) : layer_norm_step(cell, x, main, mask);
    return torch::cat({next.h, next.c}, 1);
  }
  // The small cell's units are numbered after the main cell's.
  const std::int64_t small = shape.hyper_num_units;
  const Tensor small_mask = keep_masks(dropout, batch, t, small, x.scalar_type(), units);
  const HiddenAndCell hat{state.narrow(1, 2 * units, small), state.narrow(1, 2 * units + small, small)};
  const auto next_hat = layer_norm_step({parameters, prefix + "hyper."}, torch::cat({x, main.h}, 1), hat, small_mask);
  const auto next = hyper_step(cell, x, next_hat.h, main, mask);
  return torch::cat({next.h, next.c, next_hat.h, next_hat.c}, 1);
}

SequenceOutput run_sequence(const CellShape& shape, kernels::Direction direction, const Parameters& parameters,
                            const std::string& prefix, const SequenceInput& input) {
  const std::int64_t steps = input.x.size(0), batch = input.x.size(1);
  const Tensor lengths = torch::tensor(input.lengths, torch::kInt64).unsqueeze(1);
  Tensor state = input.initial_state.defined() ? input.initial_state
                                               : torch::zeros({batch, state_columns(shape)}, input.x.options());
  std::vector<Tensor> hidden(static_cast<std::size_t>(steps));
  for (std::int64_t k = 0; k < steps; ++k) {
    const std::int64_t t = direction == kernels::Direction::kForward ? k : steps - 1 - k;
    const Tensor x = input.constant.defined() ? torch::cat({input.x[t], input.constant}, 1) : input.x[t];
    const Tensor next = cell_step(shape, parameters, prefix, x, state, input.dropout, t);
    const Tensor is_inside = lengths > t;  // [B, 1]
    state = torch::where(is_inside, next, state);
    const Tensor h = state.narrow(1, 0, shape.hidden_size);
    hidden[static_cast<std::size_t>(t)] = torch::where(is_inside, h, torch::zeros_like(h));
  }
  return {torch::stack(hidden), state};
}

}  // namespace limn::libtorch::oracle
