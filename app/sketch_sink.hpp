// Where `limn data convert` puts sketches one by one: a file of Quick, Draw! records, a folder of shards or an .npz
// (bounded memory), a .json, which is held until it is whole, or SVG drawings. One thread; nothing appears under its
// name before finish(), but for a folder of SVGs, whose drawings appear one by one.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "limn/sketch/dataset.hpp"
#include "limn/sketch/quickdraw.hpp"

namespace limn::app {

// Shares of train, valid and test in hundredths of the whole; they add up to 100.
using SplitShares = std::array<double, 3>;
// "90/5/5". Throws Error for anything else.
[[nodiscard]] SplitShares parse_split_shares(std::string_view text);

struct SinkOptions {
  std::optional<SplitShares> shares =
      {};                  // .npz and .limn only: deals the sketches out anew; nothing: keeps the splits they had
  std::uint64_t seed = 1;  // of the dealing
};

class SketchSink {
 public:
  virtual ~SketchSink() = default;
  virtual void add(QuickDrawRecord&& record, Split split) = 0;
  // Writes what is not written yet.
  virtual void finish() = 0;
  // Sketches in each split, after finish().
  [[nodiscard]] virtual std::array<std::int64_t, 3> counts() const = 0;
};

// The sink for `out` by its ending: .ndjson, .bin, .npz, .json, .svg (one sketch), .limn (a folder of shards)
// or a folder (a name that ends in '/' or exists as one), which gets a 000000.svg and so on. Throws Error for other endings, for a
// folder that holds .svg files already, for a .limn that exists, and for shares where the format keeps no splits.
[[nodiscard]] std::unique_ptr<SketchSink> make_sink(const std::filesystem::path& out,
                                                    const SinkOptions& options);

}  // namespace limn::app
