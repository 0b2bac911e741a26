#include "limn/sketch/simplified_sketches.hpp"

#include <algorithm>
#include <utility>

#include "limn/sketch/simplify.hpp"

namespace limn::sketch {
namespace {

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

class SimplifiedSketches final : public SketchStore {
 public:
  SimplifiedSketches(std::shared_ptr<const SketchStore> store, double epsilon, std::string_view name)
      : store_(std::move(store)), epsilon_(epsilon) {
    for (const Split split : kSplits) {
      std::vector<std::uint32_t>& lengths = lengths_[static_cast<std::size_t>(split)];
      lengths.reserve(static_cast<std::size_t>(store_->size(split)));
      for (std::int64_t i = 0; i < store_->size(split); ++i) {
        const Sketch simple = sketch(split, i);
        require_finite(simple, name, split, i);
        lengths.push_back(static_cast<std::uint32_t>(simple.points.size()));
      }
    }
  }

  std::int64_t size(Split split) const override { return store_->size(split); }
  std::int64_t length(Split split, std::int64_t index) const override {
    return lengths_[static_cast<std::size_t>(split)][static_cast<std::size_t>(index)];
  }
  Sketch sketch(Split split, std::int64_t index) const override {
    return simplified(store_->sketch(split, index), epsilon_);
  }
  LengthRange lengths(Split split) const override {
    const std::vector<std::uint32_t>& lengths = lengths_[static_cast<std::size_t>(split)];
    if (lengths.empty()) return {};
    const auto [shortest, longest] = std::ranges::minmax(lengths);
    return {.shortest = shortest, .longest = longest};
  }
  void expect_random_access() const override { store_->expect_random_access(); }

 private:
  std::shared_ptr<const SketchStore> store_;
  double epsilon_;
  std::array<std::vector<std::uint32_t>, kSplitNames.size()> lengths_;
};

}  // namespace

std::shared_ptr<const SketchStore> simplified(std::shared_ptr<const SketchStore> store, double epsilon,
                                              std::string_view name) {
  if (!store->is_in_memory()) return std::make_shared<SimplifiedSketches>(std::move(store), epsilon, name);
  SketchSplits splits;
  for (const Split split : kSplits)
    for (std::int64_t i = 0; i < store->size(split); ++i)
      splits[split].push_back(simplified(store->sketch(split, i), epsilon));
  return std::make_shared<HeldSketches>(std::move(splits), name);
}

}  // namespace limn::sketch
