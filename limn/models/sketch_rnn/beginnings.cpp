// The decoder's outputs for points that are given, and how well latent vectors explain the beginning of a drawing: the
// decoder reads the same points once for each vector.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"

namespace limn::models {
namespace {

// Rows that are read together.
constexpr std::int64_t kGroup = 64;

// A sketch as the decoder reads it: [1 + points, 5], S_0 first.
class GivenRows {
 public:
  explicit GivenRows(std::span<const sketch::StrokePoint> points) : rows_(kStartRow.begin(), kStartRow.end()) {
    for (const sketch::StrokePoint& point : points) {
      const auto row = stroke5_row(point);
      rows_.insert(rows_.end(), row.begin(), row.end());
    }
  }
  [[nodiscard]] const float* at(std::int64_t i) const { return &rows_[static_cast<std::size_t>(i * sketch::kStroke5)]; }
  [[nodiscard]] std::int64_t points() const { return std::ssize(rows_) / sketch::kStroke5 - 1; }

 private:
  std::vector<float> rows_;
};

double log_density(const float* output, std::int64_t size, const float* target) {
  const kernels::MixtureDensitySums sums =
      kernels::mixture_density_loss(ConstMatrix(output, 1, size), ConstMatrix(target, 1, sketch::kStroke5), 1.0F);
  return -(sums.offset + sums.pen);
}

// A beginning and a latent vector.
struct Pair {
  std::int64_t beginning = 0, row = 0;
  double log_weight = 0;
};

// The beginnings that are weighed.
struct Given {
  std::span<const Beginning> beginnings;
  std::vector<GivenRows> rows;  // of each beginning
};

// Pairs on their way through their beginnings.
struct Group {
  DecoderRows state;
  std::vector<Pair> pairs;

  // Adds log p of the points first + 1 … last. A beginning that is over stays as it is.
  void read(const SketchRnnDecoder& decoder, const Given& given, std::int64_t first, std::int64_t last) {
    const std::int64_t count = state.count, size = decoder.output_size();
    std::vector<float> x, y(static_cast<std::size_t>(count * size));
    kernels::GemmScratch scratch;
    for (std::int64_t i = first; i < last; ++i) {
      x.clear();
      for (const Pair& pair : pairs) {
        const GivenRows& rows = given.rows[static_cast<std::size_t>(pair.beginning)];
        const float* const row = rows.at(std::min(i, rows.points()));
        x.insert(x.end(), row, row + sketch::kStroke5);
      }
      decoder.step(ConstMatrix(x.data(), count, sketch::kStroke5), state);
      decoder.output(state, Matrix(y.data(), count, size), scratch);
      for (std::int64_t b = 0; b < count; ++b) {
        Pair& pair = pairs[static_cast<std::size_t>(b)];
        const auto beginning = static_cast<std::size_t>(pair.beginning);
        if (i >= given.rows[beginning].points()) continue;
        pair.log_weight += given.beginnings[beginning].nats_per_point +
                           log_density(y.data() + b * size, size, given.rows[beginning].at(i + 1));
      }
    }
  }

  void append(const Group& more) {
    state.append(more.state);
    pairs.insert(pairs.end(), more.pairs.begin(), more.pairs.end());
  }
};

// Latent vectors after S_0, which all beginnings share: one row of `state` for each, whatever the number of pairs.
struct Start {
  DecoderRows state;
  std::int64_t first = 0;  // row of z
  std::vector<Pair> pairs;

  void read(const SketchRnnDecoder& decoder, const Given& given, std::span<const double> log_weights) {
    const std::int64_t count = state.count, size = decoder.output_size();
    std::vector<float> x, y(static_cast<std::size_t>(count * size));
    for (std::int64_t b = 0; b < count; ++b) x.insert(x.end(), kStartRow.begin(), kStartRow.end());
    kernels::GemmScratch scratch;
    decoder.step(ConstMatrix(x.data(), count, sketch::kStroke5), state);
    decoder.output(state, Matrix(y.data(), count, size), scratch);
    for (std::int64_t k = 0; k < std::ssize(given.rows); ++k) {
      const auto beginning = static_cast<std::size_t>(k);
      for (std::int64_t b = 0; b < count; ++b) {
        double log_weight = given.beginnings[beginning].log_weight + log_weights[static_cast<std::size_t>(first + b)];
        if (given.rows[beginning].points() > 0)
          log_weight += given.beginnings[beginning].nats_per_point +
                        log_density(y.data() + b * size, size, given.rows[beginning].at(1));
        pairs.push_back({k, first + b, log_weight});
      }
    }
  }
};

// The weight that the `kept` heaviest of all pairs have at least, and how many of that very weight stay.
class Threshold {
 public:
  template <class Groups>
  Threshold(const Groups& groups, std::int64_t kept) {
    std::vector<double> weights;
    for (const auto& group : groups)
      for (const Pair& pair : group.pairs) weights.push_back(pair.log_weight);
    if (std::ssize(weights) <= kept) return;
    std::ranges::nth_element(weights, weights.begin() + (kept - 1), std::greater<>());
    least_ = weights[static_cast<std::size_t>(kept - 1)];
    equal_ = kept - std::ranges::count_if(weights, [&](double weight) { return weight > least_; });
  }
  // Of pairs that are as heavy, the first ones that are asked about.
  [[nodiscard]] bool keeps(const Pair& pair) {
    if (pair.log_weight != least_) return pair.log_weight > least_;
    return equal_-- > 0;
  }

 private:
  double least_ = -std::numeric_limits<double>::infinity();
  std::int64_t equal_ = std::numeric_limits<std::int64_t>::max();
};

// The rows of a group that stay, in pieces that are read together; small ones join the last.
void add(std::vector<Group>& groups, const DecoderRows& state, const std::vector<Pair>& pairs,
         const std::vector<std::int64_t>& rows) {
  for (std::int64_t first = 0; first < std::ssize(pairs); first += kGroup) {
    const std::int64_t count = std::min(kGroup, std::ssize(pairs) - first);
    Group piece{.state = state.gathered(
                    std::span(rows).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count))),
                .pairs = {pairs.begin() + first, pairs.begin() + first + count}};
    if (!groups.empty() && groups.back().state.count + count <= kGroup)
      groups.back().append(piece);
    else
      groups.push_back(std::move(piece));
  }
}

std::vector<Group> groups_of(const std::vector<Start>& starts, std::int64_t kept) {
  Threshold threshold(starts, kept);
  std::vector<Group> groups;
  for (const Start& start : starts) {
    std::vector<Pair> pairs;
    std::vector<std::int64_t> rows;
    for (const Pair& pair : start.pairs) {
      if (!threshold.keeps(pair)) continue;
      pairs.push_back(pair);
      rows.push_back(pair.row - start.first);
    }
    add(groups, start.state, pairs, rows);
  }
  return groups;
}

// Leaves the heaviest `kept` of all, in as few groups as hold them.
void narrow(std::vector<Group>& groups, std::int64_t kept) {
  Threshold threshold(groups, kept);
  std::vector<Group> fewer;
  for (const Group& group : groups) {
    std::vector<Pair> pairs;
    std::vector<std::int64_t> rows;
    for (std::size_t b = 0; b < group.pairs.size(); ++b) {
      if (!threshold.keeps(group.pairs[b])) continue;
      pairs.push_back(group.pairs[b]);
      rows.push_back(static_cast<std::int64_t>(b));
    }
    add(fewer, group.state, pairs, rows);
  }
  groups = std::move(fewer);
}

}  // namespace

std::vector<float> SketchRnnModel::outputs(const sketch::Sketch& sketch, std::span<const float> z) const {
  check(DrawRequest{.z = z, .prefix = sketch.points});
  const GivenRows given(sketch.points);
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

WeighedLatents SketchRnnModel::weigh(std::span<const Beginning> beginnings, const Latents& z,
                                     std::span<const double> log_weights, std::span<const WeighingRound> rounds) const {
  require(std::ssize(log_weights) == z.count(), "weigh: {} weights of {} latent vectors", log_weights.size(),
          z.count());
  for (std::int64_t i = 0; i < z.count(); ++i) check(DrawRequest{.z = z.row(i)});
  Given given{.beginnings = beginnings, .rows = {}};
  std::int64_t points = 0;
  for (const Beginning& beginning : beginnings) {
    if (z.count() > 0) check(DrawRequest{.z = z.row(0), .prefix = beginning.points});
    given.rows.emplace_back(beginning.points);
    points = std::max<std::int64_t>(points, std::ssize(beginning.points));
  }
  const auto require_finite_weights = [&](const auto& groups) {
    for (const auto& group : groups)
      require(std::ranges::all_of(group.pairs, [](const Pair& pair) { return std::isfinite(pair.log_weight); }),
              "{}: how likely it finds a drawing is not finite; the training diverged, take an earlier checkpoint",
              checkpoint_.origin);
  };
  std::vector<Start> starts;
  for (std::int64_t first = 0; first < z.count(); first += kGroup) {
    const std::int64_t count = std::min(kGroup, z.count() - first);
    starts.push_back({.state = decoder_.start(ConstMatrix(z.row(first).data(), count, z.z_size), count),
                      .first = first,
                      .pairs = {}});
  }
  kernels::parallel_for(std::ssize(starts), [&](std::int64_t g) {
    starts[static_cast<std::size_t>(g)].read(decoder_, given, log_weights);
  });
  require_finite_weights(starts);
  const bool narrows_at_start = !rounds.empty() && rounds.front().points == 1 && points > 1;
  std::vector<Group> groups =
      groups_of(starts, narrows_at_start ? rounds.front().kept : std::numeric_limits<std::int64_t>::max());
  std::int64_t read = 1;
  const auto read_to = [&](std::int64_t last) {
    kernels::parallel_for(std::ssize(groups), [&](std::int64_t g) {
      groups[static_cast<std::size_t>(g)].read(decoder_, given, read, last);
    });
    read = last;
    require_finite_weights(groups);
  };
  for (const WeighingRound& round : rounds.subspan(narrows_at_start ? 1 : 0)) {
    if (round.points >= points) break;
    read_to(round.points);
    narrow(groups, round.kept);
  }
  if (read < points) read_to(points);
  std::vector<Pair> all;
  for (const Group& group : groups) all.insert(all.end(), group.pairs.begin(), group.pairs.end());
  std::ranges::sort(all, {}, [](const Pair& pair) { return std::pair(pair.beginning, pair.row); });
  WeighedLatents weighed;
  for (const Pair& pair : all) {
    weighed.beginnings.push_back(pair.beginning);
    weighed.rows.push_back(pair.row);
    weighed.log_weights.push_back(pair.log_weight);
  }
  return weighed;
}

}  // namespace limn::models
