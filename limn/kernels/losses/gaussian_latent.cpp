#include "limn/kernels/losses/gaussian_latent.hpp"

// Highway compiles the rest of this file once for each instruction set; foreach_target.h comes first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/losses/gaussian_latent.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "limn/kernels/elementwise-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void gaussian_latent_row(const GaussianLatentRow& row, double* kl) {
  const Floats d;
  const auto half = hn::Set(d, 0.5f), one = hn::Set(d, 1.0f);
  auto sum = hn::Zero(d);
  for_each_vector(row.z_size, [&](const auto& access, std::int64_t i) {
    const auto mu = access.load(row.latent + i), log_variance = access.load(row.latent + row.z_size + i);
    const auto sigma = exponential(hn::Mul(half, log_variance));
    access.store(hn::MulAdd(access.load(row.noise + i), sigma, mu), row.z + i);
    const auto squares = hn::MulAdd(mu, mu, hn::Mul(sigma, sigma));
    sum = hn::Add(sum, access.keep(hn::Sub(hn::Sub(squares, one), log_variance)));
  });
  *kl = 0.5 * static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
}

void gaussian_latent_backward_row(const GaussianLatentBackwardRow& row) {
  const Floats d;
  const auto half = hn::Set(d, 0.5f), one = hn::Set(d, 1.0f), scale = hn::Set(d, row.kl_scale);
  for_each_vector(row.z_size, [&](const auto& access, std::int64_t i) {
    float* const mu_at = row.latent + i;
    float* const log_variance_at = mu_at + row.z_size;
    const auto mu = access.load(mu_at), dz = access.load(row.dz + i);
    const auto drawn = hn::Sub(access.load(row.z + i), mu);
    const auto variance = exponential(access.load(log_variance_at));
    access.store(hn::MulAdd(scale, mu, dz), mu_at);
    const auto d_log_variance = hn::MulAdd(dz, drawn, hn::Mul(scale, hn::Sub(variance, one)));
    access.store(hn::Mul(half, d_log_variance), log_variance_at);
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
  double kl = 0;
  HWY_DYNAMIC_DISPATCH(gaussian_latent_row)(row, &kl);
  return kl;
}
void gaussian_latent_backward_row(const GaussianLatentBackwardRow& row) { HWY_DYNAMIC_DISPATCH(gaussian_latent_backward_row)(row); }
}  // namespace limn::kernels
#endif
