// A file mapped into memory to be read: its bytes come from disk when they are looked at and leave memory again
// when something else needs it. Immutable; any number of threads may read it. Whoever makes the file shorter while
// it is mapped ends the process with SIGBUS, so such a file is replaced by another of its name, never rewritten.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace limn {

class MappedFile {
 public:
  // Throws Error naming the file if it is missing, no regular file or cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  // A hint: what comes next is looked at in random order, so reading ahead is in vain.
  void expect_random_access() const;

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace limn
