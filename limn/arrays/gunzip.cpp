#include "limn/arrays/gunzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <fstream>

#include "limn/core/error.hpp"

namespace limn::arrays {
namespace {

constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr std::size_t kBeginning = std::size_t{1} << 16;  // of a packed file, which unpacks to more, as it packs better
constexpr int kGzipWindow = 16 + MAX_WBITS;               // gzip's header and checksum, and nothing else

}  // namespace

bool is_gzip(std::span<const std::byte> file) {
  return file.size() >= 2 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b};
}

struct Gunzip::Stream {
  z_stream z{};
  ~Stream() { inflateEnd(&z); }
};

Gunzip::Gunzip(std::span<const std::byte> file, std::string_view origin) : Gunzip(NextPiece(), origin) { rest_ = file; }

Gunzip::Gunzip(NextPiece next, std::string_view origin)
    : next_(std::move(next)), origin_(origin), stream_(std::make_unique<Stream>()) {
  require(inflateInit2(&stream_->z, kGzipWindow) == Z_OK, "{}: no memory to unpack it", origin_);
}

Gunzip::~Gunzip() = default;

void Gunzip::feed() {
  z_stream& stream = stream_->z;
  if (stream.avail_in > 0) return;
  if (rest_.empty() && next_) rest_ = next_();
  const auto piece = rest_.first(std::min(rest_.size(), kMostAtOnce));
  stream.next_in = reinterpret_cast<const Bytef*>(piece.data());
  stream.avail_in = static_cast<uInt>(piece.size());
  rest_ = rest_.subspan(piece.size());
}

std::size_t Gunzip::read(std::span<std::byte> out) {
  z_stream& stream = stream_->z;
  std::size_t filled = 0;
  while (filled < out.size() && !is_at_end_) {
    feed();
    const std::size_t room = std::min(out.size() - filled, kMostAtOnce);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
    if (status == Z_STREAM_END) {
      // A gzip file may be several, one after the other.
      feed();
      is_at_end_ = stream.avail_in == 0;
      if (!is_at_end_) inflateReset(&stream);
    } else if (status == Z_BUF_ERROR) {  // no step forward: neither input nor room, and there is room
      fail("{}: truncated: the gzip stream ends too early; fetch the file again", origin_);
    } else {
      require(status == Z_OK, "{}: damaged gzip file: {}; fetch the file again", origin_,
              stream.msg != nullptr ? stream.msg : "not a deflate stream");
    }
  }
  return filled;
}

Bytes gunzipped(Bytes file, const std::string& origin, std::uint64_t max_bytes) {
  if (!is_gzip(file)) return file;
  const std::uint64_t most = std::min<std::uint64_t>(max_bytes, kGunzipFactor * file.size() + kGunzipFloor);
  Gunzip gunzip(file, origin);
  Bytes out;
  for (std::size_t filled = 0;; filled = out.size()) {
    out.resize(static_cast<std::size_t>(std::min<std::uint64_t>(most + 1, std::max<std::size_t>(2 * filled, 4096))));
    const std::size_t count = gunzip.read(std::span(out).subspan(filled));
    require(
        filled + count <= most,
        "{}: unpacks to more than {} bytes, which a gzip file of {} should not; unpack it with gunzip if you trust it",
        origin, most, file.size());
    if (filled + count < out.size()) {
      out.resize(filled + count);
      return out;
    }
  }
}

Bytes read_unpacked(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return gunzipped(read_file(path, max_bytes), path.string(), max_bytes);
}

std::string read_unpacked_text(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const Bytes bytes = read_unpacked(path, max_bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string beginning_of(const std::filesystem::path& path, std::size_t count) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  std::ifstream in(path, std::ios::binary);
  std::string begin(std::max(count, kBeginning), '\0');
  in.read(begin.data(), std::ssize(begin));
  begin.resize(static_cast<std::size_t>(in.gcount()));
  if (!is_gzip(as_bytes(begin))) return begin.substr(0, count);
  std::string unpacked(count, '\0');
  std::size_t filled = 0;
  try {  // byte by byte, as what comes before the end of the piece counts
    Gunzip gunzip(as_bytes(begin), path.string());
    while (filled < count && gunzip.read(std::as_writable_bytes(std::span(unpacked).subspan(filled, 1))) == 1) ++filled;
  } catch (const Error&) {  // the rest of the file is missing here
  }
  unpacked.resize(filled);
  return unpacked;
}

}  // namespace limn::arrays
