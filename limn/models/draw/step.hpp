// DRAW (Gregor et al. 2015, arXiv 1502.04623) over a batch of images, all T steps, forward and backward, on plain
// memory. Equation numbers are the paper's. The batch is cut into slices, one for each thread of the pool in
// kernels/threads/parallel.hpp. A slice goes through all steps without waiting for the others, and the gradients of the
// weights follow in one product for all steps. Results do not depend on the number of threads. A DrawSequence owns the
// memory of the backward pass and may be used by one thread at a time.
//
// For each image and step it keeps, in floats: the error image x̂ (C·H·W), the gates of both
// cells (4·He + 4·Hd), their h and c (2·He + 2·Hd), μ, log σ and z (3Z), the glimpse and what the decoder says of the
// windows. Filterbanks are computed again. The preset mnist (T = 64, B = 100) takes 108 MB; the images themselves are
// not repeated.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/models/draw/tensors.hpp"
#include "limn/models/step_noise.hpp"

namespace limn::models {

// Of each image, in nats.
struct DrawLosses {
  std::vector<double> reconstruction;  // L_x, eq. 9 [B]
  std::vector<double> kl;              // each step's part of L_z, eq. 11 [B, T]
  std::vector<double> log_ratio;       // log p(z) - log q(z | x) of the z that was drawn [B]
};

class DrawSequence {
 public:
  explicit DrawSequence(const DrawShape& shape, kernels::Precision precision = kernels::Precision::kFloat32);
  ~DrawSequence();
  DrawSequence(DrawSequence&&) noexcept;
  DrawSequence& operator=(DrawSequence&&) noexcept;

  // Intermediate results, where the caller wants them: empty matrices are not written. Row t · B + b belongs to
  // step t of image b.
  struct Trace {
    Matrix z = {};              // [B, T·Z]
    Matrix canvas = {};         // c_T [B, C·H·W]
    Matrix canvases = {};       // c_1 … c_T [T·B, C·H·W]
    Matrix read_windows = {};   // eq. 21 [T·B, 5], only with attention
    Matrix write_windows = {};  // likewise
  };

  struct Input {
    kernels::Parameters parameters;  // in the order of draw_parameters()
    ConstMatrix pixels;              // x [B, C·H·W] in [0, 1]
    ConstMatrix noise;               // ε ~ N(0, I) [B, T·Z]: other numbers at every step
    bool keep_for_backward = true;   // false takes 1/T of the memory
    std::int64_t whole_batch = 0;    // images that the mean of eq. 12 is over, if these are a part of them; 0: these
  };
  // Eq. 3 to 12. Input memory must stay as it is until backward().
  [[nodiscard]] DrawLosses forward(const Input& input, const Trace& trace);
  // The gradients of the mean over the (whole) batch of L_x + L_z (eq. 12) of the last forward(), which must have kept
  // its activations. `gradients` are overwritten, in the order of draw_parameters().
  void backward(kernels::ParameterGradients gradients);

  // §2.3: decoder and writes alone, from z [B, T·Z].
  void generate(kernels::Parameters parameters, ConstMatrix z, const Trace& trace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Means over the (whole) batch, in nats.
struct DrawMeans {
  double reconstruction = 0;                                          // L_x, eq. 9
  double kl = 0;                                                      // L_z, eq. 11
  [[nodiscard]] double total() const { return reconstruction + kl; }  // eq. 12
};

struct DrawBatch {
  ConstMatrix pixels;            // [B, C·H·W] in [0, 1]
  StepNoise noise;               // draws ε [B, T·Z]
  std::int64_t whole_batch = 0;  // B over all processes; losses and gradients are then parts of its means. 0: these B
};

// One training step. Keeps its working memory between calls and may be used by one thread at a time.
class DrawStep {
 public:
  // Resolved options. Throws Error where sizes are missing.
  explicit DrawStep(const DrawOptions& options, kernels::Precision precision = kernels::Precision::kFloat32);

  // Parameters and gradients in the order of draw_parameters(). Overwrites `gradients` with those of the total. Throws
  // Error for tensors or images of other sizes.
  DrawMeans losses_and_gradients(kernels::Parameters parameters, kernels::ParameterGradients gradients,
                                 const DrawBatch& batch);

 private:
  DrawShape shape_;
  DrawSequence sequence_;
  std::vector<float> noise_;  // ε
};

}  // namespace limn::models
