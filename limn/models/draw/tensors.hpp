// The tensors of a DRAW model (Gregor et al. 2015, arXiv 1502.04623): the sizes that they follow from, their names,
// shapes and order, and how they start. Equation numbers are the paper's. Values and plain functions; reentrant.
#pragma once

#include <cstdint>
#include <vector>

#include "limn/kernels/images/attention_window.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/models/draw/options.hpp"
#include "limn/models/initial_weights.hpp"

namespace limn::models {

struct DrawShape {
  std::int64_t channels = 1;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t steps = 0;         // T
  std::int64_t enc_rnn_size = 0;  // He
  std::int64_t dec_rnn_size = 0;  // Hd
  std::int64_t z_size = 0;        // Z, latent dimensions of one step
  bool reads_with_attention = true;
  bool writes_with_attention = true;
  std::int64_t read_size = 0;   // N of the read window
  std::int64_t write_size = 0;  // N of the write window
  // Eq. 9: pixels are Bernoulli(σ(c_T)), and values between 0 and 1 count as means; or, for kSquaredError, they are
  // N(σ(c_T), pixel_deviation²).
  kernels::PixelLikelihood likelihood = kernels::PixelLikelihood::kBernoulli;
  float pixel_deviation = 0.1f;

  [[nodiscard]] std::int64_t image_size() const { return channels * height * width; }
  [[nodiscard]] std::int64_t glimpse_size() const;  // numbers that read() gives: 2CN², or 2CHW without attention
  [[nodiscard]] std::int64_t patch_size() const;    // numbers that write() takes: CN², or CHW
  [[nodiscard]] kernels::WindowShape read_window() const { return {channels, height, width, read_size}; }
  [[nodiscard]] kernels::WindowShape write_window() const { return {channels, height, width, write_size}; }
};
// Of resolved options. Throws Error where a size is missing or the channels are neither 1 nor 3.
[[nodiscard]] DrawShape draw_shape(const DrawOptions& options);

// Name and PyTorch shape of each parameter, in the order in which all calls take them; docs/checkpoint.md lists them.
// The cells are plain LSTMs with the gates of enum Gate.
[[nodiscard]] std::vector<kernels::ParameterSpec> draw_parameters(const DrawShape& shape);

// Places in that list. The windows' weights follow, those of the write window first; a bias follows its weight.
struct DrawTensor {
  enum Place : std::size_t {
    kEncoderInput = 0,
    kEncoderHidden,
    kEncoderBias,
    kEncoderInitial,
    kMuWeight,
    kMuBias,
    kLogSigmaWeight,
    kLogSigmaBias,
    kDecoderInput,
    kDecoderHidden,
    kDecoderBias,
    kDecoderInitial,
    kCanvas,
    kPatchWeight,
    kPatchBias,
    kWindowWeights,
  };
};

// The rule for one tensor of that list: W_hh orthogonal, every other matrix Glorot, forget gates 1. Other biases, the
// states and the canvas are 0: zeros stand for a window over the whole image, g̃ = 0 and δ̃ = σ² = γ = 1. Throws Error
// for a name that is not in the list.
[[nodiscard]] InitialValues initial_values(const DrawOptions& options, const kernels::ParameterSpec& spec);

}  // namespace limn::models
