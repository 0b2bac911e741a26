// Sketches from and to files of any format that sketch_format.hpp knows. For reading also a folder NAME.limn of shards
// (sharded_sketches.hpp), a folder of .svg files (one sketch each, in order of their names), or the doodles that
// limn draws itself (doodles.hpp). Formats without splits are all training data. Also how the command line names
// sketches: FILE, FILE#17, FILE:test#17.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/data_reference.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/quickdraw.hpp"

namespace limn::sketch {

struct SketchReadOptions {
  bool only_recognized = false;    // Quick, Draw!: passes over drawings that were not recognized
  double svg_tolerance = 0;        // as SvgReadOptions::tolerance; 0: by the drawing's size
  std::int64_t max_sketches = 0;   // of a reference: the first so many; 0: all
  std::string damaged = "refuse";  // a file of a folder that cannot be read: refuse (an error that names it) or skip
  std::string absolute = "auto";   // of arrays of numbers, as StrokeArrayOptions::absolute
  // What was read otherwise than the file says, or left out: called once for each kind of it in a file or folder, with
  // one line that begins with the file's name. Nothing by default; on the thread that reads.
  std::function<void(const std::string&)> note = {};
};

// Calls `sink` with each sketch of a file, and with what Quick, Draw! keeps beside it where the file has that. Records
// of Quick, Draw! and shards stream: memory does not grow with their number. Throws Error for a file that is not read,
// naming what is.
void read_records(const std::filesystem::path& path, const SketchReadOptions& options, const RecordSink& sink);

[[nodiscard]] SketchSplits read_sketches(const std::filesystem::path& path, const SketchReadOptions& options = {});

// The same as a store: a folder of shards stays on disk, everything else is read.
[[nodiscard]] std::shared_ptr<const SketchStore> open_sketches(const std::filesystem::path& path,
                                                               const SketchReadOptions& options = {});

// .npz and .limn keep the splits; .ndjson, .bin and .json hold train, valid and test one after the other. Replaces
// `path`, all or nothing, but throws Error for a .limn that exists. Throws Error for other endings: pictures, .svg
// among them, are the room render's.
void write_sketches(const std::filesystem::path& path, const SketchSplits& splits);

// A reference to sketches; train where no split is named.
using SketchReference = DataReference;
[[nodiscard]] inline SketchReference parse_sketch_reference(std::string_view text) {
  return parse_data_reference(text);
}

// The sketches that it means. Throws Error that tells how many there are if the index is beyond them, and if
// the split is empty.
[[nodiscard]] std::vector<Sketch> read_sketches(const SketchReference& reference,
                                                const SketchReadOptions& options = {});
// The one sketch that it means: number 0 where no index is given.
[[nodiscard]] Sketch read_sketch(const SketchReference& reference, const SketchReadOptions& options = {});

}  // namespace limn::sketch
