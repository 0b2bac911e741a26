// Sketch data sets in NumPy's and Python's files. An .npz holds train, valid and test, as Magenta keeps them: each an
// object array of n x 3 offsets (pickled), or one N x L x 3 array of numbers when all sketches are equally long. An
// .npy or a pickle (.pkl, .pickle, .cpkl) holds one such array, a list of arrays, or a dict of splits.
// stroke_arrays.hpp says which other rows are read. Files may be hostile: unpacking, the pickle and every shape are
// bounded by the file's size, and nothing in them is executed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "limn/core/file.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/stroke_arrays.hpp"

namespace limn::sketch {

// Every dtype, byte order and memory order that NumPy writes. `train` must be there, in one of the spellings that
// splits_named() knows, or a single array; `valid` and `test` may be absent and are then empty. What cannot be told to
// be sketches is an Error naming split and sketch.
[[nodiscard]] SketchSplits parse_npz(std::span<const std::byte> file, const std::string& origin,
                                     const StrokeArrayOptions& options = {});
[[nodiscard]] SketchSplits parse_npy_sketches(std::span<const std::byte> file, const std::string& origin,
                                              const StrokeArrayOptions& options = {});
// Protocols 0 to 5.
[[nodiscard]] SketchSplits parse_pickled_sketches(std::span<const std::byte> file, const std::string& origin,
                                                  const StrokeArrayOptions& options = {});

// Any of these three by how the file begins, then by its ending: .npz, .npy, .pkl, .pickle, .cpkl. A packed file (gzip)
// is unpacked.
[[nodiscard]] SketchSplits parse_sketch_arrays(std::span<const std::byte> file, const std::string& origin,
                                               std::string_view ending, const StrokeArrayOptions& options = {});
[[nodiscard]] SketchSplits read_sketch_arrays(const std::filesystem::path& path,
                                              const StrokeArrayOptions& options = {});

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
