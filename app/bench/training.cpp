#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "app/bench/cases.hpp"
#include "app/bench/gradients.hpp"
#include "limn/core/error.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/nn/threads.hpp"
#include "limn/train/sketch_rnn_task.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"

namespace limn::app {
namespace {

// bf16 rounds each factor of a product to 8 bits, 2^-9 relative.
constexpr double kLossLimit = 1e-4;
constexpr double kLossLimitBf16 = 1e-2;
// The same step in plain LibTorch, from the same weights and with the same random numbers.
class PlainTraining {
 public:
  PlainTraining(const SketchRnnTaskOptions& options, const StrokeDataset& data,
                std::span<const TaskParameter> start)
      : options_(options), data_(data) {
    std::vector<torch::Tensor> all;
    for (const auto& p : start) {
      const auto value = torch::from_blob(p.value.data(), p.shape, torch::kFloat32).clone().requires_grad_();
      parameters_[p.name] = value;
      all.push_back(value);
    }
    adam_ = std::make_unique<torch::optim::Adam>(all, torch::optim::AdamOptions(options.train.learning_rate));
  }

  double compute_gradients(std::int64_t step) {
    adam_->zero_grad();
    const auto seed = static_cast<std::uint64_t>(options_.train.seed);
    const auto number = static_cast<std::uint64_t>(step);
    const StrokeBatch batch = data_.training_batch(seed, step, options_.train.batch_size);
    const auto losses = libtorch::oracle::sketch_rnn_loss(
        parameters_, options_.model, batch,
        {.max_seq_len = data_.max_seq_len(),
         .step = step,
         .epsilon = libtorch::oracle::training_epsilon(options_.model, batch, seed, number),
         .dropout = libtorch::oracle::training_dropout(options_.model, batch, seed, number)});
    losses.total.backward();
    return losses.total.item<double>();
  }

  void update() {
    for (auto& [name, value] : parameters_)
      value.mutable_grad().clamp_(-options_.train.grad_clip, options_.train.grad_clip);
    adam_->step();
  }

  [[nodiscard]] Gradients gradients() const { return gradients_of(parameters_); }

 private:
  SketchRnnTaskOptions options_;
  const StrokeDataset& data_;
  libtorch::oracle::Parameters parameters_;
  std::unique_ptr<torch::optim::Adam> adam_;
};

std::int64_t rows_of(const StrokeDataset& data, const SketchRnnTaskOptions& options, std::int64_t step) {
  return data.training_batch(static_cast<std::uint64_t>(options.train.seed), step, options.train.batch_size)
      .rows();
}

// Of the first steps the one whose batch has a middling number of points: batches are alike in length within,
// and so differ among themselves.
std::int64_t typical_step(const StrokeDataset& data, const SketchRnnTaskOptions& options) {
  constexpr std::int64_t kLooked = 15;
  std::vector<std::pair<std::int64_t, std::int64_t>> rows;
  for (std::int64_t step = 0; step < kLooked; ++step) rows.emplace_back(rows_of(data, options, step), step);
  std::nth_element(rows.begin(), rows.begin() + kLooked / 2, rows.end());
  return rows[kLooked / 2].second;
}

// Multiply-adds of a cell's weights for one row, and for the input that is constant, which is met once a
// sketch.
struct CellWork {
  double per_row = 0, per_sketch = 0;
};
CellWork work_of(const kernels::CellShape& shape) {
  CellWork work;
  for (const auto& spec : kernels::cell_parameters(shape)) {
    if (spec.shape.size() != 2) continue;
    const auto rows = static_cast<double>(spec.shape[0]);
    const double constant =
        spec.name.ends_with("weight_ih") ? rows * static_cast<double>(shape.constant_size) : 0;
    work.per_row += rows * static_cast<double>(spec.shape[1]) - constant;
    work.per_sketch += constant;
  }
  return work;
}

// Operations of a training step's products: 2 a multiply-add; forward, and backward by inputs and by weights,
// so three times. Real points only.
double step_flops(const SketchRnnOptions& model, std::int64_t rows, std::int64_t batch) {
  const CellWork encoder = work_of(encoder_shape(model)), decoder = work_of(decoder_shape(model));
  const auto r = static_cast<double>(rows), b = static_cast<double>(batch);
  double once =
      2 * encoder.per_row * (r - b) + decoder.per_row * r + decoder.per_sketch * b;  // the encoder skips S_0
  for (const auto& spec : sketch_rnn_parameters(model)) {
    if (spec.shape.size() != 2 || spec.name.find("cell.") != std::string::npos) continue;
    const double size = static_cast<double>(spec.shape[0] * spec.shape[1]);
    if (spec.name == "decoder.output.weight")
      once += size * r;
    else if (!spec.name.starts_with("encoder.forward.") && !spec.name.starts_with("encoder.backward."))
      once += size * b;
  }
  return 2 * 3 * once;
}

// The twin's first step, which ours is checked against, and its time.
struct PlainStep {
  double loss = 0;
  Gradients gradients;
  Timing timing;
};

// The twin takes long: the step that is checked is a timed one, and the only one where it takes seconds.
PlainStep run_plain(const BenchOptions& options, const SketchRnnTaskOptions& setting,
                    const StrokeDataset& data, std::span<const TaskParameter> start, std::int64_t step) {
  PlainTraining training(setting, data, start);
  PlainStep plain;
  at::set_num_threads(options.threads);
  const auto run = [&] {
    const double loss = training.compute_gradients(step);
    if (plain.gradients.empty()) plain.loss = loss, plain.gradients = training.gradients();
    training.update();
  };
  plain.timing = time_runs(run, {.least = 1, .most = 5, .seconds = 3});
  return plain;
}

void bench_cell(const BenchOptions& options, const StrokeDataset& data, const std::string& cell,
                std::map<std::string, double>& medians, BenchReport& report) {
  SketchRnnTaskOptions setting;
  setting.model.enc_model = setting.model.dec_model = cell;
  setting.train.batch_size = options.batch_size;
  const std::int64_t step = typical_step(data, setting), rows = rows_of(data, setting, step);
  std::optional<PlainStep> plain;
  for (const std::string precision : {"f32", "bf16"}) {
    const std::string name = fmt::format("train {} {}", cell, precision);
    const bool is_bf16 = precision == "bf16";
    if (!report.wants(name)) continue;
    setting.train.precision = precision;
    OurTraining ours(make_sketch_rnn_task(setting, data), setting.train);
    BenchRow row{.name = name,
                 .shape = fmt::format("{} sketches, {} rows", options.batch_size, rows),
                 .flops = step_flops(setting.model, rows, options.batch_size),
                 .points = static_cast<double>(rows - options.batch_size)};
    const double loss = ours.compute_gradients(step);
    const Gradients gradients = gradients_of(ours.parameters());
    if (!plain) plain = run_plain(options, setting, data, ours.parameters(), step);
    row.difference = std::abs(loss - plain->loss) / std::max(1.0, std::abs(plain->loss));
    require_agreement(name, row.difference, is_bf16 ? kLossLimitBf16 : kLossLimit);
    row.gradient_difference = difference_of(gradients, plain->gradients);
    if (!is_bf16) {
      const Gradients other = gradients_rounded_otherwise(ours, step);
      row.gradient_rounding = difference_of(other, gradients);
      require_gradients(name, gradients, other, plain->gradients);
    }
    row.plain = plain->timing;
    const bool is_peak_ours = reset_peak_memory();
    nn::set_thread_count(options.threads);  // as in training
    ours.run_step(step);
    row.ours = time_runs([&] { ours.run_step(step); },
                         {.least = 3, .most = 15, .seconds = options.is_quick ? 2.0 : 8.0});
    if (is_peak_ours) row.peak_bytes = peak_memory();
    report.add(row);
    medians[name] = row.ours.median;
  }
}

// How two kinds of steps compare, where both were timed.
void note_ratio(const std::map<std::string, double>& medians, const std::string& slow, const std::string& fast,
                BenchReport& report) {
  const auto a = medians.find(slow), b = medians.find(fast);
  if (a != medians.end() && b != medians.end())
    report.note(fmt::format("{} takes {:.2f} times as long as {}", slow, a->second / b->second, fast));
}

}  // namespace

void bench_training(const BenchOptions& options, const StrokeDataset& data, BenchReport& report) {
  std::map<std::string, double> medians;  // of our steps, by the row's name
  for (const char* cell : {"lstm", "layer_norm", "hyper"}) bench_cell(options, data, cell, medians, report);
  note_ratio(medians, "train layer_norm f32", "train lstm f32", report);
  if (kernels::has_bf16()) note_ratio(medians, "train lstm f32", "train lstm bf16", report);
  if (!kernels::has_bf16() && report.wants("train lstm bf16"))
    report.note(
        "bf16: this CPU has no instructions for it; rounded factors are multiplied in float32, which gains "
        "no time");
}

}  // namespace limn::app
