// Zip archives by libzip and libdeflate: the entries of a hostile one in memory, under a bound on what they unpack to,
// and new ones whose bytes depend on nothing but their content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "limn/core/file.hpp"

namespace limn::arrays {

// All entries read from one archive may unpack to this many times its size, and kUnpackFloor on top. Strokes
// deflate about threefold; deflate itself reaches a thousandfold, which only a bomb does.
inline constexpr std::uint64_t kUnpackFactor = 32;
inline constexpr std::uint64_t kUnpackFloor = std::uint64_t{1} << 20;

class ZipReader {
 public:
  // `file` must outlive the reader; `origin` begins the error messages. Throws Error if it is not a zip archive.
  ZipReader(std::span<const std::byte> file, std::string origin);

  // For messages: printable, and only the first of many.
  [[nodiscard]] std::vector<std::string> names() const;
  // All, as they are.
  [[nodiscard]] std::vector<std::string> all_names() const;
  // The content of the entry, or nothing if there is none of that name. Throws Error if it is encrypted,
  // damaged or would unpack to too much. Takes memory only for what unpacks.
  [[nodiscard]] std::optional<Bytes> read(const std::string& name);

 private:
  struct Close {
    void operator()(void* archive) const;
  };
  std::string origin_;
  std::uint64_t unpack_left_;
  std::unique_ptr<void, Close> archive_;
};

// How hard new archives are deflated. Of a set of Quick, Draw!, zlib's own choice, 6, takes 7 times as long and saves
// 17 percent; libzip's, 9, takes 35 times as long and saves 20.
inline constexpr int kDeflateLevel = 1;

// The deflated archive of the named contents, in order, dated 1980-01-01.
[[nodiscard]] Bytes make_zip(std::span<const std::pair<std::string, Bytes>> entries);

// An entry whose content is never there as a whole: `next` gives its pieces in order, `size` bytes in all.
struct ZipEntry {
  std::string name;
  std::uint64_t size = 0;
  std::function<std::string()> next;
};
// The same archive as a file, which is replaced whole or not at all; takes memory for one piece. Throws Error naming
// the file, and what `next` throws.
void write_zip(const std::filesystem::path& path, std::span<ZipEntry> entries);

}  // namespace limn::arrays
