// MD5 (RFC 1321), which the keepers of data sets publish and Google's storage sends with every file. It tells
// a damaged file from a whole one and nothing more: nobody should trust it against forgery.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace limn::fetch {

class Md5 {
 public:
  void update(std::span<const std::byte> data);
  // 32 lower-case hexadecimal digits of all that was given. No update may follow.
  [[nodiscard]] std::string finish();

 private:
  static constexpr std::size_t kBlock = 64;  // bytes
  void take(std::span<const std::byte, kBlock> block);

  std::array<std::uint32_t, 4> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::array<std::byte, kBlock> pending_{};
  std::uint64_t length_ = 0;  // bytes so far; pending_ holds the last length_ % kBlock
};

// Of a whole file, read in pieces. Throws Error naming it if it cannot be read.
[[nodiscard]] std::string md5_of_file(const std::filesystem::path& path);

}  // namespace limn::fetch
