#include "limn/arrays/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "limn/core/error.hpp"

namespace limn::arrays {

Bytes gzipped(std::span<const std::byte> data) {
  constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip's header
  constexpr int kMemory = 9;
  z_stream stream{};
  require(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) == Z_OK,
          "gzip: no memory");
  Bytes packed;
  try {
    int state = Z_OK;
    while (state == Z_OK) {
      const std::size_t piece = std::min<std::size_t>(data.size(), std::numeric_limits<uInt>::max());
      stream.next_in = reinterpret_cast<const Bytef*>(data.data());
      stream.avail_in = static_cast<uInt>(piece);
      constexpr std::size_t kStep = 65536;
      const std::size_t used = packed.size();
      packed.resize(used + kStep);
      stream.next_out = reinterpret_cast<Bytef*>(&packed[used]);
      stream.avail_out = kStep;
      state = deflate(&stream, piece == data.size() ? Z_FINISH : Z_NO_FLUSH);
      packed.resize(used + kStep - stream.avail_out);
      data = data.subspan(piece - stream.avail_in);
    }
    require(state == Z_STREAM_END, "gzip: zlib failed");
  } catch (...) {
    deflateEnd(&stream);
    throw;
  }
  deflateEnd(&stream);
  return packed;
}

}  // namespace limn::arrays
