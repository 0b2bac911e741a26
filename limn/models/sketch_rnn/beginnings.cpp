// The decoder's outputs for points that are given, and how well latent vectors explain the beginning of a drawing: the
// decoder reads the same points once for each vector.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"

namespace limn::models {
namespace {

// Latent vectors that are read together.
constexpr std::int64_t kGroup = 64;

// A sketch as the decoder reads it: [1 + points, 5], S_0 first.
class GivenRows {
 public:
  explicit GivenRows(const sketch::Sketch& sketch) : rows_(kStartRow.begin(), kStartRow.end()) {
    for (const sketch::StrokePoint& point : sketch.points) {
      const auto row = stroke5_row(point);
      rows_.insert(rows_.end(), row.begin(), row.end());
    }
  }
  // Row i for each of `count` drawings.
  [[nodiscard]] std::vector<float> repeated(std::int64_t i, std::int64_t count) const {
    std::vector<float> x;
    for (std::int64_t b = 0; b < count; ++b) x.insert(x.end(), at(i), at(i) + sketch::kStroke5);
    return x;
  }
  [[nodiscard]] const float* at(std::int64_t i) const { return &rows_[static_cast<std::size_t>(i * sketch::kStroke5)]; }

 private:
  std::vector<float> rows_;
};

// Latent vectors on their way through a beginning.
struct Group {
  DecoderRows state;
  std::vector<std::int64_t> rows;  // in the list that is weighed
  std::vector<double> log_weights;

  // Adds log p of the points first + 1 … last.
  void read(const SketchRnnDecoder& decoder, const GivenRows& given, std::int64_t first, std::int64_t last) {
    const std::int64_t count = state.count, size = decoder.output_size();
    std::vector<float> y(static_cast<std::size_t>(count * size));
    kernels::GemmScratch scratch;
    for (std::int64_t i = first; i < last; ++i) {
      decoder.step(ConstMatrix(given.repeated(i, count).data(), count, sketch::kStroke5), state);
      decoder.output(state, Matrix(y.data(), count, size), scratch);
      const ConstMatrix target(given.at(i + 1), 1, sketch::kStroke5);
      for (std::int64_t b = 0; b < count; ++b) {
        const kernels::MixtureDensitySums sums =
            kernels::mixture_density_loss(ConstMatrix(y.data() + b * size, 1, size), target, 1.0F);
        log_weights[static_cast<std::size_t>(b)] -= sums.offset + sums.pen;
      }
    }
  }

  void keep(const std::vector<bool>& stays) {
    std::vector<std::int64_t> kept;
    std::size_t to = 0;
    for (std::size_t b = 0; b < rows.size(); ++b) {
      if (!stays[static_cast<std::size_t>(rows[b])]) continue;
      kept.push_back(static_cast<std::int64_t>(b));
      rows[to] = rows[b];
      log_weights[to++] = log_weights[b];
    }
    rows.resize(to);
    log_weights.resize(to);
    state.keep(kept);
  }

  void append(const Group& more) {
    state.append(more.state);
    rows.insert(rows.end(), more.rows.begin(), more.rows.end());
    log_weights.insert(log_weights.end(), more.log_weights.begin(), more.log_weights.end());
  }
};

// Leaves the heaviest `kept` of all, of equal ones the first, in as few groups as hold them.
void narrow(std::vector<Group>& groups, std::int64_t kept) {
  std::vector<std::pair<double, std::int64_t>> order;  // heaviest first
  for (const Group& group : groups)
    for (std::size_t b = 0; b < group.rows.size(); ++b) order.emplace_back(-group.log_weights[b], group.rows[b]);
  if (std::ssize(order) <= kept) return;
  const std::vector<bool>::size_type count = static_cast<std::size_t>(groups.back().rows.back()) + 1;
  std::vector<bool> stays(count);
  std::ranges::nth_element(order, order.begin() + kept);
  for (std::int64_t i = 0; i < kept; ++i)
    stays[static_cast<std::size_t>(order[static_cast<std::size_t>(i)].second)] = true;
  std::vector<Group> fewer;
  for (Group& group : groups) {
    group.keep(stays);
    if (group.rows.empty()) continue;
    if (!fewer.empty() && fewer.back().state.count + group.state.count <= kGroup)
      fewer.back().append(group);
    else
      fewer.push_back(std::move(group));
  }
  groups = std::move(fewer);
}

}  // namespace

std::vector<float> SketchRnnModel::outputs(const sketch::Sketch& sketch, std::span<const float> z) const {
  check(DrawRequest{.z = z, .prefix = sketch.points});
  const GivenRows given(sketch);
  const std::int64_t steps = std::ssize(sketch.points) + 1, size = decoder_.output_size();
  DecoderRows state = decoder_.start(ConstMatrix(z.data(), 1, std::ssize(z)), 1);
  kernels::GemmScratch scratch;
  std::vector<float> y(static_cast<std::size_t>(steps * size));
  for (std::int64_t i = 0; i < steps; ++i) {
    decoder_.step(ConstMatrix(given.at(i), 1, sketch::kStroke5), state);
    decoder_.output(state, Matrix(y.data() + i * size, 1, size), scratch);
  }
  require_finite(y, "an output");
  return y;
}

WeighedLatents SketchRnnModel::weigh(const sketch::Sketch& beginning, const Latents& z,
                                     std::span<const double> log_weights, std::span<const WeighingRound> rounds) const {
  require(std::ssize(log_weights) == z.count(), "weigh: {} weights of {} latent vectors", log_weights.size(),
          z.count());
  std::vector<Group> groups;
  for (std::int64_t first = 0; first < z.count(); first += kGroup) {
    const std::int64_t count = std::min(kGroup, z.count() - first);
    for (std::int64_t i = first; i < first + count; ++i) check(DrawRequest{.z = z.row(i), .prefix = beginning.points});
    Group& group = groups.emplace_back();
    group.state = decoder_.start(ConstMatrix(z.row(first).data(), count, z.z_size), count);
    for (std::int64_t i = first; i < first + count; ++i) {
      group.rows.push_back(i);
      group.log_weights.push_back(log_weights[static_cast<std::size_t>(i)]);
    }
  }
  const GivenRows given(beginning);
  std::int64_t read = 0;
  const auto read_to = [&](std::int64_t points) {
    kernels::parallel_for(std::ssize(groups), [&](std::int64_t g) {
      groups[static_cast<std::size_t>(g)].read(decoder_, given, read, points);
    });
    read = points;
    for (const Group& group : groups)
      require(std::ranges::all_of(group.log_weights, [](double value) { return std::isfinite(value); }),
              "{}: how likely it finds a drawing is not finite; the training diverged, take an earlier checkpoint",
              checkpoint_.origin);
  };
  const std::int64_t points = std::ssize(beginning.points);
  for (const WeighingRound& round : rounds) {
    if (round.points >= points) break;
    read_to(round.points);
    narrow(groups, round.kept);
  }
  read_to(points);
  WeighedLatents all;
  for (const Group& group : groups) {
    all.rows.insert(all.rows.end(), group.rows.begin(), group.rows.end());
    all.log_weights.insert(all.log_weights.end(), group.log_weights.begin(), group.log_weights.end());
  }
  return all;
}

}  // namespace limn::models
