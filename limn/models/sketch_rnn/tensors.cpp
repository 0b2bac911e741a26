#include "limn/models/sketch_rnn/tensors.hpp"

#include "limn/core/error.hpp"
#include "limn/core/safetensors.hpp"

namespace limn {
namespace {

// Hands out the tensors one after the other.
class TensorCursor {
 public:
  explicit TensorCursor(std::span<const std::span<const float>> tensors) : tensors_(tensors) {}
  std::span<const float> next() { return tensors_[next_++]; }
  LinearWeights next_linear() {
    const auto weight = next();
    return {.weight = weight, .bias = next()};
  }
  std::vector<std::span<const float>> next_cell(const kernels::CellShape& shape) {
    std::vector<std::span<const float>> cell;
    for (std::size_t i = kernels::cell_parameters(shape).size(); i > 0; --i) cell.push_back(next());
    return cell;
  }

 private:
  std::span<const std::span<const float>> tensors_;
  std::size_t next_ = 0;
};

}  // namespace

SketchRnnWeights sketch_rnn_weights(const SketchRnnOptions& options,
                                    std::span<const std::span<const float>> tensors) {
  const auto specs = sketch_rnn_parameters(options);
  require(tensors.size() == specs.size(), "sketch-rnn weights: {} tensors, expected {}", tensors.size(),
          specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    std::size_t count = 1;
    for (const auto extent : specs[i].shape) count *= static_cast<std::size_t>(extent);
    require(tensors[i].size() == count, "sketch-rnn weights: {} has {} values, expected {}", specs[i].name,
            tensors[i].size(), shape_text(specs[i].shape));
  }
  TensorCursor cursor(tensors);
  SketchRnnWeights weights;
  weights.options = options;
  if (options.conditional) {
    weights.encoder_forward = cursor.next_cell(encoder_shape(options));
    weights.encoder_backward = cursor.next_cell(encoder_shape(options));
    weights.mu = cursor.next_linear();
    weights.log_variance = cursor.next_linear();
    weights.initial_state = cursor.next_linear();
  }
  weights.decoder_cell = cursor.next_cell(decoder_shape(options));
  weights.output = cursor.next_linear();
  return weights;
}

SketchRnnWeights sketch_rnn_weights(const SketchRnnCheckpoint& checkpoint) {
  std::vector<std::span<const float>> tensors;
  for (const auto& spec : sketch_rnn_parameters(checkpoint.options)) {
    const auto found = checkpoint.weights.find(spec.name);
    require(found != checkpoint.weights.end(), "sketch-rnn weights: tensor {} is missing", spec.name);
    tensors.emplace_back(found->second);
  }
  SketchRnnWeights weights = sketch_rnn_weights(checkpoint.options, tensors);
  weights.squashes_latent = checkpoint.squashes_latent;
  weights.encoder_rows = checkpoint.encoder_rows;
  return weights;
}

}  // namespace limn
