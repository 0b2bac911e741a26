// The stroke data set (docs/data.md) and its batches. Immutable after load, so any number of threads may read
// it; batch order is a pure function of (seed, step), so a resumed run needs no saved position. Sketches stay in
// their store (sketch_store.hpp), in memory or on disk, and are normalised when a batch takes them.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "limn/core/epoch_plan.hpp"
#include "limn/core/options.hpp"
#include "limn/core/split.hpp"
#include "limn/sketch/simplify.hpp"
#include "limn/sketch/sketch.hpp"
#include "limn/sketch/sketch_store.hpp"

namespace limn::sketch {

struct StrokeDataOptions {
  std::int64_t max_seq_len = 0;  // longest sketch kept, points; 0: the data's longest
  std::int64_t min_seq_len = 0;  // shortest sketch kept, points
  double simplify = 0;           // epsilon of Ramer-Douglas-Peucker in data units; more leaves fewer points; 0: none
  double random_scale_factor = 0.15;  // e of the scale augmentation
  double augment_stroke_prob = 0.10;  // probability of dropping a point that may be dropped
  std::string damaged = "refuse";     // of folders: refuse (an error that names the file) or skip
  std::string absolute = "auto";      // of arrays of numbers, as StrokeArrayOptions::absolute
};
[[nodiscard]] std::vector<OptionField> fields(StrokeDataOptions& options);

// A batch without padding, time-major. Sketch b has lengths[b] = Ns points, lengths are non-increasing, and
// active[t] sketches (the first active[t] of the batch) have Ns >= t, for t = 0 … Nmax (the longest here).
// Rows of step t lie together, step after step: row(t, b) = active[0] + … + active[t-1] + b. R rows in all.
// `inputs`, row (t, b): S_t in stroke-5, so step 0 is S0 = (0,0,1,0,0) of every sketch, and the rows from
// active[0] on are S_1 … S_Ns packed in the same way: what the encoder reads.
// `targets`, row (t, b): S_{t+1}; after the last point S_end = (0,0,0,0,1).
struct StrokeBatch {
  std::vector<std::int64_t> indices;  // into the split, for error reports
  std::vector<std::int64_t> places;   // in the batch of all processes, which number the noise; empty: 0, 1, …
  std::vector<std::int64_t> lengths;  // Ns of each sketch, non-increasing
  std::vector<std::int64_t> active;   // rows of each step, Nmax + 1 of them
  std::vector<float> inputs;          // [R, 5]
  std::vector<float> targets;         // [R, 5]

  [[nodiscard]] std::int64_t batch_size() const { return static_cast<std::int64_t>(lengths.size()); }
  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(inputs.size()) / kStroke5; }
};

// Packs sketches (any order; the batch sorts them stably by length, longest first). `indices` may be empty.
[[nodiscard]] StrokeBatch make_batch(std::span<const Sketch* const> sketches, std::span<const std::int64_t> indices);

// How many batches a pool holds: more make the lengths within a batch more alike, and so also its drawings.
inline constexpr std::int64_t kPoolBatches = 5;

class StrokeDataset;

// The batches of a split in order of length, longest first, each at most batch_size, none left out, not augmented;
// each is made when it is asked for. A view: the data set must outlive it.
class EvaluationBatches {
 public:
  // Of the first `most` sketches of the split, or of all where that is 0. Throws Error if batch_size is not positive.
  EvaluationBatches(const StrokeDataset& data, Split split, std::int64_t batch_size, std::int64_t most = 0);
  [[nodiscard]] std::int64_t size() const;  // batches
  [[nodiscard]] std::int64_t sketches() const { return static_cast<std::int64_t>(order_.size()); }
  [[nodiscard]] StrokeBatch operator[](std::int64_t batch) const;

 private:
  const StrokeDataset& data_;
  Split split_;
  std::int64_t batch_size_;
  std::vector<std::uint32_t> order_;  // of the sketches
};

class StrokeDataset {
 public:
  // Simplifies, drops sketches longer or shorter than the options say, and those without points, clamps to ±1000
  // and divides by the scale factor. `name` begins the error messages. A sketch with a value that is not finite,
  // an empty training split, nothing left of it after dropping, or points that never move is an Error. With
  // `scale_factor` > 0 that one is used (evaluating a model on other data) instead of the training split's.
  StrokeDataset(std::shared_ptr<const SketchStore> store, const StrokeDataOptions& options, std::string name,
                float scale_factor = 0);
  StrokeDataset(SketchSplits splits, const StrokeDataOptions& options, std::string name, float scale_factor = 0);
  // PATHs of any format of sketch_file.hpp, or "builtin:doodles"; several are joined split by split.
  [[nodiscard]] static StrokeDataset load(std::span<const std::string> paths, const StrokeDataOptions& options,
                                          float scale_factor = 0);

  // The sketches that were not dropped.
  [[nodiscard]] std::int64_t size(Split split) const;
  [[nodiscard]] std::int64_t length(Split split, std::int64_t index) const;
  // In data units, simplified where the options say so. Throws Error if it is damaged on disk.
  [[nodiscard]] Sketch stored(Split split, std::int64_t index) const;
  // Normalised. Throws as stored() does.
  [[nodiscard]] Sketch sketch(Split split, std::int64_t index) const;
  [[nodiscard]] float scale_factor() const { return scale_factor_; }
  // N_max of docs/papers/sketch-rnn.md: the option, or the longest sketch of all splits.
  [[nodiscard]] std::int64_t max_seq_len() const { return max_seq_len_; }
  // Of the sizes of the splits, the scale factor, N_max, `simplify` and sketches from all over the training split.
  [[nodiscard]] std::string fingerprint() const;
  // Points of the longest sketch of the split that was not dropped; 0 where there is none. Looks at each.
  [[nodiscard]] std::int64_t longest(Split split) const;
  [[nodiscard]] const std::string& name() const { return name_; }
  // How many sketches of the split were dropped, by reason.
  struct Dropped {
    std::int64_t too_long = 0;
    std::int64_t too_short = 0;
    [[nodiscard]] std::int64_t count() const { return too_long + too_short; }
  };
  [[nodiscard]] const Dropped& dropped(Split split) const { return dropped_[static_cast<std::size_t>(split)]; }
  // Of load(): what was read otherwise than the files say, or left out (SketchReadOptions::note). Then a line for each
  // reason that sketches of these splits were dropped for.
  [[nodiscard]] std::vector<std::string> notes(std::initializer_list<Split> splits = {Split::kTrain, Split::kValid,
                                                                                      Split::kTest}) const;
  // What the option `simplify` would save of the training split; nothing where it is given, or not worth it.
  [[nodiscard]] std::optional<SimplifySaving> simplify_saving() const;
  // Throws Error if no sketch of the split is left, saying why.
  void require_sketches(Split split) const;

  // Throws Error if the training split does not fill a batch of that size.
  void require_batch(std::int64_t batch_size) const;
  // Training batches in one epoch; what does not fill a batch is left out, another part each epoch.
  [[nodiscard]] std::int64_t batches_per_epoch(std::int64_t batch_size) const;
  // The batches of an epoch: a permutation drawn from (seed, epoch), cut into pools of kPoolBatches batches;
  // each pool is sorted by length and cut into batches, and the batches of the epoch are shuffled. Every
  // sketch is equally likely at every place of the epoch. Throws as require_batch() does. Takes 4 bytes for
  // each sketch and as much time as looking at the length of every one: keep the plan while it covers the steps.
  [[nodiscard]] EpochPlan epoch_plan(std::uint64_t seed, std::int64_t epoch, std::int64_t batch_size) const;
  // The plan of the epoch that training batch `step` (0, 1, …, over all epochs) lies in.
  [[nodiscard]] EpochPlan plan_for_step(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const;
  // One process's share of training batch `step`: the sketches at share.places() of the plan's batch, augmented from
  // (seed, step, place). Nothing else is read.
  [[nodiscard]] StrokeBatch training_batch(const EpochPlan& plan, std::int64_t step,
                                           const BatchShare& share = {}) const;
  // The same for a caller that keeps no plan.
  [[nodiscard]] std::vector<std::int64_t> batch_indices(std::uint64_t seed, std::int64_t step,
                                                        std::int64_t batch_size) const;
  [[nodiscard]] StrokeBatch training_batch(std::uint64_t seed, std::int64_t step, std::int64_t batch_size) const;
  // `numbers` of sketches of a split by length, longest first, equal lengths in the order given.
  void sort_longest_first(Split split, std::span<std::uint32_t> numbers) const;

 private:
  // The sketches of a split that stay, or nothing if all do.
  using Kept = std::optional<std::vector<std::uint32_t>>;

  void drop_by_length(Split split);
  // "longer than max_seq_len = 30" and the like, with how many.
  [[nodiscard]] std::vector<std::pair<std::int64_t, std::string>> reasons(Split split) const;
  [[nodiscard]] std::int64_t place(Split split, std::int64_t index) const;
  [[nodiscard]] double training_deviation() const;

  std::shared_ptr<const SketchStore> store_;
  std::array<Kept, kSplitNames.size()> kept_;
  std::array<Dropped, kSplitNames.size()> dropped_;
  StrokeDataOptions options_;
  std::string name_;
  std::vector<std::string> notes_;
  float scale_factor_ = 1;
  std::int64_t max_seq_len_ = 0;
};

}  // namespace limn::sketch
