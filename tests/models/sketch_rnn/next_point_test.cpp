#include "limn/models/next_point.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "limn/core/error.hpp"

namespace limn::models {
namespace {

// M = 2: pen logits, π logits, μx, μy, log σx, log σy, ρ̂.
const std::vector<float> kRow{1.0F,  0.5F, -0.5F, 0.2F, 0.9F,  -2.0F, 3.0F, 0.5F,
                              -1.0F, 0.1F, -0.4F, 0.3F, -0.2F, 0.8F,  -0.5F};

double softmax_at(std::initializer_list<double> logits, std::size_t k, double temperature) {
  double sum = 0;
  for (const double l : logits) sum += std::exp(l / temperature);
  return std::exp(logits.begin()[k] / temperature) / sum;
}

TEST(NextPointDistribution, FollowsThePaperAtAnyTemperature) {
  for (const float tau : {1.0F, 0.25F, 0.01F, 3.0F}) {
    const auto p = next_point_distribution(kRow, tau);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(p.pen[k], softmax_at({1.0, 0.5, -0.5}, k, tau), 1e-5) << tau;
    for (std::size_t j = 0; j < 2; ++j) EXPECT_NEAR(p.pi[j], softmax_at({0.2, 0.9}, j, tau), 1e-5) << tau;
    EXPECT_THAT(p.mu_x, ::testing::ElementsAre(-2.0, 3.0));
    EXPECT_THAT(p.mu_y, ::testing::ElementsAre(0.5, -1.0));
    EXPECT_NEAR(p.sigma_x[1], std::exp(-0.4) * std::sqrt(tau), 1e-6);
    EXPECT_NEAR(p.sigma_y[0], std::exp(0.3) * std::sqrt(tau), 1e-6);
    EXPECT_NEAR(p.rho[1], std::tanh(-0.5), 1e-7);
  }
}

TEST(NextPointDistribution, ScalesSigmaByTheTemperatureItselfWhereAsked) {
  for (const float tau : {1.0F, 0.25F, 3.0F}) {
    const auto root = next_point_distribution(kRow, tau);
    const auto linear = next_point_distribution(kRow, tau, SigmaTemperature::kLinear);
    EXPECT_NEAR(linear.sigma_x[1], std::exp(-0.4) * tau, 1e-6);
    EXPECT_NEAR(linear.sigma_y[0], std::exp(0.3) * tau, 1e-6);
    EXPECT_EQ(linear.pen, root.pen);
    EXPECT_EQ(linear.pi, root.pi);
    EXPECT_EQ(linear.rho, root.rho);
  }
}

TEST(NextPointDistribution, StaysFiniteForHugeLogits) {
  std::vector<float> row = kRow;
  row[0] = 3e4F;
  row[1] = -3e4F;
  row[3] = 3e38F;
  const auto p = next_point_distribution(row, 0.001F);
  EXPECT_EQ(p.pen[0], 1.0);
  EXPECT_EQ(p.pi[0], 1.0);
  EXPECT_EQ(p.pi[1], 0.0);
}

TEST(DrawNextPoint, GreedyTakesTheLikeliest) {
  RandomStream random(1, Purpose::kTest);
  const auto point = draw_next_point(kRow, {.temperature = 1, .is_greedy = true}, random);
  ASSERT_TRUE(point.has_value());
  EXPECT_EQ(*point, (sketch::StrokePoint{3.0F, -1.0F, false}));
}

TEST(DrawNextPoint, NearZeroTemperatureTendsToGreedy) {
  RandomStream random(1, Purpose::kTest);
  for (int i = 0; i < 200; ++i) {
    const auto point = draw_next_point(kRow, {.temperature = 1e-6F}, random);
    ASSERT_TRUE(point.has_value());
    EXPECT_NEAR(point->dx, 3.0, 0.01);
    EXPECT_NEAR(point->dy, -1.0, 0.01);
    EXPECT_FALSE(point->is_pen_lifted);
  }
}

// Counts and moments of many draws against the distribution's own.
TEST(DrawNextPoint, HasTheMomentsOfItsDistribution) {
  const float tau = 0.7F;
  const auto p = next_point_distribution(kRow, tau);
  RandomStream random(5, Purpose::kTest);
  constexpr int kDraws = 200'000;
  std::array<double, 3> pens{};
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0, n = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto point = draw_next_point(kRow, {.temperature = tau}, random);
    pens[!point ? 2 : point->is_pen_lifted ? 1 : 0] += 1.0 / kDraws;
    if (!point) continue;
    n += 1;
    x += point->dx;
    y += point->dy;
    xx += point->dx * point->dx;
    yy += point->dy * point->dy;
    xy += point->dx * point->dy;
  }
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(pens[k], p.pen[k], 0.005);
  double mean_x = 0, mean_y = 0, square_x = 0, square_y = 0, product = 0;
  for (std::size_t j = 0; j < 2; ++j) {
    mean_x += p.pi[j] * p.mu_x[j];
    mean_y += p.pi[j] * p.mu_y[j];
    square_x += p.pi[j] * (p.mu_x[j] * p.mu_x[j] + p.sigma_x[j] * p.sigma_x[j]);
    square_y += p.pi[j] * (p.mu_y[j] * p.mu_y[j] + p.sigma_y[j] * p.sigma_y[j]);
    product += p.pi[j] * (p.mu_x[j] * p.mu_y[j] + p.rho[j] * p.sigma_x[j] * p.sigma_y[j]);
  }
  EXPECT_NEAR(x / n, mean_x, 0.03);
  EXPECT_NEAR(y / n, mean_y, 0.02);
  EXPECT_NEAR(xx / n, square_x, 0.08);
  EXPECT_NEAR(yy / n, square_y, 0.05);
  EXPECT_NEAR(xy / n, product, 0.06);
}

// The same random numbers: what is added to the component's mean is √τ times as much.
TEST(DrawNextPoint, ScalesTheOffsetsWithSigma) {
  for (const float tau : {0.25F, 0.7F, 2.0F}) {
    RandomStream random(3, Purpose::kTest), same(3, Purpose::kTest);
    int drawn = 0;
    for (int i = 0; i < 100; ++i) {
      const auto root = draw_next_point(kRow, {.temperature = tau}, random);
      const auto linear =
          draw_next_point(kRow, {.temperature = tau, .sigma_temperature = SigmaTemperature::kLinear}, same);
      ASSERT_EQ(root.has_value(), linear.has_value());
      if (!root) continue;
      ++drawn;
      EXPECT_EQ(root->is_pen_lifted, linear->is_pen_lifted);
      // The means of the two components.
      const auto is_of = [&](double x, double y) {
        const auto near = [&](double one, double other) {
          return std::abs(one * std::sqrt(tau) - other) < 1e-5 * (1 + std::abs(other));
        };
        return near(root->dx - x, linear->dx - x) && near(root->dy - y, linear->dy - y);
      };
      EXPECT_TRUE(tau == 1.0F || is_of(-2.0, 0.5) || is_of(3.0, -1.0)) << tau << " " << i;
    }
    EXPECT_GT(drawn, 50);
  }
}

// No drawing of a data set is without a point. The shares of down and lifted stay, and a draw that did not say end
// stays as it is, with all numbers after it.
TEST(DrawNextPoint, TakesAnotherPenStateWhereItMayNotEnd) {
  std::vector<float> row = kRow;
  row[2] = 2.0F;  // end is the likeliest
  constexpr float kTau = 0.7F;
  const auto p = next_point_distribution(row, kTau);
  ASSERT_GT(p.pen[2], 0.6);
  constexpr std::uint64_t kDraws = 20000;
  int lifted = 0, ends = 0, lifted_instead = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    RandomStream random(1, Purpose::kTest, 0, i), same(1, Purpose::kTest, 0, i);
    const auto usual = draw_next_point(row, {.temperature = kTau}, random);
    const auto point = draw_next_point(row, {.temperature = kTau}, same, EndChoice::kRefused);
    ASSERT_TRUE(point.has_value());
    lifted += point->is_pen_lifted;
    if (usual) {
      EXPECT_EQ(*point, *usual);
    } else {
      ++ends;
      lifted_instead += point->is_pen_lifted;
    }
  }
  const double share = p.pen[1] / (p.pen[0] + p.pen[1]);
  EXPECT_NEAR(lifted / static_cast<double>(kDraws), share, 0.015);
  EXPECT_NEAR(lifted_instead / static_cast<double>(ends), share, 0.02);
  RandomStream random(1, Purpose::kTest);
  EXPECT_FALSE(draw_next_point(row, {.is_greedy = true}, random).has_value());
  const auto greedy = draw_next_point(row, {.is_greedy = true}, random, EndChoice::kRefused);
  EXPECT_EQ(*greedy, (sketch::StrokePoint{3.0F, -1.0F, false}));
}

TEST(DrawNextPoint, RefusesWhatIsNotFinite) {
  RandomStream random(1, Purpose::kTest);
  for (std::size_t i = 0; i < kRow.size(); ++i) {
    std::vector<float> row = kRow;
    row[i] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW((void)draw_next_point(row, {}, random), Error) << i;
  }
  std::vector<float> wide = kRow;
  wide[2] = -100;             // no end
  wide[9] = wide[10] = 1000;  // exp overflows
  EXPECT_THROW((void)draw_next_point(wide, {}, random), Error);
}

TEST(DrawNextPoint, RefusesABadTemperature) {
  for (const float tau : {0.0F, -1.0F, std::numeric_limits<float>::infinity(), std::nanf("")})
    EXPECT_THROW((void)next_point_distribution(kRow, tau), Error) << tau;
}

}  // namespace
}  // namespace limn::models
