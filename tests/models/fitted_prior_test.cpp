// The density that new drawings come from: its fit, its draws, its place in a checkpoint, and the models that use it.
#include "limn/models/fitted_prior.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/models/endings.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/sketch/dataset.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "models/tiny_images.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;

// Z = 3 with a strong correlation and very different scales.
FittedPrior known_prior() { return {.mean = {0.5F, -2.0F, 30.0F}, .factor = {0.3F, 0, 0, -0.8F, 0.2F, 0, 2, 1, 5}}; }

double covariance(const FittedPrior& prior, std::size_t i, std::size_t j) {
  const std::size_t n = prior.mean.size();
  double sum = 0;
  for (std::size_t k = 0; k < n; ++k) sum += static_cast<double>(prior.factor[i * n + k]) * prior.factor[j * n + k];
  return sum;
}

Latents draws(const FittedPrior& prior, std::int64_t count, std::uint64_t seed) {
  Latents z = prior_latents(count, size_of(prior), seed);
  transform(prior, z);
  return z;
}

void expect_alike(const FittedPrior& found, const FittedPrior& wanted, double share) {
  ASSERT_EQ(found.mean.size(), wanted.mean.size());
  for (std::size_t i = 0; i < wanted.mean.size(); ++i) {
    EXPECT_NEAR(found.mean[i], wanted.mean[i], share * std::sqrt(covariance(wanted, i, i))) << i;
    for (std::size_t j = 0; j <= i; ++j)
      EXPECT_NEAR(covariance(found, i, j), covariance(wanted, i, j),
                  share * std::sqrt(covariance(wanted, i, i) * covariance(wanted, j, j)))
          << i << " " << j;
  }
}

TEST(PriorFit, RecoversAKnownGaussianFromItsDraws) {
  const FittedPrior wanted = known_prior();
  PriorFit fit(3);
  for (std::uint64_t part = 0; part < 10; ++part) fit.add(draws(wanted, 2000, part));
  EXPECT_EQ(fit.count(), 20000);
  const FittedPrior found = fit.result();
  check(found, "the fit");
  expect_alike(found, wanted, 0.03);
  // The ridge is a ten-thousandth of the mean variance, not more.
  EXPECT_NEAR(covariance(found, 2, 2), covariance(wanted, 2, 2), 1.0);
}

TEST(PriorFit, DoesNotDependOnWhereTheCloudIs) {
  FittedPrior far = known_prior();
  for (float& value : far.mean) value += 1e4F;
  PriorFit near_fit(3), far_fit(3);
  near_fit.add(draws(known_prior(), 500, 1));
  far_fit.add(draws(far, 500, 1));
  expect_alike({.mean = near_fit.result().mean, .factor = far_fit.result().factor}, near_fit.result(), 0.02);
}

TEST(PriorFit, WorksWithDeadDimensionsAndFewVectors) {
  Latents same(4, 3);
  for (std::int64_t i = 0; i < 4; ++i) same.row(i)[0] = static_cast<float>(i), same.row(i)[1] = 7;
  for (const std::int64_t count : {1, 2, 4}) {
    Latents some(count, 3);
    std::ranges::copy_n(same.values.begin(), count * 3, some.values.begin());
    PriorFit fit(3);
    fit.add(some);
    const FittedPrior prior = fit.result();
    check(prior, "the fit");
    EXPECT_FLOAT_EQ(prior.mean[1], 7);
    // What never changes stays as good as unchanged.
    for (const float z : {draws(prior, 1, 3).values[1], draws(prior, 1, 4).values[1]}) EXPECT_NEAR(z, 7, 0.05);
  }
}

// Three clouds of other weights and widths, in four dimensions.
FittedPrior clouds() {
  return {.mean = {3, 0, 0, 1, -3, 0, 1, 0, 0, 5, -2, 0},
          .factor = {0.4F, 0, 0, 0, 0.2F, 0.3F, 0, 0, 0, 0, 0.5F, 0, 0.1F, 0, 0, 0.2F},
          .weight = {0.5F, 0.3F, 0.2F},
          .scale = {1, 0.5F, 1.5F}};
}

Latents draws_of_mixture(const FittedPrior& prior, std::int64_t count, std::uint64_t seed) {
  Latents z = prior_latents(count, size_of(prior), seed);
  transform(prior, z, prior_choices(count, seed, 0));
  return z;
}

double mean_log_density(const FittedPrior& prior, const Latents& z) {
  const std::vector<double> all = log_density(prior, z);
  return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
}

TEST(PriorFit, FindsTheComponentsOfAMixture) {
  const FittedPrior wanted = clouds();
  PriorFit fit(4);
  fit.add(draws_of_mixture(wanted, 3000, 1));
  const FittedPrior found = fit.result();
  check(found, "the fit");
  EXPECT_GE(components_of(found), 3);
  const Latents others = draws_of_mixture(wanted, 3000, 2);
  EXPECT_NEAR(mean_log_density(found, others), mean_log_density(wanted, others), 0.03);
  // The same vectors, the same bits.
  PriorFit again(4);
  again.add(draws_of_mixture(wanted, 3000, 1));
  EXPECT_EQ(again.result(), found);
}

TEST(PriorFit, OneGaussianStaysOne) {
  PriorFit fit(3);
  fit.add(draws(known_prior(), 4000, 5));
  EXPECT_EQ(components_of(fit.result()), 1);
}

TEST(FittedPrior, DrawsOfAMixtureFollowItsWeights) {
  const Latents z = draws_of_mixture(clouds(), 4000, 7);
  std::array<int, 3> counts{};
  for (std::int64_t i = 0; i < z.count(); ++i) {
    const auto row = z.row(i);
    ++counts[row[0] > 1.5F ? 0 : row[0] < -1.5F ? 1 : 2];
  }
  EXPECT_NEAR(counts[0] / 4000.0, 0.5, 0.03);
  EXPECT_NEAR(counts[1] / 4000.0, 0.3, 0.03);
  // A drawing does not depend on which others are drawn.
  Latents some = prior_latents(2, 4, 7, 100);
  transform(clouds(), some, prior_choices(2, 7, 100));
  EXPECT_TRUE(std::ranges::equal(some.row(1), z.row(101)));
}

TEST(FittedPrior, DensityIntegratesToOne) {
  const FittedPrior prior{.mean = {-1, 2}, .factor = {0.5F}, .weight = {0.25F, 0.75F}, .scale = {1, 2}};
  constexpr int kSteps = 4000;
  constexpr double kWidth = 20.0 / kSteps;
  Latents z(kSteps, 1);
  for (int i = 0; i < kSteps; ++i) z.values[static_cast<std::size_t>(i)] = static_cast<float>(-10 + kWidth * i);
  double sum = 0;
  for (const double log : log_density(prior, z)) sum += std::exp(log) * kWidth;
  EXPECT_NEAR(sum, 1, 1e-4);
}

TEST(FittedExamples, AreSpreadOverTheSplit) {
  EXPECT_THAT(fitted_examples(3), ::testing::ElementsAre(0, 1, 2));
  EXPECT_TRUE(fitted_examples(0).empty());
  const auto some = fitted_examples(3 * kMostFittedExamples + 5);
  ASSERT_EQ(std::ssize(some), kMostFittedExamples);
  EXPECT_EQ(some.front(), 0);
  EXPECT_GT(some.back(), 3 * kMostFittedExamples);
  EXPECT_LT(some.back(), 3 * kMostFittedExamples + 5);
  for (std::size_t i = 1; i < some.size(); ++i) ASSERT_LT(some[i - 1], some[i]);
}

Checkpoint vae_with_prior() {
  Checkpoint checkpoint = testing::tiny_vae();
  checkpoint.prior = FittedPrior{.mean = {0.25F, -1.5F}, .factor = {0.1F, 0, 0.3F, 0.2F}};
  return checkpoint;
}

TEST(CheckpointWithPrior, IsReadBackAsItWasWritten) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  const Registry registry = standard_registry();
  registry.write(path, vae_with_prior());
  const Checkpoint back = read_checkpoint(path);
  EXPECT_EQ(back.prior, vae_with_prior().prior);
  EXPECT_EQ(back.weights, testing::tiny_vae().weights);
  EXPECT_EQ(back.shapes, testing::tiny_vae().shapes);
  registry.write(path, testing::tiny_vae());
  EXPECT_FALSE(read_checkpoint(path).prior.has_value());
}

TEST(CheckpointWithPrior, AMixtureIsReadBackAsItWasWritten) {
  const testing::TemporaryFolder folder;
  Checkpoint checkpoint = testing::tiny_vae();
  checkpoint.prior = FittedPrior{
      .mean = {0.25F, -1.5F, 3, 4}, .factor = {0.1F, 0, 0.3F, 0.2F}, .weight = {0.5F, 0.5F}, .scale = {1, 2}};
  standard_registry().write(folder / "model.safetensors", checkpoint);
  const Checkpoint back = read_checkpoint(folder / "model.safetensors");
  EXPECT_EQ(back.prior, checkpoint.prior);
  EXPECT_EQ(back.weights, testing::tiny_vae().weights);
  checkpoint.prior->weight = {0.5F, 0.9F};
  EXPECT_THAT(testing::error_of([&] { write_checkpoint(folder / "model.safetensors", checkpoint); }),
              HasSubstr("weights and scales"));
}

// The model of a file with other tensors of the prior.
void expect_refused(const std::map<std::string, std::vector<std::int64_t>>& shapes, const std::vector<float>& mean,
                    const std::vector<float>& factor, const std::string& why) {
  Checkpoint checkpoint = testing::tiny_vae();
  for (const auto& [name, shape] : shapes) {
    checkpoint.shapes[name] = shape;
    checkpoint.weights[name] = name == "prior.mean" ? mean : factor;
  }
  const Bytes bytes = serialize_checkpoint(checkpoint);
  const std::string said = testing::error_of(
      [&] { (void)standard_registry().make(parse_checkpoint(SafetensorsFile::parse(bytes, "model"))); });
  EXPECT_THAT(said, HasSubstr(why));
}

TEST(CheckpointWithPrior, IsCheckedLikeTheWeights) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  expect_refused({{"prior.mean", {2}}}, {0, 0}, {}, "prior.factor is missing");
  expect_refused({{"prior.factor", {2, 2}}}, {}, {1, 0, 0, 1}, "prior.mean is missing");
  expect_refused({{"prior.mean", {1, 2}}, {"prior.factor", {2, 2}}}, {0, 0}, {1, 0, 0, 1}, "expected [Z] and [Z, Z]");
  expect_refused({{"prior.mean", {2}}, {"prior.factor", {4}}}, {0, 0}, {1, 0, 0, 1}, "expected [Z] and [Z, Z]");
  expect_refused({{"prior.mean", {2}}, {"prior.factor", {2, 2}}}, {0, kNan}, {1, 0, 0, 1}, "not finite");
  expect_refused({{"prior.mean", {2}}, {"prior.factor", {2, 2}}}, {0, 0}, {1, 2, 0, 1}, "not lower triangular");
  expect_refused({{"prior.mean", {2}}, {"prior.factor", {2, 2}}}, {0, 0}, {1, 0, 0, 0}, "a positive diagonal");
  expect_refused({{"prior.mean", {1}}, {"prior.factor", {1, 1}}}, {0}, {1}, "has 1 dimensions, its z has 2");
  expect_refused({{"prior.mean", {0}}, {"prior.factor", {0, 0}}}, {}, {}, "expected K x Z and Z x Z");
}

TEST(CheckpointWithPrior, IsOfAModelThatCanHaveOne) {
  Checkpoint draw = testing::tiny_draw();
  draw.prior = vae_with_prior().prior;  // its z has two numbers as well
  EXPECT_THAT(testing::error_of([&] { (void)standard_registry().make(draw); }),
              HasSubstr("the mean of its z depends on its own draws"));
}

TEST(ModelWithPrior, DrawsFromItUnlessTheStandardOneIsAskedFor) {
  const Registry registry = standard_registry();
  const auto with = registry.make(vae_with_prior()), without = registry.make(testing::tiny_vae());
  const Latents standard = prior_latents(7, 2, 5, 3);
  Latents fitted = standard;
  transform(*vae_with_prior().prior, fitted);
  EXPECT_EQ(with->prior_latents(7, 5, 3).values, fitted.values);
  EXPECT_EQ(with->prior_latents(7, 5, 3, PriorKind::kFitted).values, fitted.values);
  EXPECT_EQ(with->prior_latents(7, 5, 3, PriorKind::kStandard).values, standard.values);
  EXPECT_EQ(without->prior_latents(7, 5, 3).values, standard.values);
  EXPECT_NE(with->draw(2, {}).pixels, without->draw(2, {}).pixels);
  EXPECT_EQ(with->draw(2, {.prior = PriorKind::kStandard}).pixels, without->draw(2, {}).pixels);
  EXPECT_THAT(testing::error_of([&] { (void)without->draw(1, {.prior = PriorKind::kFitted}); }),
              HasSubstr("has no fitted prior; add it with limn fit-prior"));
}

TEST(ModelWithPrior, SketchesAndEndingsComeFromItToo) {
  Checkpoint checkpoint = to_checkpoint(testing::tiny_checkpoint(true));
  const SketchRnnModel without(checkpoint);
  PriorFit fit(without.latent_size());
  fit.add(prior_latents(50, without.latent_size(), 9));
  checkpoint.prior = fit.result();
  const SketchRnnModel with(checkpoint);
  Latents z = prior_latents(4, with.latent_size(), 2);
  EXPECT_EQ(ending_latents(without, {}, {.count = 4, .seed = 2}).values, z.values);
  transform(*checkpoint.prior, z);
  EXPECT_EQ(ending_latents(with, {}, {.count = 4, .seed = 2}).values, z.values);
  const sketch::Sketch given = testing::random_sketch(5, 1);
  EXPECT_NE(ending_latents(with, given, {.count = 4, .seed = 2}).values,
            ending_latents(without, given, {.count = 4, .seed = 2}).values);
  EXPECT_EQ(ending_latents(with, given, {.count = 4, .uses_prior = true, .seed = 2}).values, z.values);
  const auto first = [](const std::vector<Drawing>& drawings) { return drawings.front().sketch; };
  EXPECT_EQ(first(draw_new(with, 1, {}, 2)), first(draw_latents(with, z, {}, 2)));
  EXPECT_EQ(first(draw_new(with, 1, {}, 2, 0, PriorKind::kStandard)), first(draw_new(without, 1, {}, 2)));
  const SketchRnnModel unconditional(testing::tiny_checkpoint(false));
  EXPECT_THAT(testing::error_of([&] { (void)draw_new(unconditional, 1, {}, 2, 0, PriorKind::kFitted); }),
              HasSubstr("it has no latent space"));
}

TEST(FitPrior, TakesThePosteriorMeansOfTheTrainingSplit) {
  const SketchRnnModel model(testing::tiny_checkpoint(true));
  sketch::SketchSplits splits;
  for (std::uint64_t i = 0; i < 300; ++i)
    splits.sketches[0].push_back(testing::random_sketch(2 + static_cast<std::int64_t>(i % 9), i));
  splits.sketches[1].assign(3, testing::random_sketch(4, 1000));
  const sketch::StrokeDataset data(std::move(splits), {}, "sketches", model.scale_factor());
  std::vector<sketch::Sketch> all;
  for (std::int64_t i = 0; i < data.size(Split::kTrain); ++i) all.push_back(data.sketch(Split::kTrain, i));
  PriorFit fit(model.latent_size());
  fit.add(model.encode(all).mu);
  expect_alike(fit_prior(model, data), fit.result(), 1e-3);
}

}  // namespace
}  // namespace limn::models
