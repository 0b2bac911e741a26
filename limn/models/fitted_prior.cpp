#include "limn/models/fitted_prior.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

constexpr double kRidge = 1e-4;           // of the mean variance, added to each
constexpr double kLeastVariance = 1e-10;  // where nothing varies at all

bool is_finite(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

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

}  // namespace

std::int64_t size_of(const FittedPrior& prior) { return static_cast<std::int64_t>(prior.mean.size()); }

void check(const FittedPrior& prior, const std::string& origin) {
  const std::size_t n = prior.mean.size();
  require(n > 0 && prior.factor.size() == n * n, "{}: its prior has {} and {} numbers, expected Z and Z x Z", origin, n,
          prior.factor.size());
  require(is_finite(prior.mean) && is_finite(prior.factor),
          "{}: its prior holds values that are not finite; fit it anew with limn fit-prior", origin);
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = prior.factor.begin() + static_cast<std::ptrdiff_t>(i * n);
    const auto diagonal = row + static_cast<std::ptrdiff_t>(i), end = row + static_cast<std::ptrdiff_t>(n);
    require(*diagonal > 0 && std::all_of(diagonal + 1, end, [](float value) { return value == 0; }),
            "{}: the factor of its prior is not lower triangular with a positive diagonal; fit it anew with limn "
            "fit-prior",
            origin);
  }
}

void transform(const FittedPrior& prior, Latents& noise) {
  const std::size_t n = prior.mean.size();
  assert(noise.z_size == static_cast<std::int64_t>(n));
  for (std::int64_t r = 0; r < noise.count(); ++r) {
    const std::span<float> z = noise.row(r);
    for (std::size_t i = n; i-- > 0;) {  // number i is not read by those before it
      double sum = prior.mean[i];
      for (std::size_t j = 0; j <= i; ++j) sum += static_cast<double>(prior.factor[i * n + j]) * z[j];
      z[i] = static_cast<float>(sum);
    }
  }
}

std::string prior_inability(std::int64_t z_size) {
  if (z_size == 0) return "it has no latent space (conditional=false)";
  if (z_size <= kMostPriorDimensions) return "";
  return fmt::format("its z has {} dimensions, and a prior is fitted to {} at most", z_size, kMostPriorDimensions);
}

std::vector<std::int64_t> fitted_examples(std::int64_t size) { return spread_examples(size, kMostFittedExamples); }

std::vector<std::int64_t> spread_examples(std::int64_t size, std::int64_t most) {
  const std::int64_t count = std::min(size, most);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    // floor(i · size / count) without a product that could overflow.
    const std::int64_t whole = size / count, rest = size % count;
    numbers[static_cast<std::size_t>(i)] = i * whole + i * rest / count;
  }
  return numbers;
}

PriorFit::PriorFit(std::int64_t z_size)
    : mean_(static_cast<std::size_t>(z_size)), squares_(mean_.size() * mean_.size()), before_(mean_.size()) {}

void PriorFit::add(const Latents& means) {
  const std::size_t n = mean_.size();
  assert(means.z_size == static_cast<std::int64_t>(n));
  for (std::int64_t r = 0; r < means.count(); ++r) {
    const auto z = means.row(r);
    ++count_;
    for (std::size_t i = 0; i < n; ++i) {
      before_[i] = z[i] - mean_[i];
      mean_[i] += before_[i] / static_cast<double>(count_);
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double after = z[i] - mean_[i];
      for (std::size_t j = 0; j <= i; ++j) squares_[i * n + j] += after * before_[j];
    }
  }
}

FittedPrior PriorFit::result() const {
  assert(count_ > 0);
  const std::size_t n = mean_.size();
  std::vector<double> covariance(squares_);
  double variances = 0;
  for (double& value : covariance) value /= static_cast<double>(count_);
  for (std::size_t i = 0; i < n; ++i) variances += covariance[i * n + i];
  const double ridge = std::max(kRidge * variances / static_cast<double>(n), kLeastVariance);
  for (std::size_t i = 0; i < n; ++i) covariance[i * n + i] += ridge;
  factorise(covariance, n);
  FittedPrior prior{.mean = std::vector<float>(mean_.begin(), mean_.end()), .factor = std::vector<float>(n * n)};
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) prior.factor[i * n + j] = static_cast<float>(covariance[i * n + j]);
  return prior;
}

}  // namespace limn::models
