// A cursor over bytes of a file that may be hostile: every read checks what is left and throws Error saying
// where the file ends. It owns nothing; the bytes and the name must outlive it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "limn/core/error.hpp"

namespace limn::arrays {

static_assert(std::endian::native == std::endian::little, "limn reads and writes files on little-endian machines");

class ByteReader {
 public:
  // `origin` begins the error messages.
  ByteReader(std::span<const std::byte> bytes, std::string_view origin) : bytes_(bytes), origin_(origin) {}

  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - position_; }
  [[nodiscard]] std::span<const std::byte> rest() const { return bytes_.subspan(position_); }

  // The next `count` bytes; they are passed over.
  std::span<const std::byte> take(std::uint64_t count, std::string_view what) {
    require(count <= left(), "{}: truncated at byte {}: {} needs {} bytes, {} are left; fetch the file again", origin_,
            position_, what, count, left());
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += taken.size();
    return taken;
  }
  // A little-endian number.
  template <class T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }
  // Text up to a newline, which is passed over.
  std::string_view line(std::string_view what) {
    const auto remaining = rest();
    const std::string_view text(reinterpret_cast<const char*>(remaining.data()), remaining.size());
    const std::size_t end = text.find('\n');
    require(end != text.npos, "{}: truncated in {}; fetch the file again", origin_, what);
    position_ += end + 1;
    return text.substr(0, end);
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view origin_;
  std::size_t position_ = 0;
};

[[nodiscard]] inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace limn::arrays
