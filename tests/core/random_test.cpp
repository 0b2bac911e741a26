// The generator that every reproducible result of limn rests on: Philox4x32-10 against the known answers of its
// authors' Random123 library, and the streams that are made of it.
#include "limn/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

namespace limn {
namespace {

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

std::vector<std::uint32_t> first_words(RandomStream stream, std::size_t count) {
  std::vector<std::uint32_t> words(count);
  for (auto& word : words) word = stream.next_u32();
  return words;
}

// Three lines of kat_vectors for "philox4x32 10": all zeros, all ones, and digits of pi.
TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, IsPhiloxOfSeedPurposeStepAndIndex) {
  const std::uint64_t seed = 0x0123456789abcdef;
  const auto words = first_words(RandomStream(seed, Purpose::kTest, 5, 7), 9);
  const Key key{0x89abcdef, 0x01234567};
  const auto purpose = static_cast<std::uint32_t>(Purpose::kTest);
  for (std::uint32_t block = 0; block < 2; ++block) {
    const Counter expected = philox4x32({block, 7, 5, purpose}, key);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(words[4 * block + i], expected[i]) << block << ", " << i;
  }
  EXPECT_EQ(words[8], philox4x32({2, 7, 5, purpose}, key)[0]);
}

TEST(RandomStream, DiffersWhereAnyOfItsFourNumbersDiffers) {
  std::set<std::vector<std::uint32_t>> seen;
  std::size_t streams = 0;
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (const auto purpose : {Purpose::kShuffle, Purpose::kSampling})
      for (const std::uint64_t step : {0ull, 1ull, 1ull << 31, 1ull << 32, (1ull << 48) - 1})
        for (const std::uint64_t index : {0ull, 1ull, (1ull << 32) - 1}) {
          seen.insert(first_words(RandomStream(seed, purpose, step, index), 2));
          ++streams;
        }
  EXPECT_EQ(seen.size(), streams);
}

TEST(RandomStream, UniformStaysBelowOneAndFillsTheInterval) {
  RandomStream random(3, Purpose::kTest);
  constexpr int kDraws = 100'003;
  double sum = 0, squares = 0;
  float low = 1, high = 0;
  for (int i = 0; i < kDraws; ++i) {
    const float value = random.uniform();
    ASSERT_GE(value, 0.0f);
    ASSERT_LT(value, 1.0f);
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  // The standard error of the mean is 0.0009, of the second moment 0.0009: five of each.
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.005);
  EXPECT_LT(low, 0.001f);
  EXPECT_GT(high, 0.999f);
}

TEST(RandomStream, UniformOfARangeStaysInIt) {
  RandomStream random(4, Purpose::kTest);
  for (int i = 0; i < 1000; ++i) {
    const float value = random.uniform(-3.0f, 5.0f);
    ASSERT_GE(value, -3.0f);
    ASSERT_LE(value, 5.0f);
  }
}

TEST(RandomStream, BelowIsEvenAndReachesEveryValue) {
  RandomStream random(5, Purpose::kTest);
  constexpr std::uint64_t kBound = 7;
  constexpr int kDraws = 70'000;
  std::array<int, kBound> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const auto value = random.below(kBound);
    ASSERT_LT(value, kBound);
    ++counts[value];
  }
  // Each count has a standard deviation of 93.
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 7, 465);
}

TEST(RandomStream, BelowOneIsZeroAndHugeBoundsHold) {
  RandomStream random(6, Purpose::kTest);
  EXPECT_EQ(random.below(1), 0u);
  const std::uint64_t huge = (1ull << 63) + 1;  // nearly half of all draws are rejected
  for (int i = 0; i < 1000; ++i) ASSERT_LT(random.below(huge), huge);
}

TEST(RandomStream, NormalHasTheMomentsOfTheNormal) {
  RandomStream random(7, Purpose::kTest);
  constexpr int kDraws = 200'001;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
    fourth += value * value * value * value;
  }
  // Standard errors 0.0022, 0.0032 and 0.022: five of each.
  EXPECT_NEAR(sum / kDraws, 0.0, 0.011);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.016);
  EXPECT_NEAR(fourth / kDraws, 3.0, 0.11);
}

TEST(RandomStream, FillNormalIsTheSameAsOneByOne) {
  std::vector<float> filled(13);
  RandomStream(8, Purpose::kTest).fill_normal(filled);
  RandomStream one(8, Purpose::kTest);
  for (const float value : filled) EXPECT_EQ(value, one.normal());
  RandomStream(8, Purpose::kTest).fill_normal({});
}

TEST(Shuffle, PermutesEvenly) {
  // Each of the 24 orders of four values is as likely: 24,000 draws put 1,000 +- 31 on each.
  std::vector<int> counts(256);
  for (std::uint64_t i = 0; i < 24'000; ++i) {
    std::array<int, 4> values{0, 1, 2, 3};
    RandomStream random(9, Purpose::kTest, i);
    shuffle(std::span<int>(values), random);
    ++counts[static_cast<std::size_t>(values[0] * 64 + values[1] * 16 + values[2] * 4 + values[3])];
  }
  EXPECT_EQ(std::count_if(counts.begin(), counts.end(), [](int n) { return n > 0; }), 24);
  for (const int count : counts) {
    if (count > 0) {
      EXPECT_NEAR(count, 1000, 155);
    }
  }
}

TEST(Shuffle, LeavesNothingAndOneAsTheyAre) {
  RandomStream random(10, Purpose::kTest);
  std::vector<int> none, one{42};
  shuffle(std::span<int>(none), random);
  shuffle(std::span<int>(one), random);
  EXPECT_EQ(one, std::vector<int>{42});
}

TEST(Shuffle, IsTheSameEveryTime) {
  std::vector<int> a(11), b(11);
  std::iota(a.begin(), a.end(), 0);
  std::iota(b.begin(), b.end(), 0);
  RandomStream first(11, Purpose::kShuffle, 2), second(11, Purpose::kShuffle, 2);
  shuffle(std::span<int>(a), first);
  shuffle(std::span<int>(b), second);
  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace limn
