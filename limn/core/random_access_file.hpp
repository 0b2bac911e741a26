// A file that is read piece by piece at any place, with nothing of it held. Another process may make it shorter, or the
// disk may fail, while it is read: that is an Error like any other, where a file mapped into memory would end the
// process. Immutable; any number of threads may read at once.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace limn {

class RandomAccessFile {
 public:
  // Error messages call the file by the name `shown`. Throws Error if it is missing or no regular file.
  RandomAccessFile(std::filesystem::path path, std::filesystem::path shown);
  explicit RandomAccessFile(const std::filesystem::path& path) : RandomAccessFile(path, path) {}
  ~RandomAccessFile();
  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&& other) noexcept;
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;

  // In bytes, when it was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::filesystem::path& shown() const { return shown_; }
  // Fills `to` from the byte `offset` on. Throws Error if the file ends before, cannot be read, or is another file by
  // now.
  void read(std::uint64_t offset, std::span<std::byte> to) const;
  // A hint: what comes next is read in random order, so reading ahead is in vain.
  void expect_random_access() const;

 private:
  std::filesystem::path path_;
  std::filesystem::path shown_;
  std::uint64_t size_ = 0;
  dev_t device_ = 0;
  ino_t number_ = 0;
  // -1: opened for each read. A data set may have more files than a process may have open.
  int descriptor_ = -1;
};

}  // namespace limn
