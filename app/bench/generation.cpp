#include <torch/torch.h>

#include <algorithm>

#include "app/bench/cases.hpp"
#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/nn/views.hpp"
#include "limn/train/sketch_rnn_task.hpp"
#include "limn/libtorch/oracle/cells.hpp"

namespace limn::app {
namespace {

constexpr double kLimit = 1e-4;
constexpr std::int64_t kCheckedPoints = 16;
constexpr float kTemperature = 0.4f;

// A default model as training starts it, but one that never says end, so that every drawing has the same
// length.
SketchRnnCheckpoint untrained_model(const StrokeDataset& data) {
  SketchRnnTaskOptions options;
  options.train.batch_size = 1;
  const auto task = make_sketch_rnn_task(options, data);
  SketchRnnCheckpoint checkpoint;
  checkpoint.options = options.model;
  checkpoint.max_seq_len = 250;
  for (const auto& p : task->parameters()) checkpoint.weights[p.name].assign(p.value.begin(), p.value.end());
  checkpoint.weights.at("decoder.output.bias")[static_cast<int>(PenState::kEnd)] = -100;
  return checkpoint;
}

// The decoder step by step in plain LibTorch.
class PlainDecoder {
 public:
  PlainDecoder(const SketchRnnCheckpoint& checkpoint, torch::Tensor z)
      : shape_(decoder_shape(checkpoint.options)), z_(std::move(z)) {
    for (const auto& spec : sketch_rnn_parameters(checkpoint.options)) {
      auto weights = checkpoint.weights.at(spec.name);
      parameters_[spec.name] = torch::from_blob(weights.data(), spec.shape, torch::kFloat32).clone();
    }
    state_ = torch::tanh(linear("decoder.initial_state", z_));
  }

  // x [B, 5]; the output rows [B, 3 + 6M].
  torch::Tensor step(const torch::Tensor& x) {
    state_ =
        libtorch::oracle::cell_step(shape_, parameters_, "decoder.cell.", torch::cat({x, z_}, 1), state_, {}, 0);
    return linear("decoder.output", state_.narrow(1, 0, shape_.hidden_size));
  }

 private:
  [[nodiscard]] torch::Tensor linear(const std::string& name, const torch::Tensor& x) const {
    return torch::matmul(x, parameters_.at(name + ".weight").t()) + parameters_.at(name + ".bias");
  }

  kernels::CellShape shape_;
  libtorch::oracle::Parameters parameters_;
  torch::Tensor z_, state_;
};

torch::Tensor start_rows(std::int64_t count) {
  torch::Tensor x = torch::zeros({count, kStroke5});
  x.select(1, static_cast<int>(PenState::kDown) + 2).fill_(1);
  return x;
}

// Draws `points` points of each row as a user of LibTorch would: the decoder from there, our sampling.
void draw_plain(const SketchRnnCheckpoint& checkpoint, const torch::Tensor& z, std::int64_t points) {
  const torch::NoGradGuard no_grad;
  PlainDecoder decoder(checkpoint, z);
  torch::Tensor x = start_rows(z.size(0));
  RandomStream random(1, Purpose::kTest);
  for (std::int64_t i = 0; i < points; ++i) {
    const torch::Tensor y = decoder.step(x).contiguous();
    const Matrix rows = nn::view(y), next = nn::view(x);
    for (std::int64_t b = 0; b < rows.rows; ++b) {
      const auto point = draw_next_point({rows.row(b), static_cast<std::size_t>(rows.columns)},
                                         {.temperature = kTemperature}, random);
      const auto row = point ? stroke5_row(*point) : kStartRow;
      std::copy(row.begin(), row.end(), next.row(b));
    }
  }
}

// The largest difference between our output rows and the twin's over some steps, both reading the same
// points.
double output_difference(const SketchRnnGenerator& generator, const torch::Tensor& z) {
  const torch::NoGradGuard no_grad;
  PlainDecoder plain(generator.checkpoint(), z);
  DecoderRows rows = generator.decoder().start(nn::const_view(z), z.size(0));
  torch::Tensor x = start_rows(z.size(0)), y = torch::empty({z.size(0), generator.decoder().output_size()});
  RandomStream random(2, Purpose::kTest);
  kernels::GemmScratch scratch;
  double worst = 0;
  for (std::int64_t i = 0; i < kCheckedPoints; ++i) {
    generator.decoder().step(nn::const_view(x), rows);
    generator.decoder().output(rows, nn::view(y), scratch);
    // The end state's logit of -100 would hide every difference.
    const auto given = torch::cat({y.narrow(1, 0, 2), y.narrow(1, 3, y.size(1) - 3)}, 1);
    const auto full = plain.step(x);
    const auto expected = torch::cat({full.narrow(1, 0, 2), full.narrow(1, 3, full.size(1) - 3)}, 1);
    worst = std::max(worst, ((given - expected).abs().max() / expected.abs().max()).item<double>());
    const Matrix next = nn::view(x);
    for (std::int64_t b = 0; b < next.rows; ++b) next(b, 0) = random.normal(), next(b, 1) = random.normal();
  }
  return worst;
}

// Of the products that one point of one drawing takes: the LSTM's on [h, x], where z's share is added up once, and the
// output layer's.
double flops_of_point(const SketchRnnOptions& options) {
  const auto units = static_cast<double>(options.dec_rnn_size);
  return 2 * units * (4 * (units + kStroke5) + 3 + 6 * static_cast<double>(options.num_mixture));
}

void bench_drawings(const BenchOptions& options, const SketchRnnGenerator& generator, std::int64_t count,
                    BenchReport& report) {
  const std::string name = count == 1 ? "generate one" : "generate many";
  if (!report.wants(name)) return;
  const std::int64_t points = generator.max_seq_len(), plain_points = count == 1 ? points : 25;
  const std::int64_t z_size = generator.options().z_size;
  torch::Tensor z = torch::empty({count, z_size});
  RandomStream random(3, Purpose::kTest);
  random.fill_normal(nn::span(z));
  std::vector<DrawRequest> requests;
  for (std::int64_t b = 0; b < count; ++b)
    requests.push_back({.z = nn::const_span(z).subspan(static_cast<std::size_t>(b * z_size),
                                                       static_cast<std::size_t>(z_size)),
                        .choice = {.temperature = kTemperature},
                        .seed = 1,
                        .index = static_cast<std::uint64_t>(b),
                        .max_points = points});
  BenchRow row{.name = name,
               .shape = fmt::format("{} sketch{} of {} points", count, count == 1 ? "" : "es", points),
               .flops = flops_of_point(generator.options()) * static_cast<double>(count * points),
               .points = static_cast<double>(count * points)};
  row.difference = output_difference(generator, z);
  require_agreement(name, row.difference, kLimit);
  at::set_num_threads(options.threads);
  const TimingBudget budget{.least = 3, .most = 25, .seconds = options.is_quick ? 1.0 : 3.0};
  Timing plain = time_runs([&] { draw_plain(generator.checkpoint(), z, plain_points); },
                           {.least = 2, .most = 5, .seconds = 3});
  const double scale =
      static_cast<double>(points) / static_cast<double>(plain_points);  // it takes long: fewer points
  plain.median *= scale, plain.low *= scale, plain.high *= scale;
  row.plain = plain;
  const auto ours = [&] { (void)generator.draw(requests); };
  ours();
  row.ours = time_runs(ours, budget);
  report.add(row);
}

}  // namespace

void bench_generation(const BenchOptions& options, const StrokeDataset& data, BenchReport& report) {
  if (!report.wants("generate one") && !report.wants("generate many")) return;
  const SketchRnnGenerator generator(untrained_model(data));
  bench_drawings(options, generator, 1, report);
  bench_drawings(options, generator, 256, report);
}

}  // namespace limn::app
