#include "limn/models/sketch_rnn/training.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "app/bench/cases.hpp"
#include "app/bench/gradients.hpp"
#include "app/bench/machine.hpp"
#include "limn/core/error.hpp"
#include "limn/models/step_noise.hpp"

namespace limn::app {
namespace {

// bf16 rounds each factor of a product to 8 bits, 2^-9 relative.
constexpr double kLossLimit = 1e-4;
constexpr double kLossLimitBf16 = 1e-2;

struct SketchRnnSetting {
  models::SketchRnnOptions model;
  train::TrainOptions train = training_options("sketch-rnn");
};

std::int64_t rows_of(const sketch::StrokeDataset& data, const SketchRnnSetting& options, std::int64_t step) {
  return data.training_batch(static_cast<std::uint64_t>(options.train.seed), step, options.train.batch_size).rows();
}

// Of the first steps the one whose batch has a middling number of points: batches are alike in length within,
// and so differ among themselves.
std::int64_t typical_step(const sketch::StrokeDataset& data, const SketchRnnSetting& options) {
  constexpr std::int64_t kLooked = 15;
  std::vector<std::pair<std::int64_t, std::int64_t>> rows;
  for (std::int64_t step = 0; step < kLooked; ++step) rows.emplace_back(rows_of(data, options, step), step);
  std::nth_element(rows.begin(), rows.begin() + kLooked / 2, rows.end());
  return rows[kLooked / 2].second;
}

std::vector<std::int64_t> lengths_of(const sketch::StrokeDataset& data, const SketchRnnSetting& options,
                                     std::int64_t step) {
  const auto batch =
      data.training_batch(static_cast<std::uint64_t>(options.train.seed), step, options.train.batch_size);
  return {batch.lengths.begin(), batch.lengths.end()};
}

// Operations of a training step's products: 2 a multiply-add; forward, and backward by inputs and by weights,
// so three times. Real points only: the encoder skips S_0, and the decoder's cell meets z once a sketch.
double step_flops(std::span<const models::TaskParameter> parameters, std::int64_t z_size, std::int64_t rows,
                  std::int64_t batch) {
  const auto r = static_cast<double>(rows), b = static_cast<double>(batch);
  double once = 0;
  for (const auto& p : parameters) {
    if (p.shape.size() != 2) continue;
    const auto size = static_cast<double>(p.shape[0] * p.shape[1]);
    if (p.name.starts_with("encoder.forward.") || p.name.starts_with("encoder.backward.")) {
      once += size * (r - b);
    } else if (p.name.starts_with("decoder.cell.")) {
      const auto constant = p.name.ends_with("weight_ih") ? static_cast<double>(p.shape[0] * z_size) : 0;
      once += (size - constant) * r + constant * b;
    } else {
      once += size * (p.name == "decoder.output.weight" ? r : b);
    }
  }
  return 2 * 3 * once;
}

// The twin's first step, which ours is checked against.
struct PlainStep {
  double loss = 0;
  Gradients gradients;
};

PlainStep run_plain(const BenchOptions& options, const SketchRnnSetting& setting, const sketch::StrokeDataset& data,
                    std::span<const models::TaskParameter> start, std::int64_t step) {
  models::SketchRnnOptions model = setting.model;
  Twin twin(*options.plain, {models::kSketchRnnModel, options_to_json(models::fields(model))}, start, {},
            setting.train);
  set_plain_threads(options, options.threads);
  const auto seed = static_cast<std::uint64_t>(setting.train.seed);
  const sketch::StrokeBatch batch = data.training_batch(seed, step, setting.train.batch_size);
  const std::vector<float> noise =
      models::latent_noise({.seed = seed, .step = static_cast<std::uint64_t>(step), .places = batch.places},
                           batch.batch_size(), setting.model.z_size);
  const double loss = twin.compute_gradients(batch, ConstMatrix(noise.data(), batch.batch_size(), setting.model.z_size),
                                             data.max_seq_len(), seed, step);
  PlainStep plain{.loss = loss, .gradients = twin.gradients()};
  set_plain_threads(options, 1);
  return plain;
}

// Checks our step against the twin's, which runs once for both precisions.
void check(const BenchOptions& options, const SketchRnnSetting& setting, const sketch::StrokeDataset& data,
           std::int64_t step, OurTraining& ours, std::optional<PlainStep>& plain, BenchRow& row) {
  const bool is_bf16 = setting.train.precision == "bf16";
  const double loss = ours.compute_gradients(step);
  const Gradients gradients = gradients_of(ours.parameters());
  if (!plain) plain = run_plain(options, setting, data, ours.parameters(), step);
  row.difference = std::abs(loss - plain->loss) / std::max(1.0, std::abs(plain->loss));
  require_agreement(row.name, *row.difference, is_bf16 ? kLossLimitBf16 : kLossLimit);
  row.gradient_difference = difference_of(gradients, plain->gradients);
  if (!is_bf16) {
    const Gradients other = gradients_rounded_otherwise(ours, step);
    row.gradient_rounding = difference_of(other, gradients);
    require_gradients(row.name, gradients, other, plain->gradients);
  }
}

void bench_cell(const BenchOptions& options, const sketch::StrokeDataset& data, const std::string& cell,
                std::map<std::string, double>& medians, BenchReport& report) {
  SketchRnnSetting setting;
  setting.model.enc_model = setting.model.dec_model = cell;
  setting.train.batch_size = options.batch_size;
  const std::int64_t step = typical_step(data, setting), rows = rows_of(data, setting, step);
  std::optional<PlainStep> plain;
  for (const std::string precision : {"f32", "bf16"}) {
    const std::string name = fmt::format("train {} {}", cell, precision);
    if (!report.wants(name)) continue;
    setting.train.precision = precision;
    OurTraining ours(models::make_sketch_rnn_task(setting.model, {}, task_setting(setting.train), data), setting.train);
    BenchRow row{.name = name,
                 .shape = fmt::format("{} sketches, {} rows", options.batch_size, rows),
                 .flops = step_flops(ours.parameters(), setting.model.z_size, rows, options.batch_size),
                 .points = static_cast<double>(rows - options.batch_size),
                 .lengths = lengths_of(data, setting, step)};
    if (options.plain != nullptr) check(options, setting, data, step, ours, plain, row);
    const bool is_peak_ours = reset_peak_memory();
    ours.run_step(step);
    row.ours =
        time_runs([&] { ours.run_step(step); }, {.least = 3, .most = 15, .seconds = options.is_quick ? 2.0 : 8.0});
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

void bench_training(const BenchOptions& options, const sketch::StrokeDataset& data, BenchReport& report) {
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
