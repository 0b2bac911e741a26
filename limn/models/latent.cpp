#include "limn/models/latent.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"

namespace limn::models {
namespace {

// Below this sine of the angle between two vectors the arc's weights lose digits; the line is then as good.
constexpr double kSmallestSine = 1e-3;

void lerp(std::span<const float> a, std::span<const float> b, double weight_a, double weight_b, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(weight_a * a[i] + weight_b * b[i]);
}

void slerp_into(std::span<const float> a, std::span<const float> b, double t, std::span<float> out) {
  require(a.size() == b.size(), "interpolation: the latent vectors have {} and {} numbers, expected as many", a.size(),
          b.size());
  double dot = 0, norm_a = 0, norm_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    norm_a += static_cast<double>(a[i]) * a[i];
    norm_b += static_cast<double>(b[i]) * b[i];
  }
  const double norms = std::sqrt(norm_a) * std::sqrt(norm_b);
  const double angle = norms > 0 ? std::acos(std::fmin(1.0, std::fmax(-1.0, dot / norms))) : 0.0;
  const double sine = std::sin(angle);
  if (t <= 0 || t >= 1 || sine < kSmallestSine) return lerp(a, b, 1 - t, t, out);
  lerp(a, b, std::sin((1 - t) * angle) / sine, std::sin(t * angle) / sine, out);
}

double fraction(std::int64_t i, std::int64_t count) {
  return count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0.0;
}

// z of row i with its noise [Z]. Returns the row's KL divergence.
double draw_row(const LatentPosterior& posterior, std::int64_t i, std::span<const float> noise, std::span<float> z) {
  std::vector<float> latent;  // as the kernel reads it: mu, then log_variance
  for (const Latents* const part : {&posterior.mu, &posterior.log_variance})
    latent.insert(latent.end(), part->row(i).begin(), part->row(i).end());
  return kernels::gaussian_latent_row(
      {.z_size = posterior.mu.z_size, .latent = latent.data(), .noise = noise.data(), .z = z.data()});
}

}  // namespace

std::int64_t Latents::count() const { return z_size > 0 ? static_cast<std::int64_t>(values.size()) / z_size : 0; }

std::span<const float> Latents::row(std::int64_t i) const {
  assert(z_size == 0 || (i >= 0 && i < count()));
  return std::span(values).subspan(static_cast<std::size_t>(i * z_size), static_cast<std::size_t>(z_size));
}

std::span<float> Latents::row(std::int64_t i) {
  assert(z_size == 0 || (i >= 0 && i < count()));
  return std::span(values).subspan(static_cast<std::size_t>(i * z_size), static_cast<std::size_t>(z_size));
}

std::vector<float> slerp(std::span<const float> a, std::span<const float> b, float t) {
  std::vector<float> out(a.size());
  slerp_into(a, b, t, out);
  return out;
}

Latents interpolate_latents(std::span<const float> a, std::span<const float> b, std::int64_t steps) {
  require(steps >= 2, "interpolation: {} steps, expected at least 2", steps);
  Latents path(steps, static_cast<std::int64_t>(a.size()));
  for (std::int64_t i = 0; i < steps; ++i) slerp_into(a, b, fraction(i, steps), path.row(i));
  return path;
}

Latents latent_grid(const LatentCorners& corners, std::int64_t rows, std::int64_t columns) {
  require(rows >= 1 && columns >= 1, "latent grid: {} x {}, expected at least 1 x 1", rows, columns);
  const std::size_t size = corners.top_left.size();
  Latents grid(rows * columns, static_cast<std::int64_t>(size));
  std::vector<float> left(size), right(size);
  for (std::int64_t r = 0; r < rows; ++r) {
    slerp_into(corners.top_left, corners.bottom_left, fraction(r, rows), left);
    slerp_into(corners.top_right, corners.bottom_right, fraction(r, rows), right);
    for (std::int64_t c = 0; c < columns; ++c) slerp_into(left, right, fraction(c, columns), grid.row(r * columns + c));
  }
  return grid;
}

Latents prior_latents(std::int64_t count, std::int64_t z_size, std::uint64_t seed, std::uint64_t first_index) {
  Latents z(count, z_size);
  for (std::int64_t i = 0; i < count; ++i)
    RandomStream(seed, Purpose::kLatentPrior, 0, first_index + static_cast<std::uint64_t>(i)).fill_normal(z.row(i));
  return z;
}

LatentPosterior posterior_of(ConstMatrix rows) {
  const std::int64_t z_size = rows.columns / 2;
  LatentPosterior posterior{.mu = Latents(rows.rows, z_size), .log_variance = Latents(rows.rows, z_size)};
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    std::copy_n(rows.row(i), z_size, posterior.mu.row(i).begin());
    std::copy_n(rows.row(i) + z_size, z_size, posterior.log_variance.row(i).begin());
  }
  return posterior;
}

double posterior_kl(const LatentPosterior& posterior) {
  const std::vector<float> noise(static_cast<std::size_t>(posterior.mu.z_size));
  std::vector<float> z(noise.size());
  double sum = 0;
  for (std::int64_t i = 0; i < posterior.mu.count(); ++i) sum += draw_row(posterior, i, noise, z);
  return sum;
}

Latents posterior_latents(const LatentPosterior& posterior, std::uint64_t seed, std::span<const std::int64_t> indices) {
  const std::int64_t n = posterior.mu.count(), z_size = posterior.mu.z_size;
  assert(indices.empty() || static_cast<std::int64_t>(indices.size()) == n);
  Latents z(n, z_size);
  std::vector<float> noise(static_cast<std::size_t>(z_size));
  for (std::int64_t i = 0; i < n; ++i) {
    const auto index = indices.empty() ? i : indices[static_cast<std::size_t>(i)];
    RandomStream(seed, Purpose::kLatentEvaluation, 0, static_cast<std::uint64_t>(index)).fill_normal(noise);
    (void)draw_row(posterior, i, noise, z.row(i));
  }
  return z;
}

std::vector<double> log_density(const LatentPosterior& posterior, const Latents& z) {
  assert(posterior.mu.count() == 1 && z.z_size == posterior.mu.z_size);
  std::vector<double> all;
  for (std::int64_t i = 0; i < z.count(); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < static_cast<std::size_t>(z.z_size); ++j) {
      const double log_variance = posterior.log_variance.values[j];
      const double distance = static_cast<double>(z.row(i)[j]) - posterior.mu.values[j];
      sum += std::log(2 * std::numbers::pi) + log_variance + distance * distance * std::exp(-log_variance);
    }
    all.push_back(-sum / 2);
  }
  return all;
}

Latents shuffled(const Latents& z, std::uint64_t seed) {
  std::vector<std::int64_t> from(static_cast<std::size_t>(z.count()));
  std::iota(from.begin(), from.end(), std::int64_t{0});
  RandomStream random(seed, Purpose::kLatentEvaluation, 1);
  for (std::size_t i = from.size(); i > 1; --i) std::swap(from[i - 1], from[random.below(i - 1)]);
  Latents out(z.count(), z.z_size);
  for (std::int64_t i = 0; i < z.count(); ++i)
    std::ranges::copy(z.row(from[static_cast<std::size_t>(i)]), out.row(i).begin());
  return out;
}

}  // namespace limn::models
