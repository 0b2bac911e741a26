#include "limn/models/sketch_rnn/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/models/checkpoint_metadata.hpp"
#include "limn/models/sketch_rnn/magenta_json.hpp"

namespace limn {
namespace {

// Metadata with a meaning of its own; everything else is `extra`.
using namespace metadata;
constexpr const char* kScaleFactor = "scale_factor";
constexpr const char* kMaxSeqLen = "max_seq_len";
constexpr const char* kLatentActivation = "latent_activation";
constexpr const char* kEncoderRows = "encoder_rows";
constexpr std::array kKnownKeys{kFormat,    kVersion, kModel,   kConfig,           kTrainingConfig, kScaleFactor,
                                kMaxSeqLen, kStep,    kMetrics, kLatentActivation, kEncoderRows};
constexpr std::int64_t kMaxSequence = 1'000'000;  // no drawing is longer; bounds what generation may take
constexpr std::int64_t kMaxEncoderRows = 10'000;  // the same of what encoding takes

void check_kind(const SafetensorsFile& file) {
  check_format(file);
  require(file.metadata(kModel) == kSketchRnnModel, "{}: it holds a model of kind '{}', expected '{}'",
          file.origin(), printable(file.metadata(kModel)), kSketchRnnModel);
}

bool squashes_latent(const SafetensorsFile& file) {
  const std::string activation = metadata_or(file, kLatentActivation, "none");
  require(activation == "none" || activation == "tanh",
          "{}: latent_activation is '{}', expected none or tanh", file.origin(), printable(activation));
  return activation == "tanh";
}

void check_options(const SketchRnnOptions& options, const std::string& origin) {
  SketchRnnOptions copy = options;
  const auto complaints = option_complaints(fields(copy));
  require(complaints.empty(), "{}: {}", origin, fmt::join(complaints, "; "));
}

std::map<std::string, std::string> metadata_of(const SketchRnnCheckpoint& checkpoint) {
  SketchRnnOptions options = checkpoint.options;
  std::map<std::string, std::string> metadata = checkpoint.extra;
  metadata[kFormat] = kFormatName;
  metadata[kVersion] = std::to_string(kFormatVersion);
  metadata[kModel] = kSketchRnnModel;
  metadata[kConfig] = options_to_json(fields(options));
  metadata[kTrainingConfig] = checkpoint.training_config;
  metadata[kScaleFactor] = fmt::format("{}", checkpoint.scale_factor);
  metadata[kMaxSeqLen] = std::to_string(checkpoint.max_seq_len);
  metadata[kStep] = std::to_string(checkpoint.step);
  metadata[kMetrics] = checkpoint.metrics;
  if (checkpoint.squashes_latent) metadata[kLatentActivation] = "tanh";
  if (checkpoint.encoder_rows > 0) metadata[kEncoderRows] = std::to_string(checkpoint.encoder_rows);
  return metadata;
}

}  // namespace

void check(const SketchRnnCheckpoint& checkpoint, const std::string& origin) {
  check_options(checkpoint.options, origin);
  require(std::isfinite(checkpoint.scale_factor) && checkpoint.scale_factor > 0,
          "{}: scale_factor is {}, expected a positive number", origin, checkpoint.scale_factor);
  require(checkpoint.max_seq_len >= 1 && checkpoint.max_seq_len <= kMaxSequence,
          "{}: max_seq_len is {}, expected 1 to {}", origin, checkpoint.max_seq_len, kMaxSequence);
  require(checkpoint.encoder_rows >= 0 && checkpoint.encoder_rows <= kMaxEncoderRows,
          "{}: encoder_rows is {}, expected 0 to {}", origin, checkpoint.encoder_rows, kMaxEncoderRows);
  require(checkpoint.step >= 0, "{}: step is {}, expected 0 or more", origin, checkpoint.step);
  const auto specs = sketch_rnn_parameters(checkpoint.options);
  for (const auto& spec : specs) {
    const auto found = checkpoint.weights.find(spec.name);
    require(found != checkpoint.weights.end(), "{}: tensor {} is missing; its options ask for one", origin,
            spec.name);
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    require(found->second.size() == count, "{}: tensor {} has {} values, its options ask for {}", origin,
            spec.name, found->second.size(), shape_text(spec.shape));
    require(
        std::all_of(found->second.begin(), found->second.end(), [](float w) { return std::isfinite(w); }),
        "{}: tensor {} holds values that are not finite; the training diverged, take an earlier checkpoint",
        origin, spec.name);
  }
  for (const auto& [name, values] : checkpoint.weights)
    require(std::any_of(specs.begin(), specs.end(), [&n = name](const auto& spec) { return spec.name == n; }),
            "{}: tensor {} belongs to no part of a model with its options", origin, printable(name));
}

SketchRnnCheckpoint parse_checkpoint(const SafetensorsFile& file) {
  check_kind(file);
  SketchRnnCheckpoint checkpoint;
  options_from_json(fields(checkpoint.options), file.metadata(kConfig), file.origin());
  checkpoint.scale_factor = metadata_number<float>(file, kScaleFactor);
  checkpoint.max_seq_len = metadata_number<std::int64_t>(file, kMaxSeqLen);
  checkpoint.step = metadata_number<std::int64_t>(file, kStep);
  checkpoint.squashes_latent = squashes_latent(file);
  if (file.metadata().contains(kEncoderRows))
    checkpoint.encoder_rows = metadata_number<std::int64_t>(file, kEncoderRows);
  checkpoint.metrics = metadata_object(file, kMetrics);
  checkpoint.training_config = metadata_object(file, kTrainingConfig);
  for (const auto& [key, value] : file.metadata())
    if (std::find(kKnownKeys.begin(), kKnownKeys.end(), key) == kKnownKeys.end())
      checkpoint.extra[key] = value;
  for (const auto& spec : sketch_rnn_parameters(checkpoint.options))
    checkpoint.weights[spec.name] = file.read_f32(spec.name, spec.shape);
  for (const auto& [name, tensor] : file.tensors())
    require(checkpoint.weights.contains(name), "{}: tensor {} belongs to no part of a model with its options",
            file.origin(), printable(name));
  check(checkpoint, file.origin());
  return checkpoint;
}

SketchRnnCheckpoint read_checkpoint(const std::filesystem::path& path) {
  return parse_checkpoint(SafetensorsFile::read(path));
}

Bytes serialize_checkpoint(const SketchRnnCheckpoint& checkpoint) {
  SafetensorsContent content{.tensors = {}, .metadata = metadata_of(checkpoint)};
  for (const auto& spec : sketch_rnn_parameters(checkpoint.options))
    content.tensors[spec.name] = {
        .type = DType::kF32,
        .shape = spec.shape,
        .bytes = std::as_bytes(std::span<const float>(checkpoint.weights.at(spec.name)))};
  return serialize_safetensors(content);
}

void write_checkpoint(const std::filesystem::path& path, const SketchRnnCheckpoint& checkpoint) {
  check(checkpoint, path.string());
  write_file(path, serialize_checkpoint(checkpoint));
}

std::filesystem::path resolve_model_path(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    require(std::filesystem::exists(path, ignored),
            "{}: no such file; a model is a run directory or a .safetensors file", path.string());
    return path;
  }
  for (const char* name : {"best.safetensors", "last.safetensors"}) {
    auto candidate = path / "checkpoints" / name;
    if (std::filesystem::is_regular_file(candidate, ignored)) return candidate;
  }
  fail(
      "{}: neither checkpoints/best.safetensors nor checkpoints/last.safetensors is in it; is it a run "
      "directory?",
      path.string());
}

SketchRnnCheckpoint load_sketch_rnn(const std::filesystem::path& path) {
  const auto file = resolve_model_path(path);
  return file.extension() == ".json" ? read_magenta_json(file) : read_checkpoint(file);
}

}  // namespace limn
