// DRAW (Gregor et al. 2015, arXiv 1502.04623; MODELS.md §5) over a batch of images, all T steps, forward and backward,
// on plain memory. Equation numbers are the paper's. The batch is cut into slices, one for each thread of the pool in
// parallel.hpp; a slice goes through all steps without waiting for the others, and the gradients of the weights follow
// in one product for all steps. Results do not depend on the number of threads. A DrawSequence owns what the backward
// pass needs and may be used by one thread at a time.
//
// What it keeps for the backward pass, in floats for each image and step: the error image x̂ (C·H·W), the gates of both
// cells (4·He + 4·Hd), their h and c (2·He + 2·Hd), μ, log σ and z (3Z), the glimpse and what the decoder says of the
// windows. Filterbanks are computed again. The preset mnist (T = 64, B = 100) takes 108 MB; the images themselves are
// not repeated.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/images/attention_window.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "limn/kernels/cells/recurrent.hpp"

namespace limn::kernels {

struct DrawShape {
  std::int64_t channels = 1;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t steps = 0;          // T
  std::int64_t enc_rnn_size = 0;   // He
  std::int64_t dec_rnn_size = 0;   // Hd
  std::int64_t z_size = 0;         // Z, latent dimensions of one step
  bool reads_with_attention = true;
  bool writes_with_attention = true;
  std::int64_t read_size = 0;   // N of the read window
  std::int64_t write_size = 0;  // N of the write window
  // Eq. 9: pixels are Bernoulli(σ(c_T)), and values between 0 and 1 count as means; or, for kSquaredError, they are
  // N(σ(c_T), pixel_deviation²).
  PixelLikelihood likelihood = PixelLikelihood::kBernoulli;
  float pixel_deviation = 0.1f;

  [[nodiscard]] std::int64_t image_size() const { return channels * height * width; }
  [[nodiscard]] std::int64_t glimpse_size() const;  // numbers that read() gives: 2CN², or 2CHW without attention
  [[nodiscard]] std::int64_t patch_size() const;    // numbers that write() takes: CN², or CHW
  [[nodiscard]] WindowShape read_window() const { return {channels, height, width, read_size}; }
  [[nodiscard]] WindowShape write_window() const { return {channels, height, width, write_size}; }
};

// Name and PyTorch shape of each parameter, in the order in which the calls below take them; docs/checkpoint.md
// lists them. The cells are plain LSTMs with the gates of enum Gate.
[[nodiscard]] std::vector<ParameterSpec> draw_parameters(const DrawShape& shape);

// Of each image, in nats.
struct DrawLosses {
  std::vector<double> reconstruction;  // L_x, eq. 9 [B]
  std::vector<double> kl;              // each step's part of L_z, eq. 11 [B, T]
  std::vector<double> log_ratio;       // log p(z) - log q(z | x) of the z that was drawn [B]
};

class DrawSequence {
 public:
  explicit DrawSequence(const DrawShape& shape, Precision precision = Precision::kFloat32);
  ~DrawSequence();
  DrawSequence(DrawSequence&&) noexcept;
  DrawSequence& operator=(DrawSequence&&) noexcept;

  // What is computed on the way, where the caller wants it: empty matrices are not written. Row t · B + b belongs to
  // step t of image b.
  struct Trace {
    Matrix z = {};              // [B, T·Z]
    Matrix canvas = {};         // c_T [B, C·H·W]
    Matrix canvases = {};       // c_1 … c_T [T·B, C·H·W]
    Matrix read_windows = {};   // eq. 21 [T·B, 5], only with attention
    Matrix write_windows = {};  // likewise
  };

  struct Input {
    Parameters parameters;          // in the order of draw_parameters()
    ConstMatrix pixels;             // x [B, C·H·W] in [0, 1]
    ConstMatrix noise;              // ε ~ N(0, I) [B, T·Z]: other numbers at every step
    bool keep_for_backward = true;  // false takes 1/T of the memory
    std::int64_t whole_batch = 0;   // images that the mean of eq. 12 is over, if these are a part of them; 0: these
  };
  // Eq. 3 to 12. Input memory must stay as it is until backward().
  [[nodiscard]] DrawLosses forward(const Input& input, const Trace& trace);
  // The gradients of the mean over the (whole) batch of L_x + L_z (eq. 12) of the last forward(), which must have kept what is
  // needed. `gradients` are overwritten, in the order of draw_parameters().
  void backward(ParameterGradients gradients);

  // §2.3: decoder and writes alone, from z [B, T·Z].
  void generate(Parameters parameters, ConstMatrix z, const Trace& trace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace limn::kernels
