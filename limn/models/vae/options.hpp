// The options of a VAE (Kingma & Welling 2014, arXiv 1312.6114) and the schedule of its loss. Values and plain
// functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/core/options.hpp"
#include "limn/image/dataset.hpp"

namespace limn::models {

inline constexpr const char* kVaeModel = "vae";
inline constexpr std::int64_t kVaeLargestSide = 1024;  // of an image, pixels

struct VaeOptions {
  std::string arch = "dense";       // dense, conv40 or conv20
  std::int64_t image_channels = 0;  // 1 grey, 3 colour; 0: as the data
  std::int64_t image_height = 0;    // pixels; 0: as the data
  std::int64_t image_width = 0;
  std::int64_t hidden = 0;             // units of the hidden dense layers; 0: 256 for dense, 128 for the others
  std::int64_t z_size = 0;             // Z, latent dimensions; 0: 2 for dense, 32 for the others
  std::int64_t channels = 32;          // of the first convolution, even; the others are multiples of it
  std::string likelihood = "bce";      // bce (Bernoulli) or mse (squared error, for colours)
  double beta = 1;                     // weight of the KL term in training (Higgins et al. 2017)
  std::int64_t beta_warmup_steps = 0;  // steps over which that weight rises from 0; 0: there from the start
};
[[nodiscard]] std::vector<OptionField> fields(VaeOptions& options);

// `options` with every 0 that stands for a default replaced; a 0 of the image's size by `data`.
[[nodiscard]] VaeOptions resolved(VaeOptions options, const image::ImageShape& data);
[[nodiscard]] image::ImageShape image_shape(const VaeOptions& options);

// The KL weight of training step `step`.
[[nodiscard]] double beta_at(const VaeOptions& options, std::int64_t step);

}  // namespace limn::models
