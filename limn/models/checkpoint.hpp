// A checkpoint: the one file type of every trained model (docs/checkpoint.md lists its names and bytes). A value that
// owns its weights. Reading trusts nothing in the file: format, version, lengths and every weight are checked. The
// model's family checks its own options and metadata when the model is made (registry.hpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/options.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/kernels/parameters.hpp"
#include "limn/models/fitted_prior.hpp"

namespace limn::models {

inline constexpr const char* kFormatName = "limn";
inline constexpr int kFormatVersion = 1;
inline constexpr const char* kTrainingState = "training_state";  // the "model" of a run's state.safetensors

struct Checkpoint {
  std::string model;                   // the family's name: "sketch_rnn", "vae", "draw"
  std::string config = "{}";           // JSON object of the model's options
  std::int64_t step = 0;               // training steps made
  std::string metrics = "{}";          // JSON object: losses when it was written
  std::string training_config = "{}";  // JSON object: data and training options of the run
  // Metadata of the family (of Sketch-RNN: scale_factor, max_seq_len, …), and what others added.
  std::map<std::string, std::string> extra = {};
  std::map<std::string, std::vector<float>> weights = {};
  std::map<std::string, std::vector<std::int64_t>> shapes = {};  // of the weights, by the same names
  std::optional<FittedPrior> prior = {};  // of the posterior means of the training split, no part of the weights
  std::string origin = "the model";       // the name of the file in messages
};

// Throws Error naming the file: not a limn checkpoint, a version from the future, metadata that are not what they
// should be, a weight that is not finite, a prior that is not as fitted_prior.hpp says.
[[nodiscard]] Checkpoint parse_checkpoint(const SafetensorsFile& file);
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& path);

// Rounds weights and prior to what float16 holds. Throws Error naming the tensor for a value beyond it.
void round_to_half(Checkpoint& checkpoint);

// With weights and prior as F32 or F16; of the latter, values that are not rounded lose their last bits.
[[nodiscard]] Bytes serialize_checkpoint(const Checkpoint& checkpoint, DType type = DType::kF32);
// Replaces `path`, all or nothing. Checks no more than that values are finite; Registry::write() refuses what could not
// be read back.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint, DType type = DType::kF32);

// Throws Error naming the origin unless the weights are those of `specs`, neither fewer nor more, of their shapes, with
// finite values.
void check_weights(const Checkpoint& checkpoint, std::span<const kernels::ParameterSpec> specs);

// Throws Error naming the file unless it is a file of limn's of a version that this limn reads.
void check_format(const SafetensorsFile& file);

// The training_config of a run: the options of its data, and the names of its data sets.
[[nodiscard]] std::string training_config_of(std::span<const OptionField> data_options,
                                             std::span<const std::string> data);
// The names of the data sets that the model was trained on, as --data took them, but the doodles by their exact name
// (sketch/doodles.hpp); none where the checkpoint does not say, as those of 0.1.0. Nobody opens these files unasked.
// Throws Error naming the origin for a list of anything else.
[[nodiscard]] std::vector<std::string> training_data(const Checkpoint& checkpoint);

// The entry of `extra` as a number, `otherwise` where it is absent. Throws Error naming the origin if it is none.
[[nodiscard]] std::int64_t whole_number_of(const Checkpoint& checkpoint, const std::string& key,
                                           std::int64_t otherwise);
[[nodiscard]] float number_of(const Checkpoint& checkpoint, const std::string& key);

}  // namespace limn::models
