// From a row of the decoder's output to the next point of a drawing (Ha & Eck 2017, eq. 3-8): the
// distribution at a temperature, and a draw from it. Plain functions; nothing is shared.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/models/sigma_temperature.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::models {

// The distribution of the next row, in normalised units. Arrays of M.
struct NextPointDistribution {
  std::array<double, sketch::kPenStates> pen{};  // probability of down, lifted, end
  std::vector<double> pi;                        // weight of each component, sum 1
  std::vector<double> mu_x, mu_y;
  std::vector<double> sigma_x, sigma_y;  // standard deviations
  std::vector<double> rho;               // correlation
};

// `y` is an output row [3 + 6M] in the order of kernels/losses/mixture_density.hpp. Temperature τ > 0: pen and π
// logits over τ, and σ · √τ as the paper's eq. 8 or σ · τ as Magenta's Python.
[[nodiscard]] NextPointDistribution next_point_distribution(
    std::span<const float> y, float temperature, SigmaTemperature sigma_temperature = SigmaTemperature::kSqrt);

struct PointChoice {
  float temperature = 0.4F;  // above 0; higher is more varied
  bool is_greedy = false;    // the likeliest pen state and component, its mean offset; temperature has no effect
  SigmaTemperature sigma_temperature = SigmaTemperature::kSqrt;
};
// Throws Error unless the temperature is a positive number.
void check(const PointChoice& choice);

// Whether the drawing may end here. No drawing of a data set is without a point, so the first one may not: the pen is
// then drawn among down and lifted.
enum class EndChoice { kAllowed, kRefused };

// Draws the next point from `y`, or nothing where the drawing ends. Takes from `random`, whatever it draws,
// one number for the pen state and, unless that is the end, one for the component and a normal pair for the
// offset. Throws Error if the offset is not finite: the model has diverged.
[[nodiscard]] std::optional<sketch::StrokePoint> draw_next_point(std::span<const float> y, const PointChoice& choice,
                                                                 RandomStream& random,
                                                                 EndChoice end = EndChoice::kAllowed);

// The stroke-5 row that the decoder reads for a point.
[[nodiscard]] std::array<float, sketch::kStroke5> stroke5_row(const sketch::StrokePoint& point);
// S0, what it reads before the first one.
inline constexpr std::array<float, sketch::kStroke5> kStartRow{0, 0, 1, 0, 0};

}  // namespace limn::models
