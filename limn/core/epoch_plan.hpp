// The order in which training visits a data set, whatever it holds: a pure function of (seed, epoch), so that a
// resumed run needs no saved position. Values; nothing is shared.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace limn {

class RandomStream;

// Examples are numbered in 32 bits: of fifty million the order of an epoch takes 200 MB, not 400.
inline constexpr std::int64_t kMaxExamples = std::int64_t{1} << 32;
// 0 … count - 1 in random order; count is at most kMaxExamples.
[[nodiscard]] std::vector<std::uint32_t> shuffled_numbers(std::int64_t count, RandomStream& random);

// The training batches of one epoch, drawn once: what the trainer keeps from step to step. Immutable. One made
// by default covers no step.
struct EpochPlan {
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;
  std::int64_t batch_size = 0;
  std::vector<std::uint32_t> indices;  // batch after batch, batch_size each

  [[nodiscard]] std::int64_t batches() const {
    return batch_size == 0 ? 0 : static_cast<std::int64_t>(indices.size()) / batch_size;
  }
  [[nodiscard]] std::int64_t first_step() const { return epoch * batches(); }
  [[nodiscard]] bool covers(std::int64_t step) const { return step >= first_step() && step < first_step() + batches(); }
  // The indices of batch `step`, counted over all epochs; covers(step) must hold.
  [[nodiscard]] std::span<const std::uint32_t> batch(std::int64_t step) const {
    return std::span(indices).subspan(static_cast<std::size_t>((step - first_step()) * batch_size),
                                      static_cast<std::size_t>(batch_size));
  }
};

// Throws Error beginning with `name` if `count` examples do not fill a batch of that size.
void require_batch(std::int64_t count, std::int64_t batch_size, std::string_view name);

// A permutation of `count` examples drawn from (seed, epoch), cut into batches; what does not fill a batch is left
// out, another part each epoch. Throws as require_batch() does.
[[nodiscard]] EpochPlan shuffled_plan(std::int64_t count, std::uint64_t seed, std::int64_t epoch,
                                      std::int64_t batch_size, std::string_view name);

// The part of a batch that one of several processes takes: places rank, rank + ranks, rank + 2 ranks, …
struct BatchShare {
  std::int64_t rank = 0;
  std::int64_t ranks = 1;

  // The places of a batch of `count` examples that it takes, in order.
  [[nodiscard]] std::vector<std::int64_t> places(std::int64_t count) const {
    std::vector<std::int64_t> mine;
    for (std::int64_t place = rank; place < count; place += ranks) mine.push_back(place);
    return mine;
  }
};

}  // namespace limn
