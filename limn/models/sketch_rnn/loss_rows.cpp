#include "limn/models/sketch_rnn/loss_rows.hpp"

#include <algorithm>

namespace limn::models {
namespace {

// Magenta's training sum goes over all N_max steps, and what the cell says after the end counts. So `full` becomes the
// batch with end rows up to `steps` rows of every sketch.
void pad(const sketch::StrokeBatch& batch, std::int64_t steps, sketch::StrokeBatch& full) {
  const std::int64_t size = batch.batch_size();
  full.lengths = batch.lengths;
  full.active.assign(static_cast<std::size_t>(steps), size);
  full.inputs.assign(static_cast<std::size_t>(steps * size * sketch::kStroke5), 0.0F);
  full.targets.assign(full.inputs.size(), 0.0F);
  std::int64_t row = 0;
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t b = 0; b < size; ++b) {
      const auto to = (t * size + b) * sketch::kStroke5;
      if (t < std::ssize(batch.active) && b < batch.active[static_cast<std::size_t>(t)]) {
        std::copy_n(batch.inputs.begin() + row * sketch::kStroke5, sketch::kStroke5, full.inputs.begin() + to);
        std::copy_n(batch.targets.begin() + row * sketch::kStroke5, sketch::kStroke5, full.targets.begin() + to);
        ++row;
      } else {
        full.inputs[static_cast<std::size_t>(to + sketch::kStroke5 - 1)] = 1;
        full.targets[static_cast<std::size_t>(to + sketch::kStroke5 - 1)] = 1;
      }
    }
}

}  // namespace

const sketch::StrokeBatch& LossRows::rows_of(const sketch::StrokeBatch& batch, std::int64_t steps) {
  if (!options_.pen_loss_over_padding) return batch;
  pad(batch, steps, padded_);
  return padded_;
}

kernels::MixtureDensityTerms LossRows::terms_of(const sketch::StrokeBatch& rows) {
  kernels::MixtureDensityTerms terms{.density_floor = options_.density_floor};
  if (options_.pen_reduction == "sum" && options_.pen_loss_at_end && !options_.offset_loss_at_end) return terms;
  weights_.resize(rows.rows(), 2);
  const auto pen = static_cast<float>(1 / pen_divisor(options_));
  std::int64_t row = 0;
  for (std::int64_t t = 0; t < std::ssize(rows.active); ++t)
    for (std::int64_t b = 0; b < rows.active[static_cast<std::size_t>(t)]; ++b, ++row) {
      const std::int64_t length = rows.lengths[static_cast<std::size_t>(b)];
      const bool is_end = t == length;
      weights_.row(row)[0] = t < length || (is_end && options_.offset_loss_at_end) ? 1.0F : 0.0F;
      weights_.row(row)[1] = is_end && !options_.pen_loss_at_end ? 0.0F : pen;
    }
  terms.weights = weights_.view();
  return terms;
}

}  // namespace limn::models
