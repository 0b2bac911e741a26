#include "limn/sketch/sketch_file.hpp"

#include <algorithm>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/shards.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/sketch/json.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/quickdraw.hpp"
#include "limn/sketch/sharded_sketches.hpp"
#include "limn/sketch/sketch_writer.hpp"
#include "limn/sketch/svg_folder.hpp"
#include "limn/sketch/svg_reader.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBuiltinDoodles = "builtin:doodles";

std::vector<Sketch> read_svg_file(const fs::path& path, const SvgReadOptions& svg, const SketchReadOptions& options) {
  SvgSketches read = read_svg(path, svg);
  if (options.note)
    for (const svg::Note& note : read.notes) options.note(fmt::format("{}: {}", path.string(), note.text()));
  return std::move(read.sketches);
}

std::vector<Sketch> some_of(const SketchStore& store, Split split, std::int64_t first, std::int64_t count) {
  std::vector<Sketch> sketches;
  for (std::int64_t i = first; i < first + count; ++i) sketches.push_back(store.sketch(split, i));
  return sketches;
}

}  // namespace

SketchSplits read_sketches(const fs::path& path, const SketchReadOptions& options) {
  if (path == kBuiltinDoodles) return builtin_doodles();
  require(!path.native().starts_with("builtin:"), "{}: no such sketches are built in; there is {}", path.string(),
          kBuiltinDoodles);
  const std::string ending = ending_of(path);
  if (ending == ".npz") return read_npz(path);
  SketchSplits splits;
  if (is_sharded(path)) {
    const ShardedSketches sharded(path);
    for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
      splits[split] = some_of(sharded, split, 0, sharded.size(split));
    return splits;
  }
  std::vector<Sketch>& train = splits[Split::kTrain];
  const SvgReadOptions svg_options{.tolerance = options.svg_tolerance};
  const QuickDrawOptions quickdraw_options{.only_recognized = options.only_recognized};
  const auto keep = [&](QuickDrawRecord&& record) { train.push_back(std::move(record.sketch)); };
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    train =
        read_svg_folder(path, {.svg = svg_options, .skips_damaged = options.damaged == "skip", .note = options.note});
  else if (ending == ".ndjson")
    read_ndjson(path, quickdraw_options, keep);
  else if (ending == ".bin")
    read_quickdraw_bin(path, quickdraw_options, keep);
  else if (ending == ".json")
    train = read_sketches_json(path);
  else if (is_svg_name(path))
    train = read_svg_file(path, svg_options, options);
  else {
    require(fs::exists(path, ignored), "{}: no such file; {}", path.string(), advice_on_missing(path.string()));
    fail(
        "{}: not a file of sketches by its name; .npz, .ndjson, .bin, .json, .svg, folders of .svg and folders "
        "named .limn are read",
        path.string());
  }
  return splits;
}

std::shared_ptr<const SketchStore> open_sketches(const fs::path& path, const SketchReadOptions& options) {
  if (is_sharded(path)) return std::make_shared<ShardedSketches>(path);
  return std::make_shared<HeldSketches>(read_sketches(path, options), path.string());
}

void write_sketches(const fs::path& path, const SketchSplits& splits) {
  if (ending_of(path) == ".npz") return write_npz(path, splits);  // without the writer's detour over the disk
  const auto writer = make_sketch_writer(path);
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
  const auto store = open_sketches(reference.path, options);
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
