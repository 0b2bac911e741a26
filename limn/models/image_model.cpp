#include "limn/models/image_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/checkpoint.hpp"
#include "limn/models/checkpoint_metadata.hpp"
#include "limn/models/draw/drawing.hpp"
#include "limn/models/vae/drawing.hpp"

namespace limn {
namespace {

using nlohmann::json;

struct Family {
  const char* model;  // as checkpoints say it
  std::unique_ptr<ImageModel> (*make)(ImageCheckpoint);
};
constexpr std::array kFamilies{Family{"vae", make_vae_model}, Family{"draw", make_draw_model}};

const Family* family_named(const std::string& model) {
  const auto found = std::ranges::find_if(kFamilies, [&](const auto& f) { return f.model == model; });
  return found == kFamilies.end() ? nullptr : &*found;
}

void check_values(const ImageCheckpoint& checkpoint, const std::string& name, const std::vector<float>& values) {
  require(std::ranges::all_of(values, [](float w) { return std::isfinite(w); }),
          "{}: tensor {} holds values that are not finite; the training diverged, take an earlier checkpoint",
          checkpoint.origin, printable(name));
}

// Means and variances over images of the posterior mean's dimensions, image after image (Welford 1962).
class RunningVariance {
 public:
  void add(std::span<const float> values) {
    mean_.resize(values.size());
    squares_.resize(values.size());
    ++count_;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double difference = values[i] - mean_[i];
      mean_[i] += difference / static_cast<double>(count_);
      squares_[i] += difference * (values[i] - mean_[i]);
    }
  }
  [[nodiscard]] std::int64_t above(double threshold) const {
    return std::ranges::count_if(squares_, [&](double s) { return s / static_cast<double>(count_) > threshold; });
  }

 private:
  std::int64_t count_ = 0;
  std::vector<double> mean_, squares_;
};

constexpr double kActiveVariance = 0.01;  // Burda et al. 2015, §5.1

// Σ over the images of −log (1/K Σ_k w_k) (Burda et al. 2015, eq. 8), the sum over k as a running log-sum-exp.
double importance_weighted_sum(const ImageModel& model, std::span<const float> pixels,
                               const ImageModel::EncodeOptions& encoding, std::int64_t samples) {
  std::vector<double> largest(encoding.indices.size(), -INFINITY), sum(encoding.indices.size(), 0.0);
  for (std::int64_t k = 0; k < samples; ++k) {
    const std::vector<double> log_weights = model.log_weights(pixels, encoding, k);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      const double top = std::max(largest[i], log_weights[i]);
      sum[i] = sum[i] * std::exp(largest[i] - top) + std::exp(log_weights[i] - top);
      largest[i] = top;
    }
  }
  double total = 0;
  for (std::size_t i = 0; i < sum.size(); ++i)
    total -= largest[i] + std::log(sum[i]) - std::log(static_cast<double>(samples));
  return total;
}

}  // namespace

void check_weights(const ImageCheckpoint& checkpoint, std::span<const kernels::ParameterSpec> specs) {
  for (const auto& spec : specs) {
    const auto found = checkpoint.weights.find(spec.name);
    require(found != checkpoint.weights.end(), "{}: tensor {} is missing; its options ask for one", checkpoint.origin,
            spec.name);
    const auto shape = checkpoint.shapes.find(spec.name);
    require(shape != checkpoint.shapes.end() && shape->second == spec.shape,
            "{}: tensor {} has the shape {}, its options ask for {}", checkpoint.origin, spec.name,
            shape == checkpoint.shapes.end() ? "none" : shape_text(shape->second), shape_text(spec.shape));
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    require(found->second.size() == count, "{}: tensor {} has {} values, its shape {} asks for {}", checkpoint.origin,
            spec.name, found->second.size(), shape_text(spec.shape), count);
    check_values(checkpoint, spec.name, found->second);
  }
  for (const auto& [name, values] : checkpoint.weights)
    require(std::ranges::any_of(specs, [&n = name](const auto& spec) { return spec.name == n; }),
            "{}: tensor {} belongs to no part of a model with its options", checkpoint.origin, printable(name));
}

ImageDataOptions training_data_options(const ImageCheckpoint& checkpoint) {
  const json training = json::parse(checkpoint.training_config, nullptr, false);
  require(training.is_object(), "{}: its training_config is not a JSON object; the file is damaged", checkpoint.origin);
  ImageDataOptions options;
  const auto known = fields(options);
  json ours = json::object();
  for (const auto& field : known)
    if (const auto found = training.find(field.name); found != training.end()) ours[field.name] = *found;
  options_from_json(known, ours.dump(), checkpoint.origin);
  return options;
}

ImageCheckpoint read_image_checkpoint(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::read(path);
  check_format(file);
  ImageCheckpoint checkpoint;
  checkpoint.origin = file.origin();
  checkpoint.model = file.metadata(metadata::kModel);
  require(family_named(checkpoint.model) != nullptr, "{}: it holds a model of kind '{}', expected one that draws images",
          file.origin(), printable(checkpoint.model));
  checkpoint.config = file.metadata(metadata::kConfig);
  checkpoint.step = metadata_number<std::int64_t>(file, metadata::kStep);
  require(checkpoint.step >= 0, "{}: step is {}, expected 0 or more", file.origin(), checkpoint.step);
  checkpoint.metrics = metadata_object(file, metadata::kMetrics);
  checkpoint.training_config = metadata_object(file, metadata::kTrainingConfig);
  for (const auto& [name, tensor] : file.tensors()) {
    checkpoint.weights[name] = file.read_f32(name, tensor.shape);
    checkpoint.shapes[name] = tensor.shape;
    check_values(checkpoint, name, checkpoint.weights[name]);
  }
  return checkpoint;
}

void write_image_checkpoint(const std::filesystem::path& path, const ImageCheckpoint& checkpoint) {
  SafetensorsContent content;
  content.metadata = {{metadata::kFormat, kFormatName},
                      {metadata::kVersion, std::to_string(kFormatVersion)},
                      {metadata::kModel, checkpoint.model},
                      {metadata::kConfig, checkpoint.config},
                      {metadata::kStep, std::to_string(checkpoint.step)},
                      {metadata::kMetrics, checkpoint.metrics},
                      {metadata::kTrainingConfig, checkpoint.training_config}};
  ImageCheckpoint written = checkpoint;
  written.origin = path.string();
  (void)make_image_model(written);  // refuses what could not be read back
  for (const auto& [name, values] : checkpoint.weights)
    content.tensors[name] = {.type = DType::kF32,
                             .shape = checkpoint.shapes.at(name),
                             .bytes = std::as_bytes(std::span<const float>(values))};
  write_safetensors(path, content);
}

std::string model_kind(const std::filesystem::path& path) {
  const auto file = resolve_model_path(path);
  if (file.extension() == ".json") return kSketchRnnModel;
  const SafetensorsFile content = SafetensorsFile::read(file);
  check_format(content);
  const std::string& model = content.metadata(metadata::kModel);
  require(model == kSketchRnnModel || family_named(model) != nullptr,
          "{}: it holds a model of kind '{}', which this limn does not know", file.string(), printable(model));
  return model;
}

std::unique_ptr<ImageModel> make_image_model(ImageCheckpoint checkpoint) {
  const Family* family = family_named(checkpoint.model);
  require(family != nullptr, "{}: it holds a model of kind '{}', expected one that draws images", checkpoint.origin,
          printable(checkpoint.model));
  return family->make(std::move(checkpoint));
}

std::unique_ptr<ImageModel> load_image_model(const std::filesystem::path& path) {
  return make_image_model(read_image_checkpoint(resolve_model_path(path)));
}

ImageEvaluation evaluate(const ImageModel& model, const ImageDataset& data, Split split,
                         const ImageEvaluationOptions& options) {
  require(data.shape() == model.shape(), "{}: its images are {}, the model draws {}", data.name(), text(data.shape()),
          text(model.shape()));
  ImageEvaluation result{.n = data.size(split), .importance_samples = options.importance_samples};
  if (options.max_images > 0) result.n = std::min(result.n, options.max_images);
  require(result.n > 0, "{}: its {} split holds no image to evaluate", data.name(),
          kSplitNames[static_cast<std::size_t>(split)]);
  const bool has_means = !model.posterior_mean_variances(data.batch(split, 0, 1).pixels).empty();
  RunningVariance means;
  for (std::int64_t first = 0; first < result.n; first += options.batch_size) {
    const ImageBatch batch = data.batch(split, first, std::min(options.batch_size, result.n - first));
    const ImageModel::EncodeOptions encoding{.seed = options.seed, .indices = batch.indices};
    const ImageLosses losses = model.losses(batch.pixels, encoding, options.samples);
    for (const double nats : losses.reconstruction) result.reconstruction += nats;
    for (const double nats : losses.kl) result.kl += nats;
    if (has_means) {
      const Latents mu = model.encode(batch.pixels, {.uses_mean = true});
      for (std::int64_t i = 0; i < mu.count(); ++i) means.add(mu.row(i));
    }
    if (options.importance_samples > 0)
      result.importance_weighted +=
          importance_weighted_sum(model, batch.pixels, encoding, options.importance_samples);
  }
  const auto n = static_cast<double>(result.n);
  result.reconstruction /= n;
  result.kl /= n;
  result.importance_weighted /= n;
  result.total = result.reconstruction + result.kl;
  if (has_means) result.active_units = means.above(kActiveVariance);
  return result;
}

}  // namespace limn
