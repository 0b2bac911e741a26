// zip_archive.hpp on minizip, which is in Debian as a static library; libzip is not. minizip asks for memory as for a
// file, through five functions.
#include <minizip/unzip.h>
#include <minizip/zip.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "limn/arrays/zip_archive.hpp"
#include "limn/core/error.hpp"

namespace limn::arrays {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::size_t kMaxNames = 16;
constexpr std::size_t kMaxNameLength = 1 << 16;
constexpr uLong kDosDate = 0x210000;  // 1980-01-01, the first that a zip can say
constexpr uLong kUtf8Names = 1 << 11;
constexpr uLong kMadeByUnix = 3 << 8;
constexpr std::uint64_t kZip64From = 0xffffffff;
constexpr uLong kEncrypted = 1;

// A file that is in memory: `given` is read, or `made` is written.
struct MemoryFile {
  std::span<const std::byte> given = {};
  Bytes made = {};
  bool is_written = false;
  std::uint64_t position = 0;

  [[nodiscard]] std::uint64_t size() const { return is_written ? made.size() : given.size(); }
};

MemoryFile& file_of(voidpf stream) { return *static_cast<MemoryFile*>(stream); }

voidpf open_memory(voidpf opaque, const void* /*name*/, int /*mode*/) { return opaque; }
int close_memory(voidpf /*opaque*/, voidpf /*stream*/) { return 0; }
int error_of_memory(voidpf /*opaque*/, voidpf /*stream*/) { return 0; }
ZPOS64_T tell_memory(voidpf /*opaque*/, voidpf stream) { return file_of(stream).position; }

long seek_memory(voidpf /*opaque*/, voidpf stream, ZPOS64_T offset, int origin) {
  MemoryFile& file = file_of(stream);
  const std::uint64_t from = origin == ZLIB_FILEFUNC_SEEK_CUR   ? file.position
                             : origin == ZLIB_FILEFUNC_SEEK_END ? file.size()
                                                                : 0;
  const std::uint64_t to = from + offset;  // an offset back from the end wraps around, as it does in minizip
  if (to > file.size()) return -1;
  file.position = to;
  return 0;
}

uLong read_memory(voidpf /*opaque*/, voidpf stream, void* out, uLong size) {
  MemoryFile& file = file_of(stream);
  const auto count = std::min<std::uint64_t>(size, file.given.size() - file.position);
  if (count > 0) std::memcpy(out, file.given.data() + file.position, count);
  file.position += count;
  return static_cast<uLong>(count);
}

// minizip is C: nothing may be thrown through it. Fewer bytes than asked for are a failure.
uLong write_memory(voidpf /*opaque*/, voidpf stream, const void* data, uLong size) {
  MemoryFile& file = file_of(stream);
  try {
    if (file.position + size > file.made.size()) file.made.resize(file.position + size);
  } catch (...) {
    return 0;
  }
  std::memcpy(file.made.data() + file.position, data, size);
  file.position += size;
  return size;
}

zlib_filefunc64_def functions_of(MemoryFile& file) {
  return {.zopen64_file = open_memory,
          .zread_file = read_memory,
          .zwrite_file = write_memory,
          .ztell64_file = tell_memory,
          .zseek64_file = seek_memory,
          .zclose_file = close_memory,
          .zerror_file = error_of_memory,
          .opaque = &file};
}

std::string_view reason(int code) {
  switch (code) {
    case UNZ_CRCERROR:
      return "the checksum is wrong";
    case UNZ_PARAMERROR:
      return "it is stored in a way that is not read";
    case UNZ_BADZIPFILE:
      return "it is damaged";
    case UNZ_EOF:
    case UNZ_ERRNO:
      return "the file ends too early";
    default:
      return "its packed data are damaged";
  }
}

// An archive and where it stands.
struct OpenArchive {
  explicit OpenArchive(std::span<const std::byte> given) : file{.given = given} {
    zlib_filefunc64_def functions = functions_of(file);
    zip = unzOpen2_64("", &functions);
  }
  ~OpenArchive() {
    if (zip != nullptr) unzClose(zip);
  }
  OpenArchive(const OpenArchive&) = delete;
  OpenArchive& operator=(const OpenArchive&) = delete;

  MemoryFile file;
  unzFile zip = nullptr;
};
OpenArchive& opened(void* archive) { return *static_cast<OpenArchive*>(archive); }

// Whether the file ends with the archive's last record and its comment: minizip reads one that is cut there.
bool is_whole(std::span<const std::byte> file, unzFile zip) {
  constexpr std::string_view kLastRecord = "PK\5\6";
  constexpr std::size_t kLastRecordSize = 22;
  unz_global_info64 info;
  if (unzGetGlobalInfo64(zip, &info) != UNZ_OK || file.size() < kLastRecordSize + info.size_comment) return false;
  const auto last = file.last(kLastRecordSize + info.size_comment).first(kLastRecord.size());
  return std::ranges::equal(last, as_bytes(kLastRecord));
}

// Calls visit(name) at each entry until it gives true, which leaves the archive at that entry.
template <class Visit>
bool find_entry(unzFile zip, const Visit& visit) {
  std::string name(kMaxNameLength, '\0');
  for (int code = unzGoToFirstFile(zip); code == UNZ_OK; code = unzGoToNextFile(zip)) {
    if (unzGetCurrentFileInfo64(zip, nullptr, name.data(), name.size(), nullptr, 0, nullptr, 0) != UNZ_OK) return false;
    if (visit(std::string_view(name.c_str()))) return true;
  }
  return false;
}

}  // namespace

void ZipReader::Close::operator()(void* archive) const { delete &opened(archive); }

ZipReader::ZipReader(std::span<const std::byte> file, std::string origin)
    : origin_(std::move(origin)), unpack_left_(kUnpackFactor * file.size() + kUnpackFloor) {
  auto archive = std::make_unique<OpenArchive>(file);
  require(archive->zip != nullptr && is_whole(file, archive->zip), "{}: not a whole zip archive; fetch the file again",
          origin_);
  archive_.reset(archive.release());
}

std::vector<std::string> ZipReader::names() const {
  std::vector<std::string> names;
  for (const std::string& name : all_names()) {
    names.push_back(names.size() < kMaxNames ? printable(name) : "…");
    if (names.size() > kMaxNames) break;
  }
  return names;
}

std::vector<std::string> ZipReader::all_names() const {
  std::vector<std::string> names;
  find_entry(opened(archive_.get()).zip, [&](std::string_view name) {
    names.emplace_back(name);
    return false;
  });
  return names;
}

std::optional<Bytes> ZipReader::read(const std::string& name) {
  unzFile zip = opened(archive_.get()).zip;
  if (!find_entry(zip, [&](std::string_view entry) { return entry == name; })) return std::nullopt;
  unz_file_info64 info;
  int code = unzGetCurrentFileInfo64(zip, &info, nullptr, 0, nullptr, 0, nullptr, 0);
  require(code == UNZ_OK, "{}: {}: cannot be unpacked: {}; fetch the file again", origin_, name, reason(code));
  require((info.flag & kEncrypted) == 0, "{}: {}: cannot be unpacked: it is encrypted", origin_, name);
  code = unzOpenCurrentFile(zip);
  require(code == UNZ_OK, "{}: {}: cannot be unpacked: {}", origin_, name, reason(code));
  // The size that the archive declares is not believed: what unpacks is counted.
  Bytes bytes;
  while (true) {
    const std::size_t filled = bytes.size();
    bytes.resize(filled + std::clamp(filled, std::size_t{4096}, kChunk));
    const int n = unzReadCurrentFile(zip, bytes.data() + filled, static_cast<unsigned>(bytes.size() - filled));
    require(n >= 0, "{}: {}: cannot be unpacked: {}; fetch the file again", origin_, name, reason(n));
    bytes.resize(filled + static_cast<std::size_t>(n));
    if (n == 0) break;
    require(static_cast<std::uint64_t>(n) <= unpack_left_,
            "{}: {}: unpacks to more than {} times the file's size; it is refused", origin_, name, kUnpackFactor);
    unpack_left_ -= static_cast<std::uint64_t>(n);
  }
  code = unzCloseCurrentFile(zip);  // compares the checksum, if as much came out as the archive declares
  require(code == UNZ_OK && bytes.size() == info.uncompressed_size,
          "{}: {}: cannot be unpacked: {}; fetch the file again", origin_, name,
          code == UNZ_OK ? reason(UNZ_EOF) : reason(code));
  bytes.shrink_to_fit();
  return bytes;
}

namespace {

// An archive that is written. One that is not finished is thrown away with its file.
class ArchiveWriter {
 public:
  explicit ArchiveWriter(zipFile zip) : zip_(zip) {}
  ~ArchiveWriter() {
    if (zip_ != nullptr) zipClose(zip_, nullptr);
  }
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  void open(const std::string& name, std::uint64_t size) {
    zip_fileinfo about{};
    about.dosDate = kDosDate;
    check(zipOpenNewFileInZip4_64(zip_, name.c_str(), &about, nullptr, 0, nullptr, 0, nullptr, Z_DEFLATED,
                                  kDeflateLevel, 0, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, nullptr, 0, kMadeByUnix,
                                  kUtf8Names, size >= kZip64From ? 1 : 0));
  }
  void write(std::span<const std::byte> bytes) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), kChunk)))
      check(zipWriteInFileInZip(zip_, bytes.data(), static_cast<unsigned>(std::min(bytes.size(), kChunk))));
  }
  void close() { check(zipCloseFileInZip(zip_)); }
  void finish() { check(zipClose(std::exchange(zip_, nullptr), nullptr)); }

 private:
  static void check(int code) { require(code == ZIP_OK, "cannot be written: free some space or choose another place"); }

  zipFile zip_;
};

}  // namespace

Bytes make_zip(std::span<const std::pair<std::string, Bytes>> entries) {
  MemoryFile file{.is_written = true};
  zlib_filefunc64_def functions = functions_of(file);
  ArchiveWriter archive(zipOpen2_64("", APPEND_STATUS_CREATE, nullptr, &functions));
  for (const auto& [name, content] : entries) {
    archive.open(name, content.size());
    archive.write(content);
    archive.close();
  }
  archive.finish();
  return std::move(file.made);
}

void write_zip(const std::filesystem::path& path, std::span<ZipEntry> entries) {
  AtomicFile file(path);
  zipFile zip = zipOpen64(file.temporary_path().c_str(), APPEND_STATUS_CREATE);
  require(zip != nullptr, "{}: cannot make a zip archive; choose another place", path.string());
  ArchiveWriter archive(zip);
  naming(path.string(), [&] {
    for (ZipEntry& entry : entries) {
      archive.open(entry.name, entry.size);
      for (std::uint64_t left = entry.size; left > 0;) {
        const std::string piece = entry.next();
        require(!piece.empty() && piece.size() <= left, "{} is not as long as was said", entry.name);
        archive.write(std::as_bytes(std::span(piece)));
        left -= piece.size();
      }
      archive.close();
    }
    archive.finish();
  });
  file.reopen();
  file.commit();
}

}  // namespace limn::arrays
