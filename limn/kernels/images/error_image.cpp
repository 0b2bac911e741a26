#include "limn/kernels/images/error_image.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/images/error_image.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "limn/kernels/elementwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {

void error_image_row(const float* x, const float* canvas, std::int64_t count, float* error) {
  for_each_vector(count, [&](auto access, std::int64_t i) HWY_ATTR {
    access.store(hn::Sub(access.load(x + i), logistic(access.load(canvas + i))), error + i);
  });
}

void error_image_backward_row(const ErrorImageBackwardRow& row) {
  for_each_vector(row.count, [&](auto access, std::int64_t i) HWY_ATTR {
    const auto s = hn::Sub(access.load(row.x + i), access.load(row.error + i));
    const auto slope = hn::NegMulAdd(s, s, s);
    access.store(hn::NegMulAdd(access.load(row.d_error + i), slope, access.load(row.d_canvas + i)), row.d_canvas + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(error_image_row);
HWY_EXPORT(error_image_backward_row);

void error_image_row(const float* x, const float* canvas, std::int64_t count, float* error) {
  HWY_DYNAMIC_DISPATCH(error_image_row)(x, canvas, count, error);
}
void error_image_backward_row(const ErrorImageBackwardRow& row) { HWY_DYNAMIC_DISPATCH(error_image_backward_row)(row); }
}  // namespace limn::kernels
#endif
