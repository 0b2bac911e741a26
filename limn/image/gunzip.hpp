// A gzip file in memory, unpacked piece by piece, so that the caller decides how much memory it may take. The
// bytes and the name must outlive it; one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace limn::image {

class Gunzip {
 public:
  // `origin` begins the error messages.
  Gunzip(std::span<const std::byte> file, std::string_view origin);
  ~Gunzip();

  // Fills `out` with what comes next, less than its size only where the file ends, and returns how much. At
  // the end the checksum has been compared. Throws Error for a stream that is cut off or damaged.
  [[nodiscard]] std::size_t read(std::span<std::byte> out);

 private:
  struct Stream;  // zlib's

  void feed();

  std::span<const std::byte> rest_;
  std::string origin_;
  std::unique_ptr<Stream> stream_;
  bool is_at_end_ = false;
};

// Whether the file begins with gzip's two magic bytes.
[[nodiscard]] bool is_gzip(std::span<const std::byte> file);

}  // namespace limn::image
