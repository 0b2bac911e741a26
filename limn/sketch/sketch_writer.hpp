// Sketches to a file or folder one by one, in memory that does not grow with their number. Nothing appears under the
// name before finish(). One thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "limn/core/split.hpp"
#include "limn/sketch/quickdraw.hpp"

namespace limn::sketch {

// Shares of train, valid and test in percent of the whole; they add up to 100.
using SplitShares = std::array<double, 3>;
// "90/5/5". Throws Error for anything else.
[[nodiscard]] SplitShares parse_split_shares(std::string_view text);

struct SketchWriterOptions {
  std::optional<SplitShares> shares =
      {};                  // .npz and .limn only: deals all sketches out anew; none: the splits they have
  std::uint64_t seed = 1;  // of the dealing
  // .ndjson and .bin: kAlways brings all drawings to one size, as those of one file should have.
  QuickDrawScale scale = QuickDrawScale::kIfNeeded;
  std::function<void()> poll = {};  // called once or more for each sketch that finish() writes; may throw
};

class SketchWriter {
 public:
  virtual ~SketchWriter() = default;
  virtual void add(QuickDrawRecord&& record, Split split) = 0;
  // Writes the rest and lets the file or folder appear. No add() may follow.
  virtual void finish() = 0;
  // Sketches in each split, after finish(). All are train where the format keeps no splits.
  [[nodiscard]] virtual std::array<std::int64_t, 3> counts() const = 0;
};

// The endings of the files that make_sketch_writer() knows, without the folders of shards (.limn).
[[nodiscard]] std::vector<std::string_view> sketch_file_endings();

// The writer for `path` by its ending: .ndjson, .bin and .json, which keep the order and no splits, .npz or .limn (a
// folder of shards). Null for any other ending. Replaces a file; throws Error for a .limn that exists, for a folder
// that cannot be written, and for shares where the format keeps no splits.
// Memory: .npz with shares takes 16 bytes for each sketch.
[[nodiscard]] std::unique_ptr<SketchWriter> make_sketch_writer(const std::filesystem::path& path,
                                                               const SketchWriterOptions& options = {});

}  // namespace limn::sketch
