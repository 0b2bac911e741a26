// Packing with gzip: the same bytes for the same data, without a name or a time.
#pragma once

#include <cstddef>
#include <span>

#include "limn/core/file.hpp"

namespace limn::arrays {

// The data as a gzip file, packed as small as zlib can. Throws Error where there is no memory.
[[nodiscard]] Bytes gzipped(std::span<const std::byte> data);

}  // namespace limn::arrays
