#include "limn/arrays/zip_archive.hpp"

#include <libdeflate.h>
#include <zip.h>

#include <algorithm>
#include <deque>
#include <exception>

#include "limn/core/error.hpp"

namespace limn::arrays {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr zip_uint16_t kDosDate = 0x21;  // 1980-01-01, the first that a zip can say
constexpr std::size_t kMaxNames = 16;

template <class Owner>
zip_t* handle(const Owner& archive) {
  return static_cast<zip_t*>(archive.get());
}

struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using EntryFile = std::unique_ptr<zip_file_t, CloseEntry>;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};

class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  zip_error_t* get() { return &error_; }
  [[nodiscard]] std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

// The content of an entry that is as the archive says and takes no more than `most` bytes, as it is nearly always.
// libdeflate takes a third of zlib's time, but must know the size before.
std::optional<Bytes> unpacked_at_once(zip_t* archive, zip_uint64_t index, std::uint64_t most) {
  zip_stat_t status;
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD | ZIP_STAT_CRC;
  if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & kNeeded) != kNeeded ||
      status.comp_method != ZIP_CM_DEFLATE || status.encryption_method != ZIP_EM_NONE || status.size > most ||
      status.comp_size > most)
    return std::nullopt;
  const EntryFile file(zip_fopen_index(archive, index, ZIP_FL_COMPRESSED));
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(libdeflate_alloc_decompressor());
  if (file == nullptr || decompressor == nullptr) return std::nullopt;
  Bytes packed(status.comp_size), bytes(status.size);
  if (zip_fread(file.get(), packed.data(), packed.size()) != static_cast<zip_int64_t>(packed.size()))
    return std::nullopt;
  const auto result = libdeflate_deflate_decompress(decompressor.get(), packed.data(), packed.size(), bytes.data(),
                                                    bytes.size(), nullptr);
  if (result != LIBDEFLATE_SUCCESS || libdeflate_crc32(0, bytes.data(), bytes.size()) != status.crc)
    return std::nullopt;
  return bytes;
}

}  // namespace

void ZipReader::Close::operator()(void* archive) const { zip_discard(static_cast<zip_t*>(archive)); }

ZipReader::ZipReader(std::span<const std::byte> file, std::string origin)
    : origin_(std::move(origin)), unpack_left_(kUnpackFactor * file.size() + kUnpackFloor) {
  ZipError error;
  zip_source_t* source = zip_source_buffer_create(file.data(), file.size(), 0, error.get());
  require(source != nullptr, "{}: {}", origin_, error.text());
  archive_.reset(zip_open_from_source(source, ZIP_RDONLY, error.get()));
  if (archive_ == nullptr) {
    zip_source_free(source);
    fail("{}: not a whole zip archive: {}; fetch the file again", origin_, error.text());
  }
}

std::vector<std::string> ZipReader::names() const {
  std::vector<std::string> names;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(handle(archive_), 0));
  for (zip_uint64_t i = 0; i < std::min<zip_uint64_t>(count, kMaxNames); ++i) {
    const char* name = zip_get_name(handle(archive_), i, 0);
    if (name != nullptr) names.emplace_back(printable(name));
  }
  if (count > kMaxNames) names.emplace_back("…");
  return names;
}

std::vector<std::string> ZipReader::all_names() const {
  std::vector<std::string> names;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(handle(archive_), 0));
  for (zip_uint64_t i = 0; i < count; ++i)
    if (const char* name = zip_get_name(handle(archive_), i, 0)) names.emplace_back(name);
  return names;
}

std::optional<Bytes> ZipReader::read(const std::string& name) {
  const zip_int64_t index = zip_name_locate(handle(archive_), name.c_str(), 0);
  if (index < 0) return std::nullopt;
  if (auto bytes = unpacked_at_once(handle(archive_), static_cast<zip_uint64_t>(index), unpack_left_)) {
    unpack_left_ -= bytes->size();
    return bytes;
  }
  const EntryFile file(zip_fopen_index(handle(archive_), static_cast<zip_uint64_t>(index), 0));
  require(file != nullptr, "{}: {}: cannot be unpacked: {}", origin_, name, zip_strerror(handle(archive_)));
  // The size that the archive declares is not believed: what unpacks is counted.
  Bytes bytes;
  while (true) {
    const std::size_t filled = bytes.size();
    bytes.resize(filled + std::clamp(filled, std::size_t{4096}, kChunk));
    const zip_int64_t n = zip_fread(file.get(), bytes.data() + filled, bytes.size() - filled);
    require(n >= 0, "{}: {}: cannot be unpacked: {}; fetch the file again", origin_, name,
            zip_file_strerror(file.get()));
    bytes.resize(filled + static_cast<std::size_t>(n));
    if (n == 0) break;  // here libzip has compared the checksum
    require(static_cast<std::uint64_t>(n) <= unpack_left_,
            "{}: {}: unpacks to more than {} times the file's size; it is refused", origin_, name, kUnpackFactor);
    unpack_left_ -= static_cast<std::uint64_t>(n);
  }
  bytes.shrink_to_fit();
  return bytes;
}

namespace {

// Takes the source.
void add_entry(zip_t* archive, const std::string& name, zip_source_t* source) {
  const zip_int64_t index = source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    fail("cannot add {} to a zip archive: {}", name, zip_strerror(archive));
  }
  require(zip_file_set_dostime(archive, static_cast<zip_uint64_t>(index), 0, kDosDate, 0) == 0,
          "cannot date {} in a zip archive: {}", name, zip_strerror(archive));
  require(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, kDeflateLevel) == 0,
          "cannot compress {} in a zip archive: {}", name, zip_strerror(archive));
}

// An entry as libzip asks for it. libzip is C: what is thrown waits in `thrown`.
class EntrySource {
 public:
  EntrySource(ZipEntry& entry, std::exception_ptr& thrown) : entry_(entry), thrown_(thrown) { zip_error_init(&error_); }
  ~EntrySource() { zip_error_fini(&error_); }
  EntrySource(const EntrySource&) = delete;
  EntrySource& operator=(const EntrySource&) = delete;

  static zip_int64_t answer(void* self, void* data, zip_uint64_t size, zip_source_cmd_t command) {
    return static_cast<EntrySource*>(self)->answer(data, size, command);
  }

 private:
  zip_int64_t answer(void* data, zip_uint64_t size, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
      case ZIP_SOURCE_STAT: {
        auto* status = static_cast<zip_stat_t*>(data);
        zip_stat_init(status);
        status->size = entry_.size;
        status->valid |= ZIP_STAT_SIZE;
        return sizeof(zip_stat_t);
      }
      case ZIP_SOURCE_READ:
        return read(static_cast<char*>(data), size);
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&error_, data, size);
      default:
        return 0;
    }
  }
  zip_int64_t read(char* to, zip_uint64_t size) {
    try {
      if (taken_ == piece_.size()) {
        piece_ = entry_.next();
        taken_ = 0;
      }
    } catch (...) {
      thrown_ = std::current_exception();
      zip_error_set(&error_, ZIP_ER_INTERNAL, 0);
      return -1;
    }
    const std::size_t count = std::min<std::size_t>(size, piece_.size() - taken_);
    std::copy_n(piece_.data() + taken_, count, to);
    taken_ += count;
    return static_cast<zip_int64_t>(count);
  }

  ZipEntry& entry_;
  std::exception_ptr& thrown_;
  zip_error_t error_;
  std::string piece_;
  std::size_t taken_ = 0;
};

struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

Bytes whole_source(zip_source_t* source) {
  zip_stat_t status;
  require(zip_source_stat(source, &status) == 0 && zip_source_open(source) == 0, "cannot read back a zip archive");
  Bytes bytes(status.size);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const zip_int64_t n = zip_source_read(source, bytes.data() + filled, bytes.size() - filled);
    if (n <= 0) break;
    filled += static_cast<std::size_t>(n);
  }
  zip_source_close(source);
  require(filled == bytes.size(), "cannot read back a zip archive");
  return bytes;
}

}  // namespace

Bytes make_zip(std::span<const std::pair<std::string, Bytes>> entries) {
  ZipError error;
  const std::unique_ptr<zip_source_t, FreeSource> target(zip_source_buffer_create(nullptr, 0, 0, error.get()));
  require(target != nullptr, "cannot make a zip archive: {}", error.text());
  std::unique_ptr<zip_t, DiscardArchive> archive(
      zip_open_from_source(target.get(), ZIP_CREATE | ZIP_TRUNCATE, error.get()));
  require(archive != nullptr, "cannot make a zip archive: {}", error.text());
  zip_source_keep(target.get());  // one reference is the archive's, one ours
  for (const auto& [name, content] : entries)
    add_entry(archive.get(), name, zip_source_buffer(archive.get(), content.data(), content.size(), 0));
  require(zip_close(archive.get()) == 0, "cannot make a zip archive: {}", zip_strerror(archive.get()));
  (void)archive.release();
  return whole_source(target.get());
}

void write_zip(const std::filesystem::path& path, std::span<ZipEntry> entries) {
  AtomicFile file(path);
  std::exception_ptr thrown;
  std::deque<EntrySource> sources;  // the archive looks at them until it is gone
  ZipError error;
  zip_source_t* target = zip_source_file_create(file.temporary_path().c_str(), 0, 0, error.get());
  require(target != nullptr, "{}: cannot make a zip archive: {}", path.string(), error.text());
  std::unique_ptr<zip_t, DiscardArchive> archive(zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, error.get()));
  if (archive == nullptr) {
    zip_source_free(target);
    fail("{}: cannot make a zip archive: {}", path.string(), error.text());
  }
  for (ZipEntry& entry : entries)
    add_entry(archive.get(), entry.name,
              zip_source_function(archive.get(), EntrySource::answer, &sources.emplace_back(entry, thrown)));
  const bool is_written = zip_close(archive.get()) == 0;
  if (thrown) std::rethrow_exception(thrown);
  require(is_written, "{}: cannot be written: {}; free some space or choose another place", path.string(),
          zip_strerror(archive.get()));
  (void)archive.release();
  file.reopen();
  file.commit();
}

}  // namespace limn::arrays
