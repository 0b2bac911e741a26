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
inline constexpr std::int32_t kApiVersion = 4;

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

struct Group;  // a process group

// A model by its checkpoint's family and options.
struct ModelSetting {
  const char* family;   // "sketch_rnn", "vae" or "draw"; "": parameters alone, without losses
  const char* options;  // JSON object of the resolved options
};

enum ClipMode : std::int32_t { kClipNone = 0, kClipValue = 1, kClipNorm = 2 };
struct RunSetting {
  const char* device;  // LibTorch's name: "cpu", "cuda:0"
  ModelSetting model;
  double beta1;              // of Adam
  double clip;               // bound of gradient elements or norms
  std::int32_t clip_mode;    // a ClipMode
  Integers clip_groups;      // of each parameter; neighbours of one number are clipped by one norm. Empty: all by one
  double longest_gradient;   // a step whose gradient has this norm, or is not finite, is not applied
  double average_eta;        // of the average of the weights (train/weight_average.hpp)
  std::int32_t is_bf16;      // products of matrices in bf16
  std::int64_t whole_batch;  // B over all processes of `group`
  Group* group;              // or null; must outlive the run
};

// A batch, and the numbers that decide its noise and masks. Of a model of sketches the rows are packed as StrokeBatch
// is; of a model of images they are pixels. What is of the other kind is empty.
struct StepBatch {
  FloatRows inputs;         // [R, 5]
  FloatRows targets;        // [R, 5]
  Integers active;          // sketches of each step [T]
  Integers lengths;         // [B]
  FloatRows pixels;         // [B, C·H·W]
  FloatRows noise;          // ε [B, Z]; for DRAW [B, T·Z]
  Integers places;          // in the whole batch [B], which number the masks; or empty
  std::int64_t loss_steps;  // N of the divisor N · B, and of rows over the padding
  std::uint64_t seed;
  std::int64_t step;
  std::int64_t planned_steps;  // of the KL weight; 0: it follows the step alone
  double beta;                 // weight of a VAE's KL term
};

// Of each step: total, reconstruction and kl over the whole batch, the norm of the gradient, and 1 if it was applied.
inline constexpr std::int64_t kStepFigures = 5;

// Which tensors of a run: all in one row of memory, in the order of the parameters, then of the buffers.
enum RunTensors : std::int32_t {
  kRunValues = 0,        // of parameters and buffers
  kRunGradients = 1,     // of the parameters, before they are clipped
  kRunFirstMoments = 2,  // of the parameters
  kRunSecondMoments = 3,
  kRunAverage = 4,  // of parameters and buffers
};

struct Run;        // a model in training on a device: parameters, gradients, Adam's moments, an average
struct Evaluator;  // a model on a device, without gradients
struct Decoder;    // Sketch-RNN's decoder, with its state

struct Api {
  std::int32_t version;  // kApiVersion; the first field of every version
  const char* torch_version;
  // Writes the devices that LibTorch has here to `names`, the best first: "cuda:0, cpu".
  Status (*devices)(ErrorText names, ErrorText error);

  // Processes over c10d and Gloo. Sums and broadcasts work in place; all processes make the same calls.
  Status (*group_create)(const GroupSetting* setting, Group** group, ErrorText error);
  void (*group_destroy)(Group* group);
  Status (*group_sum_f32)(Group* group, float* values, std::int64_t count, ErrorText error);
  Status (*group_sum_f64)(Group* group, double* values, std::int64_t count, ErrorText error);
  Status (*group_broadcast_f32)(Group* group, float* values, std::int64_t count, ErrorText error);
  Status (*group_broadcast_f64)(Group* group, double* values, std::int64_t count, ErrorText error);

  // Threads of LibTorch's own operations. From then on they flush denormals to zero, and cuDNN's products take all bits
  // of float32.
  Status (*set_thread_count)(std::int32_t count, ErrorText error);

  // Fails where a device of this name cannot compute.
  Status (*try_device)(const char* device, ErrorText error);

  // A run that starts with the given values; `buffers` are the running means of batch normalisation.
  Status (*run_create)(const RunSetting* setting, NamedTensors parameters, NamedTensors buffers, Run** run,
                       ErrorText error);
  void (*run_destroy)(Run* run);
  // Forward and backward, and the sums over the processes. Does not wait for the device.
  Status (*run_gradients)(Run* run, const StepBatch* batch, ErrorText error);
  // Clips the gradients, applies them and adds to the average, unless the step is not finite. Does not wait either.
  Status (*run_update)(Run* run, double learning_rate, ErrorText error);
  // Waits. Total, reconstruction and kl of the last run_gradients().
  Status (*run_losses)(Run* run, double* losses, ErrorText error);
  // Waits. Rows of kStepFigures for each run_update() since the last call, `steps` of them.
  Status (*run_figures)(Run* run, double* figures, std::int64_t steps, ErrorText error);
  // Waits. Copies from and to the device. `count` is checked.
  Status (*run_read)(Run* run, std::int32_t which, float* values, std::int64_t count, ErrorText error);
  Status (*run_write)(Run* run, std::int32_t which, const float* values, std::int64_t count, ErrorText error);
  // Steps applied so far, on which Adam's corrections and the average depend. Forgets figures that were not read.
  Status (*run_set_updates)(Run* run, std::int64_t updates, ErrorText error);

  // The passes of an evaluation (models/network_passes.hpp): of a model whose parameters and buffers are `tensors`, or
  // of a run's kRunValues or kRunAverage as they are at each call; the run must then outlive it.
  Status (*evaluator_create)(const char* device, const ModelSetting* model, NamedTensors tensors, Evaluator** evaluator,
                             ErrorText error);
  Status (*run_evaluator)(Run* run, std::int32_t which, Evaluator** evaluator, ErrorText error);
  void (*evaluator_destroy)(Evaluator* evaluator);
  // Both wait. Of the batch they read the drawings, `loss_steps`, and as `noise` what the losses are decoded from.
  // `count` is checked.
  Status (*evaluator_posterior)(Evaluator* evaluator, const StepBatch* batch, float* rows, std::int64_t count,
                                ErrorText error);
  Status (*evaluator_losses)(Evaluator* evaluator, const StepBatch* batch, double* losses, std::int64_t count,
                             ErrorText error);

  // The decoder of a conditional Sketch-RNN at z [B, Z], and its next output rows y [B, 3 + 6M] for points x [B, 5].
  Status (*decoder_create)(const ModelSetting* model, NamedTensors parameters, FloatRows z, Decoder** decoder,
                           ErrorText error);
  void (*decoder_destroy)(Decoder* decoder);
  Status (*decoder_step)(Decoder* decoder, FloatRows x, float* y, ErrorText error);

  // Operations of LibTorch since the last call, in all threads: those that compute or copy, each a launch on a GPU, and
  // those for which the host waits. Counts from the first call on; ends counting where `continues` is 0.
  Status (*count_operations)(std::int32_t continues, std::int64_t* launches, std::int64_t* waits, ErrorText error);

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
