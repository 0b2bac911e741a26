#include "limn/kernels/images/draw_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/images/draw_rows.cpp"
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

void sample_latent_row(const LatentRow& row, LatentTerms* terms) {
  const Floats d;
  const auto half = hn::Set(d, 0.5f), one = hn::Set(d, 1.0f);
  auto kl = hn::Zero(d), ratio = hn::Zero(d);
  for_each_vector(row.z_size, [&](auto access, std::int64_t i) HWY_ATTR {
    const auto mu = access.load(row.latent + i), log_sigma = access.load(row.latent + row.z_size + i);
    const auto noise = access.load(row.noise + i);
    const auto sigma = exponential(log_sigma);
    const auto z = hn::MulAdd(sigma, noise, mu);
    access.store(z, row.z + i);
    const auto squares = hn::MulAdd(mu, mu, hn::MulSub(sigma, sigma, one));
    kl = hn::Add(kl, access.keep(hn::MulSub(half, squares, log_sigma)));
    const auto difference = hn::MulSub(noise, noise, hn::Mul(z, z));
    ratio = hn::Add(ratio, access.keep(hn::MulAdd(half, difference, log_sigma)));
  });
  terms->kl = hn::GetLane(hn::SumOfLanes(d, kl));
  terms->log_ratio = hn::GetLane(hn::SumOfLanes(d, ratio));
}

void latent_backward_row(const LatentBackwardRow& row) {
  const Floats d;
  const auto scale = hn::Set(d, row.scale), one = hn::Set(d, 1.0f);
  for_each_vector(row.z_size, [&](auto access, std::int64_t i) HWY_ATTR {
    float* const at_mu = row.latent + i;
    float* const at_log_sigma = row.latent + row.z_size + i;
    const auto mu = access.load(at_mu), sigma = exponential(access.load(at_log_sigma));
    const auto dz = access.load(row.dz + i), spread = hn::Sub(access.load(row.z + i), mu);
    access.store(hn::MulAdd(scale, mu, dz), at_mu);
    access.store(hn::MulAdd(dz, spread, hn::Mul(scale, hn::MulSub(sigma, sigma, one))), at_log_sigma);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(error_image_row);
HWY_EXPORT(error_image_backward_row);
HWY_EXPORT(sample_latent_row);
HWY_EXPORT(latent_backward_row);

void error_image_row(const float* x, const float* canvas, std::int64_t count, float* error) {
  HWY_DYNAMIC_DISPATCH(error_image_row)(x, canvas, count, error);
}
void error_image_backward_row(const ErrorImageBackwardRow& row) { HWY_DYNAMIC_DISPATCH(error_image_backward_row)(row); }
LatentTerms sample_latent_row(const LatentRow& row) {
  LatentTerms terms;
  HWY_DYNAMIC_DISPATCH(sample_latent_row)(row, &terms);
  return terms;
}
void latent_backward_row(const LatentBackwardRow& row) { HWY_DYNAMIC_DISPATCH(latent_backward_row)(row); }
}  // namespace limn::kernels
#endif
