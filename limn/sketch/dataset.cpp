#include "limn/sketch/dataset.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/sketch/augment.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn {
namespace {

float clamped(float offset) { return std::clamp(offset, -kOffsetLimit, kOffsetLimit); }

std::int64_t length_of(const Sketch& sketch) { return static_cast<std::int64_t>(sketch.points.size()); }

void check_finite(const SketchSplits& splits, std::string_view name) {
  for (std::size_t split = 0; split < kSplitNames.size(); ++split) {
    for (std::size_t i = 0; i < splits.sketches[split].size(); ++i) {
      const std::vector<StrokePoint>& points = splits.sketches[split][i].points;
      const auto bad = std::ranges::find_if(
          points, [](const StrokePoint& p) { return !std::isfinite(p.dx) || !std::isfinite(p.dy); });
      if (bad == points.end()) continue;
      fail(
          "{}: sketch {} of {} has the offset ({}, {}) at point {}, which is not a number to draw with; "
          "remove or repair that sketch",
          name, i, kSplitNames[split], bad->dx, bad->dy, bad - points.begin());
    }
  }
}

struct Dropped {
  std::int64_t too_long = 0;
  std::int64_t too_short = 0;
};

Dropped drop_by_length(std::vector<Sketch>& sketches, const StrokeDataOptions& options) {
  Dropped dropped;
  const std::int64_t shortest = std::max<std::int64_t>(options.min_seq_len, 1);
  std::erase_if(sketches, [&](const Sketch& sketch) {
    const bool too_long = options.max_seq_len > 0 && length_of(sketch) > options.max_seq_len;
    const bool too_short = length_of(sketch) < shortest;
    dropped.too_long += too_long ? 1 : 0;
    dropped.too_short += too_short && !too_long ? 1 : 0;
    return too_long || too_short;
  });
  return dropped;
}

[[noreturn]] void fail_nothing_left(const Dropped& dropped, const StrokeDataOptions& options,
                                    std::string_view name) {
  std::vector<std::string> reasons;
  if (dropped.too_long > 0)
    reasons.push_back(
        fmt::format("{} longer than max_seq_len = {} points", dropped.too_long, options.max_seq_len));
  if (dropped.too_short > 0 && options.min_seq_len > 1)
    reasons.push_back(
        fmt::format("{} shorter than min_seq_len = {}", dropped.too_short, options.min_seq_len));
  else if (dropped.too_short > 0)
    reasons.push_back(fmt::format("{} without points", dropped.too_short));
  fail("{}: none of the {} training sketches is left: {}; change these options or the data", name,
       dropped.too_long + dropped.too_short, fmt::join(reasons, ", "));
}

template <class Change>
void for_each_point(SketchSplits& splits, Change change) {
  for (std::vector<Sketch>& sketches : splits.sketches)
    for (Sketch& sketch : sketches)
      for (StrokePoint& point : sketch.points) change(point);
}

std::int64_t longest_of(const SketchSplits& splits) {
  std::int64_t longest = 0;
  for (const std::vector<Sketch>& sketches : splits.sketches)
    for (const Sketch& sketch : sketches) longest = std::max(longest, length_of(sketch));
  return longest;
}

void sort_longest_first(std::span<std::int64_t> indices, std::span<const Sketch> sketches) {
  std::ranges::stable_sort(indices, std::ranges::greater{}, [&](std::int64_t i) {
    return sketches[static_cast<std::size_t>(i)].points.size();
  });
}

void append(SketchSplits& all, SketchSplits&& more) {
  for (std::size_t i = 0; i < all.sketches.size(); ++i) {
    std::vector<Sketch>& sketches = all.sketches[i];
    std::ranges::move(more.sketches[i], std::back_inserter(sketches));
  }
}

}  // namespace

std::vector<OptionField> fields(StrokeDataOptions& options) {
  return {
      {.name = "max_seq_len",
       .target = &options.max_seq_len,
       .help = "longest sketch kept, in points; 0 keeps all",
       .minimum = 0},
      {.name = "min_seq_len",
       .target = &options.min_seq_len,
       .help = "shortest sketch kept, in points; raise it to drop scribbles",
       .minimum = 0},
      {.name = "random_scale_factor",
       .target = &options.random_scale_factor,
       .help = "training sketches are stretched by up to this share along x and y; more varies more",
       .minimum = 0,
       .maximum = 1},
      {.name = "augment_stroke_prob",
       .target = &options.augment_stroke_prob,
       .help = "probability of dropping a point inside a stroke in training; more varies more",
       .minimum = 0,
       .maximum = 1},
  };
}

double offset_deviation(std::span<const Sketch> sketches) {
  double sum = 0, count = 0;
  for (const Sketch& sketch : sketches) {
    for (const StrokePoint& point : sketch.points) sum += double{clamped(point.dx)} + clamped(point.dy);
    count += 2.0 * static_cast<double>(sketch.points.size());
  }
  if (count == 0) return 0;
  // Twice over the data, so that a large mean does not cancel the digits of a small deviation.
  const double mean = sum / count;
  double squares = 0;
  for (const Sketch& sketch : sketches) {
    for (const StrokePoint& point : sketch.points) {
      const double x = clamped(point.dx) - mean, y = clamped(point.dy) - mean;
      squares += x * x + y * y;
    }
  }
  return std::sqrt(squares / count);
}

StrokeDataset::StrokeDataset(SketchSplits splits, const StrokeDataOptions& options, std::string name,
                             float scale_factor)
    : splits_(std::move(splits)), options_(options), name_(std::move(name)) {
  check_finite(splits_, name_);
  require(!splits_[Split::kTrain].empty(),
          "{}: the training split is empty; give data with sketches to learn from", name_);
  const Dropped dropped = drop_by_length(splits_[Split::kTrain], options_);
  if (splits_[Split::kTrain].empty()) fail_nothing_left(dropped, options_, name_);
  drop_by_length(splits_[Split::kValid], options_);
  drop_by_length(splits_[Split::kTest], options_);
  for_each_point(splits_, [](StrokePoint& point) {
    point.dx = clamped(point.dx);
    point.dy = clamped(point.dy);
  });

  scale_factor_ =
      scale_factor > 0 ? scale_factor : static_cast<float>(offset_deviation(split(Split::kTrain)));
  require(scale_factor_ > 0, "{}: all offsets of the training split are the same; there is nothing to learn",
          name_);
  for_each_point(splits_, [this](StrokePoint& point) {
    point.dx /= scale_factor_;
    point.dy /= scale_factor_;
  });
  max_seq_len_ = options_.max_seq_len > 0 ? options_.max_seq_len : longest_of(splits_);
}

StrokeDataset StrokeDataset::load(std::span<const std::string> paths, const StrokeDataOptions& options,
                                  float scale_factor) {
  require(!paths.empty(), "no data set given; name a file or builtin:doodles");
  SketchSplits all;
  for (const std::string& path : paths) append(all, read_sketches(path));
  return {std::move(all), options, fmt::format("{}", fmt::join(paths, " + ")), scale_factor};
}

std::int64_t StrokeDataset::batches_per_epoch(std::int64_t batch_size) const {
  assert(batch_size > 0);
  return std::ssize(splits_[Split::kTrain]) / batch_size;
}

EpochPlan StrokeDataset::epoch_plan(std::uint64_t seed, std::int64_t epoch, std::int64_t batch_size) const {
  require(batch_size > 0, "{}: a batch of {} sketches; use --batch-size 1 or more", name_, batch_size);
  const std::span<const Sketch> sketches = split(Split::kTrain);
  require(
      batches_per_epoch(batch_size) > 0,
      "{0}: the training split holds {1} sketches, fewer than one batch of {2}; use --batch-size {1} or less",
      name_, sketches.size(), batch_size);

  RandomStream random(seed, Purpose::kShuffle, static_cast<std::uint64_t>(epoch));
  std::vector<std::int64_t> pooled(sketches.size());
  std::iota(pooled.begin(), pooled.end(), std::int64_t{0});
  shuffle(std::span(pooled), random);
  pooled.resize(static_cast<std::size_t>(batches_per_epoch(batch_size) * batch_size));
  const auto pool_size = static_cast<std::size_t>(kPoolBatches * batch_size);
  for (std::size_t begin = 0; begin < pooled.size(); begin += pool_size) {
    const std::size_t size = std::min(pool_size, pooled.size() - begin);
    sort_longest_first(std::span(pooled).subspan(begin, size), sketches);
  }

  std::vector<std::int64_t> batch_order(static_cast<std::size_t>(batches_per_epoch(batch_size)));
  std::iota(batch_order.begin(), batch_order.end(), std::int64_t{0});
  shuffle(std::span(batch_order), random);
  EpochPlan plan{.seed = seed, .epoch = epoch, .batch_size = batch_size, .indices = {}};
  plan.indices.reserve(pooled.size());
  for (const std::int64_t batch : batch_order) {
    const auto first = pooled.begin() + batch * batch_size;
    plan.indices.insert(plan.indices.end(), first, first + batch_size);
  }
  return plan;
}

EpochPlan StrokeDataset::plan_for_step(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const {
  assert(step >= 0);
  // Without a whole batch there is no epoch to count; epoch_plan says so to the user.
  const std::int64_t per_epoch =
      std::max<std::int64_t>(batch_size > 0 ? batches_per_epoch(batch_size) : 0, 1);
  return epoch_plan(seed, step / per_epoch, batch_size);
}

std::vector<std::int64_t> StrokeDataset::batch_indices(std::uint64_t seed, std::int64_t step,
                                                       std::int64_t batch_size) const {
  const EpochPlan plan = plan_for_step(seed, step, batch_size);
  const std::span<const std::int64_t> batch = plan.batch(step);
  return {batch.begin(), batch.end()};
}

StrokeBatch StrokeDataset::training_batch(const EpochPlan& plan, std::int64_t step,
                                          const BatchShare& share) const {
  assert(plan.covers(step) && share.rank >= 0 && share.rank < share.ranks);
  const std::span<const std::int64_t> whole = plan.batch(step);
  const std::vector<std::int64_t> places = share.places(std::ssize(whole));
  std::vector<Sketch> sketches;
  std::vector<const Sketch*> views;
  sketches.reserve(places.size());
  for (const std::int64_t place : places) {
    RandomStream random(plan.seed, Purpose::kAugmentation, static_cast<std::uint64_t>(step),
                        static_cast<std::uint64_t>(place));
    const std::int64_t index = whole[static_cast<std::size_t>(place)];
    sketches.push_back(augmented(split(Split::kTrain)[static_cast<std::size_t>(index)], options_, random));
    views.push_back(&sketches.back());
  }
  StrokeBatch batch = make_batch(views, places);
  batch.places = std::move(batch.indices);
  batch.indices.clear();
  for (const std::int64_t place : batch.places) batch.indices.push_back(whole[static_cast<std::size_t>(place)]);
  return batch;
}

StrokeBatch StrokeDataset::training_batch(std::uint64_t seed, std::int64_t step,
                                          std::int64_t batch_size) const {
  return training_batch(plan_for_step(seed, step, batch_size), step);
}

std::vector<StrokeBatch> StrokeDataset::evaluation_batches(Split which, std::int64_t batch_size) const {
  require(batch_size > 0, "{}: a batch of {} sketches; use --batch-size 1 or more", name_, batch_size);
  const std::span<const Sketch> sketches = split(which);
  std::vector<std::int64_t> order(sketches.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  sort_longest_first(order, sketches);

  std::vector<StrokeBatch> batches;
  const auto size = static_cast<std::size_t>(batch_size);
  for (std::size_t begin = 0; begin < order.size(); begin += size) {
    const auto indices =
        std::span<const std::int64_t>(order).subspan(begin, std::min(size, order.size() - begin));
    std::vector<const Sketch*> views;
    for (const std::int64_t i : indices) views.push_back(&sketches[static_cast<std::size_t>(i)]);
    batches.push_back(make_batch(views, indices));
  }
  return batches;
}

}  // namespace limn
