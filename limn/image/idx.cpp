#include "limn/image/idx.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"

namespace limn::image {
namespace {

constexpr unsigned kUnsignedByte = 0x08;
constexpr unsigned kMaxDimensions = 4;
constexpr std::uint64_t kChunk = std::uint64_t{1} << 20;

// The meaning of the other type bytes of the format.
const char* type_name(unsigned type) {
  switch (type) {
    case 0x09:
      return "signed bytes";
    case 0x0B:
      return "16-bit numbers";
    case 0x0C:
      return "32-bit numbers";
    case 0x0D:
      return "32-bit floats";
    case 0x0E:
      return "64-bit floats";
    default:
      return nullptr;
  }
}

// The bytes of the array, plain or unpacked, and never more of them than were asked for.
class Source {
 public:
  Source(std::span<const std::byte> file, std::string_view origin) : file_(file), origin_(origin) {
    if (arrays::is_gzip(file)) gunzip_.emplace(file, origin);
  }

  [[nodiscard]] bool is_packed() const { return gunzip_.has_value(); }

  [[nodiscard]] std::size_t read_some(std::span<std::byte> out) {
    if (gunzip_) return gunzip_->read(out);
    const std::size_t count = std::min(out.size(), file_.size() - position_);
    if (count > 0) std::memcpy(out.data(), file_.data() + position_, count);
    position_ += count;
    return count;
  }

  void read(std::span<std::byte> out, std::string_view what) {
    const std::size_t count = read_some(out);
    require(count == out.size(), "{}: truncated: {} needs {} more bytes; fetch the file again", origin_, what,
            out.size() - count);
  }

 private:
  std::span<const std::byte> file_;
  std::string_view origin_;
  std::size_t position_ = 0;
  std::optional<arrays::Gunzip> gunzip_;
};

std::uint32_t big_endian(std::span<const std::byte, 4> bytes) {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

// The number of dimensions, from the four bytes that every IDX file begins with.
unsigned read_magic(Source& source, std::string_view origin) {
  std::array<std::byte, 4> magic{};
  source.read(magic, "the IDX header");
  const auto type = std::to_integer<unsigned>(magic[2]);
  const auto dimensions = std::to_integer<unsigned>(magic[3]);
  const bool is_known = type == kUnsignedByte || type_name(type) != nullptr;
  require(magic[0] == std::byte{0} && magic[1] == std::byte{0} && is_known,
          "{}: not an IDX file by its first bytes; check the path", origin);
  if (type != kUnsignedByte)
    fail("{}: an IDX file of {}; only unsigned bytes (type 0x08) are read", origin, type_name(type));
  require(dimensions >= 1 && dimensions <= kMaxDimensions, "{}: an IDX file of {} dimensions; 1 to {} are read", origin,
          dimensions, kMaxDimensions);
  return dimensions;
}

// The product of the sizes; Error if the file cannot hold so much.
std::uint64_t checked_count(std::span<const std::int64_t> sizes, bool is_packed, std::size_t file_size,
                            std::string_view origin) {
  const std::uint64_t limit = is_packed ? arrays::kGunzipFactor * file_size + arrays::kGunzipFloor : file_size;
  std::uint64_t count = 1;
  for (const std::int64_t size : sizes) {
    require(size > 0, "{}: an empty IDX array of {}; use one that holds something", origin, fmt::join(sizes, "×"));
    // Sizes are below 2^32 and so is what the product is compared with, divided by them: nothing overflows.
    require(static_cast<std::uint64_t>(size) <= limit / count,
            "{}: declares {} bytes, more than a file of {} can hold; fetch the file again", origin,
            fmt::join(sizes, "×"), file_size);
    count *= static_cast<std::uint64_t>(size);
  }
  return count;
}

}  // namespace

bool begins_as_idx(std::span<const std::byte> file) {
  if (file.size() < 4 || file[0] != std::byte{0} || file[1] != std::byte{0}) return false;
  const auto type = std::to_integer<unsigned>(file[2]);
  return type == kUnsignedByte || type_name(type) != nullptr;
}

IdxArray parse_idx(std::span<const std::byte> file, std::string_view origin) {
  Source source(file, origin);
  IdxArray array;
  array.sizes.resize(read_magic(source, origin));
  for (std::int64_t& size : array.sizes) {
    std::array<std::byte, 4> bytes{};
    source.read(bytes, "the IDX header");
    size = big_endian(bytes);
  }
  const std::uint64_t count = checked_count(array.sizes, source.is_packed(), file.size(), origin);
  // Memory grows with what is really there, so that a small file with a large promise takes little.
  while (array.values.size() < count) {
    const std::size_t filled = array.values.size();
    array.values.resize(std::min<std::uint64_t>(count, std::max<std::uint64_t>(2 * filled, kChunk)));
    source.read(std::as_writable_bytes(std::span(array.values).subspan(filled)), "the array");
  }
  std::byte extra{};
  require(source.read_some({&extra, 1}) == 0,
          "{}: holds more bytes than the {} that its header declares; fetch the file again", origin,
          fmt::join(array.sizes, "×"));
  return array;
}

IdxArray read_idx(const std::filesystem::path& path) { return parse_idx(read_file(path), path.string()); }

}  // namespace limn::image
