// Sketch data sets in NumPy's .npz, as Magenta keeps them: train, valid and test, each an object array of n x
// 3 offsets (pickled), or one N x L x 3 array of numbers when all sketches are equally long. Files may be
// hostile: unpacking, the pickle and every shape are bounded by the file's size, and nothing in them is
// executed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "limn/core/file.hpp"
#include "limn/sketch/dataset.hpp"

namespace limn::sketch {

// Every dtype, byte order and memory order that NumPy writes. `train` must be there, `valid` and `test` may
// be absent and are then empty. The third column must be 0 or 1; an offset that is not finite is an Error
// naming split and sketch.
[[nodiscard]] SketchSplits read_npz(const std::filesystem::path& path);
[[nodiscard]] SketchSplits parse_npz(std::span<const std::byte> file, const std::string& origin);

// Writes the three splits as object arrays of int16 rows where all offsets are integers of that range, else
// of float32, pickled so that NumPy reads them under Python 2 and 3 with any `encoding`. The same sketches
// give the same bytes.
void write_npz(const std::filesystem::path& path, const SketchSplits& splits);
[[nodiscard]] Bytes serialize_npz(const SketchSplits& splits);
// Sketches that are not in memory, for what goes through them several times.
struct SketchSource {
  std::array<std::int64_t, 3> counts{};               // of each split
  std::function<Sketch(Split, std::int64_t)> sketch;  // the same every time it is asked; may throw
};
// The same file, holding a thousand sketches at a time.
void stream_npz(const std::filesystem::path& path, const SketchSource& source);

}  // namespace limn::sketch
