// The contents of a Sketch-RNN checkpoint with their types: options, weights and what else drawing must know. A value
// type that owns its weights; models/checkpoint.hpp reads and writes the file (docs/checkpoint.md lists the names).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limn/models/checkpoint.hpp"
#include "limn/models/sketch_rnn/options.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"

namespace limn::models {

struct SketchRnnContents {
  SketchRnnOptions options;
  float scale_factor = 1;        // what the data was divided by; outputs are multiplied back
  std::int64_t max_seq_len = 0;  // N_max: points of the longest training sketch
  std::int64_t step = 0;         // training steps made
  bool squashes_latent = false;  // the decoder reads tanh(z): imported models of before version 6
  // 0: the encoder reads S_1 … S_Ns. Above: S_0 … S_Ns and then end rows, so many in all but at least one
  // (imported labml models).
  std::int64_t encoder_rows = 0;
  std::string metrics = "{}";                         // JSON object: losses when it was written
  std::string training_config = "{}";                 // JSON object: data and training options as the trainer had them
  std::map<std::string, std::string> extra;           // further metadata, kept as it is
  std::map<std::string, std::vector<float>> weights;  // by the names of sketch_rnn_parameters(options)
};

// Throws Error naming `origin` if a tensor is missing, has another length than the options ask for or holds a
// value that is not finite, if one belongs to no part of the model, or if an option or the scale factor is
// out of range.
void check(const SketchRnnContents& checkpoint, const std::string& origin);

// Throws Error naming the checkpoint's origin: another kind of model, and what check() refuses.
[[nodiscard]] SketchRnnContents sketch_rnn_contents(Checkpoint checkpoint);
[[nodiscard]] Checkpoint to_checkpoint(SketchRnnContents checkpoint);

}  // namespace limn::models
