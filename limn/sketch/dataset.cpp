#include "limn/sketch/dataset.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/core/fingerprint.hpp"
#include "limn/core/random.hpp"
#include "limn/sketch/augment.hpp"
#include "limn/sketch/simplified_sketches.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn::sketch {
namespace {

// Batch k becomes what batch order[k] was, in place: cycle by cycle.
void reorder_batches(std::span<std::uint32_t> indices, std::vector<std::uint32_t> order, std::size_t batch_size) {
  const auto batch = [&](std::size_t k) { return indices.subspan(k * batch_size, batch_size); };
  std::vector<std::uint32_t> first(batch_size);
  for (std::size_t start = 0; start < order.size(); ++start) {
    std::ranges::copy(batch(start), first.begin());
    std::size_t k = start;
    while (order[k] != start) {
      std::ranges::copy(batch(order[k]), batch(k).begin());
      k = std::exchange(order[k], static_cast<std::uint32_t>(k));
    }
    std::ranges::copy(first, batch(k).begin());
    order[k] = static_cast<std::uint32_t>(k);
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
      {.name = "simplify",
       .target = &options.simplify,
       .help = "points within so many units of a simpler line are left out while loading; more leaves fewer; 0 keeps "
               "all",
       .minimum = 0,
       .maximum = 1e9},
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
      {.name = "damaged",
       .target = &options.damaged,
       .help = "refuse a folder with damaged files, or skip those",
       .choices = {"refuse", "skip"}},
      {.name = "absolute",
       .target = &options.absolute,
       .help = "rows of numbers in .npz, .npy and .pkl are positions (true), offsets (false), or as their columns say",
       .choices = {"auto", "true", "false"}},
  };
}

StrokeDataset::StrokeDataset(SketchSplits splits, const StrokeDataOptions& options, std::string name,
                             float scale_factor)
    : StrokeDataset(std::make_shared<HeldSketches>(std::move(splits), name), options, name, scale_factor) {}

StrokeDataset::StrokeDataset(std::shared_ptr<const SketchStore> store, const StrokeDataOptions& options,
                             std::string name, float scale_factor)
    : store_(std::move(store)), options_(options), name_(std::move(name)) {
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    require(store_->size(split) <= kMaxExamples, "{}: {} sketches in {} are more than the {} that are numbered", name_,
            store_->size(split), kSplitNames[static_cast<std::size_t>(split)], kMaxExamples);
  require(store_->size(Split::kTrain) > 0, "{}: the training split is empty; give data with sketches to learn from",
          name_);
  if (options_.simplify > 0) store_ = simplified(std::move(store_), options_.simplify, name_);
  drop_by_length(Split::kTrain);
  require_sketches(Split::kTrain);
  drop_by_length(Split::kValid);
  drop_by_length(Split::kTest);

  scale_factor_ = scale_factor > 0 ? scale_factor : static_cast<float>(training_deviation());
  // Below this, training counts numbers as zero.
  require(scale_factor_ >= std::numeric_limits<float>::min(),
          "{}: all offsets of the training split are the same, or too small for float32; there is nothing to learn",
          name_);
  max_seq_len_ = options_.max_seq_len;
  if (max_seq_len_ == 0)
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      max_seq_len_ = std::max(max_seq_len_, store_->lengths(split).longest);
  store_->expect_random_access();
}

void StrokeDataset::drop_by_length(Split split) {
  const std::int64_t shortest = std::max<std::int64_t>(options_.min_seq_len, 1);
  const auto is_too_long = [&](std::int64_t length) {
    return options_.max_seq_len > 0 && length > options_.max_seq_len;
  };
  Dropped& dropped = dropped_[static_cast<std::size_t>(split)];
  const LengthRange range = store_->lengths(split);
  if (store_->size(split) == 0 || (range.shortest >= shortest && !is_too_long(range.longest))) return;
  std::vector<std::uint32_t> kept;
  for (std::int64_t i = 0; i < store_->size(split); ++i) {
    const std::int64_t length = store_->length(split, i);
    if (is_too_long(length))
      ++dropped.too_long;
    else if (length < shortest)
      ++dropped.too_short;
    else
      kept.push_back(static_cast<std::uint32_t>(i));
  }
  kept.shrink_to_fit();
  kept_[static_cast<std::size_t>(split)] = std::move(kept);
}

std::vector<std::pair<std::int64_t, std::string>> StrokeDataset::reasons(Split split) const {
  std::vector<std::pair<std::int64_t, std::string>> reasons;
  const Dropped& lost = dropped(split);
  const auto verb = [](std::int64_t count) { return count == 1 ? "is" : "are"; };
  if (lost.too_long > 0)
    reasons.emplace_back(lost.too_long,
                         fmt::format("{} longer than max_seq_len = {}", verb(lost.too_long), options_.max_seq_len));
  if (lost.too_short > 0)
    reasons.emplace_back(lost.too_short, options_.min_seq_len > 1
                                             ? fmt::format("{} shorter than min_seq_len = {}", verb(lost.too_short),
                                                           options_.min_seq_len)
                                             : fmt::format("{} without points", verb(lost.too_short)));
  return reasons;
}

std::vector<std::string> StrokeDataset::notes(std::initializer_list<Split> splits) const {
  std::vector<std::string> notes = notes_;
  for (const Split split : splits)
    for (const auto& [count, reason] : reasons(split))
      notes.push_back(fmt::format("{}: {} of {} {} sketches {} and {} left out", name_, count, store_->size(split),
                                  kSplitNames[static_cast<std::size_t>(split)], reason, count == 1 ? "was" : "were"));
  return notes;
}

std::optional<SimplifySaving> StrokeDataset::simplify_saving() const {
  if (options_.simplify > 0) return std::nullopt;
  return sketch::simplify_saving(size(Split::kTrain), [this](std::int64_t i) { return stored(Split::kTrain, i); });
}

void StrokeDataset::require_sketches(Split split) const {
  if (size(split) > 0) return;
  const char* name = kSplitNames[static_cast<std::size_t>(split)];
  const std::int64_t count = dropped(split).count();
  require(count > 0, "{}: the {} split is empty; choose another split or other data", name_, name);
  const auto why = reasons(split);
  if (why.size() == 1)
    fail("{}: nothing is left of the {} split: {} {}; change the option or the data", name_, name,
         count == 1 ? "its 1 sketch" : fmt::format("all its {} sketches", count), why.front().second);
  fail("{}: nothing is left of the {} split: of its {} sketches {} {}, {} {}; change the options or the data", name_,
       name, count, why[0].first, why[0].second, why[1].first, why[1].second);
}

double StrokeDataset::training_deviation() const {
  if (!kept_[static_cast<std::size_t>(Split::kTrain)]) return store_->deviation();
  return offset_deviation([this](const auto& visit) {
    for (std::int64_t i = 0; i < size(Split::kTrain); ++i)
      visit(store_->sketch(Split::kTrain, place(Split::kTrain, i)));
  });
}

StrokeDataset StrokeDataset::load(std::span<const std::string> paths, const StrokeDataOptions& options,
                                  float scale_factor) {
  require(!paths.empty(), "no data set given; name a file or builtin:doodles");
  std::vector<std::shared_ptr<const SketchStore>> stores;
  std::vector<std::string> notes;
  const SketchReadOptions reading{.damaged = options.damaged,
                                  .absolute = options.absolute,
                                  .note = [&notes](const std::string& text) { notes.push_back(text); }};
  for (const std::string& path : paths) stores.push_back(open_sketches(path, reading));
  auto store = stores.size() == 1 ? stores.front() : std::make_shared<JoinedSketches>(std::move(stores));
  StrokeDataset data(std::move(store), options, fmt::format("{}", fmt::join(paths, " + ")), scale_factor);
  data.notes_ = std::move(notes);
  return data;
}

std::int64_t StrokeDataset::place(Split split, std::int64_t index) const {
  const Kept& kept = kept_[static_cast<std::size_t>(split)];
  assert(index >= 0 && index < size(split));
  return kept ? (*kept)[static_cast<std::size_t>(index)] : index;
}

std::int64_t StrokeDataset::size(Split split) const {
  const Kept& kept = kept_[static_cast<std::size_t>(split)];
  return kept ? std::ssize(*kept) : store_->size(split);
}

std::int64_t StrokeDataset::length(Split split, std::int64_t index) const {
  return store_->length(split, place(split, index));
}

std::string StrokeDataset::fingerprint() const {
  Fingerprint data;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) data.add_number(size(split));
  data.add_number(scale_factor_);
  data.add_number(max_seq_len_);
  if (options_.simplify > 0) data.add_number(options_.simplify);
  const std::int64_t count = size(Split::kTrain);
  for (std::int64_t i = 0; i < std::min(count, kFingerprintExamples); ++i)
    for (const StrokePoint& point : sketch(Split::kTrain, fingerprint_example(i, count)).points) {
      data.add_number(point.dx);
      data.add_number(point.dy);
      data.add_number(point.is_pen_lifted);
    }
  return data.text();
}

std::int64_t StrokeDataset::longest(Split split) const {
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < size(split); ++i) longest = std::max(longest, length(split, i));
  return longest;
}

Sketch StrokeDataset::stored(Split split, std::int64_t index) const {
  return store_->sketch(split, place(split, index));
}

Sketch StrokeDataset::sketch(Split split, std::int64_t index) const {
  Sketch sketch = stored(split, index);
  for (StrokePoint& point : sketch.points) {
    point.dx = clamped_offset(point.dx) / scale_factor_;
    point.dy = clamped_offset(point.dy) / scale_factor_;
  }
  return sketch;
}

void StrokeDataset::sort_longest_first(Split split, std::span<std::uint32_t> numbers) const {
  // Lengths may lie on disk in random order: each is looked at once.
  std::vector<std::pair<std::int64_t, std::uint32_t>> sketches;
  sketches.reserve(numbers.size());
  for (const std::uint32_t i : numbers) sketches.emplace_back(length(split, i), i);
  std::ranges::stable_sort(sketches, std::ranges::greater{}, [](const auto& s) { return s.first; });
  std::ranges::transform(sketches, numbers.begin(), [](const auto& s) { return s.second; });
}

std::int64_t StrokeDataset::batches_per_epoch(std::int64_t batch_size) const {
  assert(batch_size > 0);
  return size(Split::kTrain) / batch_size;
}

void StrokeDataset::require_batch(std::int64_t batch_size) const {
  require(batch_size > 0, "{}: a batch of {} sketches; use --batch-size 1 or more", name_, batch_size);
  require(batches_per_epoch(batch_size) > 0,
          "{0}: the training split holds {1} sketches, fewer than one batch of {2}; use --batch-size {1} or less",
          name_, size(Split::kTrain), batch_size);
}

EpochPlan StrokeDataset::epoch_plan(std::uint64_t seed, std::int64_t epoch, std::int64_t batch_size) const {
  require_batch(batch_size);
  RandomStream random(seed, Purpose::kShuffle, static_cast<std::uint64_t>(epoch));
  EpochPlan plan{.seed = seed, .epoch = epoch, .batch_size = batch_size, .indices = {}};
  plan.indices = shuffled_numbers(size(Split::kTrain), random);
  plan.indices.resize(static_cast<std::size_t>(batches_per_epoch(batch_size) * batch_size));
  const auto pool_size = static_cast<std::size_t>(kPoolBatches * batch_size);
  for (std::size_t begin = 0; begin < plan.indices.size(); begin += pool_size) {
    const std::size_t pool = std::min(pool_size, plan.indices.size() - begin);
    sort_longest_first(Split::kTrain, std::span(plan.indices).subspan(begin, pool));
  }
  reorder_batches(plan.indices, shuffled_numbers(batches_per_epoch(batch_size), random),
                  static_cast<std::size_t>(batch_size));
  return plan;
}

EpochPlan StrokeDataset::plan_for_step(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const {
  assert(step >= 0);
  // Without a whole batch an epoch cannot be counted; epoch_plan says so to the user.
  const std::int64_t per_epoch = std::max<std::int64_t>(batch_size > 0 ? batches_per_epoch(batch_size) : 0, 1);
  return epoch_plan(seed, step / per_epoch, batch_size);
}

std::vector<std::int64_t> StrokeDataset::batch_indices(std::uint64_t seed, std::int64_t step,
                                                       std::int64_t batch_size) const {
  const EpochPlan plan = plan_for_step(seed, step, batch_size);
  const std::span<const std::uint32_t> batch = plan.batch(step);
  return {batch.begin(), batch.end()};
}

StrokeBatch StrokeDataset::training_batch(const EpochPlan& plan, std::int64_t step, const BatchShare& share) const {
  assert(plan.covers(step) && share.rank >= 0 && share.rank < share.ranks);
  const std::span<const std::uint32_t> whole = plan.batch(step);
  const std::vector<std::int64_t> places = share.places(std::ssize(whole));
  std::vector<Sketch> sketches;
  std::vector<const Sketch*> views;
  sketches.reserve(places.size());
  for (const std::int64_t place : places) {
    RandomStream random(plan.seed, Purpose::kAugmentation, static_cast<std::uint64_t>(step),
                        static_cast<std::uint64_t>(place));
    sketches.push_back(augmented(sketch(Split::kTrain, whole[static_cast<std::size_t>(place)]), options_, random));
    views.push_back(&sketches.back());
  }
  StrokeBatch batch = make_batch(views, places);
  batch.places = std::move(batch.indices);
  batch.indices.clear();
  for (const std::int64_t place : batch.places) batch.indices.push_back(whole[static_cast<std::size_t>(place)]);
  return batch;
}

StrokeBatch StrokeDataset::training_batch(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const {
  return training_batch(plan_for_step(seed, step, batch_size), step);
}

EvaluationBatches::EvaluationBatches(const StrokeDataset& data, Split split, std::int64_t batch_size, std::int64_t most)
    : data_(data), split_(split), batch_size_(batch_size) {
  require(batch_size > 0, "{}: a batch of {} sketches; use --batch-size 1 or more", data.name(), batch_size);
  const std::int64_t size = data.size(split);
  order_.resize(static_cast<std::size_t>(most > 0 ? std::min(most, size) : size));
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  data.sort_longest_first(split, order_);
}

std::int64_t EvaluationBatches::size() const { return (sketches() + batch_size_ - 1) / batch_size_; }

StrokeBatch EvaluationBatches::operator[](std::int64_t batch) const {
  assert(batch >= 0 && batch < size());
  const std::int64_t begin = batch * batch_size_, end = std::min(begin + batch_size_, sketches());
  const std::vector<std::int64_t> indices(order_.begin() + begin, order_.begin() + end);
  std::vector<Sketch> held;
  for (const std::int64_t i : indices) held.push_back(data_.sketch(split_, i));
  std::vector<const Sketch*> views;
  for (const Sketch& sketch : held) views.push_back(&sketch);
  return make_batch(views, indices);
}

}  // namespace limn::sketch
