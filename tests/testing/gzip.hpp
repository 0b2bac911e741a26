// Gzip files as other programs write them, made in memory for the readers' tests. Needs zlib.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <span>
#include <stdexcept>

#include "limn/core/file.hpp"

namespace limn::testing {

[[nodiscard]] inline Bytes gzip_file(std::span<const std::byte> content) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("gzip_file: deflateInit2");
  Bytes file(deflateBound(&stream, content.size()) + 32);
  Bytes input(content.begin(), content.end());
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(file.data());
  stream.avail_out = static_cast<uInt>(file.size());
  deflate(&stream, Z_FINISH);
  file.resize(stream.total_out);
  deflateEnd(&stream);
  return file;
}

}  // namespace limn::testing
