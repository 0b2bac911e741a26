// A short text that differs where what it is made of differs, as far as 64 bits can tell. Not against an adversary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace limn {

class Fingerprint {
 public:
  static constexpr std::uint64_t kStart = 0xcbf29ce484222325;
  explicit Fingerprint(std::uint64_t start = kStart) : hash_(start) {}

  // FNV-1a, 64 bits.
  void add(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) hash_ = (hash_ ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  }
  template <class Number>
  void add_number(Number value) {
    add(std::as_bytes(std::span(&value, 1)));
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }
  // The same as 16 hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  std::uint64_t hash_;
};

// Up to so many of n examples, evenly spaced, stand for a data set of any size.
inline constexpr std::int64_t kFingerprintExamples = 64;
[[nodiscard]] inline std::int64_t fingerprint_example(std::int64_t number, std::int64_t count) {
  return count <= kFingerprintExamples ? number : number * (count - 1) / (kFingerprintExamples - 1);
}

}  // namespace limn
