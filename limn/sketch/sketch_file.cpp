#include "limn/sketch/sketch_file.hpp"

#include <algorithm>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/shards.hpp"
#include "limn/sketch/csv.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/sketch/ink.hpp"
#include "limn/sketch/json.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/quickdraw.hpp"
#include "limn/sketch/sharded_sketches.hpp"
#include "limn/sketch/sketch_format.hpp"
#include "limn/sketch/sketch_writer.hpp"
#include "limn/sketch/svg_folder.hpp"
#include "limn/sketch/svg_reader.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;

std::vector<Sketch> read_svg_file(const fs::path& path, const SvgReadOptions& svg, const SketchReadOptions& options) {
  SvgSketches read = read_svg(path, svg);
  if (options.note)
    for (const svg::Note& note : read.notes) options.note(fmt::format("{}: {}", path.string(), note.text()));
  return std::move(read.sketches);
}

DoodleFamily doodles_of(const fs::path& path) {
  const auto doodles = doodles_named(path.native());
  require(doodles.has_value(), "{}: no such sketches are built in; there are {}", path.string(), kDoodleNames);
  return *doodles;
}

// For a few sketches: does not draw all doodles for that.
std::shared_ptr<const SketchStore> open_for_some(const fs::path& path, const SketchReadOptions& options) {
  if (is_builtin(path.native())) return std::make_shared<DrawnDoodles>(doodles_of(path));
  return open_sketches(path, options);
}

std::vector<Sketch> some_of(const SketchStore& store, Split split, std::int64_t first, std::int64_t count) {
  std::vector<Sketch> sketches;
  for (std::int64_t i = first; i < first + count; ++i) sketches.push_back(store.sketch(split, i));
  return sketches;
}

}  // namespace

void read_records(const fs::path& path, const SketchReadOptions& options, const RecordSink& sink) {
  const auto add = [&](Sketch&& sketch, Split split) {
    QuickDrawRecord record;
    record.sketch = std::move(sketch);
    sink(std::move(record), split);
  };
  const auto add_splits = [&](SketchSplits&& splits) {
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      for (Sketch& sketch : splits[split]) add(std::move(sketch), split);
  };
  const SketchFormat format = sketch_format_of(path);
  const SvgReadOptions svg{.tolerance = options.svg_tolerance};
  const QuickDrawOptions quickdraw{.only_recognized = options.only_recognized, .note = options.note};
  const SketchJsonOptions text{.only_recognized = options.only_recognized,
                               .curve_tolerance = options.svg_tolerance,
                               .absolute = options.absolute,
                               .note = options.note};
  const auto keep = [&](QuickDrawRecord&& record) { sink(std::move(record), Split::kTrain); };
  switch (format) {
    case SketchFormat::kBuiltin:
      return add_splits(builtin_doodles(doodles_of(path)));
    case SketchFormat::kShards: {
      const ShardedSketches sharded(path);
      for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
        OrderedSketches in_order(sharded, split);
        for (std::int64_t i = 0; i < sharded.size(split); ++i) add(in_order.sketch(i), split);
      }
      return;
    }
    case SketchFormat::kFolder:
      for (Sketch& sketch :
           read_svg_folder(path, {.svg = svg, .skips_damaged = options.damaged == "skip", .note = options.note}))
        add(std::move(sketch), Split::kTrain);
      return;
    case SketchFormat::kArrays:
      return add_splits(read_sketch_arrays(path, {.absolute = options.absolute, .note = options.note}));
    case SketchFormat::kNdjson:
      return read_ndjson(path, quickdraw, keep);
    case SketchFormat::kBin:
      return read_quickdraw_bin(path, quickdraw, keep);
    case SketchFormat::kJson:
      return read_sketches_json(path, text, sink);
    case SketchFormat::kTable:
      return read_csv(path, text, sink);
    case SketchFormat::kInk:
      return add(read_ink(path, options.note), Split::kTrain);
    case SketchFormat::kSvg:
      for (Sketch& sketch : read_svg_file(path, svg, options)) add(std::move(sketch), Split::kTrain);
      return;
  }
}

SketchSplits read_sketches(const fs::path& path, const SketchReadOptions& options) {
  SketchSplits splits;
  read_records(path, options,
               [&](QuickDrawRecord&& record, Split split) { splits[split].push_back(std::move(record.sketch)); });
  return splits;
}

std::shared_ptr<const SketchStore> open_sketches(const fs::path& path, const SketchReadOptions& options) {
  if (is_sharded(path)) return std::make_shared<ShardedSketches>(path);
  return std::make_shared<HeldSketches>(read_sketches(path, options), path.string());
}

void write_sketches(const fs::path& path, const SketchSplits& splits) {
  if (ending_of(path) == ".npz") return write_npz(path, splits);  // without the writer's detour over the disk
  SketchWriterOptions options;
  for (const auto& sketches : splits.sketches)
    if (!std::ranges::all_of(sketches, fits_quickdraw)) options.scale = QuickDrawScale::kAlways;
  const auto writer = make_sketch_writer(path, options);
  require(writer != nullptr, "{}: sketches are not written to such a name; use .npz, .ndjson, .bin, .json or .limn",
          path.string());
  std::uint64_t number = 0;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    for (const Sketch& sketch : splits[split]) writer->add({.key_id = number++, .sketch = sketch}, split);
  writer->finish();
}

std::vector<Sketch> read_sketches(const SketchReference& reference, const SketchReadOptions& options) {
  const Split split = reference.split.value_or(Split::kTrain);
  const char* name = kSplitNames[static_cast<std::size_t>(split)];
  const auto store = open_for_some(reference.path, options);
  const std::int64_t size = store->size(split);
  if (size == 0) {
    for (const Split other : {Split::kTrain, Split::kValid, Split::kTest})
      require(store->size(other) == 0, "{}: holds no sketches in {}; name another split, as in {}:{}#0", reference.path,
              name, reference.path, kSplitNames[static_cast<std::size_t>(other)]);
    fail("{}: holds no sketches; choose another file", reference.path);
  }
  if (!reference.index)
    return some_of(*store, split, 0, options.max_sketches > 0 ? std::min(options.max_sketches, size) : size);
  require(*reference.index < size, "{}: no sketch #{}: {} holds {}, #0 to #{}", reference.path, *reference.index, name,
          size, size - 1);
  return some_of(*store, split, *reference.index, 1);
}

Sketch read_sketch(const SketchReference& reference, const SketchReadOptions& options) {
  SketchReference one = reference;
  one.index = reference.index.value_or(0);
  return read_sketches(one, options).front();
}

}  // namespace limn::sketch
