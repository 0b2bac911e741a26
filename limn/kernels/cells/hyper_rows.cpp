#include "limn/kernels/cells/hyper_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/cells/hyper_rows.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "limn/kernels/elementwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {

void hyper_combine_row(const HyperCombineRow& row) {
  for_each_vector(row.count, [&](auto access, std::int64_t j) HWY_ATTR {
    auto sum = hn::MulAdd(access.load(row.scale_x + j), access.load(row.from_x + j), access.load(row.gates + j));
    sum = hn::MulAdd(access.load(row.scale_h + j), access.load(row.from_h + j), sum);
    access.store(sum, row.gates + j);
  });
}

void hyper_split_row(const HyperSplitRow& row) {
  for_each_vector(row.count, [&](auto access, std::int64_t j) HWY_ATTR {
    const auto d = access.load(row.d_gates + j);
    const auto scale_x = access.load(row.scale_x + j), scale_h = access.load(row.scale_h + j);
    access.store(hn::Mul(d, access.load(row.from_x + j)), row.scale_x + j);
    access.store(hn::Mul(d, access.load(row.from_h + j)), row.scale_h + j);
    access.store(hn::Mul(d, scale_x), row.from_x + j);
    access.store(hn::Mul(d, scale_h), row.d_from_h + j);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(hyper_combine_row);
HWY_EXPORT(hyper_split_row);

void hyper_combine_row(const HyperCombineRow& row) { HWY_DYNAMIC_DISPATCH(hyper_combine_row)(row); }
void hyper_split_row(const HyperSplitRow& row) { HWY_DYNAMIC_DISPATCH(hyper_split_row)(row); }
}  // namespace limn::kernels
#endif
