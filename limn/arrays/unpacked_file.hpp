// A file as a stream in memory that does not grow with it, unpacked on the way if it is gzip by its first bytes. It may
// be a pipe. One thread.
#pragma once

#include <filesystem>
#include <istream>
#include <memory>

namespace limn::arrays {

class UnpackedFile {
 public:
  // Throws Error naming the file if it cannot be opened or is a folder.
  explicit UnpackedFile(const std::filesystem::path& path);
  ~UnpackedFile();
  UnpackedFile(const UnpackedFile&) = delete;
  UnpackedFile& operator=(const UnpackedFile&) = delete;

  // Reading its buffer throws Error naming the file if the disk fails, or the gzip is damaged or ends too early.
  [[nodiscard]] std::istream& stream() { return stream_; }

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
  std::istream stream_;
};

}  // namespace limn::arrays
