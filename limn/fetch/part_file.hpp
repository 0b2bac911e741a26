// A file that is being downloaded: `NAME.part` with the bytes so far, and `NAME.part.json`, which tells what
// they are the beginning of, so that another run can continue. Owns both files and a lock on the first: a second
// process that wants the same file is refused. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace limn::fetch {

// By what a server tells one edition of a file from another. Empty: it did not say.
struct Edition {
  std::string url;
  std::string etag;           // as sent, with its quotes
  std::string last_modified;  // as sent
  std::int64_t size = -1;     // of the whole; -1: unknown

  // The value of an If-Range header: the tag unless it is a weak one, or else the date. Empty: no way to be
  // sure that a rest belongs to its beginning.
  [[nodiscard]] std::string validator() const;
  // Whether what an answer told of itself, perhaps less than all, agrees with this.
  [[nodiscard]] bool may_be(const Edition& answered) const;
};

class PartFile {
 public:
  // Opens or makes `target`.part and locks it. Throws Error naming it: a folder that is not there or not
  // writable, another process that is downloading it.
  explicit PartFile(std::filesystem::path target);
  ~PartFile();  // leaves both files, unless there is not a byte
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  [[nodiscard]] std::int64_t size() const { return size_; }
  // Of the bytes that are here.
  [[nodiscard]] const Edition& edition() const { return edition_; }
  [[nodiscard]] const std::filesystem::path& path() const { return part_; }

  // Forgets the bytes; those to come are of `edition`. Throws Error as append() does.
  void restart(const Edition& edition);
  // Throws Error naming the file, for a full disk for example; what was written before stays.
  void append(std::span<const std::byte> data);
  // Flushes to disk and gives the file its name. Nothing may be called after it.
  void commit();
  // Removes both files. Nothing may be called after it.
  void discard() noexcept;

 private:
  void open_and_lock();
  void read_edition();

  std::filesystem::path target_;
  std::filesystem::path part_;
  std::filesystem::path note_;  // the edition, as JSON
  int descriptor_ = -1;
  bool is_done_ = false;  // committed or discarded
  std::int64_t size_ = 0;
  Edition edition_;
};

// Removes what a process that was killed at the end of commit() left beside the file.
void remove_note_of_whole_file(const std::filesystem::path& target);

}  // namespace limn::fetch
