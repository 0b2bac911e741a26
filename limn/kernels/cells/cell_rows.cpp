#include "limn/kernels/cells/cell_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/cells/cell_rows.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "limn/kernels/elementwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {

void lstm_forward_row(const LstmForwardRow& row) {
  const std::int64_t units = row.units;
  float* const gate_i = row.gates;
  float* const gate_f = gate_i + units;
  float* const gate_g = gate_f + units;
  float* const gate_o = gate_g + units;
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    const auto i = logistic(access.load(gate_i + j));
    const auto f = logistic(access.load(gate_f + j));
    const auto g = hyperbolic_tangent(access.load(gate_g + j));
    const auto o = logistic(access.load(gate_o + j));
    const auto candidate = row.mask ? hn::Mul(g, access.load(row.mask + j)) : g;
    const auto c = hn::MulAdd(f, access.load(row.c_previous + j), hn::Mul(i, candidate));
    access.store(i, gate_i + j);
    access.store(f, gate_f + j);
    access.store(g, gate_g + j);
    access.store(o, gate_o + j);
    access.store(c, row.c + j);
    access.store(hn::Mul(o, hyperbolic_tangent(c)), row.h + j);
  });
}

void lstm_backward_row(const LstmBackwardRow& row) {
  const std::int64_t units = row.units;
  float* const gate_i = row.gates;
  float* const gate_f = gate_i + units;
  float* const gate_g = gate_f + units;
  float* const gate_o = gate_g + units;
  for_each_vector(units, [&](auto access, std::int64_t j) HWY_ATTR {
    const auto one = hn::Set(Floats(), 1.0f);
    const auto i = access.load(gate_i + j), f = access.load(gate_f + j);
    const auto g = access.load(gate_g + j), o = access.load(gate_o + j);
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
    access.store(hn::Mul(di, hn::Mul(i, hn::Sub(one, i))), gate_i + j);
    access.store(hn::Mul(df, hn::Mul(f, hn::Sub(one, f))), gate_f + j);
    access.store(hn::Mul(dc_candidate, hn::NegMulAdd(g, g, one)), gate_g + j);
    access.store(hn::Mul(hn::Mul(dh, tanh_c), hn::Mul(o, hn::Sub(one, o))), gate_o + j);
    access.store(hn::Mul(dc, f), row.dc + j);
  });
}

void add_row(const float* from, std::int64_t count, float* to) {
  for_each_vector(count, [&](auto access, std::int64_t j) HWY_ATTR {
    access.store(hn::Add(access.load(to + j), access.load(from + j)), to + j);
  });
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
void add_row(const float* from, std::int64_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(add_row)(from, count, to);
}
}  // namespace limn::kernels
#endif
