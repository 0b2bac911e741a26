#include "limn/train/draw_task.hpp"

#include <algorithm>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/models/draw/drawing.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/render/steps_sheet.hpp"
#include "limn/train/draw_weights.hpp"

namespace limn {
namespace {

// Images of a split that the KL of each step is measured on.
constexpr std::int64_t kStepKlImages = 500;
// Of a sample picture: drawings of each kind, and steps of each.
constexpr std::int64_t kShown = 4;
constexpr int kShownSteps = 12;

class DrawTask final : public ImageTask {
 public:
  // `model` is resolved.
  DrawTask(const DrawTaskOptions& options, DrawOptions model, ImageDataset data)
      : ImageTask({.model = kDrawModel,
                   .config = options_to_json(limn::fields(model)),
                   .data = options.data,
                   .train = options.train},
                  std::move(data)),
        shape_(draw_shape(model)),
        sequence_(shape_, options.train.precision == "bf16" ? kernels::Precision::kBFloat16
                                                            : kernels::Precision::kFloat32),
        whole_batch_(options.train.batch_size) {
    std::vector<TaskParameter> parameters;
    for (const auto& spec : kernels::draw_parameters(shape_)) {
      const std::int64_t count = std::accumulate(spec.shape.begin(), spec.shape.end(), std::int64_t{1}, std::multiplies<>());
      values_.emplace_back(static_cast<std::size_t>(count));
      gradients_.emplace_back(static_cast<std::size_t>(count));
      parameters.push_back({spec.name, spec.shape, values_.back(), gradients_.back()});
    }
    initialize_draw(parameters, seed());
    set_tensors(std::move(parameters), {});
  }

  StepResult compute_gradients(std::int64_t step) override {
    const ImageBatch batch = training_batch(step);
    const std::int64_t n = batch.batch_size(), latent_size = shape_.steps * shape_.z_size;
    noise_.resize(static_cast<std::size_t>(n * latent_size));
    const BatchShare mine = share();
    kernels::parallel_for(n, [&](std::int64_t b) {  // a stream for each image; every glimpse takes its own numbers
      RandomStream random(seed(), Purpose::kLatentTraining, static_cast<std::uint64_t>(step),
                          static_cast<std::uint64_t>(mine.rank + b * mine.ranks));
      random.fill_normal(std::span(noise_).subspan(static_cast<std::size_t>(b * latent_size),
                                                   static_cast<std::size_t>(latent_size)));
    });
    std::vector<std::span<const float>> values;
    std::vector<std::span<float>> gradients;
    for (const TaskParameter& p : parameters()) {
      values.emplace_back(p.value);
      gradients.push_back(p.gradient);
    }
    const kernels::DrawLosses losses =
        sequence_.forward({.parameters = values,
                           .pixels = ConstMatrix(batch.pixels.data(), n, shape_.image_size()),
                           .noise = ConstMatrix(noise_.data(), n, latent_size),
                           .whole_batch = whole_batch_},
                          {});
    sequence_.backward(gradients);
    const auto mean = [&](const std::vector<double>& all) {
      return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(whole_batch_);
    };
    const double reconstruction = mean(losses.reconstruction), kl = mean(losses.kl);
    return {.losses = {{"total", reconstruction + kl}, {"reconstruction", reconstruction}, {"kl", kl}},
            .indices = batch.indices};
  }

  // Some drawings from the prior and some of the validation split redrawn, each at chosen steps; the same noise and
  // images every time, so that pictures compare.
  std::vector<std::filesystem::path> draw_samples(const std::filesystem::path& stem, std::int64_t step) override {
    const DrawModel model(checkpoint(step, {}));
    const Split split = data().size(Split::kValid) > 0 ? Split::kValid : Split::kTrain;
    const ImageBatch given = data().batch(split, 0, std::min(kShown, data().size(split)));
    Sheet sheet = chosen_steps_sheet(
        model.reconstruct_steps(given.pixels, {.seed = seed(), .indices = given.indices}), kShownSteps, given.pixels);
    const Sheet drawn =
        chosen_steps_sheet(model.decode_steps(prior_latents(kShown, model.latent_size(), seed())), kShownSteps);
    std::ranges::copy(drawn.cells, std::back_inserter(sheet.cells));
    sheet.row_headings.resize(sheet.row_headings.size() + static_cast<std::size_t>(kShown), "new");
    sheet.title = fmt::format("step {}", step);
    const std::filesystem::path path = stem.string() + ".png";
    save_sheet(path, sheet, steps_save_options(sheet, data().shape()));
    return {path};
  }

  // Besides the losses of the split, L_z of each step over its first images: kl/1 … kl/T.
  Metrics evaluate(Split split, std::int64_t step) override {
    Metrics metrics = ImageTask::evaluate(split, step);
    if (metrics.empty()) return metrics;
    const ImageBatch batch = data().batch(split, 0, std::min(kStepKlImages, data().size(split)));
    const std::vector<double> kl = DrawModel(checkpoint(step, {})).step_kl(batch.pixels, {.indices = batch.indices});
    for (std::int64_t t = 0; t < shape_.steps; ++t) {
      double sum = 0;
      for (auto i = static_cast<std::size_t>(t); i < kl.size(); i += static_cast<std::size_t>(shape_.steps)) sum += kl[i];
      metrics.push_back({fmt::format("kl/{}", t + 1), sum / static_cast<double>(batch.batch_size())});
    }
    return metrics;
  }

 private:
  kernels::DrawShape shape_;
  kernels::DrawSequence sequence_;
  std::int64_t whole_batch_;
  std::vector<std::vector<float>> values_, gradients_;  // the parameters point into them
  std::vector<float> noise_;                            // ε [B, T·Z]
};

}  // namespace

std::vector<OptionField> fields(DrawTaskOptions& options) {
  auto all = fields(options.model);
  for (const auto& more : {fields(options.data), fields(options.train)}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::unique_ptr<Task> make_draw_task(const DrawTaskOptions& options, ImageDataset data) {
  const DrawOptions model = resolved(options.model, data.shape());
  require(image_shape(model) == data.shape(), "{}: its images are {}, the options ask for {}", data.name(),
          text(data.shape()), text(image_shape(model)));
  return std::make_unique<DrawTask>(options, model, std::move(data));
}

}  // namespace limn
