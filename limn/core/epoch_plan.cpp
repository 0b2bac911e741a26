#include "limn/core/epoch_plan.hpp"

#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn {

EpochPlan shuffled_plan(std::int64_t count, std::uint64_t seed, std::int64_t epoch, std::int64_t batch_size,
                        std::string_view name) {
  require(batch_size > 0, "{}: a batch of {} examples; use --batch-size 1 or more", name, batch_size);
  require(count >= batch_size,
          "{0}: the training split holds {1} examples, fewer than one batch of {2}; use --batch-size {1} or less",
          name, count, batch_size);
  RandomStream random(seed, Purpose::kShuffle, static_cast<std::uint64_t>(epoch));
  EpochPlan plan{.seed = seed, .epoch = epoch, .batch_size = batch_size, .indices = {}};
  plan.indices.resize(static_cast<std::size_t>(count));
  std::iota(plan.indices.begin(), plan.indices.end(), std::int64_t{0});
  shuffle(std::span(plan.indices), random);
  plan.indices.resize(static_cast<std::size_t>(count / batch_size * batch_size));
  return plan;
}

}  // namespace limn
