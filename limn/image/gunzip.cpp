#include "limn/image/gunzip.hpp"

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>

#include "limn/core/error.hpp"

namespace limn::image {
namespace {

constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr int kGzipWindow = 16 + MAX_WBITS;                // gzip's header and checksum, and nothing else

}  // namespace

bool is_gzip(std::span<const std::byte> file) {
  return file.size() >= 2 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b};
}

struct Gunzip::Stream {
  z_stream z{};
  ~Stream() { inflateEnd(&z); }
};

Gunzip::Gunzip(std::span<const std::byte> file, std::string_view origin)
    : rest_(file), origin_(origin), stream_(std::make_unique<Stream>()) {
  require(inflateInit2(&stream_->z, kGzipWindow) == Z_OK, "{}: no memory to unpack it", origin_);
}

Gunzip::~Gunzip() = default;

void Gunzip::feed() {
  z_stream& stream = stream_->z;
  if (stream.avail_in > 0 || rest_.empty()) return;
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
      is_at_end_ = stream.avail_in == 0 && rest_.empty();
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

}  // namespace limn::image
