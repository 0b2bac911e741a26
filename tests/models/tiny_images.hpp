// Tiny random models that draw images: a VAE and a DRAW.
#pragma once

#include "limn/core/random.hpp"
#include "limn/models/checkpoint.hpp"
#include "limn/models/draw/tensors.hpp"
#include "limn/models/vae/tensors.hpp"

namespace limn::testing {

// Weights uniform in ±0.5.
inline models::Checkpoint random_images(std::string model, std::string config,
                                        std::span<const kernels::ParameterSpec> parameters) {
  models::Checkpoint checkpoint{.model = std::move(model), .config = std::move(config), .step = 3};
  RandomStream random(1, Purpose::kTest, 0);
  for (const auto& spec : parameters) {
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    auto& values = checkpoint.weights[spec.name];
    for (std::size_t i = 0; i < count; ++i) values.push_back(random.uniform(-0.5F, 0.5F));
    checkpoint.shapes[spec.name] = spec.shape;
  }
  return checkpoint;
}

// Of 3 × 4 grey pixels.
inline models::Checkpoint tiny_vae() {
  models::VaeOptions options{.image_channels = 1, .image_height = 3, .image_width = 4, .hidden = 5, .z_size = 2};
  return random_images(models::kVaeModel, options_to_json(fields(options)), models::vae_parameters(options));
}

inline models::Checkpoint tiny_draw() {
  models::DrawOptions options{.image_channels = 1,
                              .image_height = 3,
                              .image_width = 4,
                              .time_steps = 2,
                              .enc_rnn_size = 2,
                              .dec_rnn_size = 3,
                              .z_size = 1,
                              .read_size = 2,
                              .write_size = 1};
  return random_images(models::kDrawModel, options_to_json(fields(options)),
                       models::draw_parameters(draw_shape(options)));
}

}  // namespace limn::testing
