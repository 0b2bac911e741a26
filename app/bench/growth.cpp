#include <algorithm>
#include <cmath>

#include "app/bench/cases.hpp"
#include "app/bench/our_training.hpp"
#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/training.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kUsualLength = 100, kUsualBatch = 100;

// As many sketches as a batch takes, each of exactly `length` points: those of the data, one after the other.
sketch::StrokeDataset sketches_of_length(const sketch::StrokeDataset& data, std::int64_t count, std::int64_t length) {
  sketch::SketchSplits splits;
  auto& train = splits[Split::kTrain];
  sketch::Sketch sketch;
  for (std::int64_t next = 0; static_cast<std::int64_t>(train.size()) < count; ++next) {
    for (const sketch::StrokePoint& point : data.sketch(Split::kTrain, next % data.size(Split::kTrain)).points) {
      if (static_cast<std::int64_t>(train.size()) == count) break;
      sketch.points.push_back(point);
      if (static_cast<std::int64_t>(sketch.points.size()) < length) continue;
      train.push_back(std::move(sketch));
      sketch = {};
    }
  }
  // Augmentation would drop points.
  return {std::move(splits), {.augment_stroke_prob = 0}, "growth"};
}

BenchRow measure(const BenchOptions& options, const sketch::StrokeDataset& data, std::int64_t batch,
                 std::int64_t length) {
  train::TrainOptions options_of_run = training_options("sketch-rnn");
  options_of_run.batch_size = batch;
  OurTraining training(models::make_sketch_rnn_task({}, {.augment_stroke_prob = 0}, task_setting(options_of_run),
                                                    sketches_of_length(data, batch, length)),
                       options_of_run);
  training.run_step(0);
  return {.name = {},
          .shape = fmt::format("{} sketches of {} points", batch, length),
          .points = static_cast<double>(batch * length),
          .ours = time_runs([&] { training.run_step(1); },
                            {.least = 5, .most = 15, .seconds = options.is_quick ? 1.0 : 6.0})};
}

// How far each row's time lies from the straight line through the first and the last, of the line's.
void fit_line(std::vector<BenchRow>& rows) {
  const BenchRow &first = rows.front(), &last = rows.back();
  const double slope = (last.ours.median - first.ours.median) / (last.points - first.points);
  for (BenchRow& row : rows) {
    const double line = first.ours.median + slope * (row.points - first.points);
    row.from_line = row.ours.median / line - 1;
  }
}

}  // namespace

void bench_growth(const BenchOptions& options, const sketch::StrokeDataset& data, BenchReport& report) {
  const auto run = [&](const std::string& name, const std::vector<std::pair<std::int64_t, std::int64_t>>& sizes) {
    if (!report.wants(name)) return;
    std::vector<BenchRow> rows;
    for (const auto& [batch, length] : sizes) {
      rows.push_back(measure(options, data, batch, length));
      rows.back().name = name;
    }
    fit_line(rows);
    for (const BenchRow& row : rows) report.add(row);
  };
  const std::int64_t batch = options.is_quick ? 10 : kUsualBatch;
  run("growth with length", {{batch, 25}, {batch, 50}, {batch, 100}, {batch, 250}});
  if (options.is_quick)
    run("growth with batch", {{5, 25}, {10, 25}, {20, 25}});
  else
    run("growth with batch", {{25, kUsualLength}, {100, kUsualLength}, {400, kUsualLength}});
}

}  // namespace limn::app
