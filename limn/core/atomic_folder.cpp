#include "limn/core/atomic_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/temporary.hpp"
#include "limn/core/write_errors.hpp"

namespace limn {

namespace fs = std::filesystem;

AtomicFolder::File::File(const fs::path& place, fs::path shown) : shown_(std::move(shown)) {
  descriptor_ = ::open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_to_write(shown_, errno);
}

AtomicFolder::File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

AtomicFolder::File::File(File&& other) noexcept
    : shown_(std::move(other.shown_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFolder::File& AtomicFolder::File::operator=(File&& other) noexcept {
  std::swap(shown_, other.shown_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void AtomicFolder::File::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t written = ::write(descriptor_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_to_write(shown_, errno);
    data = data.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFolder::File::close() {
  int error = flush_to_disk(descriptor_);
  if (::close(std::exchange(descriptor_, -1)) != 0 && error == 0) error = errno;
  if (error != 0) fail_to_write(shown_, error);
}

AtomicFolder::AtomicFolder(fs::path path, Target target)
    : path_(path.has_filename() ? std::move(path) : path.parent_path()), target_(target) {
  try {
    make_target();
    make_temporary();
  } catch (...) {
    discard();
    throw;
  }
}

void AtomicFolder::make_temporary() {
  // What is made in a folder that is there cannot fail to be moved to its place, as it may beside a mount point.
  const fs::path named = is_there_ ? path_ / "limn" : path_;
  remove_leftovers_once(named);
  // A name may be taken by what a killed process of the same number left behind.
  fs::path name;
  int error = 0;
  do {
    name = temporary_name(named);
    error = ::mkdir(name.c_str(), 0777) == 0 ? 0 : errno;
  } while (error == EEXIST);
  if (error != 0) fail_to_write(path_, error);
  temporary_ = std::move(name);
  lock_ = ::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0) lock_temporary(lock_);
}

void AtomicFolder::make_target() {
  std::error_code ignored;
  const fs::file_status status = fs::symlink_status(path_, ignored);
  switch (target_) {
    case Target::kNew:
      require(!fs::exists(status), "{}: exists; remove it or choose another name", path_.string());
      return;
    case Target::kScratch:
      require(!fs::is_directory(path_, ignored), "{}: is a folder; name a file", path_.string());
      return;
    case Target::kReplaced:
      gives_way_ = fs::exists(status);
      // A symbolic link would give way itself, and leave the folder that it points to.
      require(!gives_way_ || fs::is_directory(status), "{}: is not a folder; name another place", path_.string());
      [[fallthrough]];
    case Target::kFilled:
      is_there_ = target_ == Target::kFilled && fs::exists(status);
      if (gives_way_) return;
      if (is_there_) return make_directories(path_);  // which refuses anything but a folder
      for (fs::path parent = path_.parent_path(); !parent.empty() && !fs::exists(parent, ignored);
           parent = parent.parent_path())
        made_parents_.push_back(parent);
      if (path_.has_parent_path()) make_directories(path_.parent_path());
  }
}

AtomicFolder::~AtomicFolder() { discard(); }

void AtomicFolder::discard() noexcept {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
  if (!is_done_)
    for (const fs::path& parent : made_parents_) ::rmdir(parent.c_str());
  if (lock_ >= 0) ::close(lock_);
}

AtomicFolder::File AtomicFolder::create(const std::string& name) {
  File file(temporary_ / name, target_ == Target::kScratch ? path_ : path_ / name);
  names_.push_back(name);
  return file;
}

void AtomicFolder::write(const std::string& name, std::span<const std::byte> data) {
  File file = create(name);
  file.write(data);
  file.close();
}

void AtomicFolder::move_into_target() {
  std::vector<fs::path> added;
  std::error_code ignored;
  for (const std::string& name : names_) {
    const fs::path place = path_ / name;
    const bool is_new = !fs::exists(fs::symlink_status(place, ignored));
    if (::rename((temporary_ / name).c_str(), place.c_str()) == 0) {
      if (is_new) added.push_back(place);
      continue;
    }
    const int error = errno;
    for (const fs::path& file : added) ::unlink(file.c_str());
    fail_to_write(place, error);
  }
}

// Under the name at every moment where the file system can exchange two folders, as all usual ones can.
void AtomicFolder::move_to_target() {
  if (!gives_way_) {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_to_write(path_, errno);
    temporary_.clear();
    return;
  }
  // The old target then has the temporary name, and discard() removes it.
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) return;
  const fs::path old = temporary_.string() + "-old";
  if (::rename(path_.c_str(), old.c_str()) != 0) fail_to_write(path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    (void)::rename(old.c_str(), path_.c_str());
    fail_to_write(path_, error);
  }
  temporary_ = old;
}

void AtomicFolder::commit() {
  assert(target_ != Target::kScratch);
  if (const int error = flush_folder(temporary_); error != 0) fail_to_write(path_, error);
  if (is_there_)
    move_into_target();
  else
    move_to_target();
  is_done_ = true;
  (void)flush_folder(is_there_ ? path_ : folder_of(path_));
}

}  // namespace limn
