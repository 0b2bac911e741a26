#include "limn/train/training_state.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include "limn/core/error.hpp"
#include "limn/models/checkpoint.hpp"

namespace limn::train {
namespace {

constexpr const char* kValuePrefix = "parameters.";
constexpr const char* kBufferPrefix = "buffers.";
constexpr const char* kFirstPrefix = "adam.first_moment.";
constexpr const char* kSecondPrefix = "adam.second_moment.";
constexpr const char* kAveragePrefix = "average.";
constexpr const char* kBestMetricsKey = "best_metrics";
constexpr const char* kDataKey = "data";
constexpr const char* kDeviceKey = "device";
constexpr const char* kSecondsKey = "seconds";

TensorData tensor_of(std::span<const float> values, const std::vector<std::int64_t>& shape) {
  return {.type = DType::kF32, .shape = shape, .bytes = std::as_bytes(values)};
}

void load_into(const SafetensorsFile& file, const std::string& name, const std::vector<std::int64_t>& shape,
               std::span<float> target) {
  if (const auto tensor = file.tensors().find(name); tensor != file.tensors().end())
    require(tensor->second.shape == shape,
            "{}: {} has the shape [{}], and these options ask for [{}]; a run cannot continue with other options of "
            "its layers",
            file.origin(), name, fmt::join(tensor->second.shape, ", "), fmt::join(shape, ", "));
  const auto values = file.read_f32(name, shape);
  require(std::ranges::all_of(values, [](float v) { return std::isfinite(v); }),
          "{}: {} holds a value that is not finite; the file is damaged", file.origin(), name);
  std::copy(values.begin(), values.end(), target.begin());
}

// A number of the metadata, from its text end to end.
template <class Number>
Number number(const SafetensorsFile& file, const std::string& key, const char* expected,
              const std::function<bool(Number)>& accepts) {
  const std::string& text = file.metadata(key);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size() && accepts(value),
          "{}: metadata {} is not {}; the file is damaged", file.origin(), key, expected);
  return value;
}

std::int64_t count(const SafetensorsFile& file, const std::string& key, std::int64_t least = 0) {
  constexpr std::int64_t kMost = 1'000'000'000'000'000;
  return number<std::int64_t>(file, key, "a whole number of steps",
                              [=](std::int64_t value) { return value >= least && value <= kMost; });
}

// The text of a member that states of 0.1.0 do not have, or "".
std::string text_or_none(const SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? "" : found->second;
}

}  // namespace

std::vector<Moments> zero_moments(const models::TrainingTask& task) {
  std::vector<Moments> moments;
  for (const auto& parameter : task.parameters())
    moments.push_back({std::vector<float>(parameter.value.size()), std::vector<float>(parameter.value.size())});
  return moments;
}

void write_state(const std::filesystem::path& path, const models::TrainingTask& task,
                 const std::vector<Moments>& moments, const WeightAverage& average, const TrainingState& state,
                 std::int64_t seed) {
  SafetensorsContent content;
  const auto parameters = task.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& p = parameters[i];
    content.tensors[kValuePrefix + p.name] = tensor_of(p.value, p.shape);
    content.tensors[kFirstPrefix + p.name] = tensor_of(moments[i].first, p.shape);
    content.tensors[kSecondPrefix + p.name] = tensor_of(moments[i].second, p.shape);
  }
  for (const auto& b : task.buffers()) content.tensors[kBufferPrefix + b.name] = tensor_of(b.value, b.shape);
  if (!average.is_empty()) {
    auto values = average.values().begin();
    for (const auto tensors : {task.parameters(), task.buffers()})
      for (const auto& t : tensors) content.tensors[kAveragePrefix + t.name] = tensor_of(*values++, t.shape);
  }
  const Position& at = state.at;
  content.metadata = {{"format", models::kFormatName},
                      {"format_version", fmt::format("{}", models::kFormatVersion)},
                      {"model", models::kTrainingState},
                      {"step", fmt::format("{}", at.step)},
                      {"updates", fmt::format("{}", at.updates)},
                      {"best_total", fmt::format("{}", at.best_total)},
                      {"best_step", fmt::format("{}", at.best_step)},
                      {kBestMetricsKey, metrics_to_json(at.best_metrics)},
                      {"rate_factor", fmt::format("{}", at.rate_factor)},
                      {"setbacks", fmt::format("{}", at.setbacks)},
                      {"metrics", metrics_to_json(state.last_metrics)},
                      {"seed", fmt::format("{}", seed)}};
  if (state.seconds > 0) content.metadata[kSecondsKey] = fmt::format("{}", state.seconds);
  if (!state.device.empty()) content.metadata[kDeviceKey] = state.device;
  if (!state.data.empty()) content.metadata[kDataKey] = state.data;
  write_safetensors(path, content);
}

TrainingState read_state(const std::filesystem::path& path, models::TrainingTask& task, std::vector<Moments>& moments,
                         WeightAverage& average, const std::function<Metrics()>& best_metrics) {
  const auto file = SafetensorsFile::read(path);
  require(file.metadata("format") == models::kFormatName && file.metadata("model") == models::kTrainingState,
          "{}: is not a training state of limn; start again with --overwrite", file.origin());
  require(count(file, "format_version") <= models::kFormatVersion,
          "{}: was written by a newer limn (format {}); update limn", file.origin(), file.metadata("format_version"));
  const auto parameters = task.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& p = parameters[i];
    load_into(file, kValuePrefix + p.name, p.shape, p.value);
    load_into(file, kFirstPrefix + p.name, p.shape, moments[i].first);
    load_into(file, kSecondPrefix + p.name, p.shape, moments[i].second);
  }
  for (const auto& b : task.buffers()) load_into(file, kBufferPrefix + b.name, b.shape, b.value);
  if (!task.parameters().empty() && file.tensors().contains(kAveragePrefix + task.parameters().front().name)) {
    std::vector<std::vector<float>> values;
    for (const auto tensors : {task.parameters(), task.buffers()})
      for (const auto& t : tensors)
        load_into(file, kAveragePrefix + t.name, t.shape, values.emplace_back(t.value.size()));
    average.set_values(std::move(values));
  }
  const auto is_any = [](double) { return true; };  // without a validation split the best total is not finite
  TrainingState state{.at = {.step = count(file, "step"),
                             .updates = count(file, "updates"),
                             .best_total = number<double>(file, "best_total", "a number", is_any),
                             .best_step = count(file, "best_step", -1),
                             .rate_factor = number<double>(file, "rate_factor", "a number above 0 and at most 1",
                                                           [](double value) { return value > 0 && value <= 1; }),
                             .setbacks = count(file, "setbacks")},
                      .last_metrics = {},
                      .data = text_or_none(file, kDataKey),
                      .device = text_or_none(file, kDeviceKey)};
  if (const std::string figures = text_or_none(file, kBestMetricsKey); !figures.empty())
    state.at.best_metrics = metrics_from_json(figures);
  else if (state.at.best_step >= 0)
    state.at.best_metrics = best_metrics();
  if (const std::string figures = text_or_none(file, "metrics"); !figures.empty())
    state.last_metrics = metrics_from_json(figures);
  if (file.metadata().contains(kSecondsKey))
    state.seconds = number<double>(file, kSecondsKey, "a time", [](double value) { return value >= 0; });
  return state;
}

}  // namespace limn::train
