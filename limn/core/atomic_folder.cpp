#include "limn/core/atomic_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "limn/core/error.hpp"
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

AtomicFolder::AtomicFolder(fs::path path) : path_(std::move(path)) {
  std::error_code ignored;
  require(!fs::exists(fs::symlink_status(path_, ignored)), "{}: exists; remove it or choose another name",
          path_.string());
  remove_leftovers_once(path_);
  // A name may be taken by what a killed process of the same number left behind.
  int error = 0;
  do {
    temporary_ = temporary_name(path_);
    error = ::mkdir(temporary_.c_str(), 0777) == 0 ? 0 : errno;
  } while (error == EEXIST);
  if (error != 0) fail_to_write(path_, error);
  lock_ = ::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0) lock_temporary(lock_);
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!is_done_) fs::remove_all(temporary_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

AtomicFolder::File AtomicFolder::create(const std::string& name) const { return {temporary_ / name, path_ / name}; }

void AtomicFolder::commit() {
  if (const int error = flush_folder(temporary_); error != 0) fail_to_write(path_, error);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_to_write(path_, errno);
  is_done_ = true;
  flush_folder(path_.parent_path());
}

}  // namespace limn
