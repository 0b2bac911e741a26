#include "limn/models/next_point.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"

namespace limn::models {
namespace {

// The parts of an output row, by name.
struct OutputRow {
  explicit OutputRow(std::span<const float> y) {
    const std::size_t pens = kernels::kPenColumns, m = (y.size() - pens) / kernels::kMixtureColumns;
    assert(y.size() == static_cast<std::size_t>(kernels::output_size(static_cast<std::int64_t>(m))));
    pen_logits = y.first(pens);
    std::span<const float>* const parts[]{&pi_logits, &mu_x, &mu_y, &log_sigma_x, &log_sigma_y, &rho_hat};
    for (std::size_t part = 0; part < std::size(parts); ++part) *parts[part] = y.subspan(pens + part * m, m);
  }
  std::span<const float> pen_logits, pi_logits, mu_x, mu_y, log_sigma_x, log_sigma_y, rho_hat;
};

// exp((logit - largest) / temperature): at most 1, so that nothing overflows at any temperature.
double relative_weight(float logit, float largest, float temperature) {
  return std::exp((static_cast<double>(logit) - largest) / temperature);
}

void softmax(std::span<const float> logits, float temperature, std::span<double> out) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) sum += out[i] = relative_weight(logits[i], largest, temperature);
  for (double& p : out) p /= sum;
}

std::size_t largest_index(std::span<const float> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

struct DrawnIndex {
  std::size_t index = 0;
  double rest = 0;  // of the number that drew it: uniform in [0, 1) again, whatever the index is
};

// An index with probability softmax(logits / temperature), by inverting the cumulated weights.
DrawnIndex draw_index(std::span<const float> logits, const PointChoice& choice, double uniform) {
  const std::size_t likeliest = largest_index(logits);
  if (choice.is_greedy) return {.index = likeliest};
  const float largest = logits[likeliest];
  double sum = 0;
  for (const float logit : logits) sum += relative_weight(logit, largest, choice.temperature);
  double left = uniform * sum;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double weight = relative_weight(logits[i], largest, choice.temperature);
    if (left < weight) return {.index = i, .rest = left / weight};
    left -= weight;
  }
  return {.index = likeliest};  // reached by rounding only
}

// A drawing that would end where it may not takes another pen state with the same number, so that all others stay as
// they are.
sketch::PenState draw_pen_state(std::span<const float> logits, const PointChoice& choice, float uniform,
                                EndChoice end) {
  constexpr auto kEnd = static_cast<std::size_t>(sketch::PenState::kEnd);
  static_assert(kEnd + 1 == sketch::kPenStates, "the others lie before it");
  DrawnIndex drawn = draw_index(logits, choice, uniform);
  if (drawn.index == kEnd && end == EndChoice::kRefused) drawn = draw_index(logits.first(kEnd), choice, drawn.rest);
  return static_cast<sketch::PenState>(drawn.index);
}

// What σ is multiplied by at a temperature.
double sigma_factor(float temperature, SigmaTemperature kind) {
  const auto tau = static_cast<double>(temperature);
  return kind == SigmaTemperature::kLinear ? tau : std::sqrt(tau);
}

}  // namespace

NextPointDistribution next_point_distribution(std::span<const float> y, float temperature,
                                              SigmaTemperature sigma_temperature) {
  check(PointChoice{.temperature = temperature});
  const OutputRow row(y);
  const std::size_t m = row.pi_logits.size();
  NextPointDistribution p;
  softmax(row.pen_logits, temperature, p.pen);
  p.pi.resize(m);
  softmax(row.pi_logits, temperature, p.pi);
  const double widening = sigma_factor(temperature, sigma_temperature);
  for (std::size_t j = 0; j < m; ++j) {
    p.mu_x.push_back(row.mu_x[j]);
    p.mu_y.push_back(row.mu_y[j]);
    p.sigma_x.push_back(std::exp(static_cast<double>(row.log_sigma_x[j])) * widening);
    p.sigma_y.push_back(std::exp(static_cast<double>(row.log_sigma_y[j])) * widening);
    p.rho.push_back(std::tanh(static_cast<double>(row.rho_hat[j])));
  }
  return p;
}

void check(const PointChoice& choice) {
  require(std::isfinite(choice.temperature) && choice.temperature > 0,
          "temperature {}: expected a number above 0; for the likeliest drawing ask for greedy", choice.temperature);
}

std::optional<sketch::StrokePoint> draw_next_point(std::span<const float> y, const PointChoice& choice,
                                                   RandomStream& random, EndChoice end) {
  const OutputRow row(y);
  require(std::all_of(y.begin(), y.end(), [](float v) { return std::isfinite(v); }),
          "the decoder's output is not finite; the training diverged, take an earlier checkpoint");
  const sketch::PenState pen = draw_pen_state(row.pen_logits, choice, random.uniform(), end);
  if (pen == sketch::PenState::kEnd) return std::nullopt;
  const std::size_t j = draw_index(row.pi_logits, choice, random.uniform()).index;
  const double n1 = random.normal(), n2 = random.normal();
  double dx = row.mu_x[j], dy = row.mu_y[j];
  if (!choice.is_greedy) {
    const double widening = sigma_factor(choice.temperature, choice.sigma_temperature);
    const double rho = std::tanh(static_cast<double>(row.rho_hat[j]));
    dx += std::exp(static_cast<double>(row.log_sigma_x[j])) * widening * n1;
    // Two standard normals of correlation rho: n1 and rho n1 + sqrt(1 - rho²) n2.
    dy += std::exp(static_cast<double>(row.log_sigma_y[j])) * widening *
          (rho * n1 + std::sqrt(std::max(0.0, 1 - rho * rho)) * n2);
  }
  const sketch::StrokePoint point{static_cast<float>(dx), static_cast<float>(dy), pen == sketch::PenState::kLifted};
  require(std::isfinite(point.dx) && std::isfinite(point.dy),
          "the offset drawn is not finite; the training diverged, take an earlier checkpoint");
  return point;
}

std::array<float, sketch::kStroke5> stroke5_row(const sketch::StrokePoint& point) {
  return {point.dx, point.dy, point.is_pen_lifted ? 0.0F : 1.0F, point.is_pen_lifted ? 1.0F : 0.0F, 0};
}

}  // namespace limn::models
