// Sketch-RNN for training (Ha & Eck 2017, arXiv 1704.03477; MODELS.md §2): the LibTorch module whose hot parts are
// the kernels. For inference see generate/sketch_rnn.hpp, which reads the same checkpoints without LibTorch.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>

#include "limn/models/sketch_rnn/options.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/nn/step_noise.hpp"
#include "limn/nn/linear.hpp"
#include "limn/nn/recurrent.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn {

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

  // What a process that is one of several must know: B over all processes, and how to add its part of a figure to the
  // others' (the tolerance bounds the KL divergence of the whole batch).
  struct WholeBatch {
    std::int64_t size = 0;  // 0: this batch is the whole
    std::function<double(double)> sum = [](double part) { return part; };
  };
  // The training losses of a batch, divided by max_seq_len · B. With `whole`, parts that add up to its losses.
  [[nodiscard]] SketchRnnLosses forward(const StrokeBatch& batch, const StepNoise& noise, std::int64_t max_seq_len,
                                        const WholeBatch& whole);
  [[nodiscard]] SketchRnnLosses forward(const StrokeBatch& batch, const StepNoise& noise, std::int64_t max_seq_len) {
    return forward(batch, noise, max_seq_len, WholeBatch{});
  }

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
