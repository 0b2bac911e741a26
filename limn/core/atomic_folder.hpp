// A folder that appears under its name only when it is whole: made beside its target, flushed to disk, renamed.
// One thread at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace limn {

class AtomicFolder {
 public:
  // A file in the folder; errors name the place where it will lie. Not copyable.
  class File {
   public:
    File(const std::filesystem::path& place, std::filesystem::path shown);
    ~File();
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    void write(std::span<const std::byte> data);
    // Flushes to disk. No write may follow.
    void close();

   private:
    std::filesystem::path shown_;
    int descriptor_ = -1;
  };

  // Throws Error if there is something of that name, which is never replaced, or if it cannot be made.
  explicit AtomicFolder(std::filesystem::path path);
  // Leaves nothing unless commit() was called.
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  [[nodiscard]] File create(const std::string& name) const;
  // Flushes to disk and renames. Every file must be closed; none may follow.
  void commit();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Where the files lie until commit().
  [[nodiscard]] const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int lock_ = -1;  // open as long as this process owns the folder
  bool is_done_ = false;
};

}  // namespace limn
