// A folder of files that appears under its name only when it is whole: made beside its target, flushed to disk,
// renamed. A folder that exists already and may be filled gets its new files at the end; one that may be replaced is
// exchanged for the new one. One thread at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

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

  // What may be there under the name already.
  enum class Target {
    kNew,       // nothing: what is there is never replaced
    kFilled,    // a folder, which keeps what is in it; files of the same names are replaced. Parents are made
    kReplaced,  // a folder that gives way whole, if there is one. Parents are made
    kScratch,   // a file that is made with the help of this folder, which is never committed
  };

  // Throws Error if there is something else, or if the folder cannot be made.
  explicit AtomicFolder(std::filesystem::path path, Target target = Target::kNew);
  // Leaves nothing unless commit() was called.
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  [[nodiscard]] File create(const std::string& name);
  // A whole file.
  void write(const std::string& name, std::span<const std::byte> data);
  // Flushes to disk and renames. Every file must be closed; none may follow. If it throws, nothing is left.
  void commit();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Where the files lie until commit().
  [[nodiscard]] const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
  void make_target();
  void make_temporary();
  void move_into_target();
  void move_to_target();
  void discard() noexcept;

  std::filesystem::path path_;
  Target target_;
  std::filesystem::path temporary_;
  std::vector<std::filesystem::path> made_parents_;  // the deepest first
  std::vector<std::string> names_;                   // of the files
  bool is_there_ = false;                            // the target was a folder from the beginning, and stays
  bool gives_way_ = false;                           // the target was a folder from the beginning, and is replaced
  int lock_ = -1;                                    // open as long as this process owns the folder
  bool is_done_ = false;
};

}  // namespace limn
