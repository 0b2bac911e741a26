// The decoder's outputs for points that are given, and how well latent vectors explain the beginning of a drawing: the
// decoder reads the same points once for each vector.
#include <algorithm>
#include <cmath>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"

namespace limn::models {
namespace {

// Latent vectors that are read together.
constexpr std::int64_t kGroup = 64;

class Beginning {
 public:
  // `steps` outputs are asked for: of as many points as the sketch has, or of one more.
  Beginning(const sketch::Sketch& sketch, std::int64_t steps) : steps_(steps) {
    rows_.assign(kStartRow.begin(), kStartRow.end());
    for (const sketch::StrokePoint& point : sketch.points) {
      const auto row = stroke5_row(point);
      rows_.insert(rows_.end(), row.begin(), row.end());
    }
  }

  // The outputs [count, steps, 3 + 6M] for each row of z, as the decoder reads it.
  [[nodiscard]] std::vector<float> outputs(const SketchRnnDecoder& decoder, ConstMatrix z, std::int64_t count) const {
    const std::int64_t size = decoder.output_size();
    DecoderRows state = decoder.start(z, count);
    std::vector<float> x(static_cast<std::size_t>(count * sketch::kStroke5)), y(static_cast<std::size_t>(count * size));
    std::vector<float> outputs(static_cast<std::size_t>(count * steps_ * size));
    kernels::GemmScratch scratch;
    for (std::int64_t step = 0; step < steps_; ++step) {
      for (std::int64_t b = 0; b < count; ++b) std::copy_n(row(step), sketch::kStroke5, &x[at(b, sketch::kStroke5)]);
      decoder.step(ConstMatrix(x.data(), count, sketch::kStroke5), state);
      decoder.output(state, Matrix(y.data(), count, size), scratch);
      for (std::int64_t b = 0; b < count; ++b)
        std::copy_n(&y[at(b, size)], size, &outputs[at(b * steps_ + step, size)]);
    }
    return outputs;
  }

  // log p of the rows 1 … n for each row of z.
  void read(const SketchRnnDecoder& decoder, ConstMatrix z, std::span<double> log_likelihoods) const {
    const std::int64_t count = z.rows, size = decoder.output_size();
    const std::vector<float> outputs = this->outputs(decoder, z, count);
    const ConstMatrix targets(row(1), steps_, sketch::kStroke5);
    for (std::int64_t b = 0; b < count; ++b) {
      const kernels::MixtureDensitySums sums =
          kernels::mixture_density_loss(ConstMatrix(&outputs[at(b * steps_, size)], steps_, size), targets, 1.0F);
      log_likelihoods[static_cast<std::size_t>(b)] = -(sums.offset + sums.pen);
    }
  }

 private:
  static std::size_t at(std::int64_t row, std::int64_t size) { return static_cast<std::size_t>(row * size); }
  [[nodiscard]] const float* row(std::int64_t i) const { return &rows_[at(i, sketch::kStroke5)]; }

  std::int64_t steps_;
  std::vector<float> rows_;  // [1 + steps, 5], S_0 first
};

}  // namespace

std::vector<float> SketchRnnModel::outputs(const sketch::Sketch& sketch, std::span<const float> z) const {
  check(DrawRequest{.z = z, .prefix = sketch.points});
  const Beginning rows(sketch, std::ssize(sketch.points) + 1);
  std::vector<float> y = rows.outputs(decoder_, ConstMatrix(z.data(), 1, std::ssize(z)), 1);
  require_finite(y, "an output");
  return y;
}

std::vector<double> SketchRnnModel::log_likelihoods(const sketch::Sketch& beginning, const Latents& z) const {
  for (std::int64_t i = 0; i < z.count(); ++i) check(DrawRequest{.z = z.row(i), .prefix = beginning.points});
  std::vector<double> all(static_cast<std::size_t>(z.count()));
  if (beginning.points.empty()) return all;
  const Beginning rows(beginning, std::ssize(beginning.points));
  kernels::parallel_for((z.count() + kGroup - 1) / kGroup, [&](std::int64_t group) {
    const std::int64_t first = group * kGroup, count = std::min(kGroup, z.count() - first);
    rows.read(decoder_, ConstMatrix(z.row(first).data(), count, z.z_size),
              std::span(all).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
  });
  require(std::ranges::all_of(all, [](double value) { return std::isfinite(value); }),
          "{}: how likely it finds a drawing is not finite; the training diverged, take an earlier checkpoint",
          checkpoint_.origin);
  return all;
}

}  // namespace limn::models
