// The border between limn and its optional module on LibTorch (limn/libtorch): plain structs and a table of functions.
// No exception, C++ object or library crosses it, so both sides may be built with other compilers and libraries.
// Memory that a struct points to belongs to the caller and is read or written during the call only. Objects that a
// create function gives belong to the caller, who destroys them; one thread at a time uses one.
// limn/train/libtorch_module.hpp loads the module.
#pragma once

#include <cstdint>
#include <type_traits>

namespace limn::libtorch {

// Rises with each change of this file. Module and program must agree.
inline constexpr std::int32_t kApiVersion = 2;

// 0, or the call failed and has written its error.
using Status = std::int32_t;
// Where a call writes one line about its error: ended by a zero, cut to `size` bytes.
struct ErrorText {
  char* data;
  std::int64_t size;
};

struct Integers {
  const std::int64_t* data;
  std::int64_t count;
};
// A matrix of floats, row after row.
struct FloatRows {
  const float* data;
  std::int64_t rows;
  std::int64_t columns;
};
struct NamedTensor {
  const char* name;
  Integers shape;
  const float* values;
};
struct NamedTensors {
  const NamedTensor* data;
  std::int64_t count;
};

struct GroupSetting {
  const char* master_address;  // of rank 0
  std::int32_t master_port;
  std::int32_t rank;
  std::int32_t world_size;
  std::int64_t timeout_ms;
};

// The fields of SketchRnnOptions; booleans are 0 or 1.
struct SketchRnnSetting {
  const char* enc_model;
  const char* dec_model;
  std::int64_t enc_rnn_size, dec_rnn_size, z_size, num_mixture, hyper_num_units, hyper_embedding_size;
  double kl_weight, kl_weight_start, kl_decay_rate, kl_tolerance;
  double recurrent_dropout_prob, input_dropout_prob, output_dropout_prob;
  std::int32_t conditional, use_recurrent_dropout, use_input_dropout, use_output_dropout, pen_loss_over_padding;
};
// The fields of DRAW's shape.
struct DrawSetting {
  std::int64_t channels, height, width, steps, enc_rnn_size, dec_rnn_size, z_size, read_size, write_size;
  std::int32_t reads_with_attention, writes_with_attention;
  std::int32_t is_gaussian;  // pixels are normal, else Bernoulli
  float pixel_deviation;
};
// The fields of resolved VaeOptions that decide the network.
struct VaeSetting {
  const char* arch;
  const char* likelihood;
  std::int64_t image_channels, image_height, image_width, hidden, z_size, channels;
};
struct AdamSetting {
  double learning_rate;
  double beta1;
  double clip_value;  // each element of a gradient is cut to ± this; 0: is not
  double clip_norm;   // the norm of all gradients together; likewise
};

// A batch of strokes packed as StrokeBatch is, and the step that decides noise and masks.
struct StrokeStep {
  FloatRows inputs;   // [R, 5]
  FloatRows targets;  // [R, 5]
  Integers active;    // sketches of each step [T]
  Integers lengths;   // [B]
  Integers places;    // in the whole batch [B], or empty
  std::int64_t max_seq_len;
  std::uint64_t seed;
  std::int64_t step;
};
struct ImageStep {
  FloatRows pixels;  // [B, C·H·W]
  FloatRows noise;   // ε [B, Z]; for DRAW [B, T·Z]
  double beta;       // weight of a VAE's KL term
};

struct Group;    // a process group
struct Twin;     // a model in plain LibTorch, with gradients and Adam
struct Decoder;  // Sketch-RNN's decoder in plain LibTorch, with its state

struct Api {
  std::int32_t version;  // kApiVersion; the first field of every version
  const char* torch_version;
  // Writes the devices that LibTorch has here to `names`: "cpu, cuda:0".
  Status (*devices)(ErrorText names, ErrorText error);

  // Processes over c10d and Gloo. Sums and broadcasts work in place; all processes make the same calls.
  Status (*group_create)(const GroupSetting* setting, Group** group, ErrorText error);
  void (*group_destroy)(Group* group);
  Status (*group_sum_f32)(Group* group, float* values, std::int64_t count, ErrorText error);
  Status (*group_sum_f64)(Group* group, double* values, std::int64_t count, ErrorText error);
  Status (*group_broadcast_f32)(Group* group, float* values, std::int64_t count, ErrorText error);
  Status (*group_broadcast_f64)(Group* group, double* values, std::int64_t count, ErrorText error);

  // Threads of LibTorch's own operations, which flush denormals to zero from then on.
  Status (*set_thread_count)(std::int32_t count, ErrorText error);

  // Plain models that start with the given parameters. twin_create_parameters makes one that is Adam alone.
  Status (*twin_create_sketch_rnn)(const SketchRnnSetting* setting, NamedTensors parameters, const AdamSetting* adam,
                                   Twin** twin, ErrorText error);
  Status (*twin_create_draw)(const DrawSetting* setting, NamedTensors parameters, const AdamSetting* adam, Twin** twin,
                             ErrorText error);
  // `buffers` are the running means of batch normalisation.
  Status (*twin_create_vae)(const VaeSetting* setting, NamedTensors parameters, NamedTensors buffers,
                            const AdamSetting* adam, Twin** twin, ErrorText error);
  Status (*twin_create_parameters)(NamedTensors parameters, const AdamSetting* adam, Twin** twin, ErrorText error);
  void (*twin_destroy)(Twin* twin);
  // Forward and backward; writes the loss that the gradients are of.
  Status (*twin_stroke_step)(Twin* twin, const StrokeStep* step, double* total, ErrorText error);
  Status (*twin_image_step)(Twin* twin, const ImageStep* step, double* total, ErrorText error);
  // Copies of one parameter, its gradient, and from the caller into its gradient. `count` is checked.
  Status (*twin_value)(Twin* twin, const char* name, float* values, std::int64_t count, ErrorText error);
  Status (*twin_gradient)(Twin* twin, const char* name, float* values, std::int64_t count, ErrorText error);
  Status (*twin_set_gradient)(Twin* twin, const char* name, const float* values, std::int64_t count, ErrorText error);
  // Clips the gradients and applies them.
  Status (*twin_update)(Twin* twin, ErrorText error);

  // The decoder of a conditional Sketch-RNN at z [B, Z], and its next output rows y [B, 3 + 6M] for points x [B, 5].
  Status (*decoder_create)(const SketchRnnSetting* setting, NamedTensors parameters, FloatRows z, Decoder** decoder,
                           ErrorText error);
  void (*decoder_destroy)(Decoder* decoder);
  Status (*decoder_step)(Decoder* decoder, FloatRows x, float* y, ErrorText error);

  // C [m, n] = A [m, k] · B [n, k]ᵀ, and C [m, n] = A [k, m]ᵀ · B [k, n].
  Status (*multiply)(FloatRows a, FloatRows b, float* c, ErrorText error);
  Status (*multiply_transposed)(FloatRows a, FloatRows b, float* c, ErrorText error);
  // The gradient [R, 3 + 6M] of the sum of the mixture-density losses, by output rows; targets are [R, 5].
  Status (*mixture_density_gradient)(FloatRows outputs, FloatRows targets, float* gradient, ErrorText error);
};
static_assert(std::is_trivially_copyable_v<Api> && std::is_standard_layout_v<Api>);

// The one function that a module exports: its table in this version, or null if it has no such table.
inline constexpr const char* kApiSymbol = "limn_libtorch_api";
using ApiFunction = const Api* (*)(std::int32_t version);

}  // namespace limn::libtorch
