#include "limn/models/draw/options.hpp"

namespace limn::models {

std::vector<OptionField> fields(DrawOptions& o) {
  constexpr double kMany = 65536, kLargestSide = 1024, kLargestWindow = 64;
  return {
      {"image_channels", &o.image_channels, "1 grey, 3 colour, 0 as the data", {}, 0, 3},
      {"image_height", &o.image_height, "pixels, 0 as the data", {}, 0, kLargestSide},
      {"image_width", &o.image_width, "pixels, 0 as the data", {}, 0, kLargestSide},
      {"time_steps", &o.time_steps, "T, glimpses of an image; more draw finer and take longer", {}, 1, 4096},
      {"enc_rnn_size", &o.enc_rnn_size, "units of the encoder", {}, 1, kMany},
      {"dec_rnn_size", &o.dec_rnn_size, "units of the decoder", {}, 1, kMany},
      {"z_size", &o.z_size, "latent dimensions of each step", {}, 1, kMany},
      {"read_attention", &o.read_attention, "read through a window; false reads the whole image at every step"},
      {"write_attention", &o.write_attention, "write through a window; false writes the whole canvas at every step"},
      {"read_size", &o.read_size, "N of the read window's N x N filters", {}, 1, kLargestWindow},
      {"write_size", &o.write_size, "N of the write window", {}, 1, kLargestWindow},
      {"likelihood", &o.likelihood, "of a pixel", {"bernoulli", "gaussian"}},
      {"pixel_sigma", &o.pixel_sigma, "deviation of gaussian pixels, shares of the full range", {}, 1e-3, 10},
  };
}

DrawOptions resolved(DrawOptions o, const image::ImageShape& data) {
  const auto default_to = [](std::int64_t& value, std::int64_t otherwise) { value = value == 0 ? otherwise : value; };
  default_to(o.image_channels, data.channels);
  default_to(o.image_height, data.height);
  default_to(o.image_width, data.width);
  return o;
}

image::ImageShape image_shape(const DrawOptions& o) {
  return {.channels = o.image_channels, .height = o.image_height, .width = o.image_width};
}

}  // namespace limn::models
