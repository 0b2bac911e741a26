// Which format a path of sketches has: by its name, with .gz before its end left out, and by its first bytes where the
// name says nothing or too little. Every reader of sketches asks here.
#pragma once

#include <filesystem>

namespace limn::sketch {

enum class SketchFormat {
  kBuiltin,  // builtin:doodles and its like
  kShards,   // a folder .limn
  kFolder,   // of .svg
  kArrays,   // of NumPy and Python
  kNdjson,   // a drawing of Quick, Draw! a line
  kBin,
  kJson,  // limn's own, other programs' and drawing programs' files
  kTable,
  kInk,
  kSvg,
};

// Throws Error for a path that is not there, and for a file of no format that is read: the message says what it looks
// like, and what is read.
[[nodiscard]] SketchFormat sketch_format_of(const std::filesystem::path& path);

}  // namespace limn::sketch
