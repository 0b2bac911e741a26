// The training VAE against its plain LibTorch twin, which runs in float64 from the same float32 weights and the same
// noise: losses and every gradient, dense and convolutional; against generate, which draws from the same weights; and
// learning.
#include "limn/nn/vae_module.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/models/image_model.hpp"
#include "limn/kernels/optimiser/adam.hpp"
#include "limn/nn/views.hpp"
#include "limn/libtorch/oracle/vae.hpp"
#include "testing/compare.hpp"
#include "testing/tensors.hpp"

namespace limn {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::kFloat32;
using testing::near;
using testing::tensors_near;
using torch::Tensor;

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

Tensor random_pixels(const VaeOptions& options, std::int64_t rows) {
  return torch::sigmoid(2 * testing::random_tensor({rows, image_shape(options).size()}, 3));
}

// A model whose running means are not those it starts with.
Vae random_model(const VaeOptions& options) {
  Vae model(options, kSeed);
  const torch::NoGradGuard no_gradient;
  std::uint64_t index = 40;
  for (const auto& item : model->named_parameters())
    if (item.value().dim() == 1) Tensor(item.value()).add_(testing::random_tensor(item.value().sizes().vec(), index++, 0.1f));
  for (const auto& item : model->named_buffers())
    Tensor(item.value()).add_(testing::random_tensor(item.value().sizes().vec(), index++, 0.1f).abs());
  return model;
}

template <class Items>
libtorch::oracle::Parameters twins(const Items& items, bool has_gradient) {
  libtorch::oracle::Parameters all;
  for (const auto& item : items)
    all[item.key()] = item.value().detach().to(torch::kFloat64).clone().requires_grad_(has_gradient);
  return all;
}

// A bias that batch normalisation takes away again has the gradient zero; what is left is rounding.
bool is_without_effect(const VaeOptions& options, const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (name.substr(dot) != ".bias") return false;
  const std::size_t first = name.find('.') + 1;
  const std::string next =
      name.substr(0, first) + std::to_string(std::stoi(name.substr(first, dot - first)) + 1) + ".running_mean";
  const auto buffers = vae_buffers(options);
  return std::ranges::any_of(buffers, [&](const auto& spec) { return spec.name == next; });
}

void expect_twins(const VaeOptions& options, std::int64_t rows) {
  Vae model = random_model(options);
  model->train();
  const libtorch::oracle::Parameters parameters = twins(model->named_parameters(), true);
  const libtorch::oracle::Parameters buffers = twins(model->named_buffers(), false);
  const Tensor pixels = random_pixels(options, rows);
  const StepNoise noise{.seed = kSeed, .step = kStep};
  const VaeLosses losses = model->losses_and_gradients(pixels, noise);
  const auto expected = libtorch::oracle::vae_loss(parameters, buffers, options, pixels,
                                            {.epsilon = latent_noise(rows, options.z_size, noise), .beta = options.beta});
  expected.total.backward();
  EXPECT_TRUE(near(losses.reconstruction, expected.reconstruction.item<double>(), kFloat32, "reconstruction"));
  EXPECT_TRUE(near(losses.kl, expected.kl.item<double>(), kFloat32, "kl"));
  EXPECT_TRUE(near(losses.total(), expected.total.item<double>(), kFloat32, "total"));
  for (const auto& item : model->named_parameters()) {
    const Tensor gradient = item.value().grad(), wanted = parameters.at(item.key()).grad();
    if (is_without_effect(options, item.key())) EXPECT_LT(gradient.abs().max().item<double>(), 1e-3) << item.key();
    else EXPECT_TRUE(tensors_near(gradient, wanted, testing::kWholeModel, item.key()));
  }
  for (const auto& item : model->named_buffers())
    EXPECT_TRUE(tensors_near(item.value(), buffers.at(item.key()), kFloat32, item.key()));
}

TEST(Vae, DenseLossesAndGradientsAreTheTwins) {
  for (const std::int64_t rows : {1, 37, 65}) expect_twins(dense_options(), rows);
}

TEST(Vae, DenseSquaredErrorsAreTheTwins) {
  VaeOptions options = dense_options();
  options.likelihood = "mse";
  expect_twins(options, 37);
  options.z_size = 17;  // beyond a vector
  expect_twins(options, 5);
}

TEST(Vae, Conv40LossesAndGradientsAreTheTwins) { expect_twins(conv40_options(), 3); }
TEST(Vae, Conv20LossesAndGradientsAreTheTwins) { expect_twins(conv20_options(), 5); }

TEST(Vae, PartsOfABatchAddUpToTheWhole) {
  const VaeOptions options = dense_options();
  constexpr std::int64_t kRows = 9, kRanks = 2;
  const Tensor pixels = random_pixels(options, kRows);
  Vae whole = random_model(options);
  const VaeLosses expected = whole->losses_and_gradients(pixels, {.seed = kSeed, .step = kStep});
  double total = 0;
  std::vector<Tensor> sums;
  for (std::int64_t rank = 0; rank < kRanks; ++rank) {
    Vae part = random_model(options);
    const Tensor mine = pixels.slice(0, rank, kRows, kRanks).contiguous();
    total += part->losses_and_gradients(mine, {.seed = kSeed, .step = kStep, .numbers = BatchShare{rank, kRanks}.places(kRows)},
                                        kRows)
                 .total();
    const auto parameters = part->parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (rank == 0) sums.push_back(parameters[i].grad().clone());
      else sums[i] += parameters[i].grad();
    }
  }
  EXPECT_TRUE(near(total, expected.total(), kFloat32, "total"));
  const auto parameters = whole->parameters();
  for (std::size_t i = 0; i < sums.size(); ++i)
    EXPECT_TRUE(tensors_near(sums[i], parameters[i].grad(), testing::kWholeModel, std::to_string(i)));
}

TEST(Vae, TheKlTermWarmsUp) {
  VaeOptions options = dense_options();
  options.beta = 4;
  options.beta_warmup_steps = 8;
  EXPECT_EQ(beta_at(options, 0), 0);
  EXPECT_EQ(beta_at(options, 6), 3);
  EXPECT_EQ(beta_at(options, 8), 4);
  EXPECT_EQ(beta_at(options, 1000), 4);
}

ImageCheckpoint checkpoint_of(Vae& model) {
  VaeOptions options = model->options();
  ImageCheckpoint checkpoint{.model = kVaeModel, .config = options_to_json(fields(options))};
  for (const auto& items : {model->named_parameters(), model->named_buffers()}) {
    for (const auto& item : items) {
      const auto values = nn::const_span(item.value().detach());
      checkpoint.weights[item.key()].assign(values.begin(), values.end());
      checkpoint.shapes[item.key()] = item.value().sizes().vec();
    }
  }
  return checkpoint;
}

// The network that draws without LibTorch gives what the twin gives in evaluation: latents, pixels and both losses.
void expect_same_drawing(const VaeOptions& options, std::int64_t rows) {
  Vae model = random_model(options);
  const auto drawing = make_image_model(checkpoint_of(model));
  const Tensor pixels = random_pixels(options, rows);
  const std::span<const float> values = nn::const_span(pixels);
  const auto twin = libtorch::oracle::vae_loss(twins(model->named_parameters(), false), twins(model->named_buffers(), false),
                                        options, pixels, {.is_training = false});
  const Latents mu = drawing->encode(values, {.uses_mean = true});
  EXPECT_TRUE(tensors_near(torch::tensor(mu.values), twin.latent.narrow(1, 0, options.z_size).flatten(), kFloat32, "mu"));
  EXPECT_TRUE(tensors_near(torch::tensor(drawing->decode(mu)), torch::sigmoid(twin.logits).flatten(), kFloat32, "pixels"));

  const Latents z = drawing->encode(values, {.seed = 5});
  const Tensor deviation = torch::exp(twin.latent.narrow(1, options.z_size, options.z_size) / 2);
  const Tensor epsilon =
      (torch::tensor(z.values).view({rows, -1}) - twin.latent.narrow(1, 0, options.z_size)) / deviation;
  const auto drawn = libtorch::oracle::vae_loss(twins(model->named_parameters(), false), twins(model->named_buffers(), false),
                                         options, pixels, {.epsilon = epsilon, .is_training = false});
  const ImageLosses losses = drawing->losses(values, {.seed = 5}, 1);
  const auto mean = [](const std::vector<double>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
  };
  EXPECT_TRUE(near(mean(losses.reconstruction), drawn.reconstruction.item<double>(), kFloat32, "reconstruction"));
  EXPECT_TRUE(near(mean(losses.kl), drawn.kl.item<double>(), kFloat32, "kl"));
}

TEST(Vae, DrawsTheSameWithoutLibTorch) {
  expect_same_drawing(dense_options(), 131);
  expect_same_drawing(conv40_options(), 3);
  expect_same_drawing(conv20_options(), 37);
}

TEST(Vae, LearnsOneBatchByHeart) {
  VaeOptions options = dense_options();
  options.beta = 1e-3;
  Vae model(options, kSeed);
  const Tensor pixels = (random_pixels(options, 8) > 0.5).to(torch::kFloat32);
  std::vector<std::vector<float>> moments;
  std::vector<kernels::AdamSlot> slots;
  (void)model->losses_and_gradients(pixels, {.seed = kSeed});
  for (const Tensor& p : model->parameters())
    for (int i = 0; i < 2; ++i) moments.emplace_back(static_cast<std::size_t>(p.numel()));
  for (std::size_t i = 0; i < moments.size() / 2; ++i) {
    const Tensor p = model->parameters()[i];
    slots.push_back({nn::span(p.detach()), nn::span(p.grad()), moments[2 * i], moments[2 * i + 1]});
  }
  VaeLosses losses;
  for (std::int64_t step = 0; step < 400; ++step) {
    losses = model->losses_and_gradients(pixels, {.seed = kSeed, .step = static_cast<std::uint64_t>(step)});
    kernels::adam_step(slots, {.learning_rate = 0.02}, step + 1, kernels::ClipMode::kNone, 0, 0);
  }
  EXPECT_LT(losses.reconstruction, 1.0);  // 35 pixels of log 2 each are 24.3
}

TEST(Vae, ExplainsSizesThatDoNotFit) {
  const auto layout = [](const VaeOptions& o) { return [o] { (void)vae_layout(o); }; };
  VaeOptions options = conv40_options();
  options.image_width = 28;
  EXPECT_THAT(layout(options), ThrowsMessage<Error>(HasSubstr("28 pixels gives 40 pixels back; the nearest that fits is 40")));
  options.image_width = 300;
  EXPECT_THAT(layout(options), ThrowsMessage<Error>(HasSubstr("image_size=")));
  options = conv20_options();
  options.image_height = 7;
  EXPECT_THAT(layout(options), ThrowsMessage<Error>(HasSubstr("leaves nothing; the nearest that fits is 10")));
  options = conv20_options();
  options.channels = 5;
  EXPECT_THAT(layout(options), ThrowsMessage<Error>(HasSubstr("channels=5: must be even")));
  EXPECT_THROW((void)vae_layout(VaeOptions{}), Error);  // sizes still unknown
}

TEST(Vae, HasTheSizesOfThePaperPage) {
  const VaeLayout big = vae_layout(resolved({.arch = "conv40"}, {3, 40, 40}));
  EXPECT_EQ(big.encoder[12].input, (ImageShape{256, 2, 2}));
  EXPECT_EQ(big.decoder.back().input, (ImageShape{16, 19, 19}));
  EXPECT_EQ(big.decoder.back().output, (ImageShape{3, 40, 40}));
  const VaeLayout small = vae_layout(resolved({.arch = "conv20"}, {3, 20, 20}));
  EXPECT_EQ(small.encoder[12].input, (ImageShape{128, 6, 6}));
  EXPECT_EQ(small.decoder.back().input, (ImageShape{16, 22, 22}));
  EXPECT_EQ(small.decoder.back().output, (ImageShape{3, 20, 20}));
}

}  // namespace
}  // namespace limn
