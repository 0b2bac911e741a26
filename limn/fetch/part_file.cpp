#include "limn/fetch/part_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json.hpp"
#include "limn/core/write_errors.hpp"

namespace limn::fetch {
namespace {

constexpr std::uint64_t kMaxNote = 1 << 16;
constexpr const char* kPartEnding = ".part";
constexpr const char* kNoteEnding = ".part.json";

[[noreturn]] void fail_errno(const std::filesystem::path& path, const char* what) {
  fail("{}: {}: {}", path.string(), what, std::strerror(errno));
}

// Whether the open file is still the one that has the name.
bool has_name(int descriptor, const std::filesystem::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

std::string Edition::validator() const {
  if (!etag.empty() && !etag.starts_with("W/")) return etag;
  return last_modified;
}

bool Edition::may_be(const Edition& answered) const {
  return url == answered.url && (answered.etag.empty() || etag == answered.etag) &&
         (answered.last_modified.empty() || last_modified == answered.last_modified) &&
         (answered.size < 0 || size < 0 || size == answered.size);
}

PartFile::PartFile(std::filesystem::path target) : target_(std::move(target)), part_(target_), note_(target_) {
  part_ += kPartEnding;
  note_ += kNoteEnding;
  open_and_lock();
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail_errno(part_, "cannot be read");
  size_ = status.st_size;
  read_edition();
}

PartFile::~PartFile() {
  if (size_ == 0 && !is_done_) discard();
  if (descriptor_ >= 0) ::close(descriptor_);
}

void PartFile::open_and_lock() {
  // Between opening and locking another process may have finished and renamed the file: then once more.
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail_errno(part_, "cannot be written");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int reason = errno;
      ::close(std::exchange(descriptor_, -1));
      require(reason != EWOULDBLOCK, "{}: another process is downloading it; wait for that one", target_.string());
      errno = reason;
      fail_errno(part_, "cannot be locked");
    }
  } while (!has_name(descriptor_, part_));
}

void PartFile::read_edition() {
  std::error_code ignored;
  if (size_ == 0 || !std::filesystem::exists(note_, ignored)) return;
  const Json note = parse_json(read_text_file(note_, kMaxNote));
  // A note that was damaged is as good as none: the download starts again.
  const auto text = [&](const char* key) {
    const bool is_there = note.is_object() && note.contains(key) && note[key].is_string();
    return is_there ? note[key].get<std::string>() : std::string();
  };
  edition_ = {.url = text("url"), .etag = text("etag"), .last_modified = text("last_modified")};
  if (note.is_object() && note.contains("size") && note["size"].is_number_integer()) edition_.size = note["size"];
}

void PartFile::restart(const Edition& edition) {
  // The note goes first: bytes without one are never taken for a beginning, whenever the machine stops.
  std::error_code ignored;
  std::filesystem::remove(note_, ignored);
  if (::ftruncate(descriptor_, 0) != 0) fail_errno(part_, "cannot be written");
  size_ = 0;
  edition_ = edition;
  const Json note{
      {"url", edition.url}, {"etag", edition.etag}, {"last_modified", edition.last_modified}, {"size", edition.size}};
  write_file(note_, json_text(note));
}

void PartFile::append(std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t n = ::pwrite(descriptor_, data.data(), data.size(), size_);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_errno(part_, "cannot be written; make room and run it again, the download continues from here");
    size_ += n;
    data = data.subspan(static_cast<std::size_t>(n));
  }
}

void PartFile::commit() {
  if (errno = flush_to_disk(descriptor_); errno != 0) fail_errno(part_, "cannot be flushed to disk");
  if (::rename(part_.c_str(), target_.c_str()) != 0) fail_errno(target_, "cannot be put in place");
  is_done_ = true;
  flush_folder(target_.parent_path());
  std::error_code ignored;
  std::filesystem::remove(note_, ignored);
}

void remove_note_of_whole_file(const std::filesystem::path& target) {
  std::filesystem::path part = target, note = target;
  part += kPartEnding;
  note += kNoteEnding;
  std::error_code ignored;
  if (!std::filesystem::exists(part, ignored)) std::filesystem::remove(note, ignored);
}

void PartFile::discard() noexcept {
  is_done_ = true;
  std::error_code ignored;
  std::filesystem::remove(note_, ignored);
  std::filesystem::remove(part_, ignored);
}

}  // namespace limn::fetch
