// A file that grows by whole records, such as a log. A record that cannot be written now, since the disk is full, waits
// and comes before the next one. One thread at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace limn {

class GrowingFile {
 public:
  // Creates nothing before the first record. Beyond `most_waiting` bytes a record that cannot be written is lost.
  explicit GrowingFile(std::filesystem::path path, std::size_t most_waiting = std::size_t{1} << 24);

  // Throws Error naming the file where it cannot be written; the record then waits, and the file holds whole records.
  void append(std::span<const std::byte> record);
  // The same for `line` and a newline.
  void append_line(std::string_view line);
  // Writes what waits. Throws Error as append() does.
  void flush();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::size_t most_waiting_;
  std::string waiting_;
};

}  // namespace limn
