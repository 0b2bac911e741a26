// Where the sketches of a data set lie: in memory, or on disk and read when they are needed. As the files have
// them: raw units, nothing filtered. Stores are immutable, so any number of threads may read one at once.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "limn/core/consecutive.hpp"
#include "limn/core/split.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

// The three splits of a data set file, as read: raw units, nothing filtered.
struct SketchSplits {
  std::array<std::vector<Sketch>, 3> sketches;
  [[nodiscard]] std::vector<Sketch>& operator[](Split split) { return sketches[static_cast<int>(split)]; }
  [[nodiscard]] const std::vector<Sketch>& operator[](Split split) const { return sketches[static_cast<int>(split)]; }
};

// Offsets beyond this are clamped on loading, as Magenta does: slips of the pen, not drawing.
inline constexpr float kOffsetLimit = 1000;
[[nodiscard]] float clamped_offset(float offset);

// Calls what it is given with one sketch after the other, in the same order each time.
using EachSketch = std::function<void(const std::function<void(const Sketch&)>&)>;
// The scale factor (docs/data.md): the standard deviation (np.std) of all dx and dy together, clamped. 0
// without points. Goes through the sketches twice.
[[nodiscard]] double offset_deviation(const EachSketch& each);
[[nodiscard]] double offset_deviation(std::span<const Sketch> sketches);

// Throws Error beginning with `name` for an offset that is not finite.
void require_finite(const Sketch& sketch, std::string_view name, Split split, std::int64_t index);

// In points; both 0 in an empty store.
struct LengthRange {
  std::int64_t shortest = 0;
  std::int64_t longest = 0;
};

class SketchStore {
 public:
  virtual ~SketchStore() = default;
  [[nodiscard]] virtual std::int64_t size(Split split) const = 0;
  // Points of a sketch. An epoch's order asks for those of all, so this is cheap.
  [[nodiscard]] virtual std::int64_t length(Split split, std::int64_t index) const = 0;
  // Throws Error naming the file if the sketch is damaged there.
  [[nodiscard]] virtual Sketch sketch(Split split, std::int64_t index) const = 0;
  [[nodiscard]] virtual LengthRange lengths(Split split) const = 0;
  // offset_deviation() of the training split.
  [[nodiscard]] virtual double deviation() const;
  // Nothing is read from a disk.
  [[nodiscard]] virtual bool is_in_memory() const { return false; }
  // A hint: from now on sketches are taken in random order.
  virtual void expect_random_access() const {}
};

// Sketches in memory.
class HeldSketches : public SketchStore {
 public:
  // Throws Error beginning with `name` for an offset that is not finite.
  HeldSketches(SketchSplits splits, std::string_view name);

  [[nodiscard]] std::int64_t size(Split split) const override { return std::ssize(splits_[split]); }
  [[nodiscard]] std::int64_t length(Split split, std::int64_t index) const override;
  [[nodiscard]] Sketch sketch(Split split, std::int64_t index) const override;
  [[nodiscard]] LengthRange lengths(Split split) const override;
  [[nodiscard]] bool is_in_memory() const override { return true; }

 private:
  SketchSplits splits_;
};

// Several stores as one, split by split: first all of the first, and so on.
class JoinedSketches : public SketchStore {
 public:
  explicit JoinedSketches(std::vector<std::shared_ptr<const SketchStore>> stores);

  [[nodiscard]] std::int64_t size(Split split) const override { return sizes(split).total(); }
  [[nodiscard]] std::int64_t length(Split split, std::int64_t index) const override;
  [[nodiscard]] Sketch sketch(Split split, std::int64_t index) const override;
  [[nodiscard]] LengthRange lengths(Split split) const override;
  [[nodiscard]] bool is_in_memory() const override;
  void expect_random_access() const override;

 private:
  [[nodiscard]] const Consecutive& sizes(Split split) const { return sizes_[static_cast<std::size_t>(split)]; }

  std::vector<std::shared_ptr<const SketchStore>> stores_;
  std::array<Consecutive, kSplitNames.size()> sizes_;
};

}  // namespace limn::sketch
