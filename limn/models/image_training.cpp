#include "limn/models/image_training.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/models/step_noise.hpp"

namespace limn::models {
namespace {

constexpr std::int64_t kSampleColumns = 10;
// Images whose layers' outputs are watched.
constexpr std::int64_t kWatchedImages = 32;

}  // namespace

void require_fitting(const image::ImageDataset& data, const image::ImageShape& wanted) {
  require(
      wanted == data.shape(),
      "{}: its images are {}, the options ask for {}; leave image_channels, image_height and image_width out, or set "
      "image_size, center_crop or color of the data",
      data.name(), image::text(data.shape()), image::text(wanted));
}

ImageTask::ImageTask(Setup setup, image::ImageDataset data)
    : setup_(std::move(setup)), data_(std::move(data)), parameters_(setup_.parameters), buffers_(setup_.buffers) {
  data_.require_batch(setup_.setting.batch_size);
}

image::ImageBatch ImageTask::training_batch(std::int64_t step) {
  if (!plan_.covers(step)) {
    plan_ = {};  // so that a large set's order is in memory once
    plan_ = data_.plan_for_step(setting().seed, step, setting().batch_size);
  }
  return data_.training_batch(plan_, step, share());
}

StepInput ImageTask::image_input(std::int64_t step, std::int64_t z_size) {
  image::ImageBatch batch = training_batch(step);
  StepInput input{.pixels = std::move(batch.pixels),
                  .places = share().places(setting().batch_size),
                  .indices = std::move(batch.indices),
                  .planned_steps = planned_steps()};
  input.noise = latent_noise({.seed = setting().seed, .step = static_cast<std::uint64_t>(step), .places = input.places},
                             std::ssize(input.indices), z_size);
  return input;
}

std::unique_ptr<ImageModel> ImageTask::model(std::int64_t step) const {
  return setup_.make_model(checkpoint(step, {}));
}

Metrics ImageTask::evaluate(Split split, std::int64_t step, const Judging& judging) {
  if (data_.size(split) == 0) return {};
  const ImageEvaluation e = models::evaluate(
      *model(step), data_, split, {.max_images = judging.most, .passes = judging.passes, .among = sharing(judging)});
  Metrics metrics{{"total", e.total}, {"reconstruction", e.reconstruction}, {"kl", e.kl}};
  if (e.active_units >= 0) metrics.push_back({"active_units", static_cast<double>(e.active_units)});
  return metrics;
}

std::optional<FittedPrior> ImageTask::fit_prior(const Checkpoint& checkpoint) {
  if (!setting().fits_prior) return {};
  const auto encoder = setup_.make_model(checkpoint);
  return encoder->can(Ability::kFitPrior) ? std::optional(models::fit_prior(*encoder, data_)) : std::nullopt;
}

std::unique_ptr<ImageModel> ImageTask::model_with_prior(std::int64_t step) {
  Checkpoint now = checkpoint(step, {});
  now.prior = prior(now);
  return setup_.make_model(std::move(now));
}

SampleDrawings ImageTask::sample_drawings(std::int64_t step) {
  const auto drawer = model_with_prior(step);
  const image::ImageBatch given = held_out(kSampleColumns);
  SampleDrawings samples{.columns = kSampleColumns};
  samples.rows.push_back({"given", images(given.pixels)});
  const Latents z = drawer->encode(given.pixels, {.seed = setting().seed, .indices = given.indices});
  samples.rows.push_back({"redrawn", images(drawer->decode(z))});
  for (int row = 0; row < 2; ++row) {
    const auto first = static_cast<std::uint64_t>(row * kSampleColumns);
    const Latents fresh = drawer->prior_latents(kSampleColumns, setting().seed, first);
    samples.rows.push_back({kNewDrawings, images(drawer->decode(fresh))});
  }
  return samples;
}

std::vector<SampleGrid> ImageTask::sample_grids(std::int64_t step, std::int64_t count) {
  const auto drawer = model_with_prior(step);
  const image::ImageBatch given = held_out(count);
  const Latents z = drawer->encode(given.pixels, {.seed = setting().seed, .indices = given.indices});
  std::vector<SampleGrid> grids;
  grids.push_back({"given", images(given.pixels)});
  grids.push_back({"redrawn", images(drawer->decode(z))});
  grids.push_back({kNewDrawings, images(drawer->decode(drawer->prior_latents(count, setting().seed)))});
  return grids;
}

Drawings ImageTask::images(std::vector<float> pixels) const {
  return {.content = Content::kImages, .shape = data_.shape(), .pixels = std::move(pixels)};
}

std::vector<LayerOutput> ImageTask::layer_outputs(std::int64_t step) {
  const auto drawer = model(step);
  const image::ImageBatch given = held_out(kWatchedImages);
  Latents mean = drawer->encode(given.pixels, {.uses_mean = true, .seed = setting().seed, .indices = given.indices});
  Latents z = drawer->encode(given.pixels, {.seed = setting().seed, .indices = given.indices});
  std::vector<float> pixels = drawer->decode(z);
  std::vector<LayerOutput> outputs;
  outputs.push_back({"encoder/mean", std::move(mean.values)});
  outputs.push_back({"encoder/z", std::move(z.values)});
  outputs.push_back({"decoder/pixels", std::move(pixels)});
  return outputs;
}

image::ImageBatch ImageTask::held_out(std::int64_t count) const {
  const Split split = data_.size(Split::kValid) > 0 ? Split::kValid : Split::kTrain;
  return data_.batch(split, 0, std::min(count, data_.size(split)));
}

std::int64_t ImageTask::steps_per_epoch() const { return data_.batches_per_epoch(setting().batch_size); }

std::string ImageTask::remark() const {
  std::vector<std::string> remarks(data_.notes().begin(), data_.notes().end());
  if (!data_.skipped().empty()) remarks.push_back(fmt::format("{} damaged pictures left out", data_.skipped().size()));
  if (data_.shape().channels > 1 && setup_.data.binarize != "none")
    remarks.push_back(
        fmt::format("binarize={} makes each colour of a pixel 0 or 1; --set binarize=none keeps the colours",
                    setup_.data.binarize));
  return fmt::format("{}", fmt::join(remarks, "; "));
}

Checkpoint ImageTask::checkpoint(std::int64_t step, const Metrics& metrics) const {
  image::ImageDataOptions data = setup_.data;
  Checkpoint c{.model = setup_.model,
               .config = setup_.config,
               .step = step,
               .metrics = metrics_to_json(metrics),
               .training_config = training_config_of(fields(data), setup_.setting.data),
               .origin = fmt::format("the model at step {}", step)};
  parameters_.store(c);
  buffers_.store(c);
  return c;
}

}  // namespace limn::models
