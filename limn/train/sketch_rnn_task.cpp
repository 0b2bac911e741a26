#include "limn/train/sketch_rnn_task.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/evaluation.hpp"
#include "limn/models/sketch_rnn/prior.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/nn/sketch_rnn_module.hpp"
#include "limn/render/save.hpp"
#include "limn/render/sheet.hpp"
#include "limn/train/module_tensors.hpp"

namespace limn {
namespace {

constexpr int kSampleColumns = 8;
// Sketches whose layers' outputs are watched.
constexpr std::int64_t kWatchedSketches = 32;
constexpr float kSampleTemperature = 0.4f;

class SketchRnnTask : public Task {
 public:
  SketchRnnTask(const SketchRnnTaskOptions& options, StrokeDataset data)
      : options_(options), data_(std::move(data)), model_(options.model, seed(), precision()) {
    parameters_ = parameters_of(*model_);
    data_.require_batch(options_.train.batch_size);
  }

  std::span<const TaskParameter> parameters() const override { return parameters_; }

  StepResult compute_gradients(std::int64_t step) override {
    if (!plan_.covers(step)) {
      plan_ = {};  // so that a large set's order is in memory once
      plan_ = data_.plan_for_step(seed(), step, options_.train.batch_size);
    }
    const BatchShare part = share();
    const StrokeBatch batch = data_.training_batch(plan_, step, part);
    model_->train();
    const StepNoise noise{.seed = seed(),
                          .step = static_cast<std::uint64_t>(step),
                          .numbers = batch.places};
    const SketchRnnLosses losses =
        model_->forward(batch, noise, data_.max_seq_len(),
                        {.size = plan_.batch_size, .sum = [this](double kl) { return over_all(kl); }});
    for (const auto& p : parameters_) std::fill(p.gradient.begin(), p.gradient.end(), 0.0f);
    losses.total.backward();
    StepResult result{.losses = {{"total", losses.total.item<double>()},
                                 {"reconstruction", losses.offset + losses.pen}},
                      .indices = batch.indices};
    if (options_.model.conditional) {
      result.losses.push_back({"kl", losses.kl});
      result.losses.push_back({"kl_weight", losses.kl_weight / static_cast<double>(part.ranks)});
    }
    return result;
  }

  Metrics evaluate(Split split, std::int64_t) override {
    if (data_.size(split) == 0) return {};
    const SketchRnnEvaluation e = limn::evaluate(weights(), data_, split);
    Metrics metrics{{"total", e.total}, {"reconstruction", e.reconstruction}};
    if (options_.model.conditional) metrics.push_back({"kl", e.kl});
    metrics.push_back({"reconstruction_training_form", e.reconstruction_training_form});
    return metrics;
  }

  void write_checkpoint(const std::filesystem::path& path, std::int64_t step, const Metrics& metrics) override {
    limn::write_checkpoint(path, checkpoint(step, metrics));
  }

  std::vector<std::filesystem::path> draw_samples(const std::filesystem::path& stem, std::int64_t step) override {
    const SketchRnnGenerator generator(checkpoint(step, {}));
    const std::filesystem::path path = stem.string() + ".png";
    save_sheet(path, sample_sheet(generator, step));
    return {path};
  }

  std::vector<LayerOutput> layer_outputs(std::int64_t) override {
    const std::vector<Sketch> some = held_out(kWatchedSketches);
    std::vector<const Sketch*> views;
    for (const Sketch& sketch : some) views.push_back(&sketch);
    SketchRnnLayers layers = limn::layer_outputs(weights(), make_batch(views, {}));
    std::vector<LayerOutput> outputs;
    if (options_.model.conditional) {
      outputs.push_back({"encoder/hidden", std::move(layers.encoder)});
      outputs.push_back({"encoder/mu", std::move(layers.mu)});
      outputs.push_back({"encoder/log_variance", std::move(layers.log_variance)});
    }
    outputs.push_back({"decoder/hidden", std::move(layers.decoder)});
    outputs.push_back({"decoder/output", std::move(layers.output)});
    return outputs;
  }

  std::int64_t steps_per_epoch() const override { return data_.batches_per_epoch(options_.train.batch_size); }

 private:
  // The first sketches of the validation split, or of the training split where that is empty: to look at while training.
  std::vector<Sketch> held_out(std::int64_t most) const {
    const Split split = data_.size(Split::kValid) > 0 ? Split::kValid : Split::kTrain;
    std::vector<Sketch> some;
    for (std::int64_t i = 0; i < std::min(most, data_.size(split)); ++i) some.push_back(data_.sketch(split, i));
    return some;
  }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(options_.train.seed); }
  kernels::Precision precision() const {
    return options_.train.precision == "bf16" ? kernels::Precision::kBFloat16 : kernels::Precision::kFloat32;
  }

  // The parameters in the order that generate asks for.
  SketchRnnWeights weights() const {
    std::vector<std::span<const float>> tensors;
    for (const auto& spec : sketch_rnn_parameters(options_.model)) tensors.push_back(named(spec.name).value);
    return sketch_rnn_weights(options_.model, tensors);
  }
  const TaskParameter& named(const std::string& name) const {
    return *std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == name; });
  }

  SketchRnnCheckpoint checkpoint(std::int64_t step, const Metrics& metrics) {
    SketchRnnCheckpoint c;
    c.options = options_.model;
    c.scale_factor = data_.scale_factor();
    c.max_seq_len = data_.max_seq_len();
    c.step = step;
    c.metrics = metrics_to_json(metrics);
    auto training = fields(options_.data);
    const auto more = fields(options_.train);
    training.insert(training.end(), more.begin(), more.end());
    c.training_config = options_to_json(training);
    for (const auto& p : parameters_) c.weights[p.name].assign(p.value.begin(), p.value.end());
    return c;
  }

  // Rows of a sheet: for a conditional model some sketches of the validation split and what becomes of them, then
  // drawings from the prior; the same sketches and numbers every time, so that pictures compare.
  Sheet sample_sheet(const SketchRnnGenerator& generator, std::int64_t step) const {
    Sheet sheet{.columns = kSampleColumns, .title = fmt::format("step {}", step)};
    const PointChoice choice{.temperature = kSampleTemperature};
    if (generator.is_conditional()) {
      const std::vector<Sketch> given = held_out(kSampleColumns);
      append_row(sheet, "given", given);
      append_row(sheet, "redrawn", sketches_of(reconstruct(generator, given, {.choice = choice, .seed = seed()})));
    }
    for (int row = 0; row < 2; ++row) {
      const auto first = static_cast<std::uint64_t>(row * kSampleColumns);
      append_row(sheet, "new", sketches_of(draw_new(generator, kSampleColumns, choice, seed(), first)));
    }
    return sheet;
  }
  static std::vector<Sketch> sketches_of(const std::vector<Drawing>& drawings) {
    std::vector<Sketch> all;
    for (const auto& drawing : drawings) all.push_back(drawing.sketch);
    return all;
  }
  static void append_row(Sheet& sheet, const std::string& heading, const std::vector<Sketch>& sketches) {
    sheet.row_headings.push_back(heading);
    for (int i = 0; i < kSampleColumns; ++i)
      sheet.cells.push_back(static_cast<std::size_t>(i) < sketches.size() ? cell_of(sketches[i]) : SheetCell{});
  }

  SketchRnnTaskOptions options_;
  StrokeDataset data_;
  EpochPlan plan_;
  SketchRnn model_;
  std::vector<TaskParameter> parameters_;
};

}  // namespace

std::vector<OptionField> fields(SketchRnnTaskOptions& options) {
  auto all = fields(options.model);
  for (const auto& more : {fields(options.data), fields(options.train)}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::unique_ptr<Task> make_sketch_rnn_task(const SketchRnnTaskOptions& options, StrokeDataset data) {
  return std::make_unique<SketchRnnTask>(options, std::move(data));
}

}  // namespace limn
