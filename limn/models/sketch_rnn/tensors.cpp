#include "limn/models/sketch_rnn/tensors.hpp"

#include <string>

#include "limn/core/error.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/models/sketch_rnn/contents.hpp"

namespace limn::models {
namespace {

void append(std::vector<kernels::ParameterSpec>& all, const std::string& prefix,
            const std::vector<kernels::ParameterSpec>& some) {
  for (const auto& spec : some) all.push_back({prefix + spec.name, spec.shape});
}

void append_linear(std::vector<kernels::ParameterSpec>& all, const std::string& name, std::int64_t out,
                   std::int64_t in) {
  all.push_back({name + ".weight", {out, in}});
  all.push_back({name + ".bias", {out}});
}

// Hands out the tensors one after the other.
template <class T>
class TensorCursor {
 public:
  explicit TensorCursor(std::span<const std::span<T>> tensors) : tensors_(tensors) {}
  std::span<T> next() { return tensors_[next_++]; }
  LinearTensors<T> next_linear() {
    const auto weight = next();
    return {.weight = weight, .bias = next()};
  }
  std::vector<std::span<T>> next_cell(const kernels::CellShape& shape) {
    std::vector<std::span<T>> cell;
    for (std::size_t i = kernels::cell_parameters(shape).size(); i > 0; --i) cell.push_back(next());
    return cell;
  }

 private:
  std::span<const std::span<T>> tensors_;
  std::size_t next_ = 0;
};

template <class T>
SketchRnnTensors<T> sorted(const SketchRnnOptions& options, std::span<const std::span<T>> tensors) {
  const auto specs = sketch_rnn_parameters(options);
  require(tensors.size() == specs.size(), "sketch-rnn weights: {} tensors, expected {}", tensors.size(), specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i)
    require(tensors[i].size() == specs[i].count(), "sketch-rnn weights: {} has {} values, expected {}", specs[i].name,
            tensors[i].size(), shape_text(specs[i].shape));
  TensorCursor<T> cursor(tensors);
  SketchRnnTensors<T> all;
  if (options.conditional) {
    all.encoder_forward = cursor.next_cell(encoder_shape(options));
    all.encoder_backward = cursor.next_cell(encoder_shape(options));
    all.mu = cursor.next_linear();
    all.log_variance = cursor.next_linear();
    all.initial_state = cursor.next_linear();
  }
  all.decoder_cell = cursor.next_cell(decoder_shape(options));
  all.output = cursor.next_linear();
  return all;
}

}  // namespace

kernels::CellShape encoder_shape(const SketchRnnOptions& o) {
  return {.type = kernels::cell_type_named(o.enc_model),
          .input_size = 5,
          .constant_size = 0,
          .hidden_size = o.enc_rnn_size,
          .hyper_num_units = o.hyper_num_units,
          .hyper_embedding_size = o.hyper_embedding_size};
}

kernels::CellShape decoder_shape(const SketchRnnOptions& o) {
  return {.type = kernels::cell_type_named(o.dec_model),
          .input_size = 5,
          .constant_size = o.conditional ? o.z_size : 0,
          .hidden_size = o.dec_rnn_size,
          .hyper_num_units = o.hyper_num_units,
          .hyper_embedding_size = o.hyper_embedding_size};
}

std::vector<kernels::ParameterSpec> sketch_rnn_parameters(const SketchRnnOptions& o) {
  std::vector<kernels::ParameterSpec> all;
  const auto decoder = decoder_shape(o);
  if (o.conditional) {
    const auto encoder = kernels::cell_parameters(encoder_shape(o));
    append(all, "encoder.forward.", encoder);
    append(all, "encoder.backward.", encoder);
    append_linear(all, "encoder.mu", o.z_size, 2 * o.enc_rnn_size);
    append_linear(all, "encoder.log_variance", o.z_size, 2 * o.enc_rnn_size);
    append_linear(all, "decoder.initial_state", kernels::state_size(decoder), o.z_size);
  }
  append(all, "decoder.cell.", kernels::cell_parameters(decoder));
  append_linear(all, "decoder.output", kernels::output_size(o.num_mixture), o.dec_rnn_size);
  return all;
}

SketchRnnWeights sketch_rnn_weights(const SketchRnnOptions& options, kernels::Parameters tensors) {
  return {sorted<const float>(options, tensors), options};
}

SketchRnnGradients sketch_rnn_gradients(const SketchRnnOptions& options, kernels::ParameterGradients tensors) {
  return sorted<float>(options, tensors);
}

SketchRnnWeights sketch_rnn_weights(const SketchRnnContents& checkpoint) {
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

}  // namespace limn::models
