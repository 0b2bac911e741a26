// DRAW (Gregor et al. 2015, arXiv 1502.04623; docs/papers/draw.md) in plain LibTorch operations, one step after the
// other as the paper writes it: the oracle of limn/models/draw, and the model of training on a device. Works in the
// dtype and on the device of the parameters. Differentiable, reentrant.
#pragma once

#include "limn/libtorch/oracle/cells.hpp"
#include "limn/libtorch/torch.hpp"
#include "limn/models/draw/step.hpp"

namespace limn::libtorch::oracle {

// The filterbanks of windows [n, 5] (eq. 19 to 26): F_X [n, N, A] and F_Y [n, N, B].
struct Filterbanks {
  torch::Tensor f_x, f_y;
  torch::Tensor intensity;  // γ [n, 1, 1, 1]
};
[[nodiscard]] Filterbanks filterbanks(const kernels::WindowShape& shape, const torch::Tensor& parameters);

// Eq. 27 of images and error images [n, C·B·A]: [n, 2·C·N·N].
[[nodiscard]] torch::Tensor read_windows(const kernels::WindowShape& shape, const torch::Tensor& parameters,
                                         const torch::Tensor& image, const torch::Tensor& error);
// Eq. 29 of patches [n, C·N·N]: what is added to the canvas, [n, C·B·A].
[[nodiscard]] torch::Tensor write_windows(const kernels::WindowShape& shape, const torch::Tensor& parameters,
                                          const torch::Tensor& patch);

struct DrawResult {
  torch::Tensor total;           // mean over the (whole) batch of L_x + L_z, eq. 12
  torch::Tensor reconstruction;  // L_x of each image, eq. 9 [B]
  torch::Tensor kl;              // each step's part of L_z, eq. 11 [B, T]
  torch::Tensor log_ratio;       // log p(z) - log q(z | x) [B]
  torch::Tensor z;               // [B, T·Z]
  torch::Tensor canvases;        // c_1 … c_T [T, B, C·H·W]
};
// Pixels [B, C·H·W] and noise [B, T·Z], parameters as draw_parameters(shape) names them. `whole_batch`: images that
// the mean is over, if these are a part of them; 0: these.
[[nodiscard]] DrawResult draw(const models::DrawShape& shape, const Parameters& parameters, const torch::Tensor& pixels,
                              const torch::Tensor& noise, std::int64_t whole_batch = 0);

}  // namespace limn::libtorch::oracle
