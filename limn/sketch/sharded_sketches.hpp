// Sketches in a folder NAME.limn of shards (core/shards.hpp, docs/sharded-data.md): for data sets beyond
// memory. Opening one looks at its index alone; a sketch is decoded, and checked, when it is asked for.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "limn/core/shards.hpp"
#include "limn/sketch/sketch_store.hpp"
#include "limn/sketch/summary.hpp"

namespace limn::sketch {

class ShardedSketches : public SketchStore {
 public:
  // Throws Error naming the file that is missing or damaged, or the folder if it holds something else.
  explicit ShardedSketches(const std::filesystem::path& folder);
  // Shards and what they hold.
  ShardedSketches(ShardReader shards, DatasetSummary summary)
      : shards_(std::move(shards)), summary_(std::move(summary)) {}

  [[nodiscard]] std::int64_t size(Split split) const override { return shards_.size(split); }
  [[nodiscard]] std::int64_t length(Split split, std::int64_t index) const override;
  [[nodiscard]] Sketch sketch(Split split, std::int64_t index) const override;
  [[nodiscard]] LengthRange lengths(Split split) const override;
  // Of the index.
  [[nodiscard]] double deviation() const override { return summary_.scale_factor; }
  void expect_random_access() const override { shards_.expect_random_access(); }

  [[nodiscard]] const DatasetSummary& summary() const { return summary_; }
  // As ShardReader's.
  void verify() const { shards_.verify(); }

 private:
  friend class OrderedSketches;
  ShardReader shards_;
  DatasetSummary summary_;
};

// The sketches of a split for those who take them in order: ShardCursor. `sketches` must outlive it. One thread.
class OrderedSketches {
 public:
  OrderedSketches(const ShardedSketches& sketches, Split split)
      : sketches_(sketches), split_(split), records_(sketches.shards_, split) {}

  [[nodiscard]] Sketch sketch(std::int64_t index);

 private:
  const ShardedSketches& sketches_;
  Split split_;
  ShardCursor records_;
};

// Writes such a folder sketch by sketch, in memory that does not grow with their number. Nothing appears under its
// name before commit().
class ShardedSketchWriter {
 public:
  // Throws Error if there is something of that name.
  explicit ShardedSketchWriter(std::filesystem::path folder, std::int64_t max_shard_bytes = kMaxShardBytes,
                               AtomicFolder::Target target = AtomicFolder::Target::kNew);

  // Offsets are kept as 16-bit whole numbers as long as all of a split are such, from then on as 32-bit floats.
  // Throws Error for one that is not finite.
  void add(Split split, const Sketch& sketch);
  [[nodiscard]] std::int64_t size(Split split) const { return shards_.size(split); }
  // Goes through the training sketches for their deviation, and lets the folder appear.
  void commit();
  // Instead of commit(), for a folder that is kScratch: all that was added, without its deviation. The writer must
  // outlive it.
  [[nodiscard]] ShardedSketches read_back();

 private:
  std::filesystem::path folder_;
  ShardWriter shards_;
  std::array<SplitSummarizer, kSplitNames.size()> summaries_;
  std::array<bool, kSplitNames.size()> needs_floats_{};
  std::vector<std::byte> rows_;
};

}  // namespace limn::sketch
