// Reading files whole and replacing them whole. A file that limn writes is written beside its target,
// flushed to disk and renamed, so that a crash or a full disk leaves the old one as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace limn {

using Bytes = std::vector<std::byte>;

// The whole file. Throws Error naming the file if it is missing, a directory, unreadable or larger than `max_bytes`.
[[nodiscard]] Bytes read_file(const std::filesystem::path& path, std::uint64_t max_bytes = std::uint64_t{1} << 40);
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path,
                                         std::uint64_t max_bytes = std::uint64_t{1} << 40);

// Creates or replaces `path` with `data`, all or nothing. Throws Error naming `path` (unwritable folder, full
// disk, …); the old file then still stands and no temporary is left.
void write_file(const std::filesystem::path& path, std::span<const std::byte> data);
void write_file(const std::filesystem::path& path, std::string_view text);

// Removes what killed processes left beside `target`: temporary files and folders of that name, `.NAME.PID.N.tmp`, that
// no living process owns. AtomicFile and AtomicFolder do this at their first write into a folder, so that the next
// start clears what the last one left; a caller needs it for a target that it does not write again. Any thread.
void remove_leftovers(const std::filesystem::path& target);
// The same of every target in a folder that the caller alone writes into.
void remove_leftovers_in(const std::filesystem::path& folder);

// A file that grows in pieces and appears under its name only at commit(). Destroyed without commit() it
// leaves nothing. Not copyable; one thread at a time.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> data);
  void write(std::string_view text);
  // After a library has put another file at temporary_path().
  void reopen();
  // Flushes to disk and renames over the target. No write may follow.
  void commit();
  // Where the pieces lie until commit(), for libraries that insist on writing a file by name.
  [[nodiscard]] const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
  void discard() noexcept;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

// Appends in one write, creating the file if need be, so that what a log holds is whole after a kill. Throws Error
// naming `path`; the file is then as it was.
void append_bytes(const std::filesystem::path& path, std::span<const std::byte> data);
// The same for `line` and a newline.
void append_line(const std::filesystem::path& path, std::string_view line);

// Whether a file or folder is there. Throws Error naming `path` where that cannot be told.
[[nodiscard]] bool is_there(const std::filesystem::path& path);

// Creates the folder and its parents. Throws Error naming it.
void make_directories(const std::filesystem::path& path);

// Whether a file has that name, or something that cannot be looked at: reading it says why. So nothing that is there is
// passed over.
[[nodiscard]] bool may_be_file(const std::filesystem::path& path);

// The ending of the name with its dot, A-Z in lower case: ".png" of "a.b.PNG", "" where there is none.
[[nodiscard]] std::string ending_of(const std::filesystem::path& path);

[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

}  // namespace limn
