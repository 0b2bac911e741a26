#include "limn/models/vae/options.hpp"

namespace limn::models {

std::vector<OptionField> fields(VaeOptions& o) {
  constexpr double kMany = 65536;
  return {
      {"arch", &o.arch, "layers of the network", {"dense", "conv40", "conv20"}},
      {"image_channels", &o.image_channels, "1 grey, 3 colour, 0 as the data", {}, 0, 3},
      {"image_height", &o.image_height, "pixels, 0 as the data", {}, 0, static_cast<double>(kVaeLargestSide)},
      {"image_width", &o.image_width, "pixels, 0 as the data", {}, 0, static_cast<double>(kVaeLargestSide)},
      {"hidden", &o.hidden, "units of the hidden dense layers, 0: 256 for dense, 128 for the others", {}, 0, kMany},
      {"z_size", &o.z_size, "latent dimensions, 0: 2 for dense, 32 for the others", {}, 0, kMany},
      {"channels", &o.channels, "of the first convolution, even; the others are multiples", {}, 2, 4096},
      {"likelihood", &o.likelihood, "of a pixel: bce (Bernoulli) or mse (squared error, for colours)", {"bce", "mse"}},
      {"beta", &o.beta, "weight of the KL term in training", {}, 0, 1e6},
      {"beta_warmup_steps", &o.beta_warmup_steps, "steps over which that weight rises from 0", {}, 0, 1e15},
  };
}

VaeOptions resolved(VaeOptions o, const image::ImageShape& data) {
  const auto default_to = [](std::int64_t& value, std::int64_t otherwise) { value = value == 0 ? otherwise : value; };
  default_to(o.image_channels, data.channels);
  default_to(o.image_height, data.height);
  default_to(o.image_width, data.width);
  default_to(o.hidden, o.arch == "dense" ? 256 : 128);
  default_to(o.z_size, o.arch == "dense" ? 2 : 32);
  return o;
}

image::ImageShape image_shape(const VaeOptions& o) {
  return {.channels = o.image_channels, .height = o.image_height, .width = o.image_width};
}

double beta_at(const VaeOptions& o, std::int64_t step) {
  if (step >= o.beta_warmup_steps) return o.beta;
  return o.beta * static_cast<double>(step) / static_cast<double>(o.beta_warmup_steps);
}

}  // namespace limn::models
