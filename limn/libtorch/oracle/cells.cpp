#include "limn/libtorch/oracle/cells.hpp"

#include <algorithm>

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

// The state of a cell; that of the small cell inside is for hyper cells only.
struct State {
  HiddenAndCell main, small = {};
};

// The parameters of one cell, by their names without the prefix.
struct Cell {
  const Parameters& parameters;
  std::string prefix;
  KernelLauncher launcher;
  [[nodiscard]] const Tensor& operator[](const std::string& name) const {
    const auto found = parameters.find(prefix + name);
    require(found != parameters.end(), "oracle: unknown parameter {}{}", prefix, name);
    return found->second;
  }
};

Tensor product(const Tensor& x, const Tensor& weight) { return torch::matmul(x, weight.t()); }

// [4n] or [B, 4n] as [4, n] or [B, 4, n].
Tensor by_gate(const Tensor& a) { return a.dim() == 1 ? a.view({kGates, -1}) : a.view({a.size(0), kGates, -1}); }

// Layer normalisation over the last dimension with biased variance and epsilon 1e-3 (Ba et al. 2016, eq. 3).
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta) {
  return torch::addcmul(beta, torch::layer_norm(x, {x.size(-1)}, {}, {}, 1e-3), gamma);
}

Tensor normalised_gates(const Cell& cell, const Tensor& a) {
  return layer_norm(by_gate(a), by_gate(cell["gamma"]), by_gate(cell["beta"])).flatten(1);
}

Gates gates_of(const Tensor& a) {
  const auto parts = a.chunk(kGates, 1);
  return {parts[0], parts[1], parts[2], parts[3]};
}

HiddenAndCell normalised_step(const Cell& cell, const Tensor& presig, const HiddenAndCell& state, const Tensor& mask) {
  const Gates gates = gates_of(normalised_gates(cell, presig));
  const Tensor c = next_cell(cell.launcher, gates, state.c, mask);
  return {cell_output(cell.launcher, gates[3], layer_norm(c, cell["cell_gamma"], cell["cell_beta"])), c};
}

// The factor of each pre-activation from its gate's embedding: z [B, 4E], weight [4H, E] gives [B, 4H].
Tensor factor_of_embedding(const Tensor& z, const Tensor& weight) {
  const std::int64_t embedding = weight.size(1);
  const Tensor blocks = weight.view({kGates, -1, embedding});
  return torch::matmul(by_gate(z).transpose(0, 1), blocks.transpose(1, 2)).transpose(0, 1).flatten(1);
}

// The products of the cells' weights with inputs, which depend on no state.
struct InputProducts {
  Tensor main;   // W_ih x, of an lstm with its bias [R, 4H]
  Tensor small;  // those columns of the small cell's W_ih that x meets [R, 4U]; the others meet h
};

InputProducts input_products(const CellShape& shape, const Cell& cell, const Tensor& x) {
  if (shape.type == CellType::kLstm) return {torch::addmm(cell["bias"], x, cell["weight_ih"].t()), {}};
  if (shape.type == CellType::kLayerNorm) return {product(x, cell["weight_ih"]), {}};
  return {product(x, cell["weight_ih"]), product(x, cell["hyper.weight_ih"].narrow(1, 0, x.size(1)))};
}

// The main cell of a HyperLSTM, given ĥ of this step.
HiddenAndCell hyper_step(const Cell& cell, const Tensor& from_x, const Tensor& h_hat, const HiddenAndCell& state,
                         const Tensor& mask) {
  const Tensor z_x = torch::addmm(cell["zx.bias"], h_hat, cell["zx.weight"].t());
  const Tensor z_h = torch::addmm(cell["zh.bias"], h_hat, cell["zh.weight"].t());
  const Tensor z_b = product(h_hat, cell["zb.weight"]);
  const Tensor alpha_x = factor_of_embedding(z_x, cell["alpha_x.weight"]);
  const Tensor alpha_h = factor_of_embedding(z_h, cell["alpha_h.weight"]);
  const Tensor beta_h = factor_of_embedding(z_b, cell["beta_h.weight"]);
  const Tensor presig =
      scaled_sum(cell.launcher, alpha_x, from_x, alpha_h, product(state.h, cell["weight_hh"]), beta_h + cell["bias"]);
  return normalised_step(cell, presig, state, mask);
}

// `x` are the products of this step's rows, `mask` its masks or undefined.
State step(const CellShape& shape, const Cell& cell, const InputProducts& x, const State& state, const Tensor& mask) {
  const auto from_h = [](const Cell& of, const Tensor& from_x, const Tensor& h) {
    return torch::addmm(from_x, h, of["weight_hh"].t());
  };
  if (shape.type == CellType::kLstm) {
    const Gates gates = gates_of(from_h(cell, x.main, state.main.h));
    const auto [h, c] = lstm_step(cell.launcher, gates, state.main.c, mask);
    return {{h, c}};
  }
  if (shape.type == CellType::kLayerNorm)
    return {normalised_step(cell, from_h(cell, x.main, state.main.h), state.main, mask)};
  const std::int64_t units = shape.hidden_size, small_units = shape.hyper_num_units;
  const auto columns = [&](std::int64_t first, std::int64_t count) {
    return mask.defined() ? mask.narrow(1, first, count) : mask;
  };
  const Cell small{cell.parameters, cell.prefix + "hyper.", cell.launcher};
  const Tensor& weight_ih = small["weight_ih"];
  const Tensor small_x = torch::addmm(x.small, state.main.h, weight_ih.narrow(1, weight_ih.size(1) - units, units).t());
  const HiddenAndCell next_small =
      normalised_step(small, from_h(small, small_x, state.small.h), state.small, columns(units, small_units));
  return {hyper_step(cell, x.main, next_small.h, state.main, columns(0, units)), next_small};
}

State state_of(const CellShape& shape, const Tensor& columns) {
  const std::int64_t units = shape.hidden_size, small = shape.hyper_num_units;
  State state{{columns.narrow(1, 0, units), columns.narrow(1, units, units)}};
  if (shape.type == CellType::kHyper)
    state.small = {columns.narrow(1, 2 * units, small), columns.narrow(1, 2 * units + small, small)};
  return state;
}

Tensor columns_of(const State& state) {
  std::vector<Tensor> parts{state.main.h, state.main.c};
  if (state.small.h.defined()) parts.insert(parts.end(), {state.small.h, state.small.c});
  return torch::cat(parts, 1);
}

// Applies `change` to each tensor of a state.
template <class Change>
State each(const State& state, const Change& change) {
  const auto both = [&](const HiddenAndCell& pair) {
    return pair.h.defined() ? HiddenAndCell{change(pair.h), change(pair.c)} : pair;
  };
  return {both(state.main), both(state.small)};
}

State rows_of(const State& state, std::int64_t first, std::int64_t count) {
  return each(state, [&](const Tensor& t) { return t.narrow(0, first, count); });
}

Tensor initial_columns(const CellShape& shape, const SequenceInput& input) {
  return input.initial_state.defined() ? input.initial_state
                                       : torch::zeros({input.active.front(), state_columns(shape)}, input.x.options());
}

// The rows of each step.
std::vector<Tensor> steps_of(const Tensor& rows, const std::vector<std::int64_t>& active) {
  return rows.defined() ? rows.split_with_sizes(active, 0) : std::vector<Tensor>(active.size());
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

Tensor linear(const Parameters& parameters, const std::string& name, const Tensor& x) {
  return torch::addmm(parameters.at(name + ".bias"), x, parameters.at(name + ".weight").t());
}

std::int64_t state_columns(const CellShape& shape) { return 2 * mask_columns(shape); }

std::int64_t mask_columns(const CellShape& shape) {
  return shape.hidden_size + (shape.type == CellType::kHyper ? shape.hyper_num_units : 0);
}

Tensor cell_step(const CellShape& shape, const Parameters& parameters, const std::string& prefix, const Tensor& x,
                 const Tensor& state) {
  const Cell cell{parameters, prefix, launcher_of(x.device())};
  return columns_of(step(shape, cell, input_products(shape, cell, x), state_of(shape, state), {}));
}

SequenceOutput run_sequence(const CellShape& shape, kernels::Direction direction, const Parameters& parameters,
                            const std::string& prefix, const SequenceInput& input) {
  const Cell cell{parameters, prefix, input.launcher != nullptr ? input.launcher : launcher_of(input.x.device())};
  const InputProducts products = input_products(shape, cell, input.x);
  const auto main = steps_of(products.main, input.active), small = steps_of(products.small, input.active);
  const auto masks = steps_of(input.mask, input.active);
  const auto count = static_cast<std::int64_t>(input.active.size());
  const State initial = state_of(shape, initial_columns(shape, input));
  const bool is_forward = direction == kernels::Direction::kForward;
  std::int64_t rows = is_forward ? input.active.front() : input.active.back();
  State state = rows_of(initial, 0, rows);
  std::vector<Tensor> hidden(input.active.size()), ended;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto t = static_cast<std::size_t>(is_forward ? k : count - 1 - k);
    const std::int64_t now = input.active[t];
    if (now < rows) {  // forward: the last sequences have ended
      ended.push_back(columns_of(rows_of(state, now, rows - now)));
      state = rows_of(state, 0, now);
    } else if (now > rows) {  // backward: further sequences begin
      const State beginning = rows_of(initial, rows, now - rows);
      const auto joined = [](const HiddenAndCell& a, const HiddenAndCell& b) {
        return a.h.defined() ? HiddenAndCell{torch::cat({a.h, b.h}), torch::cat({a.c, b.c})} : a;
      };
      state = {joined(state.main, beginning.main), joined(state.small, beginning.small)};
    }
    rows = now;
    state = step(shape, cell, {main[t], small[t]}, state, masks[t]);
    hidden[t] = state.main.h;
  }
  ended.push_back(columns_of(state));
  std::ranges::reverse(ended);
  return {torch::cat(hidden), torch::cat(ended)};
}

bool has_fused_lstm(const CellShape& shape, const Tensor& mask) {
  return shape.type == CellType::kLstm && !mask.defined();
}

SequenceOutput run_fused_lstm(const CellShape& shape, const Parameters& parameters,
                              const std::vector<std::string>& prefixes, const SequenceInput& input) {
  const auto directions = static_cast<std::int64_t>(prefixes.size());
  std::vector<Tensor> weights;
  for (const std::string& prefix : prefixes) {
    const Cell cell{parameters, prefix, nullptr};
    for (const char* name : {"weight_ih", "weight_hh", "bias"}) weights.push_back(cell[name]);
    weights.push_back(torch::zeros_like(cell["bias"]));  // cuDNN has two biases
  }
  const std::int64_t units = shape.hidden_size;
  const Tensor initial = initial_columns(shape, input);
  const auto part = [&](std::int64_t which) {
    return initial.narrow(1, which * units, units).unsqueeze(0).expand({directions, -1, -1}).contiguous();
  };
  const auto [hidden, h, c] =
      torch::lstm(input.x, torch::tensor(input.active, torch::kInt64), std::vector<Tensor>{part(0), part(1)}, weights,
                  /*has_biases=*/true, /*num_layers=*/1, /*dropout=*/0.0, /*train=*/true, directions == 2);
  std::vector<Tensor> states;
  for (std::int64_t d = 0; d < directions; ++d) states.insert(states.end(), {h[d], c[d]});
  return {hidden, torch::cat(states, 1)};
}

}  // namespace limn::libtorch::oracle
