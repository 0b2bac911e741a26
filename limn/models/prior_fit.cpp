// The fit of the mixture: k-means++ (Arthur & Vassilvitskii 2007) and Lloyd's algorithm for a start, then
// expectation-maximisation with the covariance in common. In double, on vectors less their mean.
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

#include "limn/core/random.hpp"
#include "limn/models/fitted_prior.hpp"

namespace limn::models {
namespace {

constexpr double kRidge = 1e-4;           // of the mean variance, added to each
constexpr double kLeastVariance = 1e-10;  // where nothing varies at all
constexpr std::array<std::size_t, 4> kComponents{4, 16, 64, 256};
constexpr std::size_t kHeldOut = 5;          // one vector in so many
constexpr double kVectorsPerComponent = 10;  // fewer do not say where one is
constexpr double kFewestVectors = 4;         // of a component that is kept
constexpr double kStandardErrors = 2;        // a better likelihood by less may be chance
constexpr double kLeastGain = 0.1;           // nats: of less, nobody sees anything
constexpr int kLloydSteps = 3, kEmSteps = 5;
constexpr double kLeastShare = 1e-6;  // of a row in a component that is worth adding
constexpr double kLeastScale = 0.25, kMostScale = 4;

// Vectors [count, n], one after the other.
struct Rows {
  std::size_t n = 0;
  std::vector<double> values = {};
  [[nodiscard]] std::size_t count() const { return values.size() / n; }
  [[nodiscard]] const double* row(std::size_t i) const { return &values[i * n]; }
  [[nodiscard]] double* row(std::size_t i) { return &values[i * n]; }
};

struct Mixture {
  Rows means;                           // [K, n]
  std::vector<double> factor;           // [n, n], lower triangular
  std::vector<double> weights, scales;  // [K]
};

// L of a positive definite matrix [n, n], in place of its lower triangle.
void factorise(std::vector<double>& matrix, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    double* const row = &matrix[i * n];
    for (std::size_t j = 0; j <= i; ++j) {
      const double* const other = &matrix[j * n];
      double rest = row[j];
      for (std::size_t k = 0; k < j; ++k) rest -= row[k] * other[k];
      // Rounding may take what the ridge added.
      row[j] = i == j ? std::sqrt(std::max(rest, kLeastVariance)) : rest / other[j];
    }
  }
}

// Adds weight · x xᵀ to the lower triangle.
void add_square(std::vector<double>& matrix, const double* x, std::size_t n, double weight) {
  for (std::size_t i = 0; i < n; ++i) {
    const double factor = weight * x[i];
    for (std::size_t j = 0; j <= i; ++j) matrix[i * n + j] += factor * x[j];
  }
}

void add_to_diagonal(std::vector<double>& matrix, std::size_t n, double value) {
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] += value;
}

// L⁻¹ x of each row: column after column, so that the inner loop has no sum to wait for.
Rows whitened(const Rows& rows, const std::vector<double>& factor) {
  Rows y = rows;
  const std::size_t n = rows.n;
  std::vector<double> columns(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) columns[j * n + i] = factor[i * n + j];
  for (std::size_t r = 0; r < y.count(); ++r) {
    double* const x = y.row(r);
    for (std::size_t j = 0; j < n; ++j) {
      const double* const column = &columns[j * n];
      const double value = x[j] /= column[j];
      for (std::size_t i = j + 1; i < n; ++i) x[i] -= column[i] * value;
    }
  }
  return y;
}

double squared_distance(const double* a, const double* b, std::size_t n) {
  constexpr std::size_t kLanes = 4;
  std::array<double, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double difference = a[i + lane] - b[i + lane];
      sums[lane] += difference * difference;
    }
  for (; i < n; ++i) sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double log_sum_exp(std::span<const double> values) {
  const double most = std::ranges::max(values);
  double sum = 0;
  for (const double value : values) sum += std::exp(value - most);
  return most + std::log(sum);
}

// Of each row under each component: the logarithm of weight · density, and the squared distance from the mean in units
// of the common covariance. Both [count, K].
struct Closeness {
  std::vector<double> log_joint, distance;
};
Closeness closeness(const Mixture& m, const Rows& x) {
  const std::size_t n = x.n, components = m.weights.size();
  const Rows y = whitened(x, m.factor), means = whitened(m.means, m.factor);
  const auto size = static_cast<double>(n);
  double log_volume = 0.5 * size * std::log(2 * std::numbers::pi);
  for (std::size_t i = 0; i < n; ++i) log_volume += std::log(m.factor[i * n + i]);
  Closeness c{std::vector<double>(x.count() * components), std::vector<double>(x.count() * components)};
  for (std::size_t r = 0; r < x.count(); ++r)
    for (std::size_t k = 0; k < components; ++k) {
      const double distance = squared_distance(y.row(r), means.row(k), n), scale = m.scales[k];
      c.distance[r * components + k] = distance;
      c.log_joint[r * components + k] =
          std::log(m.weights[k]) - log_volume - size * std::log(scale) - distance / (2 * scale * scale);
    }
  return c;
}

std::vector<double> log_densities(const Mixture& m, const Rows& x) {
  const Closeness c = closeness(m, x);
  const std::size_t components = m.weights.size();
  std::vector<double> all(x.count());
  for (std::size_t r = 0; r < all.size(); ++r)
    all[r] = log_sum_exp(std::span(c.log_joint).subspan(r * components, components));
  return all;
}

double ridge_of(const Rows& x) {
  const double squares = std::inner_product(x.values.begin(), x.values.end(), x.values.begin(), 0.0);
  return std::max(kRidge * squares / static_cast<double>(std::max<std::size_t>(1, x.values.size())), kLeastVariance);
}

// One Gaussian around zero, where the mean of all vectors is.
Mixture one_gaussian(const Rows& x, double ridge) {
  const std::size_t n = x.n;
  Mixture m{.means = {n, std::vector<double>(n)}, .factor = std::vector<double>(n * n), .weights = {1}, .scales = {1}};
  for (std::size_t r = 0; r < x.count(); ++r) add_square(m.factor, x.row(r), n, 1 / static_cast<double>(x.count()));
  add_to_diagonal(m.factor, n, ridge);
  factorise(m.factor, n);
  return m;
}

// The number of the nearest centre of each row.
std::vector<std::size_t> nearest(const Rows& y, const Rows& centres) {
  std::vector<std::size_t> of(y.count());
  for (std::size_t r = 0; r < of.size(); ++r) {
    double least = INFINITY;
    for (std::size_t k = 0; k < centres.count(); ++k)
      if (const double d = squared_distance(y.row(r), centres.row(k), y.n); d < least) {
        least = d;
        of[r] = k;
      }
  }
  return of;
}

// Rows that lie far from each other, drawn with the probability of their squared distance from those before.
Rows far_rows(const Rows& y, std::size_t components) {
  RandomStream random(0, Purpose::kLatentPrior, 2, components);
  Rows centres{y.n, {}};
  std::vector<double> distance(y.count(), INFINITY);
  std::size_t chosen = random.below(y.count());
  while (true) {
    centres.values.insert(centres.values.end(), y.row(chosen), y.row(chosen) + y.n);
    if (centres.count() == components) return centres;
    double sum = 0;
    for (std::size_t r = 0; r < y.count(); ++r) {
      distance[r] = std::min(distance[r], squared_distance(y.row(r), y.row(chosen), y.n));
      sum += distance[r];
    }
    double left = sum * static_cast<double>(random.uniform());
    chosen = 0;
    while (chosen + 1 < y.count() && left >= distance[chosen]) left -= distance[chosen++];
  }
}

// Weights and means from how much each row [count, K] belongs to each component.
void take_shares(Mixture& m, const Rows& x, const std::vector<double>& shares) {
  const std::size_t components = m.weights.size();
  std::ranges::fill(m.means.values, 0);
  std::ranges::fill(m.weights, 0);
  for (std::size_t r = 0; r < x.count(); ++r)
    for (std::size_t k = 0; k < components; ++k) {
      const double share = shares[r * components + k];
      if (share < kLeastShare) continue;
      m.weights[k] += share;
      for (std::size_t i = 0; i < x.n; ++i) m.means.row(k)[i] += share * x.row(r)[i];
    }
  for (std::size_t k = 0; k < components; ++k) {
    const double weight = std::max(m.weights[k], 1e-9);
    for (std::size_t i = 0; i < x.n; ++i) m.means.row(k)[i] /= weight;
    m.weights[k] = weight / static_cast<double>(x.count());
  }
}

// The covariance in common: Σ_r Σ_k share (x - mean_k)(x - mean_k)ᵀ / scale_k² / count.
void take_covariance(Mixture& m, const Rows& x, const std::vector<double>& shares, double ridge) {
  const std::size_t n = x.n, components = m.weights.size();
  std::ranges::fill(m.factor, 0);
  std::vector<double> weights(components);
  for (std::size_t r = 0; r < x.count(); ++r) {
    double weight = 0;
    for (std::size_t k = 0; k < components; ++k) {
      const double part = shares[r * components + k] / (m.scales[k] * m.scales[k]);
      weight += part;
      weights[k] += part;
    }
    add_square(m.factor, x.row(r), n, weight);
  }
  for (std::size_t k = 0; k < components; ++k) add_square(m.factor, m.means.row(k), n, -weights[k]);
  for (double& value : m.factor) value /= static_cast<double>(x.count());
  add_to_diagonal(m.factor, n, ridge);
  factorise(m.factor, n);
}

void drop_small(Mixture& m, std::size_t count) {
  Mixture kept{.means = {m.means.n, {}}, .factor = m.factor, .weights = {}, .scales = {}};
  double sum = 0;
  for (std::size_t k = 0; k < m.weights.size(); ++k) {
    if (m.weights[k] * static_cast<double>(count) < kFewestVectors) continue;
    kept.means.values.insert(kept.means.values.end(), m.means.row(k), m.means.row(k) + m.means.n);
    kept.weights.push_back(m.weights[k]);
    kept.scales.push_back(m.scales[k]);
    sum += m.weights[k];
  }
  for (double& weight : kept.weights) weight /= sum;
  m = std::move(kept);
}

Mixture fit_mixture(const Rows& x, std::size_t components, double ridge) {
  Mixture m = one_gaussian(x, ridge);
  if (components == 1) return m;
  const Rows y = whitened(x, m.factor);
  m.means = {x.n, std::vector<double>(components * x.n)};
  m.weights.assign(components, 0);
  m.scales.assign(components, 1);
  std::vector<double> shares(x.count() * components);
  Rows centres = far_rows(y, components);
  for (int step = 0; step < kLloydSteps; ++step) {
    const std::vector<std::size_t> of = nearest(y, centres);
    std::ranges::fill(shares, 0);
    for (std::size_t r = 0; r < of.size(); ++r) shares[r * components + of[r]] = 1;
    take_shares(m, y, shares);
    centres = m.means;
  }
  take_shares(m, x, shares);
  take_covariance(m, x, shares, ridge);
  for (int step = 0; step < kEmSteps; ++step) {
    const Closeness c = closeness(m, x);
    std::vector<double> spread(components), members(components);
    for (std::size_t r = 0; r < x.count(); ++r) {
      const auto joint = std::span(c.log_joint).subspan(r * components, components);
      const double total = log_sum_exp(joint);
      for (std::size_t k = 0; k < components; ++k) {
        const double share = std::exp(joint[k] - total);
        shares[r * components + k] = share;
        members[k] += share;
        spread[k] += share * c.distance[r * components + k];
      }
    }
    for (std::size_t k = 0; k < components; ++k)
      m.scales[k] = std::clamp(std::sqrt(spread[k] / std::max(1e-9, members[k] * static_cast<double>(x.n))),
                               kLeastScale, kMostScale);
    take_shares(m, x, shares);
    take_covariance(m, x, shares, ridge);
  }
  drop_small(m, x.count());
  return m.weights.size() > 1 ? m : one_gaussian(x, ridge);
}

// The number of components whose fit to most vectors says most of the others.
std::size_t best_components(const Rows& x, double ridge) {
  Rows fitted{x.n, {}}, held{x.n, {}};
  for (std::size_t r = 0; r < x.count(); ++r) {
    Rows& to = r % kHeldOut == kHeldOut - 1 ? held : fitted;
    to.values.insert(to.values.end(), x.row(r), x.row(r) + x.n);
  }
  if (held.values.empty() || fitted.values.empty()) return 1;
  std::size_t best = 1;
  std::vector<double> of_best = log_densities(fit_mixture(fitted, 1, ridge), held);
  for (const std::size_t components : kComponents) {
    if (static_cast<double>(components) * kVectorsPerComponent > static_cast<double>(fitted.count())) break;
    std::vector<double> now = log_densities(fit_mixture(fitted, components, ridge), held);
    double mean = 0, squares = 0;
    const auto count = static_cast<double>(now.size());
    for (std::size_t r = 0; r < now.size(); ++r) mean += (now[r] - of_best[r]) / count;
    for (std::size_t r = 0; r < now.size(); ++r) {
      const double difference = now[r] - of_best[r] - mean;
      squares += difference * difference;
    }
    if (!(mean > std::max(kLeastGain, kStandardErrors * std::sqrt(squares) / count))) break;
    best = components;
    of_best = std::move(now);
  }
  return best;
}

}  // namespace

void PriorFit::add(const Latents& means) {
  assert(means.z_size == means_.z_size);
  means_.values.insert(means_.values.end(), means.values.begin(), means.values.end());
}

FittedPrior PriorFit::result() const {
  assert(count() > 0);
  const auto n = static_cast<std::size_t>(means_.z_size);
  Rows x{n, std::vector<double>(means_.values.begin(), means_.values.end())};
  std::vector<double> centre(n);
  for (std::size_t r = 0; r < x.count(); ++r)  // as Welford (1962): it does not matter where the cloud is
    for (std::size_t i = 0; i < n; ++i) centre[i] += (x.row(r)[i] - centre[i]) / static_cast<double>(r + 1);
  for (std::size_t r = 0; r < x.count(); ++r)
    for (std::size_t i = 0; i < n; ++i) x.row(r)[i] -= centre[i];
  const double ridge = ridge_of(x);
  const Mixture m = fit_mixture(x, means_.z_size <= kMostMixtureDimensions ? best_components(x, ridge) : 1, ridge);

  FittedPrior prior{.mean = std::vector<float>(m.means.values.size()), .factor = std::vector<float>(n * n)};
  for (std::size_t k = 0; k < m.weights.size(); ++k)
    for (std::size_t i = 0; i < n; ++i) prior.mean[k * n + i] = static_cast<float>(centre[i] + m.means.row(k)[i]);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) prior.factor[i * n + j] = static_cast<float>(m.factor[i * n + j]);
  if (m.weights.size() == 1) return prior;
  prior.weight.assign(m.weights.begin(), m.weights.end());
  prior.scale.assign(m.scales.begin(), m.scales.end());
  return prior;
}

std::vector<double> log_density(const FittedPrior& prior, const Latents& z) {
  const auto n = static_cast<std::size_t>(size_of(prior)), k = static_cast<std::size_t>(components_of(prior));
  assert(z.z_size == size_of(prior));
  Mixture m{.means = {n, std::vector<double>(prior.mean.begin(), prior.mean.end())},
            .factor = std::vector<double>(prior.factor.begin(), prior.factor.end()),
            .weights = std::vector<double>(k, 1),
            .scales = std::vector<double>(k, 1)};
  if (k > 1) {
    std::ranges::copy(prior.weight, m.weights.begin());
    std::ranges::copy(prior.scale, m.scales.begin());
  }
  return log_densities(m, {n, std::vector<double>(z.values.begin(), z.values.end())});
}

}  // namespace limn::models
