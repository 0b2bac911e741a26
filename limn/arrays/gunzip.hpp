// Gzip, which may stand around any file: unpacked piece by piece, so that the caller decides how much memory it may
// take, or as a whole under a bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "limn/core/file.hpp"

namespace limn::arrays {

// A gzip file may unpack to this many times its size, and kGunzipFloor on top. MNIST deflates fivefold, text tenfold;
// deflate itself reaches a thousandfold, which only a bomb does.
inline constexpr std::uint64_t kGunzipFactor = 256;
inline constexpr std::uint64_t kGunzipFloor = std::uint64_t{4} << 20;

// The bytes and the name must outlive it; one thread at a time.
class Gunzip {
 public:
  // `origin` begins the error messages.
  Gunzip(std::span<const std::byte> file, std::string_view origin);
  // The same of a file that comes in pieces. `next` gives each, which stays until the next call, and an empty one at
  // the end.
  using NextPiece = std::function<std::span<const std::byte>()>;
  Gunzip(NextPiece next, std::string_view origin);
  ~Gunzip();

  // Fills `out` with what comes next, less than its size only where the file ends, and returns how much. At
  // the end the checksum has been compared. Throws Error for a stream that is cut off or damaged.
  [[nodiscard]] std::size_t read(std::span<std::byte> out);

 private:
  struct Stream;  // zlib's

  void feed();

  NextPiece next_;
  std::span<const std::byte> rest_;
  std::string origin_;
  std::unique_ptr<Stream> stream_;
  bool is_at_end_ = false;
};

// Whether the file begins with gzip's two magic bytes.
[[nodiscard]] bool is_gzip(std::span<const std::byte> file);

// `file`, unpacked if it is gzip. Throws Error for a damaged one, and for one that unpacks to more than `max_bytes` or
// the bound above.
[[nodiscard]] Bytes gunzipped(Bytes file, const std::string& origin, std::uint64_t max_bytes);
// The file, unpacked if it is gzip. Throws Error as read_file() and gunzipped() do.
[[nodiscard]] Bytes read_unpacked(const std::filesystem::path& path, std::uint64_t max_bytes);
[[nodiscard]] std::string read_unpacked_text(const std::filesystem::path& path, std::uint64_t max_bytes);

// The first `count` bytes of a file, unpacked if it is gzip, to tell what it is: fewer of a shorter or damaged file,
// and nothing of one that cannot be opened. Only ordinary files are read: a pipe would lose these bytes.
[[nodiscard]] std::string beginning_of(const std::filesystem::path& path, std::size_t count);

}  // namespace limn::arrays
