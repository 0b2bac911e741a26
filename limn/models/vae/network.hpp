// The layers of a VAE's encoder or decoder, forward and backward on plain memory. Images come and go as rows of
// [C, H, W]. A network for drawing has batch normalisation folded into the convolutions and is immutable, so any number
// of threads may use one. A network for training belongs to one step (step.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/core/matrix.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/models/vae/stage.hpp"

namespace limn::models {

// Rows of a batch that go through a network together.
struct VaeRows {
  std::int64_t first = 0;
  std::int64_t count = 0;
  template <class T>
  [[nodiscard]] MatrixView<T> of(MatrixView<T> batch) const {
    return batch.slice_rows(first, count);
  }
};

class VaeNetwork {
 public:
  explicit VaeNetwork(std::span<const VaeLayer> layers, kernels::Precision precision = kernels::Precision::kFloat32);

  [[nodiscard]] std::int64_t input_size() const { return stages_.front().input_size(); }
  [[nodiscard]] std::int64_t output_size() const { return stages_.back().output_size(); }
  // How many of the tensors of vae_parameters() and vae_buffers() are this network's, in their order. All calls below
  // take these alone.
  [[nodiscard]] std::size_t parameters() const { return parameters_; }
  [[nodiscard]] std::size_t buffers() const { return buffers_; }

  // For drawing, once, before apply().
  void pack_for_drawing(kernels::Parameters parameters, kernels::Parameters buffers);
  // in [n, input size] → out [n, output size]. Works on groups of images, so that memory stays bounded. An image's
  // result does not depend on the others, but for rounding where gemm.hpp uses oneDNN.
  void apply(ConstMatrix in, Matrix out) const;

  // A batch on its way through the network.
  struct Pass {
    ConstMatrix in;  // [B, input size]
    // [B, output size]. Between forward() and backward() the caller replaces it by dL/dout.
    Matrix out;
    std::vector<kernels::AlignedBuffer<float>> outputs = {};    // of each stage but the last
    std::vector<kernels::AlignedBuffer<float>> gradients = {};  // dL/dproduct of each stage but the last
    std::vector<kernels::AlignedBuffer<float>> products = {};   // before batch normalisation
    std::vector<kernels::BatchStatistics> statistics = {};
  };
  // For training. `parameters` must stay as they are until backward() is done. `goes_back`: also to dL/din.
  void add_packing(kernels::Parameters parameters, bool goes_back, VaeTasks& tasks);
  // Room for a batch; keeps what there is.
  void start(Pass& pass, ConstMatrix in, Matrix out) const;
  // Without batch normalisation, parts of the batch may go through at once, each on one thread with its own scratch.
  // With it, the rows must be the whole batch, and the pool works on each layer.
  [[nodiscard]] bool goes_in_parts() const { return buffers_ == 0; }
  void forward(Pass& pass, const VaeRows& rows, kernels::GemmScratch& scratch) const;
  // Writes dL/din of the rows to `d_in` unless it is empty, and the gradients of batch normalisation.
  void backward(Pass& pass, const VaeRows& rows, kernels::ParameterGradients gradients, Matrix d_in,
                kernels::GemmScratch& scratch) const;
  // All other gradients, overwritten, of the whole batch after backward(): at once or by `tasks`.
  void add_gradients(const Pass& pass, kernels::ParameterGradients gradients, VaeTasks& tasks) const;
  void update_running(const Pass& pass, std::span<const std::span<float>> buffers) const;

 private:
  void append(const VaeLayer& layer);
  [[nodiscard]] bool normalises(std::size_t stage) const { return !is_folded_ && stages_[stage].has_norm(); }
  template <class Buffers>
  [[nodiscard]] auto rows_of(Buffers& buffers, std::size_t stage, const VaeRows& rows) const;
  [[nodiscard]] Matrix output(Pass& pass, std::size_t stage, const VaeRows& rows) const;
  [[nodiscard]] kernels::GemmScratch* own(kernels::GemmScratch& scratch) const;

  kernels::Precision precision_;
  std::vector<VaeStage> stages_;
  std::size_t parameters_ = 0, buffers_ = 0;
  bool is_folded_ = false;
  kernels::Parameters values_;  // while training
};

}  // namespace limn::models
