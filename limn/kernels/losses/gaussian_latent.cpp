#include "limn/kernels/losses/gaussian_latent.hpp"

// Highway compiles the rest of this file once for each instruction set; foreach_target.h comes first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/losses/gaussian_latent.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "limn/kernels/elementwise-inl.hpp"
// clang-format on

#ifndef LIMN_KERNELS_GAUSSIAN_LATENT_SUMS
#define LIMN_KERNELS_GAUSSIAN_LATENT_SUMS
namespace limn::kernels {
struct LatentSums {
  float kl = 0;         // twice the KL
  float log_ratio = 0;  // twice log p − log q
};
}  // namespace limn::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// log σ² of a row is this times s; exact.
HWY_INLINE FloatVector log_variance_factor(LatentSpread spread) {
  return hn::Set(Floats(), spread == LatentSpread::kLogVariance ? 1.0f : 2.0f);
}

void gaussian_latent_row(const GaussianLatentRow& row, LatentSums* sums) {
  const Floats d;
  const auto half = hn::Set(d, 0.5f), one = hn::Set(d, 1.0f), factor = log_variance_factor(row.spread);
  auto kl = hn::Zero(d), log_ratio = hn::Zero(d);
  for_each_vector(row.z_size, [&](const auto& access, std::int64_t i) {
    const auto mu = access.load(row.latent + i), noise = access.load(row.noise + i);
    const auto log_variance = hn::Mul(factor, access.load(row.latent + row.z_size + i));
    const auto sigma = exponential(hn::Mul(half, log_variance));
    const auto z = hn::MulAdd(noise, sigma, mu);
    access.store(z, row.z + i);
    const auto squares = hn::MulAdd(mu, mu, hn::Mul(sigma, sigma));
    kl = hn::Add(kl, access.keep(hn::Sub(hn::Sub(squares, one), log_variance)));
    const auto difference = hn::MulSub(noise, noise, hn::Mul(z, z));
    log_ratio = hn::Add(log_ratio, access.keep(hn::Add(difference, log_variance)));
  });
  *sums = {.kl = hn::GetLane(hn::SumOfLanes(d, kl)), .log_ratio = hn::GetLane(hn::SumOfLanes(d, log_ratio))};
}

void gaussian_latent_backward_row(const GaussianLatentBackwardRow& row) {
  const Floats d;
  const auto one = hn::Set(d, 1.0f), scale = hn::Set(d, row.kl_scale), factor = log_variance_factor(row.spread);
  const auto half_factor = hn::Mul(hn::Set(d, 0.5f), factor);
  for_each_vector(row.z_size, [&](const auto& access, std::int64_t i) {
    float* const mu_at = row.latent + i;
    float* const spread_at = mu_at + row.z_size;
    const auto mu = access.load(mu_at), dz = access.load(row.dz + i);
    const auto drawn = hn::Sub(access.load(row.z + i), mu);
    const auto variance = exponential(hn::Mul(factor, access.load(spread_at)));
    access.store(hn::MulAdd(scale, mu, dz), mu_at);
    const auto d_log_deviation = hn::MulAdd(dz, drawn, hn::Mul(scale, hn::Sub(variance, one)));
    access.store(hn::Mul(half_factor, d_log_deviation), spread_at);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(gaussian_latent_row);
HWY_EXPORT(gaussian_latent_backward_row);

double gaussian_latent_row(const GaussianLatentRow& row) {
  LatentSums sums;
  HWY_DYNAMIC_DISPATCH(gaussian_latent_row)(row, &sums);
  if (row.log_ratio) *row.log_ratio = 0.5 * static_cast<double>(sums.log_ratio);
  return 0.5 * static_cast<double>(sums.kl);
}
void gaussian_latent_backward_row(const GaussianLatentBackwardRow& row) {
  HWY_DYNAMIC_DISPATCH(gaussian_latent_backward_row)(row);
}
}  // namespace limn::kernels
#endif
