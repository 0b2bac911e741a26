// The cells of docs/papers/cells.md written as the formulas stand, one sequence and one scalar at a time, for double
// or for the tape's Var. Nothing is shared with the kernels but the names and the order of the parameters.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limn/kernels/cells/cell_shape.hpp"

namespace limn::testing {

template <class S>
using Values = std::vector<S>;

template <class S>
S logistic(const S& x) {
  using std::exp;
  return S(1.0) / (S(1.0) + exp(S(0.0) - x));
}

// W [rows, columns] times columns [first, first + v.size()) of v's place in the input.
template <class S>
Values<S> times(const Values<S>& w, std::size_t rows, const Values<S>& v, std::size_t first = 0,
                std::size_t columns = 0) {
  if (columns == 0) columns = v.size();
  Values<S> out(rows, S(0.0));
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < v.size(); ++k) out[r] = out[r] + w[r * columns + first + k] * v[k];
  }
  return out;
}

template <class S>
Values<S> plus(const Values<S>& a, const Values<S>& b) {
  Values<S> out = a;
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] + b[i];
  return out;
}

// Normalises each of the consecutive groups of `size` values: biased variance, epsilon 1e-3, then gamma and
// beta.
template <class S>
Values<S> layer_norm(const Values<S>& a, std::size_t size, const Values<S>& gamma, const Values<S>& beta) {
  using std::sqrt;
  Values<S> out = a;
  for (std::size_t begin = 0; begin < a.size(); begin += size) {
    S mean(0.0), variance(0.0);
    for (std::size_t i = 0; i < size; ++i) mean = mean + a[begin + i];
    mean = mean / S(static_cast<double>(size));
    for (std::size_t i = 0; i < size; ++i) variance = variance + (a[begin + i] - mean) * (a[begin + i] - mean);
    variance = variance / S(static_cast<double>(size));
    for (std::size_t i = begin; i < begin + size; ++i) {
      out[i] = (a[i] - mean) / sqrt(variance + S(1e-3)) * gamma[i] + beta[i];
    }
  }
  return out;
}

template <class S>
struct CellState {
  Values<S> h, c, hyper_h, hyper_c;
};

template <class S>
class CellReference {
 public:
  CellReference(const kernels::CellShape& shape, const std::vector<Values<S>>& parameters) : shape_(shape) {
    const auto specs = kernels::cell_parameters(shape);
    for (std::size_t i = 0; i < specs.size(); ++i) parameters_[specs[i].name] = parameters[i];
  }

  // One step; `x` is [x; z], `mask` [H] and, for hyper cells, [H + U].
  void step(const Values<S>& x, const Values<double>& mask, CellState<S>& state) const {
    const auto units = static_cast<std::size_t>(shape_.hidden_size);
    Values<S> a;
    if (shape_.type == kernels::CellType::kHyper) {
      a = hyper_gates(x, mask, state);
    } else {
      a = plus(times(at("weight_ih"), 4 * units, x), times(at("weight_hh"), 4 * units, state.h));
    }
    if (shape_.type == kernels::CellType::kLstm) a = plus(a, at("bias"));
    finish(a, shape_.type != kernels::CellType::kLstm, "", mask.data(), state.h, state.c);
  }

 private:
  const Values<S>& at(const std::string& name) const { return parameters_.at(name); }

  // From pre-activations to the new h and c.
  void finish(Values<S> a, bool normalises, const std::string& prefix, const double* mask, Values<S>& h,
              Values<S>& c) const {
    using std::tanh;
    const std::size_t units = h.size();
    if (normalises) a = layer_norm(a, units, at(prefix + "gamma"), at(prefix + "beta"));
    for (std::size_t j = 0; j < units; ++j) {
      c[j] = logistic(a[units + j]) * c[j] + logistic(a[j]) * (tanh(a[2 * units + j]) * S(mask[j]));
    }
    const Values<S> shown = normalises ? layer_norm(c, units, at(prefix + "cell_gamma"), at(prefix + "cell_beta")) : c;
    for (std::size_t j = 0; j < units; ++j) h[j] = logistic(a[3 * units + j]) * tanh(shown[j]);
  }

  Values<S> hyper_gates(const Values<S>& x, const Values<double>& mask, CellState<S>& state) const {
    const auto units = static_cast<std::size_t>(shape_.hidden_size);
    const auto small = static_cast<std::size_t>(shape_.hyper_num_units);
    const auto each = static_cast<std::size_t>(shape_.hyper_embedding_size);
    Values<S> both = x;
    both.insert(both.end(), state.h.begin(), state.h.end());
    const Values<S> a =
        plus(times(at("hyper.weight_ih"), 4 * small, both), times(at("hyper.weight_hh"), 4 * small, state.hyper_h));
    finish(a, true, "hyper.", mask.data() + units, state.hyper_h, state.hyper_c);
    const Values<S> zx = plus(times(at("zx.weight"), 4 * each, state.hyper_h), at("zx.bias"));
    const Values<S> zh = plus(times(at("zh.weight"), 4 * each, state.hyper_h), at("zh.bias"));
    const Values<S> zb = times(at("zb.weight"), 4 * each, state.hyper_h);
    const Values<S> from_x = times(at("weight_ih"), 4 * units, x);
    const Values<S> from_h = times(at("weight_hh"), 4 * units, state.h);
    Values<S> out(4 * units, S(0.0));
    for (std::size_t row = 0; row < 4 * units; ++row) {
      const std::size_t gate = row / units;
      S alpha_x(0.0), alpha_h(0.0), beta_h(0.0);
      for (std::size_t e = 0; e < each; ++e) {
        alpha_x = alpha_x + at("alpha_x.weight")[row * each + e] * zx[gate * each + e];
        alpha_h = alpha_h + at("alpha_h.weight")[row * each + e] * zh[gate * each + e];
        beta_h = beta_h + at("beta_h.weight")[row * each + e] * zb[gate * each + e];
      }
      out[row] = alpha_x * from_x[row] + alpha_h * from_h[row] + beta_h + at("bias")[row];
    }
    return out;
  }

  kernels::CellShape shape_;
  std::map<std::string, Values<S>> parameters_;
};

}  // namespace limn::testing
