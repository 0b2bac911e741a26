#include "limn/models/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <deque>
#include <iterator>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/half_float.hpp"
#include "limn/core/json.hpp"
#include "limn/sketch/doodles.hpp"

namespace limn::models {
namespace {

// Metadata with a meaning for every model; everything else is `extra`.
constexpr const char* kFormat = "format";
constexpr const char* kVersion = "format_version";
constexpr const char* kModel = "model";
constexpr const char* kConfig = "config";
constexpr const char* kTrainingConfig = "training_config";
constexpr const char* kStep = "step";
constexpr const char* kMetrics = "metrics";
constexpr const char* kData = "data";  // of training_config
constexpr const char* kPriorMean = "prior.mean";
constexpr const char* kPriorFactor = "prior.factor";
constexpr const char* kPriorWeight = "prior.weight";
constexpr const char* kPriorScale = "prior.scale";
constexpr std::array kKnownKeys{kFormat, kVersion, kModel, kConfig, kTrainingConfig, kStep, kMetrics};

template <class T>
T parsed_number(const std::string& text, const std::string& origin, const std::string& key) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(),
          "{}: metadata {} is '{}', expected a number; the file is damaged", origin, key, printable(text));
  return value;
}

// The text of an entry that must be a JSON object, "{}" if it is absent.
std::string object_of(const SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) return "{}";
  const Json value = parse_json(found->second, 16);
  require(value.is_object(), "{}: metadata {} is not a JSON object; the file is damaged", file.origin(), key);
  return found->second;
}

void check_values(const Checkpoint& checkpoint, const std::string& name, const std::vector<float>& values) {
  constexpr std::uint32_t kExponent = 0x7f800000;  // all of its bits: not finite
  std::uint32_t largest = 0;
  for (const float w : values) largest = std::max(largest, std::bit_cast<std::uint32_t>(w) & kExponent);
  require(largest != kExponent,
          "{}: tensor {} holds values that are not finite; the training diverged, take an earlier checkpoint",
          checkpoint.origin, printable(name));
}

// Takes the tensors of the fitted prior out of the weights.
std::optional<FittedPrior> take_prior(Checkpoint& checkpoint) {
  const auto shape_of = [&](const char* name) -> std::optional<std::vector<std::int64_t>> {
    const auto found = checkpoint.shapes.find(name);
    return found == checkpoint.shapes.end() ? std::nullopt : std::optional(found->second);
  };
  const auto mean = shape_of(kPriorMean), factor = shape_of(kPriorFactor);
  const auto weight = shape_of(kPriorWeight), scale = shape_of(kPriorScale);
  if (!mean && !factor && !weight && !scale) return std::nullopt;
  require(mean && factor, "{}: tensor {} is missing; a prior has a mean and a factor", checkpoint.origin,
          mean ? kPriorFactor : kPriorMean);
  require(weight.has_value() == scale.has_value(), "{}: tensor {} is missing; a mixture has weights and scales",
          checkpoint.origin, weight ? kPriorScale : kPriorWeight);
  const bool is_mixture = weight.has_value();
  const bool is_fitting = mean->size() == (is_mixture ? 2U : 1U) &&
                          *factor == std::vector{mean->back(), mean->back()} &&
                          (!is_mixture || (*weight == std::vector{mean->front()} && *scale == *weight));
  require(is_fitting,
          "{}: tensors {} and {} have the shapes {} and {}, expected [Z] and [Z, Z], or of a mixture [K, Z] and [Z, Z] "
          "beside weights and scales [K]",
          checkpoint.origin, kPriorMean, kPriorFactor, shape_text(*mean), shape_text(*factor));
  const auto take = [&](const char* name) {
    std::vector<float> values = std::move(checkpoint.weights.at(name));
    checkpoint.weights.erase(name);
    checkpoint.shapes.erase(name);
    return values;
  };
  FittedPrior prior{.mean = take(kPriorMean), .factor = take(kPriorFactor)};
  if (is_mixture) {
    prior.weight = take(kPriorWeight);
    prior.scale = take(kPriorScale);
  }
  check(prior, checkpoint.origin);
  return prior;
}

}  // namespace

void check_format(const SafetensorsFile& file) {
  require(file.metadata(kFormat) == kFormatName, "{}: its format is '{}', expected '{}'; it is not a limn checkpoint",
          file.origin(), printable(file.metadata(kFormat)), kFormatName);
  const auto version = parsed_number<std::int64_t>(file.metadata(kVersion), file.origin(), kVersion);
  require(version >= 1 && version <= kFormatVersion,
          "{}: checkpoint version {}; this limn reads up to {}: use a newer limn", file.origin(), version,
          kFormatVersion);
}

Checkpoint parse_checkpoint(const SafetensorsFile& file) {
  check_format(file);
  Checkpoint checkpoint{.model = file.metadata(kModel), .origin = file.origin()};
  require(checkpoint.model != kTrainingState,
          "{}: holds the state of a training, not a model; take best.safetensors or last.safetensors beside it",
          file.origin());
  (void)file.metadata(kConfig);  // a checkpoint without options is damaged
  checkpoint.config = object_of(file, kConfig);
  checkpoint.step = parsed_number<std::int64_t>(file.metadata(kStep), file.origin(), kStep);
  require(checkpoint.step >= 0, "{}: step is {}, expected 0 or more", file.origin(), checkpoint.step);
  checkpoint.metrics = object_of(file, kMetrics);
  checkpoint.training_config = object_of(file, kTrainingConfig);
  for (const auto& [key, value] : file.metadata())
    if (std::ranges::find(kKnownKeys, key) == kKnownKeys.end()) checkpoint.extra[key] = value;
  for (const auto& [name, tensor] : file.tensors()) {
    checkpoint.weights[name] = file.read_f32(name, tensor.shape);
    checkpoint.shapes[name] = tensor.shape;
    check_values(checkpoint, name, checkpoint.weights[name]);
  }
  checkpoint.prior = take_prior(checkpoint);
  return checkpoint;
}

Checkpoint read_checkpoint(const std::filesystem::path& path) { return parse_checkpoint(SafetensorsFile::read(path)); }

void round_to_half(Checkpoint& checkpoint) {
  const auto round = [&](const std::string& name, std::vector<float>& values) {
    for (float& value : values) {
      const float rounded = half_to_float(float_to_half(value));
      require(!std::isinf(rounded), "{}: tensor {} holds {}, and float16 ends at 65504", checkpoint.origin,
              printable(name), value);
      value = rounded;
    }
  };
  for (auto& [name, values] : checkpoint.weights) round(name, values);
  if (!checkpoint.prior) return;
  round(kPriorMean, checkpoint.prior->mean);
  round(kPriorFactor, checkpoint.prior->factor);
}

Bytes serialize_checkpoint(const Checkpoint& checkpoint, DType type) {
  assert(type == DType::kF32 || type == DType::kF16);
  std::deque<std::vector<std::uint16_t>> halves;
  const auto tensor = [&](const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
    if (type == DType::kF32)
      return TensorData{.type = type, .shape = shape, .bytes = std::as_bytes(std::span<const float>(values))};
    std::ranges::transform(values, std::back_inserter(halves.emplace_back()), float_to_half);
    return TensorData{.type = type, .shape = shape, .bytes = std::as_bytes(std::span(halves.back()))};
  };
  SafetensorsContent content{.tensors = {}, .metadata = checkpoint.extra};
  content.metadata[kFormat] = kFormatName;
  content.metadata[kVersion] = std::to_string(kFormatVersion);
  content.metadata[kModel] = checkpoint.model;
  content.metadata[kConfig] = checkpoint.config;
  content.metadata[kStep] = std::to_string(checkpoint.step);
  content.metadata[kMetrics] = checkpoint.metrics;
  content.metadata[kTrainingConfig] = checkpoint.training_config;
  for (const auto& [name, values] : checkpoint.weights)
    content.tensors[name] = tensor(checkpoint.shapes.at(name), values);
  if (checkpoint.prior) {
    const FittedPrior& prior = *checkpoint.prior;
    const std::int64_t size = size_of(prior), components = components_of(prior);
    const bool is_mixture = !prior.weight.empty();
    content.tensors[kPriorMean] = is_mixture ? tensor({components, size}, prior.mean) : tensor({size}, prior.mean);
    content.tensors[kPriorFactor] = tensor({size, size}, prior.factor);
    if (is_mixture) {
      content.tensors[kPriorWeight] = tensor({components}, prior.weight);
      content.tensors[kPriorScale] = tensor({components}, prior.scale);
    }
  }
  return serialize_safetensors(content);
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint, DType type) {
  for (const auto& [name, values] : checkpoint.weights) check_values(checkpoint, name, values);
  if (checkpoint.prior) check(*checkpoint.prior, checkpoint.origin);
  write_file(path, serialize_checkpoint(checkpoint, type));
}

void check_weights(const Checkpoint& checkpoint, std::span<const kernels::ParameterSpec> specs) {
  for (const auto& spec : specs) {
    const auto found = checkpoint.weights.find(spec.name);
    require(found != checkpoint.weights.end(), "{}: tensor {} is missing; its options ask for one", checkpoint.origin,
            spec.name);
    const auto shape = checkpoint.shapes.find(spec.name);
    require(shape != checkpoint.shapes.end() && shape->second == spec.shape,
            "{}: tensor {} has the shape {}, its options ask for {}", checkpoint.origin, spec.name,
            shape == checkpoint.shapes.end() ? "none" : shape_text(shape->second), shape_text(spec.shape));
    require(found->second.size() == spec.count(), "{}: tensor {} has {} values, its shape {} asks for {}",
            checkpoint.origin, spec.name, found->second.size(), shape_text(spec.shape), spec.count());
    check_values(checkpoint, spec.name, found->second);
  }
  for (const auto& [name, values] : checkpoint.weights)
    require(std::ranges::any_of(specs, [&n = name](const auto& spec) { return spec.name == n; }),
            "{}: tensor {} belongs to no part of a model with its options", checkpoint.origin, printable(name));
}

std::string training_config_of(std::span<const OptionField> data_options, std::span<const std::string> data) {
  if (data.empty()) return options_to_json(data_options);
  std::vector<std::string> names(data.begin(), data.end());
  std::ranges::transform(names, names.begin(), sketch::exact_data_name);
  return merged_json_objects(options_to_json(data_options), json_text(Json{{kData, names}}));
}

std::vector<std::string> training_data(const Checkpoint& checkpoint) {
  const Json training = parse_json(checkpoint.training_config);
  if (!training.is_object() || !training.contains(kData)) return {};
  const Json& data = training[kData];
  const bool is_list = data.is_array() && std::ranges::all_of(data, [](const Json& name) { return name.is_string(); });
  require(is_list, "{}: the data of its training_config are not a list of names; the file is damaged",
          checkpoint.origin);
  auto names = data.get<std::vector<std::string>>();
  std::ranges::transform(names, names.begin(), sketch::recorded_data_name);
  return names;
}

std::int64_t whole_number_of(const Checkpoint& checkpoint, const std::string& key, std::int64_t otherwise) {
  const auto found = checkpoint.extra.find(key);
  return found == checkpoint.extra.end() ? otherwise
                                         : parsed_number<std::int64_t>(found->second, checkpoint.origin, key);
}

float number_of(const Checkpoint& checkpoint, const std::string& key) {
  const auto found = checkpoint.extra.find(key);
  require(found != checkpoint.extra.end(), "{}: metadata {} is missing; the file is damaged", checkpoint.origin, key);
  return parsed_number<float>(found->second, checkpoint.origin, key);
}

}  // namespace limn::models
