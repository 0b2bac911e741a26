// The options of a DRAW model (Gregor et al. 2015, arXiv 1502.04623). Values and plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/core/options.hpp"
#include "limn/image/dataset.hpp"

namespace limn::models {

// The defaults are those of the small configuration that tutorials train; `limn train draw --preset` has the paper's.
struct DrawOptions {
  std::int64_t image_channels = 0;  // 1 grey, 3 colour; 0: as the data
  std::int64_t image_height = 0;    // pixels; 0: as the data
  std::int64_t image_width = 0;
  std::int64_t time_steps = 10;          // T, glimpses; more draw finer and take longer in proportion
  std::int64_t enc_rnn_size = 256;       // units of the encoder's LSTM
  std::int64_t dec_rnn_size = 256;       // units of the decoder's LSTM
  std::int64_t z_size = 10;              // Z, latent dimensions of each step
  bool read_attention = true;            // false: every step reads the whole image, eq. 17
  bool write_attention = true;           // false: every step writes the whole canvas, eq. 18
  std::int64_t read_size = 5;            // N of the read window: N x N filters
  std::int64_t write_size = 5;           // N of the write window
  std::string likelihood = "bernoulli";  // of a pixel: bernoulli or gaussian
  double pixel_sigma = 0.1;              // deviation of gaussian pixels, in shares of the full range
};
[[nodiscard]] std::vector<OptionField> fields(DrawOptions& options);

// `options` with a size of 0 replaced by that of `data`.
[[nodiscard]] DrawOptions resolved(DrawOptions options, const image::ImageShape& data);
[[nodiscard]] image::ImageShape image_shape(const DrawOptions& options);

inline constexpr const char* kDrawModel = "draw";

}  // namespace limn::models
