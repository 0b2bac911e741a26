#include "limn/kernels/cells/cell_rows.hpp"

#include "limn/kernels/cells/cell_shape.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/cells/cell_rows.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "limn/kernels/elementwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {

// The four gates of a row.
struct GateRows {
  HWY_INLINE GateRows(float* gates, std::int64_t units)
      : i(gates + static_cast<int>(Gate::kInput) * units),
        f(gates + static_cast<int>(Gate::kForget) * units),
        g(gates + static_cast<int>(Gate::kCandidate) * units),
        o(gates + static_cast<int>(Gate::kOutput) * units) {}
  float *i, *f, *g, *o;
};

void lstm_forward_row(const LstmForwardRow& row) {
  const std::int64_t units = row.units;
  const GateRows gate(row.gates, units);
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    const auto i = logistic(access.load(gate.i + j));
    const auto f = logistic(access.load(gate.f + j));
    const auto g = hyperbolic_tangent(access.load(gate.g + j));
    const auto o = logistic(access.load(gate.o + j));
    const auto candidate = row.mask ? hn::Mul(g, access.load(row.mask + j)) : g;
    const auto c = hn::MulAdd(f, access.load(row.c_previous + j), hn::Mul(i, candidate));
    access.store(i, gate.i + j);
    access.store(f, gate.f + j);
    access.store(g, gate.g + j);
    access.store(o, gate.o + j);
    access.store(c, row.c + j);
    access.store(hn::Mul(o, hyperbolic_tangent(c)), row.h + j);
  });
}

void lstm_backward_row(const LstmBackwardRow& row) {
  const std::int64_t units = row.units;
  const GateRows gate(row.gates, units);
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    const auto one = hn::Set(Floats(), 1.0f);
    const auto i = access.load(gate.i + j), f = access.load(gate.f + j);
    const auto g = access.load(gate.g + j), o = access.load(gate.o + j);
    const auto dh = access.load(row.dh + j);
    const auto tanh_c = hyperbolic_tangent(access.load(row.c + j));
    const auto through_h = hn::Mul(hn::Mul(dh, o), hn::NegMulAdd(tanh_c, tanh_c, one));
    const auto dc = hn::Add(access.load(row.dc + j), through_h);
    auto dc_candidate = hn::Mul(dc, i);
    auto di = hn::Mul(dc, g);
    if (row.mask) {
      const auto mask = access.load(row.mask + j);
      dc_candidate = hn::Mul(dc_candidate, mask);
      di = hn::Mul(di, mask);
    }
    const auto df = hn::Mul(dc, access.load(row.c_previous + j));
    access.store(hn::Mul(di, hn::Mul(i, hn::Sub(one, i))), gate.i + j);
    access.store(hn::Mul(df, hn::Mul(f, hn::Sub(one, f))), gate.f + j);
    access.store(hn::Mul(dc_candidate, hn::NegMulAdd(g, g, one)), gate.g + j);
    access.store(hn::Mul(hn::Mul(dh, tanh_c), hn::Mul(o, hn::Sub(one, o))), gate.o + j);
    access.store(hn::Mul(dc, f), row.dc + j);
  });
}

void add_row(const float* from, std::int64_t count, float* to) {
  for_each_vector(count, [&](auto access, std::int64_t j)
                             HWY_ATTR { access.store(hn::Add(access.load(to + j), access.load(from + j)), to + j); });
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(lstm_forward_row);
HWY_EXPORT(lstm_backward_row);
HWY_EXPORT(add_row);

void lstm_forward_row(const LstmForwardRow& row) { HWY_DYNAMIC_DISPATCH(lstm_forward_row)(row); }
void lstm_backward_row(const LstmBackwardRow& row) { HWY_DYNAMIC_DISPATCH(lstm_backward_row)(row); }
void add_row(const float* from, std::int64_t count, float* to) { HWY_DYNAMIC_DISPATCH(add_row)(from, count, to); }
}  // namespace limn::kernels
#endif
