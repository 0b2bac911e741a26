// Latent vectors for the endings of a drawing.
#include "limn/models/endings.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <set>

#include "limn/core/error.hpp"
#include "limn/models/next_point.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "models/sketch_rnn/decoder_outputs.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "testing/errors.hpp"

namespace limn::models {
namespace {

// log of the pen's probability and of the offset's density, from the distribution that drawing uses.
double log_likelihood(const NextPointDistribution& p, const sketch::StrokePoint& point) {
  double density = 0;
  for (std::size_t j = 0; j < p.pi.size(); ++j) {
    const double zx = (point.dx - p.mu_x[j]) / p.sigma_x[j], zy = (point.dy - p.mu_y[j]) / p.sigma_y[j];
    const double rest = 1 - p.rho[j] * p.rho[j];
    density += p.pi[j] * std::exp(-(zx * zx + zy * zy - 2 * p.rho[j] * zx * zy) / (2 * rest)) /
               (2 * std::numbers::pi * p.sigma_x[j] * p.sigma_y[j] * std::sqrt(rest));
  }
  return std::log(density + 1e-6) + std::log(p.pen[point.is_pen_lifted ? 1 : 0]);
}

TEST(LogLikelihoods, AreThoseOfTheDistributionsThatDrawingUses) {
  for (const bool squashes : {false, true}) {
    SketchRnnContents contents = testing::tiny_checkpoint(true);
    contents.squashes_latent = squashes;
    const SketchRnnModel model(contents);
    sketch::Sketch beginning = testing::random_sketch(7, 4);
    beginning.points.back().is_pen_lifted = false;
    const Latents z = prior_latents(70, model.latent_size(), 3);  // more than are read together
    const std::vector<double> all = model.log_likelihoods(beginning, z);
    ASSERT_EQ(all.size(), 70U);
    for (const std::int64_t row : {0, 63, 64, 69}) {
      const auto outputs = testing::decoder_outputs(model, beginning, z.row(row));
      double expected = 0;
      for (std::size_t i = 0; i < beginning.points.size(); ++i)
        expected += log_likelihood(next_point_distribution(outputs[i], 1), beginning.points[i]);
      EXPECT_NEAR(all[static_cast<std::size_t>(row)], expected, 1e-4) << row << " " << squashes;
    }
    EXPECT_EQ(model.log_likelihoods({}, z), std::vector<double>(70));
  }
}

TEST(LogLikelihoods, NeedLatentVectorsOfTheModelsSize) {
  const SketchRnnModel model(testing::tiny_checkpoint(true));
  EXPECT_THAT(testing::error_of([&] { (void)model.log_likelihoods(testing::random_sketch(3, 1), Latents(2, 4)); }),
              ::testing::HasSubstr("z has 4 numbers, this model expects 5"));
}

TEST(Weigh, DropsTheLightestOnTheWay) {
  const SketchRnnModel model(testing::tiny_checkpoint(true));
  const sketch::Sketch beginning = testing::random_sketch(7, 4);
  const Latents z = prior_latents(150, model.latent_size(), 3);  // three groups, which become one
  std::vector<double> given;
  for (std::size_t i = 0; i < 150; ++i) given.push_back(0.01 * static_cast<double>(i % 7));
  // The same by hand: weights after 2 points, then after 5.
  const auto after = [&](std::size_t points) {
    sketch::Sketch part = beginning;
    part.points.resize(points);
    std::vector<double> weights = model.log_likelihoods(part, z);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] += given[i];
    return weights;
  };
  const auto heaviest = [](const std::vector<std::int64_t>& rows, const std::vector<double>& weights,
                           std::size_t kept) {
    std::vector<std::int64_t> order = rows;
    std::ranges::stable_sort(order, std::greater<>(),
                             [&](std::int64_t i) { return weights[static_cast<std::size_t>(i)]; });
    order.resize(kept);
    std::ranges::sort(order);
    return order;
  };
  std::vector<std::int64_t> all(150);
  std::iota(all.begin(), all.end(), 0);
  const auto expected = heaviest(heaviest(all, after(2), 40), after(5), 11);
  constexpr std::array kRounds{WeighingRound{.points = 2, .kept = 40}, WeighingRound{.points = 5, .kept = 11},
                               WeighingRound{.points = 7, .kept = 3}};  // the last is at the end: nothing is saved
  const WeighedLatents weighed = model.weigh(beginning, z, given, kRounds);
  EXPECT_EQ(weighed.rows, expected);
  for (std::size_t k = 0; k < weighed.rows.size(); ++k)
    EXPECT_NEAR(weighed.log_weights[k], after(7)[static_cast<std::size_t>(weighed.rows[k])], 1e-4);
}

// Each beginning is weighed as if it were alone, a short one to its own end.
TEST(Weigh, TakesSeveralBeginnings) {
  const SketchRnnModel model(testing::tiny_checkpoint(true));
  const std::vector<sketch::Sketch> sketches{testing::random_sketch(7, 4), testing::random_sketch(2, 5),
                                             testing::random_sketch(9, 6)};
  const Latents z = prior_latents(70, model.latent_size(), 3);
  std::vector<Beginning> beginnings;
  for (const sketch::Sketch& sketch : sketches) {
    const auto k = static_cast<double>(beginnings.size());
    beginnings.push_back({.points = sketch.points, .log_weight = k, .nats_per_point = 0.25 * k});
  }
  const std::vector<double> even(70, 0.0);
  const WeighedLatents weighed = model.weigh(beginnings, z, even, {});
  ASSERT_EQ(weighed.rows.size(), 3 * 70U);
  for (std::size_t k = 0; k < sketches.size(); ++k) {
    const std::vector<double> alone = model.log_likelihoods(sketches[k], z);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      const std::size_t pair = k * 70 + i;
      EXPECT_EQ(weighed.beginnings[pair], static_cast<std::int64_t>(k));
      EXPECT_EQ(weighed.rows[pair], static_cast<std::int64_t>(i));
      const double own = beginnings[k].log_weight + beginnings[k].nats_per_point * std::ssize(sketches[k].points);
      EXPECT_NEAR(weighed.log_weights[pair], alone[i] + own, 1e-4);
    }
  }
  // A round after the first point leaves the heaviest of all pairs.
  constexpr std::array kRounds{WeighingRound{.points = 1, .kept = 30}};
  std::vector<double> after_first;
  for (std::size_t k = 0; k < sketches.size(); ++k) {
    sketch::Sketch first = sketches[k];
    first.points.resize(1);
    for (const double nats : model.log_likelihoods(first, z))
      after_first.push_back(nats + beginnings[k].log_weight + beginnings[k].nats_per_point);
  }
  std::vector<double> sorted = after_first;
  std::ranges::sort(sorted, std::greater<>());
  const WeighedLatents few = model.weigh(beginnings, z, even, kRounds);
  ASSERT_EQ(few.rows.size(), 30U);
  for (std::size_t i = 0; i < few.rows.size(); ++i) {
    const auto pair = static_cast<std::size_t>(few.beginnings[i] * 70 + few.rows[i]);
    EXPECT_GE(after_first[pair], sorted[29] - 1e-4);
    EXPECT_NEAR(few.log_weights[i], weighed.log_weights[pair], 1e-4);
  }
}

// A model whose z says much, with a prior of two far and narrow Gaussians, around +1.5 and -1.5 in every dimension.
SketchRnnModel model_of_two_kinds() {
  SketchRnnContents contents = testing::random_checkpoint(testing::tiny_options(true), 1, 1.2F);
  contents.weights["decoder.output.bias"][2] -= 10;  // drawings do not end soon
  Checkpoint checkpoint = to_checkpoint(contents);
  FittedPrior prior{.mean = {}, .factor = std::vector<float>(25), .weight = {0.5F, 0.5F}, .scale = {1, 1}};
  prior.mean.assign(5, 1.5F);
  prior.mean.insert(prior.mean.end(), 5, -1.5F);
  for (std::size_t i = 0; i < 5; ++i) prior.factor[i * 6] = 0.2F;
  checkpoint.prior = prior;
  return SketchRnnModel(std::move(checkpoint));
}

TEST(EndingLatents, AreThoseThatExplainTheBeginning) {
  const SketchRnnModel model = model_of_two_kinds();
  for (const float side : {1.5F, -1.5F}) {
    Latents z(1, 5);
    std::ranges::fill(z.values, side);
    const std::vector<Drawing> drawn = draw_latents(model, z, {.temperature = 0.3F}, 4);
    sketch::Sketch beginning = drawn.front().sketch;
    ASSERT_GE(beginning.points.size(), 6U);
    beginning.points.resize(6);
    const Latents endings = ending_latents(model, beginning, {.count = 40, .seed = 9});
    int right = 0;
    for (std::int64_t i = 0; i < endings.count(); ++i) right += std::abs(endings.row(i)[0] - side) < 1 ? 1 : 0;
    EXPECT_GE(right, 36) << "around " << side;
  }
}

TEST(EndingLatents, DifferAndDoNotDependOnHowManyAreWanted) {
  const SketchRnnModel model = model_of_two_kinds();
  const sketch::Sketch beginning = testing::random_sketch(20, 2);
  const Latents many = ending_latents(model, beginning, {.count = 24, .seed = 3});
  const Latents few = ending_latents(model, beginning, {.count = 5, .seed = 3});
  EXPECT_EQ(few.values, std::vector<float>(many.values.begin(), many.values.begin() + 25));
  std::set<std::vector<float>> different;
  for (std::int64_t i = 0; i < many.count(); ++i) different.insert({many.row(i).begin(), many.row(i).end()});
  EXPECT_GE(different.size(), 4U);
  EXPECT_NE(ending_latents(model, beginning, {.count = 5, .seed = 4}).values, few.values);
}

TEST(EndingLatents, AreTheEncodersWithoutAFittedPrior) {
  const SketchRnnModel model = model_of_two_kinds();
  const sketch::Sketch beginning = testing::random_sketch(6, 2);
  const LatentPosterior posterior = model.encode(std::span(&beginning, 1));
  EXPECT_EQ(ending_latents(model, beginning, {.count = 1, .prior = PriorKind::kStandard, .seed = 3}).values,
            posterior_latents(posterior, 3).values);
}

TEST(LogDensityOfAPosterior, IsThatOfIndependentNormals) {
  LatentPosterior posterior{.mu = Latents(1, 2), .log_variance = Latents(1, 2)};
  posterior.mu.values = {1, -2};
  posterior.log_variance.values = {0, static_cast<float>(std::log(4.0))};
  Latents z(2, 2);
  z.values = {1, -2, 2, 2};
  const std::vector<double> log_q = log_density(posterior, z);
  EXPECT_NEAR(log_q[0], -std::log(2 * std::numbers::pi) - std::log(2.0), 1e-6);
  EXPECT_NEAR(log_q[1], log_q[0] - 0.5 - 2, 1e-6);
}

}  // namespace
}  // namespace limn::models
