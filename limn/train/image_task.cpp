#include "limn/train/image_task.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/render/save.hpp"

namespace limn {
namespace {

constexpr std::int64_t kSampleColumns = 10;
// Images whose layers' outputs are watched.
constexpr std::int64_t kWatchedImages = 32;

void append_row(Sheet& sheet, const std::string& heading, std::span<const float> pixels, const ImageShape& shape) {
  const auto size = static_cast<std::size_t>(shape.size());
  sheet.row_headings.push_back(heading);
  for (std::size_t i = 0; i < static_cast<std::size_t>(sheet.columns); ++i)
    sheet.cells.push_back((i + 1) * size <= pixels.size() ? cell_of(to_raster(pixels.subspan(i * size, size), shape))
                                                          : SheetCell{});
}

}  // namespace

ImageTask::ImageTask(Setup setup, ImageDataset data) : setup_(std::move(setup)), data_(std::move(data)) {
  data_.require_batch(setup_.train.batch_size);
}

void ImageTask::set_tensors(std::vector<TaskParameter> parameters, std::vector<TaskParameter> buffers) {
  parameters_ = std::move(parameters);
  buffers_ = std::move(buffers);
}

ImageBatch ImageTask::training_batch(std::int64_t step) {
  if (!plan_.covers(step)) {
    plan_ = {};  // so that a large set's order is in memory once
    plan_ = data_.plan_for_step(seed(), step, setup_.train.batch_size);
  }
  return data_.training_batch(plan_, step, share());
}

Metrics ImageTask::evaluate(Split split, std::int64_t step) {
  if (data_.size(split) == 0) return {};
  const ImageEvaluation e = limn::evaluate(*make_image_model(checkpoint(step, {})), data_, split);
  Metrics metrics{{"total", e.total}, {"reconstruction", e.reconstruction}, {"kl", e.kl}};
  if (e.active_units >= 0) metrics.push_back({"active_units", static_cast<double>(e.active_units)});
  return metrics;
}

void ImageTask::write_checkpoint(const std::filesystem::path& path, std::int64_t step, const Metrics& metrics) {
  write_image_checkpoint(path, checkpoint(step, metrics));
}

std::vector<std::filesystem::path> ImageTask::draw_samples(const std::filesystem::path& stem, std::int64_t step) {
  const auto model = make_image_model(checkpoint(step, {}));
  const ImageBatch given = held_out(kSampleColumns);
  Sheet sheet{.columns = kSampleColumns, .title = fmt::format("step {}", step)};
  append_row(sheet, "given", given.pixels, data_.shape());
  const Latents z = model->encode(given.pixels, {.seed = seed(), .indices = given.indices});
  append_row(sheet, "redrawn", model->decode(z), data_.shape());
  for (int row = 0; row < 2; ++row) {
    const auto first = static_cast<std::uint64_t>(row * kSampleColumns);
    append_row(sheet, "new", model->decode(prior_latents(kSampleColumns, model->latent_size(), seed(), first)),
               data_.shape());
  }
  const std::filesystem::path path = stem.string() + ".png";
  save_sheet(path, sheet);
  return {path};
}

std::vector<LayerOutput> ImageTask::layer_outputs(std::int64_t step) {
  const auto model = make_image_model(checkpoint(step, {}));
  const ImageBatch given = held_out(kWatchedImages);
  Latents mean = model->encode(given.pixels, {.uses_mean = true, .seed = seed(), .indices = given.indices});
  Latents z = model->encode(given.pixels, {.seed = seed(), .indices = given.indices});
  std::vector<float> pixels = model->decode(z);
  std::vector<LayerOutput> outputs;
  outputs.push_back({"encoder/mean", std::move(mean.values)});
  outputs.push_back({"encoder/z", std::move(z.values)});
  outputs.push_back({"decoder/pixels", std::move(pixels)});
  return outputs;
}

ImageBatch ImageTask::held_out(std::int64_t count) const {
  const Split split = data_.size(Split::kValid) > 0 ? Split::kValid : Split::kTrain;
  return data_.batch(split, 0, std::min(count, data_.size(split)));
}

std::int64_t ImageTask::steps_per_epoch() const { return data_.batches_per_epoch(setup_.train.batch_size); }

ImageCheckpoint ImageTask::checkpoint(std::int64_t step, const Metrics& metrics) const {
  ImageCheckpoint c{.model = setup_.model, .config = setup_.config, .step = step};
  c.metrics = metrics_to_json(metrics);
  Setup setup = setup_;
  auto training = fields(setup.data);
  std::ranges::move(fields(setup.train), std::back_inserter(training));
  c.training_config = options_to_json(training);
  for (const auto* tensors : {&parameters_, &buffers_}) {
    for (const auto& t : *tensors) {
      c.weights[t.name].assign(t.value.begin(), t.value.end());
      c.shapes[t.name] = t.shape;
    }
  }
  c.origin = fmt::format("the model at step {}", step);
  return c;
}

}  // namespace limn
