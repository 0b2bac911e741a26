// Sketch-RNNs that others trained in PyTorch, from their state_dict(), as models/pytorch_tensors.hpp reads it. Two
// implementations are known by their tensors' names; what they compute differently is evened out, so that the
// decoder says the same of the next point as theirs does. Files are hostile: every shape is checked against
// the others.
//
// labml: "annotated deep learning paper implementations", labml_nn/sketch_rnn. Modules `encoder` and
// `decoder`,
//   torch.nn.LSTM in both, so i, f, g, o and two biases, which are added. Its encoder reads S_0 and all of
//   the end rows up to the longest sketch of its data set: SketchRnnContents::encoder_rows.
// rfeinman: github.com/rfeinman/Sketch-RNN, model.SketchRNN. Its decoder's cells (lstm, layer_norm, hyper)
// keep
//   i, f, o, g, add 1 to f at run time, and their hyper cell does not read h. Outputs are π, (x, y) pairs of
//   μ, pairs of log σ, ρ̂, pen. Differs: its layer normalisation adds 1e-5 to the variance, ours 1e-3. For the
//   gates that is made up for exactly, by weights 10 times as large; for c it is not: with a variance v of c
//   the normalised values come out smaller by a share of 0.0005 / v.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "limn/models/sketch_rnn/contents.hpp"

namespace limn::models {

enum class PytorchModel { kLabml, kRfeinman };
[[nodiscard]] PytorchModel pytorch_model_named(std::string_view name);  // "labml", "rfeinman"
// Whether the file has the tensors that no other model has.
[[nodiscard]] bool is_pytorch_model(const SafetensorsFile& file, PytorchModel model);

struct PytorchImport {
  PytorchModel model = PytorchModel::kLabml;
  float scale_factor = 0;        // what the training data were divided by; such files do not tell
  std::int64_t max_seq_len = 0;  // N_max of the training data; 0: that model's default, 200 or 250
};

// Throws Error naming the file: no model of that kind, shapes that do not fit each other, tensors that belong
// to nothing, values that are not finite.
[[nodiscard]] SketchRnnContents import_pytorch(const SafetensorsFile& file, const PytorchImport& import);

}  // namespace limn::models
