#include "limn/models/sketch_rnn/training.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/evaluation.hpp"
#include "limn/models/sketch_rnn/initial_weights.hpp"
#include "limn/models/sketch_rnn/step.hpp"
#include "limn/models/step_noise.hpp"

namespace limn::models {
namespace {

constexpr std::int64_t kSampleColumns = 8;
// Sketches that tell whether the decoder reads z.
constexpr std::int64_t kJudgedLatents = 200;
// Sketches whose layers' outputs are watched.
constexpr std::int64_t kWatchedSketches = 32;
constexpr float kSampleTemperature = 0.4f;

class SketchRnnTraining final : public TrainingTask {
 public:
  SketchRnnTraining(const SketchRnnOptions& model, const sketch::StrokeDataOptions& data_options,
                    const TaskSetting& setting, sketch::StrokeDataset data)
      : options_(model),
        data_options_(data_options),
        setting_(setting),
        data_(std::move(data)),
        tensors_(sketch_rnn_parameters(model)),
        step_(model, setting.precision),
        loss_steps_(model.loss_steps == "longest" ? data_.longest(Split::kTrain) + 1 : data_.max_seq_len()) {
    initialise(options_, sketch_rnn_parameters(options_), setting.seed, tensors_.mutable_values());
    data_.require_batch(setting.batch_size);
  }

  std::span<const TaskParameter> parameters() const override { return tensors_.tensors(); }

  StepResult compute_gradients(std::int64_t step) override {
    const sketch::StrokeBatch batch = training_batch(step);
    const SketchRnnStep::Losses losses = step_.losses_and_gradients(
        tensors_.values(), tensors_.gradients(),
        {.batch = batch,
         .max_seq_len = loss_steps_,
         .seed = setting_.seed,
         .step = static_cast<std::uint64_t>(step),
         .planned_steps = planned_steps(),
         .whole = {.size = plan_.batch_size, .sum = [this](double kl) { return over_all(kl); }}});
    StepResult result{.losses = {{"total", losses.total}, {"reconstruction", losses.offset + losses.pen}},
                      .indices = batch.indices};
    if (options_.conditional) {
      result.losses.push_back({"kl", losses.kl});
      result.losses.push_back({"kl_weight", losses.kl_weight / static_cast<double>(share().ranks)});
    }
    return result;
  }

  StepInput step_input(std::int64_t step) override {
    StepInput input{.strokes = training_batch(step),
                    .loss_steps = loss_steps_,
                    .planned_steps = planned_steps(),
                    .has_kl = options_.conditional};
    input.places = input.strokes.places;
    input.indices = input.strokes.indices;
    if (options_.conditional) {
      input.noise =
          latent_noise({.seed = setting_.seed, .step = static_cast<std::uint64_t>(step), .places = input.places},
                       input.strokes.batch_size(), options_.z_size);
      input.further = {{"kl_weight", kl_weight_at(options_, step, planned_steps())}};
    }
    return input;
  }

  Metrics evaluate(Split split, std::int64_t, const Judging& judging) override {
    if (data_.size(split) == 0) return {};
    const SketchRnnEvaluation e = models::evaluate(
        weights(), data_, split, {.most = judging.most, .passes = judging.passes, .among = sharing(judging)});
    Metrics metrics{{"total", e.total}, {"reconstruction", e.reconstruction}};
    if (options_.conditional) metrics.push_back({"kl", e.kl});
    metrics.push_back({"reconstruction_training_form", e.reconstruction_training_form});
    return metrics;
  }

  double objective(const Metrics& losses, std::int64_t step) const override {
    if (!options_.conditional) return metric(losses, "total");
    return metric(losses, "reconstruction") +
           kl_term(options_, kl_weight_at(options_, step, planned_steps()), metric(losses, "kl"));
  }

  std::optional<double> nats_of_latents() override {
    if (!options_.conditional || data_.size(Split::kValid) < 2) return {};
    const SketchRnnEvaluation e = models::evaluate(
        weights(), data_, Split::kValid, {.most = kJudgedLatents, .uses_mean = true, .with_shuffled_z = true});
    const std::int64_t divisor = options_.loss_steps == "longest" ? data_.longest(Split::kValid) + 1 : loss_steps_;
    return (e.reconstruction_shuffled_z.value_or(e.reconstruction) - e.reconstruction) * static_cast<double>(divisor);
  }

  Checkpoint checkpoint(std::int64_t step, const Metrics& metrics) const override {
    SketchRnnContents c;
    c.options = options_;
    c.scale_factor = data_.scale_factor();
    c.max_seq_len = data_.max_seq_len();
    c.step = step;
    c.metrics = metrics_to_json(metrics);
    sketch::StrokeDataOptions data_options = data_options_;
    c.training_config = training_config_of(fields(data_options), setting_.data);
    for (const auto& t : tensors_.tensors()) c.weights[t.name].assign(t.value.begin(), t.value.end());
    Checkpoint file = to_checkpoint(c);
    file.origin = fmt::format("the model at step {}", step);
    return file;
  }

  // For a conditional model some sketches of the validation split and what becomes of them, then drawings from the
  // prior.
  SampleDrawings sample_drawings(std::int64_t step) override {
    const SketchRnnModel model = model_with_prior(step);
    const PointChoice choice{.temperature = kSampleTemperature};
    SampleDrawings samples{.columns = kSampleColumns};
    if (model.is_conditional()) {
      const std::vector<sketch::Sketch> given = held_out(kSampleColumns);
      samples.rows.push_back({"given", {.sketches = given}});
      samples.rows.push_back(
          {"redrawn", sketches_of(reconstruct(model, given, {.choice = choice, .seed = setting_.seed}))});
    }
    for (int row = 0; row < 2; ++row) {
      const auto first = static_cast<std::uint64_t>(row * kSampleColumns);
      samples.rows.push_back(
          {kNewDrawings, sketches_of(draw_new(model, kSampleColumns, choice, setting_.seed, first))});
    }
    return samples;
  }

  std::vector<SampleGrid> sample_grids(std::int64_t step, std::int64_t count) override {
    const SketchRnnModel model = model_with_prior(step);
    const PointChoice choice{.temperature = kSampleTemperature};
    std::vector<SampleGrid> grids;
    if (model.is_conditional()) {
      const std::vector<sketch::Sketch> given = held_out(count);
      grids.push_back({"given", {.sketches = given}});
      grids.push_back({"redrawn", sketches_of(reconstruct(model, given, {.choice = choice, .seed = setting_.seed}))});
    }
    grids.push_back({kNewDrawings, sketches_of(draw_new(model, count, choice, setting_.seed, 0))});
    return grids;
  }

  std::vector<LayerOutput> layer_outputs(std::int64_t) override {
    const std::vector<sketch::Sketch> some = held_out(kWatchedSketches);
    std::vector<const sketch::Sketch*> views;
    for (const sketch::Sketch& sketch : some) views.push_back(&sketch);
    SketchRnnLayers layers = models::layer_outputs(weights(), sketch::make_batch(views, {}));
    std::vector<LayerOutput> outputs;
    if (options_.conditional) {
      outputs.push_back({"encoder/hidden", std::move(layers.encoder)});
      outputs.push_back({"encoder/mu", std::move(layers.mu)});
      outputs.push_back({"encoder/log_variance", std::move(layers.log_variance)});
    }
    outputs.push_back({"decoder/hidden", std::move(layers.decoder)});
    outputs.push_back({"decoder/output", std::move(layers.output)});
    return outputs;
  }

  std::string data_fingerprint() const override { return data_.fingerprint(); }

  std::vector<std::string> notes() const override { return data_.notes(); }

  std::vector<std::string> advice() const override {
    const auto saving = data_.simplify_saving();
    if (!saving) return {};
    return {
        fmt::format("{}: --set simplify={:g} would leave {:.0f} of {:.0f} points per drawing; most look the "
                    "same, and they train faster",
                    data_.name(), saving->epsilon, saving->points_left, saving->points)};
  }

  std::int64_t steps_per_epoch() const override { return data_.batches_per_epoch(setting_.batch_size); }

 protected:
  std::optional<FittedPrior> fit_prior(const Checkpoint& checkpoint) override {
    if (!setting_.fits_prior) return {};
    const SketchRnnModel model(checkpoint);
    return model.can(Ability::kFitPrior) ? std::optional(models::fit_prior(model, data_)) : std::nullopt;
  }

 private:
  sketch::StrokeBatch training_batch(std::int64_t step) {
    if (!plan_.covers(step)) {
      plan_ = {};  // so that a large set's order is in memory once
      plan_ = data_.plan_for_step(setting_.seed, step, setting_.batch_size);
    }
    return data_.training_batch(plan_, step, share());
  }

  SketchRnnModel model_with_prior(std::int64_t step) {
    Checkpoint now = checkpoint(step, {});
    now.prior = prior(now);
    return SketchRnnModel(std::move(now));
  }

  // The first sketches of the validation split, or of the training split where that is empty: to look at while
  // training.
  std::vector<sketch::Sketch> held_out(std::int64_t most) const {
    const Split split = data_.size(Split::kValid) > 0 ? Split::kValid : Split::kTrain;
    std::vector<sketch::Sketch> some;
    for (std::int64_t i = 0; i < std::min(most, data_.size(split)); ++i) some.push_back(data_.sketch(split, i));
    return some;
  }

  SketchRnnWeights weights() const { return sketch_rnn_weights(options_, tensors_.values()); }

  static Drawings sketches_of(const std::vector<Drawing>& drawings) {
    Drawings all;
    for (const auto& drawing : drawings) all.sketches.push_back(drawing.sketch);
    return all;
  }

  SketchRnnOptions options_;
  sketch::StrokeDataOptions data_options_;
  TaskSetting setting_;
  sketch::StrokeDataset data_;
  EpochPlan plan_;
  TrainedTensors tensors_;
  SketchRnnStep step_;
  std::int64_t loss_steps_;
};

class SketchRnnSetup final : public TrainingSetup {
 public:
  std::vector<OptionField> fields() override {
    auto all = models::fields(model_);
    std::ranges::move(sketch::fields(data_), std::back_inserter(all));
    return all;
  }
  std::unique_ptr<TrainingTask> load(std::span<const std::string> data, const TaskSetting& setting) override {
    TaskSetting with_data = setting;
    with_data.data.assign(data.begin(), data.end());
    return make_sketch_rnn_task(model_, data_, with_data, sketch::StrokeDataset::load(data, data_));
  }

 private:
  SketchRnnOptions model_;
  sketch::StrokeDataOptions data_;
};

}  // namespace

std::unique_ptr<TrainingSetup> make_sketch_rnn_setup() { return std::make_unique<SketchRnnSetup>(); }

std::unique_ptr<TrainingTask> make_sketch_rnn_task(const SketchRnnOptions& model,
                                                   const sketch::StrokeDataOptions& data_options,
                                                   const TaskSetting& setting, sketch::StrokeDataset data) {
  return std::make_unique<SketchRnnTraining>(model, data_options, setting, std::move(data));
}

}  // namespace limn::models
