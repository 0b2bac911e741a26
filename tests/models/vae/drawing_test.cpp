// Trained VAEs: the importance-weighted estimate against numerical integration, what does not depend on what,
// and checkpoints that are refused. step_test.cpp shows that the network computes the right numbers.
#include "limn/models/vae/drawing.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/vae/tensors.hpp"
#include "testing/compare.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Checkpoint random_checkpoint(VaeOptions options, float spread = 0.5f) {
  Checkpoint checkpoint{.model = kVaeModel, .config = options_to_json(fields(options)), .step = 17};
  auto specs = vae_parameters(options);
  for (const auto& buffer : vae_buffers(options)) specs.push_back(buffer);
  std::uint64_t index = 0;
  for (const auto& spec : specs) {
    RandomStream random(5, Purpose::kTest, 0, index++);
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    const bool is_variance = spec.name.ends_with("running_var");
    for (std::size_t i = 0; i < count; ++i)
      checkpoint.weights[spec.name].push_back(is_variance ? random.uniform(0.5f, 2) : random.uniform(-spread, spread));
    checkpoint.shapes[spec.name] = spec.shape;
  }
  return checkpoint;
}

VaeOptions dense_options(std::int64_t z_size) {
  return resolved({.hidden = 6, .z_size = z_size}, {.channels = 1, .height = 3, .width = 5});
}

std::vector<float> random_pixels(std::int64_t count, std::uint64_t index = 0) {
  RandomStream random(8, Purpose::kTest, 2, index);
  std::vector<float> pixels(static_cast<std::size_t>(count));
  for (float& p : pixels) p = random.uniform() < 0.4f ? 1.0f : 0.0f;
  return pixels;
}

// One latent dimension, its posterior nearly the prior: wide enough for its draws to find where p(z | x) lies.
std::unique_ptr<ImageModel> integrable_model() {
  Checkpoint checkpoint = random_checkpoint(dense_options(1), 1.5f);
  for (const char* name : {"encoder.2.weight", "encoder.2.bias"})
    for (float& weight : checkpoint.weights[name]) weight *= 0.1f;
  return make_vae_model(std::move(checkpoint));
}

// Σ_pixels log Bernoulli(x | decoded mean).
double log_likelihood(const ImageModel& model, std::span<const float> image, float z) {
  Latents latent(1, 1);
  latent.values[0] = z;
  const std::vector<float> mean = model.decode(latent);
  double sum = 0;
  for (std::size_t i = 0; i < mean.size(); ++i)
    sum += std::log(image[i] > 0.5f ? static_cast<double>(mean[i]) : 1.0 - static_cast<double>(mean[i]));
  return sum;
}

// log ∫ p(x | z) N(z; 0, 1) dz by the midpoint rule over ±8 deviations.
double integrated_log_p(const ImageModel& model, std::span<const float> image) {
  constexpr int kPoints = 4000;
  double sum = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double z = -8 + 16 * (i + 0.5) / kPoints;
    sum += std::exp(log_likelihood(model, image, static_cast<float>(z)) - 0.5 * z * z);
  }
  return std::log(sum * 16 / kPoints / std::sqrt(2 * std::numbers::pi));
}

double importance_weighted(const ImageModel& model, std::span<const float> image, std::int64_t samples,
                           std::uint64_t seed) {
  double sum = 0;
  for (std::int64_t k = 0; k < samples; ++k) sum += std::exp(model.log_weights(image, {.seed = seed}, k)[0]);
  return std::log(sum / static_cast<double>(samples));
}

TEST(VaeModel, LossesAtTheMeanAreThoseOfItsDecodedMean) {
  const auto model = integrable_model();
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto image = random_pixels(15, i);
    const Latents mu = model->encode(image, {.uses_mean = true});
    const ImageLosses at_mean = model->losses(image, {.uses_mean = true, .seed = i}, 3);
    EXPECT_NEAR(at_mean.reconstruction[0], -log_likelihood(*model, image, mu.values[0]), 1e-4);
    EXPECT_EQ(at_mean.kl, model->losses(image, {.seed = 9}, 1).kl);
  }
}

TEST(VaeModel, ImportanceWeightsAgreeWithTheIntegral) {
  const auto model = integrable_model();
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto image = random_pixels(15, i);
    EXPECT_NEAR(importance_weighted(*model, image, 20000, 3), integrated_log_p(*model, image), 0.02) << "image " << i;
  }
}

// Burda et al. 2015, theorem 1: −log p(x) ≤ the estimate of K + 1 ≤ that of K ≤ the bound, in expectation.
TEST(VaeModel, TheEstimateFallsWithMoreSamples) {
  const auto model = integrable_model();
  const auto image = random_pixels(15);
  constexpr std::int64_t kRepeats = 300;
  const auto expected = [&](std::int64_t samples) {
    double sum = 0;
    for (std::int64_t i = 0; i < kRepeats; ++i)
      sum -= importance_weighted(*model, image, samples, static_cast<std::uint64_t>(i));
    return sum / kRepeats;
  };
  const ImageLosses losses = model->losses(image, {.seed = 1}, 2000);
  const double bound = losses.reconstruction[0] + losses.kl[0];
  const double one = expected(1), five = expected(5), fifty = expected(50);
  EXPECT_NEAR(one, bound, 0.2);
  EXPECT_LT(five, one);
  EXPECT_LT(fifty, five);
  EXPECT_GT(fifty, -integrated_log_p(*model, image) - 0.02);
}

TEST(VaeModel, AnImageDoesNotDependOnTheOthersNorOnThreads) {
  const VaeOptions options = resolved({.arch = "conv20", .hidden = 5, .z_size = 3, .channels = 4}, {3, 12, 10});
  const auto model = make_vae_model(random_checkpoint(options));
  constexpr std::int64_t kCount = 131;
  const std::int64_t size = model->shape().size();
  const std::vector<float> pixels = random_pixels(kCount * size);
  kernels::set_thread_count(3);
  const Latents all = model->encode(pixels, {.seed = 4});
  const std::vector<float> drawn = model->decode(all);
  kernels::set_thread_count(1);
  for (const std::int64_t i : {0, 77, 130}) {
    const std::int64_t index = i;
    const auto image = std::span(pixels).subspan(static_cast<std::size_t>(i * size), static_cast<std::size_t>(size));
    const Latents alone = model->encode(image, {.seed = 4, .indices = {&index, 1}});
    EXPECT_TRUE(testing::all_near(std::span<const float>(alone.values), all.row(i), testing::kElementwise, "z"));
    const std::vector<float> one = model->decode(alone);
    EXPECT_TRUE(testing::all_near(std::span<const float>(one),
                                  std::span<const float>(drawn).subspan(static_cast<std::size_t>(i * size), one.size()),
                                  testing::kElementwise, "pixels"));
  }
  kernels::set_thread_count(0);
}

// Burda et al. 2015, §5.1: dimensions whose posterior mean varies over the images by more than 0.01.
TEST(VaeModel, EvaluationCountsItsActiveUnits) {
  const std::vector<std::string> paths{"builtin:shapes"};
  const auto data = image::ImageDataset::load(paths, {.image_size = 6, .color = "grey"});
  constexpr std::int64_t kUnits = 5;
  Checkpoint checkpoint = random_checkpoint(resolved({.hidden = 6, .z_size = kUnits}, data.shape()));
  // Two means that hardly move: rows of the layer that gives μ and log σ².
  const std::size_t inputs = 6;
  for (const std::size_t row : {1U, 3U})
    for (std::size_t k = 0; k < inputs; ++k) checkpoint.weights["encoder.2.weight"][row * inputs + k] *= 1e-3F;
  const auto model = make_vae_model(std::move(checkpoint));
  const auto n = data.size(Split::kValid);
  const Latents mu = model->encode(data.batch(Split::kValid, 0, n).pixels, {.uses_mean = true});
  std::int64_t active = 0;
  for (std::size_t k = 0; k < kUnits; ++k) {
    double mean = 0, square = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      mean += static_cast<double>(mu.row(i)[k]) / static_cast<double>(n);
      square += static_cast<double>(mu.row(i)[k]) * static_cast<double>(mu.row(i)[k]) / static_cast<double>(n);
    }
    if (square - mean * mean > 0.01) ++active;
  }
  EXPECT_EQ(active, 3);
  EXPECT_EQ(evaluate(*model, data, Split::kValid).active_units, active);
}

TEST(VaeModel, IsTheSameAfterAFile) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  const Checkpoint checkpoint = random_checkpoint(dense_options(2));
  write_checkpoint(path, checkpoint);
  EXPECT_EQ(standard_registry().read(path).weights, checkpoint.weights);
  const auto model = standard_registry().load(path);
  EXPECT_EQ(model->checkpoint().model, "vae");
  EXPECT_EQ(model->checkpoint().step, 17);
  ASSERT_NE(model->as_image_model(), nullptr);
  const std::vector<float> pixels = random_pixels(15);
  EXPECT_EQ(model->as_image_model()->encode(pixels, {}).values, make_vae_model(checkpoint)->encode(pixels, {}).values);
}

void expect_refused(const Checkpoint& checkpoint, const std::string& reason) {
  EXPECT_THAT([&] { (void)make_vae_model(checkpoint); }, ThrowsMessage<Error>(HasSubstr(reason)));
}

TEST(VaeModel, RefusesWhatDoesNotFit) {
  const Checkpoint good = random_checkpoint(dense_options(2));
  Checkpoint bad = good;
  bad.weights.erase("decoder.0.weight");
  expect_refused(bad, "the model: tensor decoder.0.weight is missing");
  bad = good;
  bad.shapes["encoder.0.weight"] = {15, 6};
  expect_refused(bad, "has the shape [15, 6], its options ask for [6, 15]");
  bad = good;
  bad.weights["encoder.2.bias"][1] = NAN;
  expect_refused(bad, "not finite");
  bad = good;
  bad.weights["decoder.9.bias"] = {1};
  expect_refused(bad, "decoder.9.bias belongs to no part");
  bad = good;
  bad.config = "[]";
  expect_refused(bad, "not a JSON object");
  bad = good;
  bad.config =
      R"({"arch": "conv40", "image_channels": 3, "image_height": 30, "image_width": 40, "hidden": 4, "z_size": 2})";
  expect_refused(bad, "the nearest that fits is 40");
  bad = good;
  bad.training_config = R"({"binarize": "sometimes"})";
  expect_refused(bad, "binarize");
  bad = random_checkpoint(resolved({.arch = "conv20", .hidden = 3, .z_size = 2, .channels = 2}, {1, 10, 10}));
  bad.weights["encoder.1.running_var"][1] = -0.5f;
  expect_refused(bad, "a variance is not negative");
}

TEST(VaeModel, RefusesInputOfAnotherSize) {
  const auto model = make_vae_model(random_checkpoint(dense_options(2)));
  EXPECT_THROW((void)model->encode(random_pixels(16), {}), Error);
  EXPECT_THROW((void)model->decode(Latents(2, 3)), Error);
}

}  // namespace
}  // namespace limn::models
