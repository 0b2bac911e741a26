#include "limn/sketch/sketch_store.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::sketch {
namespace {

std::int64_t point_count(const Sketch& sketch) { return std::ssize(sketch.points); }

// A function that other libraries may replace, as shared ones can, would not be compiled in place.
float clamped(float offset) { return std::clamp(offset, -kOffsetLimit, kOffsetLimit); }

}  // namespace

void require_finite(const Sketch& sketch, std::string_view name, Split split, std::int64_t index) {
  const auto bad = std::ranges::find_if(
      sketch.points, [](const StrokePoint& p) { return !std::isfinite(p.dx) || !std::isfinite(p.dy); });
  if (bad == sketch.points.end()) return;
  fail(
      "{}: sketch {} of {} has the offset ({}, {}) at point {}, which is not a number to draw with; "
      "remove or repair that sketch",
      name, index, kSplitNames[static_cast<std::size_t>(split)], bad->dx, bad->dy, bad - sketch.points.begin());
}

float clamped_offset(float offset) { return clamped(offset); }

double offset_deviation(const EachSketch& each) {
  double sum = 0, count = 0;
  each([&](const Sketch& sketch) {
    for (const StrokePoint& point : sketch.points) sum += double{clamped(point.dx)} + clamped(point.dy);
    count += 2.0 * static_cast<double>(sketch.points.size());
  });
  if (count == 0) return 0;
  // Twice over the data, so that a large mean does not cancel the digits of a small deviation.
  const double mean = sum / count;
  double squares = 0;
  each([&](const Sketch& sketch) {
    for (const StrokePoint& point : sketch.points) {
      const double x = clamped(point.dx) - mean, y = clamped(point.dy) - mean;
      squares += x * x + y * y;
    }
  });
  return std::sqrt(squares / count);
}

double offset_deviation(std::span<const Sketch> sketches) {
  return offset_deviation([sketches](const auto& visit) { std::ranges::for_each(sketches, visit); });
}

double SketchStore::deviation() const {
  return offset_deviation([this](const auto& visit) {
    for (std::int64_t i = 0; i < size(Split::kTrain); ++i) visit(sketch(Split::kTrain, i));
  });
}

HeldSketches::HeldSketches(SketchSplits splits, std::string_view name) : splits_(std::move(splits)) {
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    for (std::int64_t i = 0; i < size(split); ++i)
      require_finite(splits_[split][static_cast<std::size_t>(i)], name, split, i);
}

std::int64_t HeldSketches::length(Split split, std::int64_t index) const {
  return point_count(splits_[split][static_cast<std::size_t>(index)]);
}

Sketch HeldSketches::sketch(Split split, std::int64_t index) const {
  return splits_[split][static_cast<std::size_t>(index)];
}

LengthRange HeldSketches::lengths(Split split) const {
  if (splits_[split].empty()) return {};
  const auto [shortest, longest] = std::ranges::minmax_element(splits_[split], {}, point_count);
  return {point_count(*shortest), point_count(*longest)};
}

JoinedSketches::JoinedSketches(std::vector<std::shared_ptr<const SketchStore>> stores) : stores_(std::move(stores)) {
  for (const auto& store : stores_)
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      sizes_[static_cast<std::size_t>(split)].add(store->size(split));
}

std::int64_t JoinedSketches::length(Split split, std::int64_t index) const {
  const Consecutive::Place place = sizes(split).place(index);
  return stores_[place.part]->length(split, place.index);
}

Sketch JoinedSketches::sketch(Split split, std::int64_t index) const {
  const Consecutive::Place place = sizes(split).place(index);
  return stores_[place.part]->sketch(split, place.index);
}

LengthRange JoinedSketches::lengths(Split split) const {
  LengthRange all;
  bool is_first = true;
  for (const auto& store : stores_) {
    if (store->size(split) == 0) continue;
    const LengthRange some = store->lengths(split);
    all = {is_first ? some.shortest : std::min(all.shortest, some.shortest), std::max(all.longest, some.longest)};
    is_first = false;
  }
  return all;
}

bool JoinedSketches::is_in_memory() const { return std::ranges::all_of(stores_, &SketchStore::is_in_memory); }

void JoinedSketches::expect_random_access() const {
  for (const auto& store : stores_) store->expect_random_access();
}

}  // namespace limn::sketch
