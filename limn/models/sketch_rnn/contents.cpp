#include "limn/models/sketch_rnn/contents.hpp"

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"

namespace limn::models {
namespace {

// Metadata with a meaning of its own; everything else is `extra`.
constexpr const char* kScaleFactor = "scale_factor";
constexpr const char* kMaxSeqLen = "max_seq_len";
constexpr const char* kLatentActivation = "latent_activation";
constexpr const char* kEncoderRows = "encoder_rows";
constexpr std::int64_t kMaxSequence = 1'000'000;  // no drawing is longer; bounds what generation may take
constexpr std::int64_t kMaxEncoderRows = 10'000;  // the same of what encoding takes

bool squashes_latent(const Checkpoint& checkpoint) {
  const auto found = checkpoint.extra.find(kLatentActivation);
  if (found == checkpoint.extra.end()) return false;
  require(found->second == "none" || found->second == "tanh", "{}: latent_activation is '{}', expected none or tanh",
          checkpoint.origin, printable(found->second));
  return found->second == "tanh";
}

// Without the weights: ranges of options and metadata.
void check_numbers(const SketchRnnContents& checkpoint, const std::string& origin) {
  SketchRnnOptions options = checkpoint.options;
  const auto complaints = option_complaints(fields(options));
  require(complaints.empty(), "{}: {}", origin, fmt::join(complaints, "; "));
  require(std::isfinite(checkpoint.scale_factor) && checkpoint.scale_factor > 0,
          "{}: scale_factor is {}, expected a positive number", origin, checkpoint.scale_factor);
  require(checkpoint.max_seq_len >= 1 && checkpoint.max_seq_len <= kMaxSequence,
          "{}: max_seq_len is {}, expected 1 to {}", origin, checkpoint.max_seq_len, kMaxSequence);
  require(checkpoint.encoder_rows >= 0 && checkpoint.encoder_rows <= kMaxEncoderRows,
          "{}: encoder_rows is {}, expected 0 to {}", origin, checkpoint.encoder_rows, kMaxEncoderRows);
  require(checkpoint.step >= 0, "{}: step is {}, expected 0 or more", origin, checkpoint.step);
}

}  // namespace

void check(const SketchRnnContents& checkpoint, const std::string& origin) {
  check_numbers(checkpoint, origin);
  Checkpoint plain = to_checkpoint(checkpoint);
  plain.origin = origin;
  check_weights(plain, sketch_rnn_parameters(checkpoint.options));
}

SketchRnnContents sketch_rnn_contents(Checkpoint file) {
  require(file.model == kSketchRnnModel, "{}: it holds a model of kind '{}', expected '{}'", file.origin,
          printable(file.model), kSketchRnnModel);
  SketchRnnContents checkpoint;
  options_from_json(fields(checkpoint.options), file.config, file.origin);
  checkpoint.scale_factor = number_of(file, kScaleFactor);
  checkpoint.max_seq_len = whole_number_of(file, kMaxSeqLen, 0);
  checkpoint.step = file.step;
  checkpoint.squashes_latent = squashes_latent(file);
  checkpoint.encoder_rows = whole_number_of(file, kEncoderRows, 0);
  checkpoint.metrics = file.metrics;
  checkpoint.training_config = file.training_config;
  checkpoint.extra = file.extra;
  for (const char* key : {kScaleFactor, kMaxSeqLen, kLatentActivation, kEncoderRows}) checkpoint.extra.erase(key);
  check_numbers(checkpoint, file.origin);
  check_weights(file, sketch_rnn_parameters(checkpoint.options));
  checkpoint.weights = std::move(file.weights);
  return checkpoint;
}

Checkpoint to_checkpoint(SketchRnnContents checkpoint) {
  SketchRnnOptions options = checkpoint.options;
  Checkpoint file{.model = kSketchRnnModel,
                  .config = options_to_json(fields(options)),
                  .step = checkpoint.step,
                  .metrics = checkpoint.metrics,
                  .training_config = checkpoint.training_config,
                  .extra = checkpoint.extra,
                  .weights = std::move(checkpoint.weights)};
  file.extra[kScaleFactor] = fmt::format("{}", checkpoint.scale_factor);
  file.extra[kMaxSeqLen] = std::to_string(checkpoint.max_seq_len);
  if (checkpoint.squashes_latent) file.extra[kLatentActivation] = "tanh";
  if (checkpoint.encoder_rows > 0) file.extra[kEncoderRows] = std::to_string(checkpoint.encoder_rows);
  for (const auto& spec : sketch_rnn_parameters(checkpoint.options)) {
    // Values of another length are shown as what they are: a row.
    const auto found = file.weights.find(spec.name);
    if (found == file.weights.end()) continue;
    const bool fits = found->second.size() == spec.count();
    file.shapes[spec.name] = fits ? spec.shape : std::vector{static_cast<std::int64_t>(found->second.size())};
  }
  return file;
}

}  // namespace limn::models
