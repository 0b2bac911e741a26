#include "limn/kernels/cells/layer_norm_rows.hpp"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/cells/layer_norm_rows.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "limn/kernels/elementwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {

constexpr float kEpsilon = 1e-3f;  // added to the variance; the cells of Ba et al. 2016 and Magenta

HWY_INLINE float sum_of(FloatVector v) { return hn::GetLane(hn::SumOfLanes(Floats(), v)); }

struct Moments {
  float mean[kGates];
  float inverse_deviation[kGates];
};

// Mean and 1 / sqrt(variance + epsilon) of kCount groups of `units` values; the second pass over the first
// cache costs less than the cancellation of E[x²] − E[x]² would.
template <int kCount>
HWY_INLINE Moments moments_of(const float* values, std::int64_t units) {
  const Floats d;
  FloatVector sum[kCount], squares[kCount], mean[kCount];
  for (int g = 0; g < kCount; ++g) sum[g] = squares[g] = hn::Zero(d);
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    for (int g = 0; g < kCount; ++g) sum[g] = hn::Add(sum[g], access.load(values + g * units + j));
  });
  const float share = 1.0f / static_cast<float>(units);
  Moments moments;
  for (int g = 0; g < kCount; ++g) {
    moments.mean[g] = sum_of(sum[g]) * share;
    mean[g] = hn::Set(d, moments.mean[g]);
  }
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    for (int g = 0; g < kCount; ++g) {
      const auto off = access.keep(hn::Sub(access.load(values + g * units + j), mean[g]));
      squares[g] = hn::MulAdd(off, off, squares[g]);
    }
  });
  for (int g = 0; g < kCount; ++g) {
    moments.inverse_deviation[g] = 1.0f / std::sqrt(sum_of(squares[g]) * share + kEpsilon);
  }
  return moments;
}

void layer_norm_forward_row(const LayerNormForwardRow& row) {
  const Floats d;
  const std::int64_t units = row.units;
  const LayerNormWeights& w = row.weights;
  const Moments gates = moments_of<kGates>(row.gates, units);
  const auto normalised = [&](auto access, Gate which, std::int64_t j) HWY_ATTR {
    const int gate = static_cast<int>(which);
    float* at = row.gates + gate * units + j;
    const auto centred = hn::Sub(access.load(at), hn::Set(d, gates.mean[gate]));
    const auto value = hn::Mul(centred, hn::Set(d, gates.inverse_deviation[gate]));
    access.store(value, at);
    return hn::MulAdd(value, access.load(w.gamma + gate * units + j), access.load(w.beta + gate * units + j));
  };
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    const auto i = logistic(normalised(access, Gate::kInput, j));
    const auto f = logistic(normalised(access, Gate::kForget, j));
    auto candidate = hyperbolic_tangent(normalised(access, Gate::kCandidate, j));
    if (row.mask) candidate = hn::Mul(candidate, access.load(row.mask + j));
    access.store(hn::MulAdd(f, access.load(row.c_previous + j), hn::Mul(i, candidate)), row.c + j);
  });
  const Moments cell = moments_of<1>(row.c, units);
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    const auto o = logistic(normalised(access, Gate::kOutput, j));
    const auto centred = hn::Sub(access.load(row.c + j), hn::Set(d, cell.mean[0]));
    const auto shown = hn::MulAdd(hn::Mul(centred, hn::Set(d, cell.inverse_deviation[0])),
                                  access.load(w.cell_gamma + j), access.load(w.cell_beta + j));
    access.store(hn::Mul(o, hyperbolic_tangent(shown)), row.h + j);
  });
  for (int g = 0; g < kGates; ++g) row.statistics[kGateInverseDeviation + g] = gates.inverse_deviation[g];
  row.statistics[kCellInverseDeviation] = cell.inverse_deviation[0];
  row.statistics[kCellMean] = cell.mean[0];
}

// For x̂ = (x − mean) / deviation: dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ ⊙ x̂)) / deviation. The two means are kept
// as running sums.
struct NormGradient {
  // Written out: a constructor that the compiler makes up would not be compiled for the target.
  HWY_INLINE NormGradient() : sum(hn::Zero(Floats())), product(hn::Zero(Floats())) {}

  HWY_INLINE void add(FloatVector gradient, FloatVector normalised) {
    sum = hn::Add(sum, gradient);
    product = hn::MulAdd(gradient, normalised, product);
  }
  // Turns the sums into means, in every lane.
  HWY_INLINE void finish(std::int64_t units) {
    const float share = 1.0f / static_cast<float>(units);
    sum = hn::Set(Floats(), sum_of(sum) * share);
    product = hn::Set(Floats(), sum_of(product) * share);
  }
  HWY_INLINE FloatVector apply(FloatVector gradient, FloatVector normalised, FloatVector inverse_deviation) const {
    return hn::Mul(hn::NegMulAdd(normalised, product, hn::Sub(gradient, sum)), inverse_deviation);
  }

  FloatVector sum;
  FloatVector product;
};

template <class Access>
HWY_INLINE void accumulate(Access access, FloatVector value, float* to) {
  access.store(hn::Add(access.load(to), value), to);
}

// One row's backward pass in three sweeps: through h and LN(c'), through the gates, through the gates' LN.
class LayerNormGradient {
 public:
  explicit HWY_INLINE LayerNormGradient(const LayerNormBackwardRow& r)
      : row(r), units(r.units), places(r.units), d_normalised(r.scratch), d_cell(r.scratch + kGates * r.units) {}

  HWY_INLINE void through_output() {
    float* d_gamma = row.gradient + places.cell_gamma;
    float* d_beta = row.gradient + places.cell_beta;
    for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
      const auto one = hn::Set(Floats(), 1.0f);
      const auto o = logistic(pre_activation(access, Gate::kOutput, j)), dh = access.load(row.dh + j);
      const auto x = normalised_cell(access, j), gamma = access.load(row.weights.cell_gamma + j);
      const auto t = hyperbolic_tangent(hn::MulAdd(x, gamma, access.load(row.weights.cell_beta + j)));
      const auto dy = hn::Mul(hn::Mul(dh, o), hn::NegMulAdd(t, t, one));
      accumulate(access, hn::Mul(dy, x), d_gamma + j);
      accumulate(access, dy, d_beta + j);
      const auto dx = access.keep(hn::Mul(dy, gamma));
      access.store(dx, d_cell + j);
      cell_sums.add(dx, x);
      take_gate(access, Gate::kOutput, j, hn::Mul(hn::Mul(dh, t), hn::Mul(o, hn::Sub(one, o))));
    });
    cell_sums.finish(units);
  }

  HWY_INLINE void through_gates() {
    for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
      const auto one = hn::Set(Floats(), 1.0f);
      const auto inverse_deviation = hn::Set(Floats(), row.statistics[kCellInverseDeviation]);
      const auto through_norm = cell_sums.apply(access.load(d_cell + j), normalised_cell(access, j), inverse_deviation);
      const auto dc = hn::Add(access.load(row.dc + j), through_norm);
      const auto i = logistic(pre_activation(access, Gate::kInput, j));
      const auto f = logistic(pre_activation(access, Gate::kForget, j));
      const auto g = hyperbolic_tangent(pre_activation(access, Gate::kCandidate, j));
      auto di = hn::Mul(dc, g), dg = hn::Mul(dc, i);
      if (row.mask) {
        const auto mask = access.load(row.mask + j);
        di = hn::Mul(di, mask);
        dg = hn::Mul(dg, mask);
      }
      const auto df = hn::Mul(dc, access.load(row.c_previous + j));
      take_gate(access, Gate::kInput, j, hn::Mul(di, hn::Mul(i, hn::Sub(one, i))));
      take_gate(access, Gate::kForget, j, hn::Mul(df, hn::Mul(f, hn::Sub(one, f))));
      take_gate(access, Gate::kCandidate, j, hn::Mul(dg, hn::NegMulAdd(g, g, one)));
      access.store(hn::Mul(dc, f), row.dc + j);
    });
  }

  HWY_INLINE void through_normalisation() {
    for (int gate = 0; gate < kGates; ++gate) {
      gate_sums[gate].finish(units);
      const auto inverse_deviation = hn::Set(Floats(), row.statistics[kGateInverseDeviation + gate]);
      float* at = row.gates + gate * units;
      for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
        const auto dx = access.load(d_normalised + gate * units + j);
        access.store(gate_sums[gate].apply(dx, access.load(at + j), inverse_deviation), at + j);
      });
    }
  }

 private:
  // A gate before its logistic or tanh.
  template <class Access>
  HWY_INLINE FloatVector pre_activation(Access access, Gate gate, std::int64_t j) const {
    const std::int64_t at = static_cast<int>(gate) * units + j;
    return hn::MulAdd(access.load(row.gates + at), access.load(row.weights.gamma + at),
                      access.load(row.weights.beta + at));
  }
  // c' normalised.
  template <class Access>
  HWY_INLINE FloatVector normalised_cell(Access access, std::int64_t j) const {
    const auto centred = hn::Sub(access.load(row.c + j), hn::Set(Floats(), row.statistics[kCellMean]));
    return hn::Mul(centred, hn::Set(Floats(), row.statistics[kCellInverseDeviation]));
  }
  // Takes dL/d pre_activation(): adds to the gradients of gamma and beta, keeps dL/d of the normalised gate.
  template <class Access>
  HWY_INLINE void take_gate(Access access, Gate gate, std::int64_t j, FloatVector dy) {
    const std::int64_t at = static_cast<int>(gate) * units + j;
    const auto x = access.load(row.gates + at);
    accumulate(access, hn::Mul(dy, x), row.gradient + places.gamma + at);
    accumulate(access, dy, row.gradient + places.beta + at);
    const auto dx = access.keep(hn::Mul(dy, access.load(row.weights.gamma + at)));
    access.store(dx, d_normalised + at);
    gate_sums[static_cast<int>(gate)].add(dx, x);
  }

  const LayerNormBackwardRow& row;
  const std::int64_t units;
  const LayerNormGradientPlaces places;
  float* const d_normalised;
  float* const d_cell;
  NormGradient cell_sums;
  NormGradient gate_sums[kGates];
};

void layer_norm_backward_row(const LayerNormBackwardRow& row) {
  LayerNormGradient gradient(row);
  gradient.through_output();
  gradient.through_gates();
  gradient.through_normalisation();
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(layer_norm_forward_row);
HWY_EXPORT(layer_norm_backward_row);

void layer_norm_forward_row(const LayerNormForwardRow& row) { HWY_DYNAMIC_DISPATCH(layer_norm_forward_row)(row); }
void layer_norm_backward_row(const LayerNormBackwardRow& row) { HWY_DYNAMIC_DISPATCH(layer_norm_backward_row)(row); }
}  // namespace limn::kernels
#endif
