// Sketch-RNN for training (Ha & Eck 2017, arXiv 1704.03477; MODELS.md §2): the LibTorch module whose hot parts are
// the kernels. For inference see generate/sketch_rnn.hpp, which reads the same checkpoints without LibTorch.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "limn/generate/sketch_rnn_spec.hpp"
#include "limn/nn/linear.hpp"
#include "limn/nn/recurrent.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn {

// Where the random numbers of one training step come from. `row_offset + b · row_stride` numbers the sketches of the
// batch over all processes.
struct StepNoise {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::int64_t row_offset = 0;
  std::int64_t row_stride = 1;
};

struct SketchRnnLosses {
  torch::Tensor total;      // scalar, differentiable: L_s + L_p + w_KL · max(L_KL, tolerance)
  double offset = 0;        // L_s
  double pen = 0;           // L_p, training form
  double kl = 0;            // L_KL, a mean over batch and latent dimensions
  double kl_weight = 0;     // w_KL(step)
};

class SketchRnnImpl : public torch::nn::Module {
 public:
  // Initial weights are drawn from the seed.
  SketchRnnImpl(const SketchRnnOptions& options, std::uint64_t seed,
                kernels::Precision precision = kernels::Precision::kFloat32);

  // The training losses of a batch, divided by max_seq_len · B. `global_batch` is B over all processes.
  [[nodiscard]] SketchRnnLosses forward(const StrokeBatch& batch, const StepNoise& noise, std::int64_t max_seq_len,
                                        std::int64_t global_batch = 0);

  [[nodiscard]] const SketchRnnOptions& options() const { return options_; }

 private:
  struct Latent {
    torch::Tensor mu, log_variance;  // [B, Z]
  };
  Latent encode(const torch::Tensor& rows, const StrokeBatch& batch, const StepNoise& noise);
  torch::Tensor decode(const torch::Tensor& rows, const StrokeBatch& batch, const torch::Tensor& z,
                       const StepNoise& noise);

  SketchRnnOptions options_;
  std::shared_ptr<torch::nn::Module> encoder_, decoder_;
  nn::Recurrent encoder_forward_{nullptr}, encoder_backward_{nullptr}, decoder_cell_{nullptr};
  nn::Linear mu_{nullptr}, log_variance_{nullptr}, initial_state_{nullptr}, output_{nullptr};
};
TORCH_MODULE(SketchRnn);

}  // namespace limn
