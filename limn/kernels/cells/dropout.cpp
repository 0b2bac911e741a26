// One Philox block gives eight masks of 16 bits. The counter is (position, sequence, training step, purpose) as in
// RandomStream, with position = time step << 12 | unit / 8. Unit 2w + v of a block takes the low (v = 0) or high
// (v = 1) half of word w. Hence H up to 32768 and T up to 2^20. keep_mask() is the definition; the Highway part
// computes as many blocks at once as a vector has lanes.
#include "limn/kernels/cells/dropout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "limn/core/random.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/cells/dropout.cpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef LIMN_KERNELS_DROPOUT_ONCE
#define LIMN_KERNELS_DROPOUT_ONCE
namespace limn::kernels {
namespace {

constexpr std::int64_t kMasksInBlock = 8;
constexpr unsigned kUnitBits = 12;

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

Counter first_counter(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t) {
  return {static_cast<std::uint32_t>(t) << kUnitBits,
          static_cast<std::uint32_t>(dropout.numbers.empty() ? b : dropout.numbers[static_cast<std::size_t>(b)]),
          static_cast<std::uint32_t>(dropout.step),
          static_cast<std::uint32_t>(dropout.purpose) | static_cast<std::uint32_t>(dropout.step >> 32) << 16};
}

Key key_of(const RecurrentDropout& dropout) {
  return {static_cast<std::uint32_t>(dropout.seed), static_cast<std::uint32_t>(dropout.seed >> 32)};
}

std::uint32_t threshold(const RecurrentDropout& dropout) {
  return static_cast<std::uint32_t>(std::lround(static_cast<double>(dropout.keep) * 65536.0));
}

// Masks of all units of one sequence at one step.
struct MaskRow {
  Counter counter;
  Key key;
  std::uint32_t limit;
  float kept;
  std::int64_t count;
  float* out;
};

float mask_of(const MaskRow& row, std::int64_t unit) {
  Counter counter = row.counter;
  counter[0] |= static_cast<std::uint32_t>(unit / kMasksInBlock);
  const std::int64_t i = unit % kMasksInBlock;
  const std::uint32_t draw = philox4x32(counter, row.key)[static_cast<std::size_t>(i / 2)] >> (i % 2 * 16) & 0xFFFFu;
  return draw < row.limit ? row.kept : 0.0f;
}

MaskRow mask_row(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t count, float* out) {
  return {.counter = first_counter(dropout, b, t),
          .key = key_of(dropout),
          .limit = threshold(dropout),
          .kept = 1 / dropout.keep,
          .count = count,
          .out = out};
}

}  // namespace
}  // namespace limn::kernels
#endif  // LIMN_KERNELS_DROPOUT_ONCE

HWY_BEFORE_NAMESPACE();
namespace limn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// One lane: the definition itself.
void fill_masks(const MaskRow& row) {
  for (std::int64_t unit = 0; unit < row.count; ++unit) row.out[unit] = mask_of(row, unit);
}

#else

using Words = hn::ScalableTag<std::uint32_t>;
using WordVector = hn::Vec<Words>;

// The high halves of the 64-bit products.
HWY_INLINE WordVector multiply_high(WordVector a, WordVector b) {
  const Words d;
  const hn::Repartition<std::uint64_t, Words> wide;
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), b);
  return hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
}

// philox4x32() of as many counters as there are lanes, in place.
HWY_INLINE void philox(WordVector* c, Key key) {
  const Words d;
  const auto multiplier0 = hn::Set(d, 0xD2511F53u), multiplier1 = hn::Set(d, 0xCD9E8D57u);
  for (int round = 0; round < 10; ++round) {
    const auto high0 = multiply_high(c[0], multiplier0), low0 = hn::Mul(c[0], multiplier0);
    const auto high1 = multiply_high(c[2], multiplier1), low1 = hn::Mul(c[2], multiplier1);
    c[0] = hn::Xor(hn::Xor(high1, c[1]), hn::Set(d, key[0]));
    c[2] = hn::Xor(hn::Xor(high0, c[3]), hn::Set(d, key[1]));
    c[1] = low1;
    c[3] = low0;
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
}

void fill_masks(const MaskRow& row) {
  const Words d;
  const hn::RebindToFloat<Words> df;
  const hn::Rebind<std::uint16_t, Words> half;
  constexpr std::int64_t kLanes = hn::MaxLanes(Words());
  HWY_ALIGN std::uint32_t words[4 * kLanes];
  HWY_ALIGN std::uint16_t draws[8 * kLanes];
  HWY_ALIGN float masks[8 * kLanes];
  const auto limit = hn::Set(d, row.limit);
  const auto kept = hn::Set(df, row.kept);
  for (std::int64_t first = 0; first < row.count; first += kMasksInBlock * kLanes) {
    const auto position = row.counter[0] + static_cast<std::uint32_t>(first / kMasksInBlock);
    WordVector c[4] = {hn::Iota(d, position), hn::Set(d, row.counter[1]), hn::Set(d, row.counter[2]),
                       hn::Set(d, row.counter[3])};
    philox(c, row.key);
    // Interleaved, the words of a block lie together; their halves follow in memory, the low one first.
    hn::StoreInterleaved4(c[0], c[1], c[2], c[3], d, words);
    std::memcpy(draws, words, sizeof words);
    for (std::int64_t i = 0; i < 8 * kLanes; i += kLanes) {
      const auto draw = hn::PromoteTo(d, hn::Load(half, draws + i));
      hn::Store(hn::IfThenElseZero(hn::RebindMask(df, hn::Lt(draw, limit)), kept), df, masks + i);
    }
    std::copy_n(masks, std::min<std::int64_t>(8 * kLanes, row.count - first), row.out + first);
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace limn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
HWY_EXPORT(fill_masks);

float keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t unit) {
  if (dropout.keep >= 1) return 1;
  return mask_of(mask_row(dropout, b, t, unit + 1, nullptr), unit);
}

void fill_keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(fill_masks)(mask_row(dropout, b, t, count, out));
}

}  // namespace limn::kernels
#endif
