// Masks of recurrent dropout. One Philox block gives eight masks of 16 bits: the counter is (position, sequence,
// training step, purpose) as in RandomStream, with position = time step << 12 | unit / 8, and unit 2w + v of a block
// takes the low (v = 0) or high (v = 1) half of word w. Hence H up to 32768 and T up to 2^20.
#include <array>
#include <cmath>

#include "limn/core/random.hpp"
#include "limn/kernels/cell_rows.hpp"

namespace limn::kernels {
namespace {

constexpr std::int64_t kMasksInBlock = 8;
constexpr unsigned kUnitBits = 12;

std::array<std::uint32_t, 4> mask_block(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t,
                                        std::int64_t block) {
  const std::uint32_t position = static_cast<std::uint32_t>(t) << kUnitBits | static_cast<std::uint32_t>(block);
  const auto sequence = static_cast<std::uint32_t>(dropout.row_offset + b * dropout.row_stride);
  return philox4x32({position, sequence, static_cast<std::uint32_t>(dropout.step),
                     static_cast<std::uint32_t>(dropout.purpose) | static_cast<std::uint32_t>(dropout.step >> 32) << 16},
                    {static_cast<std::uint32_t>(dropout.seed), static_cast<std::uint32_t>(dropout.seed >> 32)});
}

std::uint32_t threshold(const RecurrentDropout& dropout) {
  return static_cast<std::uint32_t>(std::lround(static_cast<double>(dropout.keep) * 65536.0));
}

float mask_of(const std::array<std::uint32_t, 4>& block, std::int64_t i, std::uint32_t limit, float kept) {
  const std::uint32_t draw = block[static_cast<std::size_t>(i / 2)] >> (i % 2 * 16) & 0xFFFFu;
  return draw < limit ? kept : 0.0f;
}

}  // namespace

float keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t unit) {
  if (dropout.keep >= 1) return 1;
  return mask_of(mask_block(dropout, b, t, unit / kMasksInBlock), unit % kMasksInBlock, threshold(dropout),
                 1 / dropout.keep);
}

void fill_keep_mask(const RecurrentDropout& dropout, std::int64_t b, std::int64_t t, std::int64_t count, float* out) {
  const std::uint32_t limit = threshold(dropout);
  const float kept = 1 / dropout.keep;
  for (std::int64_t first = 0; first < count; first += kMasksInBlock) {
    const auto block = mask_block(dropout, b, t, first / kMasksInBlock);
    const std::int64_t end = std::min(count - first, kMasksInBlock);
    for (std::int64_t i = 0; i < end; ++i) out[first + i] = mask_of(block, i, limit, kept);
  }
}

}  // namespace limn::kernels
