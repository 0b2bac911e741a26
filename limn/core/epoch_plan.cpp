#include "limn/core/epoch_plan.hpp"

#include <cassert>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"

namespace limn {

std::vector<std::uint32_t> shuffled_numbers(std::int64_t count, RandomStream& random) {
  assert(count >= 0 && count <= kMaxExamples);
  std::vector<std::uint32_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::uint32_t{0});
  shuffle(std::span(numbers), random);
  return numbers;
}

void require_batch(std::int64_t count, std::int64_t batch_size, std::string_view name) {
  require(batch_size > 0, "{}: a batch of {} examples; use --batch-size 1 or more", name, batch_size);
  require(count <= kMaxExamples, "{}: {} training examples are more than the {} that are numbered", name, count,
          kMaxExamples);
  require(count >= batch_size,
          "{0}: the training split holds {1} examples, fewer than one batch of {2}; use --batch-size {1} or less", name,
          count, batch_size);
}

EpochPlan shuffled_plan(std::int64_t count, std::uint64_t seed, std::int64_t epoch, std::int64_t batch_size,
                        std::string_view name) {
  require_batch(count, batch_size, name);
  RandomStream random(seed, Purpose::kShuffle, static_cast<std::uint64_t>(epoch));
  EpochPlan plan{.seed = seed, .epoch = epoch, .batch_size = batch_size, .indices = {}};
  plan.indices = shuffled_numbers(count, random);
  plan.indices.resize(static_cast<std::size_t>(count / batch_size * batch_size));
  return plan;
}

}  // namespace limn
