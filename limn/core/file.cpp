#include "limn/core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/temporary.hpp"
#include "limn/core/write_errors.hpp"

namespace limn {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::strerror(error); }

struct Descriptor {
  int value = -1;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

// 0, or the errno of the write that failed.
int write_all(int descriptor, const std::byte* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(descriptor, data, size);
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return 0;
}

template <class Buffer>
Buffer read_whole(const fs::path& path, std::uint64_t max_bytes) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) {
    const int error = errno;
    if (error == ENOENT) fail("{}: no such file; {}", path.string(), advice_on_missing(path.string()));
    fail("{}: cannot open: {}; check its permissions", path.string(), reason(error));
  }
  struct stat status {};
  if (::fstat(file.value, &status) != 0) fail("{}: cannot read: {}", path.string(), reason(errno));
  if (S_ISDIR(status.st_mode)) fail("{}: is a folder; name a file in it", path.string());
  const bool is_device = S_ISCHR(status.st_mode) && ::isatty(file.value) == 0;
  Buffer buffer;
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  if (S_ISREG(status.st_mode)) {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > max_bytes)
      fail("{}: {} bytes is more than the {} that such a file may have", path.string(), size, max_bytes);
    buffer.resize(size);
  }
  // A regular file may still grow or shrink while it is read, and a pipe has no size: read until it ends.
  std::size_t filled = 0;
  while (true) {
    if (filled == buffer.size()) buffer.resize(filled + (S_ISREG(status.st_mode) ? 1 : kChunk));
    const ssize_t n = ::read(file.value, reinterpret_cast<char*>(buffer.data()) + filled, buffer.size() - filled);
    if (n < 0) {
      if (errno == EINTR) continue;
      fail("{}: cannot read: {}", path.string(), reason(errno));
    }
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
    if (filled > max_bytes) fail("{}: more than the {} bytes that such a file may have", path.string(), max_bytes);
    if (is_device) fail("{}: is a device without an end; name a file", path.string());
  }
  buffer.resize(filled);
  return buffer;
}

}  // namespace

void fail_to_write(const fs::path& path, int error) {
  std::string advice = "check the path";
  if (error == ENOSPC || error == EDQUOT) advice = "free some space or choose another folder with -o or --out";
  if (error == EACCES || error == EROFS || error == EPERM) advice = "choose a folder that you may write to";
  std::error_code ignored;
  if (error == ENOENT)
    advice = fs::is_directory(folder_of(path), ignored) ? "no file can be made in this folder; choose another one"
                                                        : "create the folder first";
  if (error == EFBIG) advice = "the file size limit of this session is too small";
  fail("{}: cannot write: {}; {}", path.string(), reason(error), advice);
}

int flush_to_disk(int descriptor) {
  int error = 0;
  do error = ::fsync(descriptor) == 0 ? 0 : errno;
  while (error == EINTR);
  return error == EINVAL || error == EROFS ? 0 : error;
}

int flush_folder(const fs::path& folder) {
  const Descriptor opened{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return opened.value < 0 ? errno : flush_to_disk(opened.value);
}

Bytes read_file(const fs::path& path, std::uint64_t max_bytes) { return read_whole<Bytes>(path, max_bytes); }

std::string read_text_file(const fs::path& path, std::uint64_t max_bytes) {
  return read_whole<std::string>(path, max_bytes);
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code ignored;  // what cannot be looked at cannot be written either, and open() says why
  if (path_.filename().empty() || fs::is_directory(path_, ignored))
    fail("{}: is a folder; name a file", path_.string());
  remove_leftovers_once(path_);
  // A name may be taken by what a killed process of the same number left behind, as happens in containers.
  do {
    temporary_ = temporary_name(path_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail_to_write(path_, errno);
  lock_temporary(descriptor_);
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
  descriptor_ = -1;
}

void AtomicFile::write(std::span<const std::byte> data) {
  if (const int error = write_all(descriptor_, data.data(), data.size()); error != 0) {
    discard();
    fail_to_write(path_, error);
  }
}

void AtomicFile::write(std::string_view text) { write(as_bytes(text)); }

void AtomicFile::reopen() {
  ::close(descriptor_);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    fail_to_write(path_, error);
  }
  lock_temporary(descriptor_);
}

void AtomicFile::commit() {
  int error = flush_to_disk(descriptor_);
  if (error == 0 && ::rename(temporary_.c_str(), path_.c_str()) != 0) error = errno;
  if (error != 0) {
    discard();
    if (error == ENOENT)
      fail("{}: cannot write: another program removed the unfinished file; try again", path_.string());
    fail_to_write(path_, error);
  }
  ::close(descriptor_);
  descriptor_ = -1;
  // The rename itself reaches the disk with the folder.
  flush_folder(path_.parent_path());
}

void write_file(const fs::path& path, std::span<const std::byte> data) {
  AtomicFile file(path);
  file.write(data);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) { write_file(path, as_bytes(text)); }

void append_bytes(const fs::path& path, std::span<const std::byte> data) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)};
  if (file.value < 0) fail_to_write(path, errno);
  struct stat before {};
  const bool has_size = ::fstat(file.value, &before) == 0 && S_ISREG(before.st_mode);
  if (const int error = write_all(file.value, data.data(), data.size()); error != 0) {
    // Shorter is possible on a full disk too. Where it is not, readers pass over a record that is not whole.
    if (has_size && ::ftruncate(file.value, before.st_size) != 0) fail_to_write(path, errno);
    fail_to_write(path, error);
  }
}

void append_line(const fs::path& path, std::string_view line) {
  std::string text(line);
  text += '\n';
  append_bytes(path, as_bytes(text));
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::none)
    fail("{}: cannot look at it: {}; check the path", path.string(), error.message());
  return fs::exists(status);
}

void make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (const bool is_folder = !error && fs::is_directory(path, error); !is_folder)
    fail("{}: cannot create the folder: {}; choose another place", path.string(),
         error ? error.message() : "a file of that name is in the way");
}

bool may_be_file(const fs::path& path) {
  std::error_code ignored;
  const fs::file_type type = fs::status(path, ignored).type();
  return type == fs::file_type::regular || type == fs::file_type::none;
}

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ending;
}

}  // namespace limn
