#include "limn/core/random.hpp"

#include <cmath>
#include <numbers>

namespace limn {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = kMultiplier0 * c[0], p1 = kMultiplier1 * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  return c;
}

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t step, std::uint64_t index)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      // Steps below 2^48 and indices below 2^32 give streams that never meet; position has 2^32 blocks.
      counter_{0, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(step),
               static_cast<std::uint32_t>(purpose) | static_cast<std::uint32_t>(step >> 32) << 16} {}

std::uint32_t RandomStream::next_u32() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

float RandomStream::uniform() { return static_cast<float>(next_u32() >> 8) * 0x1.0p-24f; }

std::uint64_t RandomStream::below(std::uint64_t bound) {
  // Rejection keeps every value equally likely: 2^64 mod bound of the smallest draws are thrown away.
  const std::uint64_t threshold = (0 - bound) % bound;
  while (true) {
    const std::uint64_t high = next_u32();
    const std::uint64_t draw = high << 32 | next_u32();
    if (draw >= threshold) return draw % bound;
  }
}

float RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  // u in (0, 1], so that its logarithm is finite; 32 bits reach out to 6.6 standard deviations.
  const double u = (static_cast<double>(next_u32()) + 1.0) * 0x1.0p-32;
  const double angle = 2.0 * std::numbers::pi * static_cast<double>(next_u32()) * 0x1.0p-32;
  const double radius = std::sqrt(-2.0 * std::log(u));
  spare_ = static_cast<float>(radius * std::sin(angle));
  has_spare_ = true;
  return static_cast<float>(radius * std::cos(angle));
}

void RandomStream::fill_normal(std::span<float> out) {
  for (float& value : out) value = normal();
}

}  // namespace limn
