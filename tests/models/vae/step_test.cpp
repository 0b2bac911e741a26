// The training step of a VAE against the steps of 0.1.0, against numeric gradients, and against itself on other threads
// and in other shares of the batch; and learning.
#include "limn/models/vae/step.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/vae/tensors.hpp"
#include "models/step_fixture.hpp"
#include "testing/compare.hpp"

namespace limn::models {
namespace {

using testing::all_near;
using testing::const_spans;
using ::testing::HasSubstr;
using testing::kFloat32;
using testing::near;
using testing::spans;
using testing::StepFixture;
using ::testing::ThrowsMessage;

using Tensors = std::vector<std::vector<float>>;

constexpr std::uint64_t kSeed = 11;
constexpr std::uint64_t kStep = 6;

VaeOptions dense_options() {
  return resolved({.hidden = 13, .z_size = 3, .beta = 0.7}, {.channels = 1, .height = 5, .width = 7});
}
VaeOptions conv40_options() {
  return resolved({.arch = "conv40", .hidden = 7, .z_size = 3, .channels = 4, .likelihood = "mse"}, {3, 40, 48});
}
VaeOptions conv20_options() {
  return resolved({.arch = "conv20", .hidden = 7, .z_size = 5, .channels = 6, .beta = 2}, {3, 12, 14});
}

std::vector<float> random_pixels(const VaeOptions& options, std::int64_t rows) {
  RandomStream random(kSeed, Purpose::kTest);
  std::vector<float> pixels(static_cast<std::size_t>(rows * image_shape(options).size()));
  for (float& p : pixels) p = random.uniform();
  return pixels;
}

// A model with values for all tensors, of which no running statistic is what it starts with.
struct Model {
  VaeOptions options;
  std::vector<kernels::ParameterSpec> specs = vae_parameters(options), buffer_specs = vae_buffers(options);
  Tensors parameters = testing::blank_tensors(specs), buffers = testing::blank_tensors(buffer_specs);
  Tensors gradients = testing::blank_tensors(specs);

  explicit Model(const VaeOptions& o) : options(o) {
    RandomStream random(kSeed, Purpose::kTest, 1);
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const auto& shape = specs[i].shape;
      const float limit = 1 / std::sqrt(static_cast<float>(specs[i].count()) / static_cast<float>(shape[0]));
      const bool is_norm_scale = shape.size() == 1 && specs[i].name.ends_with("weight");
      for (float& value : parameters[i])
        value = is_norm_scale      ? random.uniform(0.8f, 1.2f)
                : shape.size() > 1 ? random.uniform(-limit, limit)
                                   : random.uniform(-0.2f, 0.2f);
    }
    for (std::size_t i = 0; i < buffer_specs.size(); ++i)
      for (float& value : buffers[i]) value = random.uniform(0.5f, 1.5f);
  }
  VaeLosses step(VaeStep& vae, const VaeBatch& batch) {
    return vae.losses_and_gradients(const_spans(parameters), spans(buffers), spans(gradients), batch);
  }
};

VaeBatch batch_of(const VaeOptions& options, std::span<const float> pixels) {
  const std::int64_t size = image_shape(options).size();
  return {.pixels = ConstMatrix(pixels, std::ssize(pixels) / size, size), .noise = {.seed = kSeed, .step = kStep}};
}

// A bias that batch normalisation takes away again.
bool is_without_effect(const VaeOptions& options, const std::string& name) {
  const VaeLayout layout = vae_layout(options);
  for (const auto& layers : {layout.encoder, layout.decoder})
    for (std::size_t i = 0; i + 1 < layers.size(); ++i)
      if (layers[i].name + ".bias" == name) return layers[i + 1].kind == VaeLayerKind::kBatchNorm;
  return false;
}

TEST(VaeStep, IsTheStepOfVersion010) {
  const auto names = StepFixture::names("vae");
  EXPECT_EQ(names.size(), 5u);
  for (const std::string& name : names) {
    const StepFixture fixture(name);
    VaeOptions options;
    fixture.read_options(fields(options));
    Model model(options);
    model.parameters = fixture.tensors("parameters", model.specs);
    model.buffers = fixture.tensors("buffers", model.buffer_specs);
    const std::vector<float> pixels = fixture.pixels();
    VaeBatch batch = batch_of(options, pixels);
    batch.noise = {.seed = fixture.seed(), .step = fixture.step(), .places = fixture.places()};
    batch.whole_batch = fixture.whole_batch();
    VaeStep vae(options);
    const VaeLosses losses = model.step(vae, batch);
    testing::expect_losses(fixture, {{"total", losses.total()},
                                     {"reconstruction", losses.reconstruction},
                                     {"kl", losses.kl},
                                     {"beta", losses.beta}});
    testing::expect_gradients(fixture, model.specs, model.gradients,
                              [&](const std::string& tensor) { return is_without_effect(options, tensor); });
    const Tensors after = fixture.tensors("buffers_after", model.buffer_specs);
    for (std::size_t i = 0; i < after.size(); ++i)
      EXPECT_TRUE(all_near(model.buffers[i], after[i], kFloat32, name + ": " + model.buffer_specs[i].name));
  }
}

void expect_same_on_threads(const VaeOptions& options, std::int64_t rows) {
  const std::vector<float> pixels = random_pixels(options, rows);
  std::vector<Model> models(2, Model(options));
  std::vector<VaeLosses> losses;
  for (std::size_t i = 0; i < models.size(); ++i) {
    kernels::set_thread_count(static_cast<int>(i) + 1);
    VaeStep vae(options);
    losses.push_back(models[i].step(vae, batch_of(options, pixels)));
    EXPECT_EQ(models[i].step(vae, batch_of(options, pixels)).total(), losses[i].total()) << "a second call";
  }
  kernels::set_thread_count(0);
  EXPECT_EQ(losses[0].total(), losses[1].total());
  for (std::size_t i = 0; i < models[0].gradients.size(); ++i)
    EXPECT_EQ(models[0].gradients[i], models[1].gradients[i]) << models[0].specs[i].name;
  EXPECT_EQ(models[0].buffers, models[1].buffers);
}

TEST(VaeStep, DoesNotDependOnThreads) {
  expect_same_on_threads(dense_options(), 67);
  expect_same_on_threads(conv40_options(), 5);
  expect_same_on_threads(conv20_options(), 9);
}

TEST(VaeStep, SharesOfABatchAddUpToTheWhole) {
  const VaeOptions options = dense_options();
  constexpr std::int64_t kRows = 9, kRanks = 2;
  const std::vector<float> pixels = random_pixels(options, kRows);
  const auto size = static_cast<std::size_t>(image_shape(options).size());
  Model whole(options);
  VaeStep vae(options);
  const VaeLosses expected = whole.step(vae, batch_of(options, pixels));
  double total = 0;
  Tensors sums;
  for (std::int64_t rank = 0; rank < kRanks; ++rank) {
    std::vector<float> mine;
    std::vector<std::int64_t> places;
    for (std::int64_t b = rank; b < kRows; b += kRanks) {
      places.push_back(b);
      mine.insert(mine.end(), pixels.begin() + b * static_cast<std::int64_t>(size),
                  pixels.begin() + (b + 1) * static_cast<std::int64_t>(size));
    }
    Model part(options);
    VaeBatch batch = batch_of(options, mine);
    batch.noise.places = places;
    batch.whole_batch = kRows;
    total += part.step(vae, batch).total();
    if (rank == 0)
      sums = part.gradients;
    else
      for (std::size_t i = 0; i < sums.size(); ++i)
        std::ranges::transform(sums[i], part.gradients[i], sums[i].begin(), std::plus<>{});
  }
  EXPECT_TRUE(near(total, expected.total(), kFloat32, "total"));
  for (std::size_t i = 0; i < sums.size(); ++i)
    EXPECT_TRUE(all_near(sums[i], whole.gradients[i], testing::kWholeModel, whole.specs[i].name));
}

// The share of the loss that a step along the gradient changes: a thousand times the rounding of a loss, and no more,
// because activations that change their sign on the way bend it. In a convolutional network one value meets hundreds.
constexpr double kChange = 1e-4;
constexpr double kReach = 2e-3;  // nor does a value move further
constexpr double kDenseBend = 0.02, kConvolutionalBend = 0.1;

// The loss along the gradient itself rises by the gradient's square, tensor by tensor.
void expect_slope_along_gradient(const VaeOptions& options, std::int64_t rows) {
  const std::vector<float> pixels = random_pixels(options, rows);
  VaeStep vae(options);
  Model model(options);
  const double total = model.step(vae, batch_of(options, pixels)).total();
  const Tensors gradients = model.gradients, start = model.parameters;
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (is_without_effect(options, model.specs[i].name)) {
      EXPECT_THAT(gradients[i], ::testing::Each(0.0f)) << model.specs[i].name;
      continue;
    }
    double square = 0, largest = 0, slope = 0;
    for (const double g : gradients[i]) square += g * g, largest = std::max(largest, std::abs(g));
    const double reach = std::min(kChange * total / square, kReach / largest);
    for (const double side : {-1.0, 1.0}) {
      for (std::size_t k = 0; k < start[i].size(); ++k)
        model.parameters[i][k] = static_cast<float>(start[i][k] + side * reach * gradients[i][k]);
      slope += side * model.step(vae, batch_of(options, pixels)).total() / (2 * reach);
    }
    model.parameters[i] = start[i];
    EXPECT_NEAR(slope / square, 1, options.arch == "dense" ? kDenseBend : kConvolutionalBend)
        << options.arch << " " << model.specs[i].name;
  }
}

TEST(VaeStep, GradientsAreSlopes) {
  expect_slope_along_gradient(dense_options(), 37);
  expect_slope_along_gradient(conv40_options(), 9);
  expect_slope_along_gradient(conv20_options(), 17);
}

void expect_learning(VaeOptions options, std::int64_t rows, double learning_rate, double goal) {
  options.beta = 1e-3;
  std::vector<float> pixels = random_pixels(options, rows);
  for (float& p : pixels) p = p > 0.5f ? 1.0f : 0.0f;
  Model model(options);
  VaeStep vae(options);
  std::vector<std::vector<float>> moments;
  for (int i = 0; i < 2; ++i)
    for (const auto& tensor : model.parameters) moments.emplace_back(tensor.size());
  std::vector<kernels::AdamSlot> slots;
  for (std::size_t i = 0; i < model.parameters.size(); ++i)
    slots.push_back({model.parameters[i], model.gradients[i], moments[i], moments[i + model.parameters.size()]});
  VaeLosses losses;
  VaeBatch batch = batch_of(options, pixels);
  for (std::int64_t step = 0; step < 400; ++step) {
    batch.noise.step = static_cast<std::uint64_t>(step);
    losses = model.step(vae, batch);
    kernels::adam_step(slots, {.learning_rate = learning_rate}, step + 1, kernels::ClipMode::kNone, 0, 0);
  }
  EXPECT_LT(losses.reconstruction, goal) << options.arch;
}

TEST(VaeStep, LearnsOneBatchByHeart) {
  expect_learning(dense_options(), 8, 0.02, 1.0);  // 35 pixels of log 2 each are 24.3
  VaeOptions small = resolved({.arch = "conv20", .hidden = 16, .z_size = 5, .channels = 8}, {1, 10, 10});
  expect_learning(small, 4, 0.01, 10.0);  // 100 pixels: 69.3
}

TEST(VaeStep, TheKlTermWarmsUp) {
  VaeOptions options = dense_options();
  options.beta = 4;
  options.beta_warmup_steps = 8;
  EXPECT_EQ(beta_at(options, 0), 0);
  EXPECT_EQ(beta_at(options, 6), 3);
  EXPECT_EQ(beta_at(options, 8), 4);
  EXPECT_EQ(beta_at(options, 1000), 4);
  const std::vector<float> pixels = random_pixels(options, 3);
  VaeStep vae(options);
  Model model(options);
  EXPECT_EQ(model.step(vae, batch_of(options, pixels)).beta, 3);
}

TEST(VaeStep, RefusesOtherSizes) {
  const VaeOptions options = dense_options();
  const std::vector<float> pixels = random_pixels(options, 2);
  VaeStep vae(options);
  Model model(options);
  VaeBatch batch = batch_of(options, pixels);
  batch.pixels = ConstMatrix(std::span(pixels), 1, 70);
  EXPECT_THAT([&] { (void)model.step(vae, batch); },
              ThrowsMessage<Error>(HasSubstr("[1, 70], expected [1 or more, 35]")));
  batch = batch_of(options, pixels);
  const std::vector<std::int64_t> places{0, 1, 2};
  batch.noise.places = places;
  EXPECT_THAT([&] { (void)model.step(vae, batch); }, ThrowsMessage<Error>(HasSubstr("3 places for 2 images")));
  model.parameters[1].pop_back();
  EXPECT_THAT([&] { (void)model.step(vae, batch_of(options, pixels)); },
              ThrowsMessage<Error>(HasSubstr("encoder.0.bias has 12 values, expected 13")));
}

}  // namespace
}  // namespace limn::models
