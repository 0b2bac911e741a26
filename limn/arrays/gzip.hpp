// Packing with gzip: the same bytes for the same data, without a name or a time.
#pragma once

#include <cstddef>
#include <span>

#include "limn/core/file.hpp"

namespace limn::arrays {

// The data as a gzip file, as small as zlib makes it. Throws Error when memory is short.
[[nodiscard]] Bytes gzipped(std::span<const std::byte> data);

}  // namespace limn::arrays
