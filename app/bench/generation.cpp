#include <algorithm>
#include <cmath>
#include <memory>

#include "app/bench/cases.hpp"
#include "app/bench/twin.hpp"
#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/training.hpp"
#include "limn/train/libtorch_module.hpp"
#include "limn/train/libtorch_values.hpp"

namespace limn::app {
namespace {

using train::float_rows;

constexpr double kLimit = 1e-4;
constexpr std::int64_t kCheckedPoints = 16;
constexpr float kTemperature = 0.4f;

// A default model as training starts it, but one that never says end, so that every drawing has the same
// length.
models::SketchRnnContents untrained_model(const sketch::StrokeDataset& data) {
  const auto task = models::make_sketch_rnn_task({}, {}, {.batch_size = 1}, data);
  models::SketchRnnContents checkpoint;
  checkpoint.max_seq_len = 250;
  for (const auto& p : task->parameters()) checkpoint.weights[p.name].assign(p.value.begin(), p.value.end());
  checkpoint.weights.at("decoder.output.bias")[static_cast<int>(sketch::PenState::kEnd)] = -100;
  return checkpoint;
}

// The decoder step by step in plain LibTorch.
class PlainDecoder {
 public:
  PlainDecoder(const libtorch::Api& api, const models::SketchRnnContents& checkpoint, ConstMatrix z)
      : api_(api), decoder_(nullptr, api.decoder_destroy) {
    const auto specs = models::sketch_rnn_parameters(checkpoint.options);
    std::vector<libtorch::NamedTensor> tensors;
    for (const auto& spec : specs)
      tensors.push_back({.name = spec.name.c_str(),
                         .shape = train::integers(spec.shape),
                         .values = checkpoint.weights.at(spec.name).data()});
    models::SketchRnnOptions options = checkpoint.options;
    const std::string json = options_to_json(models::fields(options));
    const libtorch::ModelSetting setting{.family = models::kSketchRnnModel, .options = json.c_str()};
    libtorch::Decoder* decoder = nullptr;
    train::call_libtorch(api.decoder_create, &setting, train::list_of(tensors), float_rows(z), &decoder);
    decoder_.reset(decoder);
  }

  // From x [B, 5] the output rows y [B, 3 + 6M].
  void step(ConstMatrix x, Matrix y) { train::call_libtorch(api_.decoder_step, decoder_.get(), float_rows(x), y.data); }

 private:
  const libtorch::Api& api_;
  std::unique_ptr<libtorch::Decoder, void (*)(libtorch::Decoder*)> decoder_;
};

kernels::MatrixBuffer matrix(std::int64_t rows, std::int64_t columns) {
  kernels::MatrixBuffer values;
  values.resize(rows, columns);
  return values;
}

kernels::MatrixBuffer start_rows(std::int64_t count) {
  kernels::MatrixBuffer x = matrix(count, sketch::kStroke5);
  for (std::int64_t b = 0; b < count; ++b) std::ranges::copy(models::kStartRow, x.row(b));
  return x;
}

// The largest difference between our output rows and the twin's over some steps, both reading the same points.
double output_difference(const libtorch::Api& api, const models::SketchRnnModel& model, ConstMatrix z) {
  PlainDecoder plain(api, model.contents(), z);
  models::DecoderRows rows = model.decoder().start(z, z.rows);
  kernels::MatrixBuffer x = start_rows(z.rows), ours = matrix(z.rows, model.decoder().output_size());
  kernels::MatrixBuffer expected = matrix(ours.rows(), ours.columns());
  RandomStream random(2, Purpose::kTest);
  kernels::GemmScratch scratch;
  double worst = 0;
  for (std::int64_t i = 0; i < kCheckedPoints; ++i) {
    model.decoder().step(x.view(), rows);
    model.decoder().output(rows, ours.view(), scratch);
    plain.step(x.view(), expected.view());
    float difference = 0, largest = 0;
    for (std::int64_t b = 0; b < ours.rows(); ++b) {
      for (std::int64_t k = 0; k < ours.columns(); ++k) {
        if (k == static_cast<int>(sketch::PenState::kEnd)) continue;  // its logit of -100 would hide every difference
        difference = std::max(difference, std::abs(ours.row(b)[k] - expected.row(b)[k]));
        largest = std::max(largest, std::abs(expected.row(b)[k]));
      }
    }
    worst = std::max(worst, static_cast<double>(difference / largest));
    for (std::int64_t b = 0; b < x.rows(); ++b) x.row(b)[0] = random.normal(), x.row(b)[1] = random.normal();
  }
  return worst;
}

// Of the products that one point of one drawing takes: the LSTM's on [h, x], where z's share is added up once, and the
// output layer's.
double flops_of_point(const models::SketchRnnOptions& options) {
  const auto units = static_cast<double>(options.dec_rnn_size);
  return 2 * units * (4 * (units + sketch::kStroke5) + 3 + 6 * static_cast<double>(options.num_mixture));
}

// Checks our outputs against the twin's.
void check(const BenchOptions& options, const models::SketchRnnModel& model, ConstMatrix z, BenchRow& row) {
  set_plain_threads(options, options.threads);
  row.difference = output_difference(*options.plain, model, z);
  require_agreement(row.name, *row.difference, kLimit);
  set_plain_threads(options, 1);
}

void bench_drawings(const BenchOptions& options, const models::SketchRnnModel& model, std::int64_t count,
                    BenchReport& report) {
  const std::string name = count == 1 ? "generate one" : "generate many";
  if (!report.wants(name)) return;
  const std::int64_t points = model.max_seq_len(), z_size = model.options().z_size;
  kernels::MatrixBuffer z = matrix(count, z_size);
  RandomStream random(3, Purpose::kTest);
  random.fill_normal({z.row(0), static_cast<std::size_t>(count * z_size)});
  std::vector<models::DrawRequest> requests;
  for (std::int64_t b = 0; b < count; ++b)
    requests.push_back({.z = {z.row(b), static_cast<std::size_t>(z_size)},
                        .choice = {.temperature = kTemperature},
                        .seed = 1,
                        .index = static_cast<std::uint64_t>(b),
                        .max_points = points});
  BenchRow row{.name = name,
               .shape = fmt::format("{} sketch{} of {} points", count, count == 1 ? "" : "es", points),
               .flops = flops_of_point(model.options()) * static_cast<double>(count * points),
               .points = static_cast<double>(count * points)};
  if (options.plain != nullptr) check(options, model, z.view(), row);
  const auto ours = [&] { (void)model.draw(requests); };
  ours();
  row.ours = time_runs(ours, {.least = 3, .most = 25, .seconds = options.is_quick ? 1.0 : 3.0});
  report.add(row);
}

}  // namespace

void bench_generation(const BenchOptions& options, const sketch::StrokeDataset& data, BenchReport& report) {
  if (!report.wants("generate one") && !report.wants("generate many")) return;
  const models::SketchRnnModel model(untrained_model(data));
  bench_drawings(options, model, 1, report);
  bench_drawings(options, model, 256, report);
}

}  // namespace limn::app
