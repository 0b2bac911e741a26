#include "limn/models/vae/drawing.hpp"

#include <algorithm>
#include <cassert>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "limn/models/network_passes.hpp"

namespace limn::models {
namespace {

// Options with their sizes, after every check of them that needs no tensor.
VaeOptions checked_options(const Checkpoint& checkpoint) {
  VaeOptions options;
  options_from_json(fields(options), checkpoint.config, checkpoint.origin);
  return options;
}

VaeLayout checked_layout(const VaeOptions& options, const Checkpoint& checkpoint) {
  try {
    return vae_layout(options);
  } catch (const Error& error) {
    fail("{}: {}", checkpoint.origin, error.what());
  }
}

Checkpoint checked_weights(const VaeOptions& options, Checkpoint checkpoint) {
  auto specs = vae_parameters(options);
  const auto buffers = vae_buffers(options);
  specs.insert(specs.end(), buffers.begin(), buffers.end());
  check_weights(checkpoint, specs);
  for (const auto& buffer : buffers) {
    if (!buffer.name.ends_with(".running_var")) continue;
    for (const float variance : checkpoint.weights.at(buffer.name))
      require(variance >= 0, "{}: tensor {} holds {}, a variance is not negative", checkpoint.origin, buffer.name,
              variance);
  }
  return checkpoint;
}

// Those of the checkpoint's tensors, in the order of `specs`.
std::vector<std::span<const float>> tensors_of(const Checkpoint& checkpoint,
                                               std::span<const kernels::ParameterSpec> specs) {
  std::vector<std::span<const float>> tensors;
  for (const auto& spec : specs) tensors.emplace_back(checkpoint.weights.at(spec.name));
  return tensors;
}

}  // namespace

VaeModel::VaeModel(Checkpoint checkpoint)
    : options_(checked_options(checkpoint)),
      layout_(checked_layout(options_, checkpoint)),
      checkpoint_(checked_weights(options_, std::move(checkpoint))),
      data_options_(training_data_options(checkpoint_)),
      encoder_(layout_.encoder),
      decoder_(layout_.decoder) {
  const auto parameters = tensors_of(checkpoint_, vae_parameters(options_));
  const auto buffers = tensors_of(checkpoint_, vae_buffers(options_));
  const std::span all_parameters(parameters), all_buffers(buffers);
  encoder_.pack_for_drawing(all_parameters.first(encoder_.parameters()), all_buffers.first(encoder_.buffers()));
  decoder_.pack_for_drawing(all_parameters.subspan(encoder_.parameters()), all_buffers.subspan(encoder_.buffers()));
}
std::vector<float> VaeModel::decode(const Latents& z) const {
  std::vector<float> pixels = logits(z);
  kernels::logistic(pixels, pixels);
  return pixels;
}
Latents VaeModel::encode(std::span<const float> pixels, const EncodeOptions& options) const {
  const std::vector<float> latent = posterior_rows(pixels, options.passes);
  return options.uses_mean ? means(latent) : draw_posterior(latent, options, 0).z;
}
LatentPosterior VaeModel::posterior(std::span<const float> pixels) const {
  const std::vector<float> rows = posterior_rows(pixels);
  const std::int64_t n = static_cast<std::int64_t>(rows.size()) / encoder_.output_size();
  return posterior_of(ConstMatrix(std::span(rows), n, encoder_.output_size()));
}
std::vector<float> VaeModel::posterior_rows(std::span<const float> pixels, NetworkPasses* passes) const {
  const std::int64_t size = shape().size(), n = static_cast<std::int64_t>(pixels.size()) / size;
  require(n * size == static_cast<std::int64_t>(pixels.size()), "{}: {} pixel values are not whole images of {}",
          checkpoint_.origin, pixels.size(), image::text(shape()));
  const ConstMatrix images(pixels, n, size);
  if (passes != nullptr) return passes->posterior_rows({.pixels = images}, encoder_.output_size());
  std::vector<float> latent(static_cast<std::size_t>(n * encoder_.output_size()));
  encoder_.apply(images, Matrix(std::span(latent), n, encoder_.output_size()));
  return latent;
}
Latents VaeModel::means(const std::vector<float>& latent) const {
  const std::int64_t size = options_.z_size, n = static_cast<std::int64_t>(latent.size()) / (2 * size);
  Latents mu(n, size);
  for (std::int64_t i = 0; i < n; ++i)
    std::copy_n(&latent[static_cast<std::size_t>(2 * i * size)], size, mu.row(i).data());
  return mu;
}
VaeModel::Draw VaeModel::draw_posterior(const std::vector<float>& latent, const EncodeOptions& options,
                                        std::int64_t sample) const {
  const std::int64_t size = options_.z_size, n = static_cast<std::int64_t>(latent.size()) / (2 * size);
  assert(options.indices.empty() || static_cast<std::int64_t>(options.indices.size()) == n);
  Draw drawn{.z = Latents(n, size), .kl = std::vector<double>(static_cast<std::size_t>(n)), .log_ratio = {}};
  drawn.log_ratio.resize(drawn.kl.size());
  std::vector<float> noise(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < n; ++i) {
    const auto row = static_cast<std::size_t>(i);
    const auto index = options.indices.empty() ? i : options.indices[row];
    RandomStream(options.seed, Purpose::kLatentEvaluation, static_cast<std::uint64_t>(sample),
                 static_cast<std::uint64_t>(index))
        .fill_normal(noise);
    drawn.kl[row] = kernels::gaussian_latent_row({.z_size = size,
                                                  .latent = &latent[static_cast<std::size_t>(2 * i * size)],
                                                  .noise = noise.data(),
                                                  .z = drawn.z.row(i).data(),
                                                  .log_ratio = &drawn.log_ratio[row]});
  }
  return drawn;
}
std::vector<float> VaeModel::logits(const Latents& z) const {
  require(z.z_size == options_.z_size, "{}: a latent vector has {} numbers, the model's have {}", checkpoint_.origin,
          z.z_size, options_.z_size);
  const std::int64_t n = z.count(), size = shape().size();
  std::vector<float> out(static_cast<std::size_t>(n * size));
  decoder_.apply(ConstMatrix(std::span<const float>(z.values), n, z.z_size), Matrix(std::span(out), n, size));
  return out;
}
std::unique_ptr<ImageModel> make_vae_model(Checkpoint checkpoint) {
  return std::make_unique<VaeModel>(std::move(checkpoint));
}

}  // namespace limn::models
