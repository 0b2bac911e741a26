#include "limn/fetch/md5.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <vector>

#include "limn/core/error.hpp"

namespace limn::fetch {
namespace {

constexpr int kSteps = 64;
// Rotations of the four rounds, each of four steps in turn.
constexpr std::array<std::array<int, 4>, 4> kRotations{
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

// T[i] of the RFC: the integer part of 2^32 |sin(i + 1)|. Double precision holds it exactly enough for every
// i.
std::array<std::uint32_t, kSteps> sines() {
  std::array<std::uint32_t, kSteps> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<std::uint32_t>(std::floor(std::ldexp(std::fabs(std::sin(static_cast<double>(i + 1))), 32)));
  return table;
}
const std::array<std::uint32_t, kSteps> kSines = sines();

std::uint32_t word_at(std::span<const std::byte> bytes, std::size_t word) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[4 * word + i - 1]);
  return value;
}

}  // namespace

void Md5::take(std::span<const std::byte, kBlock> block) {
  auto [a, b, c, d] = state_;
  for (std::size_t i = 0; i < kSteps; ++i) {
    std::uint32_t mixed = 0;
    std::size_t word = 0;
    switch (i / 16) {
      case 0:
        mixed = (b & c) | (~b & d), word = i;
        break;
      case 1:
        mixed = (d & b) | (~d & c), word = (5 * i + 1) % 16;
        break;
      case 2:
        mixed = b ^ c ^ d, word = (3 * i + 5) % 16;
        break;
      default:
        mixed = c ^ (b | ~d), word = 7 * i % 16;
        break;
    }
    const std::uint32_t sum = a + mixed + kSines[i] + word_at(block, word);
    a = d, d = c, c = b;
    b += std::rotl(sum, kRotations[i / 16][i % 4]);
  }
  state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
}

void Md5::update(std::span<const std::byte> data) {
  while (!data.empty()) {
    const std::size_t filled = length_ % kBlock, n = std::min(kBlock - filled, data.size());
    std::ranges::copy(data.first(n), pending_.begin() + static_cast<std::ptrdiff_t>(filled));
    length_ += n;
    data = data.subspan(n);
    if (length_ % kBlock == 0) take(pending_);
  }
}

std::string Md5::finish() {
  const std::uint64_t bits = 8 * length_;
  // A one bit, zeros up to 8 bytes short of a block, and the length in bits.
  constexpr std::size_t kLengthBytes = 8;
  std::vector<std::byte> padding{std::byte{0x80}};
  padding.resize(1 + (2 * kBlock - 1 - kLengthBytes - length_ % kBlock) % kBlock);
  for (std::size_t i = 0; i < kLengthBytes; ++i) padding.push_back(static_cast<std::byte>(bits >> 8 * i & 0xff));
  update(padding);
  std::string digest;
  for (const std::uint32_t word : state_)
    for (int i = 0; i < 4; ++i) digest += fmt::format("{:02x}", word >> 8 * i & 0xff);
  return digest;
}

std::string md5_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.is_open(), "{}: cannot be opened for reading; is it there, and yours?", path.string());
  Md5 md5;
  std::vector<char> piece(std::size_t{1} << 16);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    md5.update(std::as_bytes(std::span<const char>(piece.data(), static_cast<std::size_t>(file.gcount()))));
  }
  require(!file.bad(), "{}: cannot be read to its end; the disk may be failing", path.string());
  return md5.finish();
}

}  // namespace limn::fetch
