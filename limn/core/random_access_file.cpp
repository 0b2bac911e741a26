#include "limn/core/random_access_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "limn/core/error.hpp"

namespace limn {
namespace {

constexpr const char* kDamagedAdvice = "fetch or convert the data again";

int open_to_read(const std::filesystem::path& path, const std::filesystem::path& shown) {
  // Without O_NONBLOCK a pipe of that name would be waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  require(descriptor >= 0, "{}: cannot open: {}; {}", shown.string(), std::strerror(errno), kDamagedAdvice);
  return descriptor;
}

struct Closer {
  int descriptor;
  ~Closer() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

// Leaves half of the descriptors that this process may have, and of those that select() knows, to others.
bool may_stay_open(int descriptor) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  return static_cast<rlim_t>(descriptor) < std::min<rlim_t>(limit.rlim_cur, FD_SETSIZE) / 2;
}

}  // namespace

RandomAccessFile::RandomAccessFile(std::filesystem::path path, std::filesystem::path shown)
    : path_(std::move(path)), shown_(std::move(shown)) {
  Closer file{open_to_read(path_, shown_)};
  struct stat status {};
  require(::fstat(file.descriptor, &status) == 0, "{}: cannot read: {}", shown_.string(), std::strerror(errno));
  require(S_ISREG(status.st_mode), "{}: is not a file; {}", shown_.string(), kDamagedAdvice);
  size_ = static_cast<std::uint64_t>(status.st_size);
  device_ = status.st_dev;
  number_ = status.st_ino;
  if (may_stay_open(file.descriptor)) descriptor_ = std::exchange(file.descriptor, -1);
}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)),
      shown_(std::move(other.shown_)),
      size_(other.size_),
      device_(other.device_),
      number_(other.number_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
  path_.swap(other.path_);
  shown_.swap(other.shown_);
  std::swap(size_, other.size_);
  std::swap(device_, other.device_);
  std::swap(number_, other.number_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void RandomAccessFile::read(std::uint64_t offset, std::span<std::byte> to) const {
  const Closer opened{descriptor_ < 0 ? open_to_read(path_, shown_) : -1};
  if (opened.descriptor >= 0) {
    struct stat status {};
    const bool is_the_same =
        ::fstat(opened.descriptor, &status) == 0 && status.st_dev == device_ && status.st_ino == number_;
    if (!is_the_same) fail("{}: was replaced while it is in use; start again", shown_.string());
  }
  const int descriptor = descriptor_ < 0 ? opened.descriptor : descriptor_;
  while (!to.empty()) {
    const ssize_t count = ::pread(descriptor, to.data(), to.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      fail("{}: cannot read: {}; check the disk, or {}", shown_.string(), std::strerror(errno), kDamagedAdvice);
    if (count == 0) fail("{}: was made shorter while it is in use; {}", shown_.string(), kDamagedAdvice);
    to = to.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void RandomAccessFile::expect_random_access() const {
  if (descriptor_ >= 0) (void)::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_RANDOM);
}

}  // namespace limn
