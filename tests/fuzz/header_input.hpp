// Safetensors files from text: see with_header_length().
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "fuzz/target.hpp"

namespace limn::fuzz {

// A header as text, a zero byte (or the end) and the tensors' bytes become a safetensors file.
[[nodiscard]] inline Bytes with_header_length(Input input) {
  static_assert(std::endian::native == std::endian::little);
  const auto zero = std::ranges::find(input, std::byte{0});
  const auto length = static_cast<std::uint64_t>(zero - input.begin());
  Bytes file(sizeof length + input.size());
  std::memcpy(file.data(), &length, sizeof length);
  std::ranges::copy(input, file.begin() + sizeof length);
  if (zero != input.end()) file.erase(file.begin() + static_cast<std::ptrdiff_t>(sizeof length + length));
  return file;
}

}  // namespace limn::fuzz
