#include "limn/sketch/npz.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "limn/arrays/gunzip.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/arrays/pickle.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/core/error.hpp"
#include "limn/sketch/pickle_writer.hpp"
#include "limn/sketch/stroke_values.hpp"

namespace limn::sketch {
namespace {

constexpr std::uint64_t kMaxArrayFile = std::uint64_t{1} << 36;

constexpr std::string_view kNpyMagic = "\x93NUMPY", kZipMagic = "PK\x03\x04", kEnding = ".npy";

void note_left_out(const std::vector<std::string>& names, const std::string& origin,
                   const StrokeArrayOptions& options) {
  if (names.empty() || !options.note) return;
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown;
  for (const std::string& name : std::span(names).first(std::min(kShown, names.size())))
    shown.push_back(printable(name));
  if (names.size() > kShown) shown.emplace_back("…");
  options.note(fmt::format("{}: left out what is not named as a split: {}", origin, fmt::join(shown, ", ")));
}

arrays::PickleTree tree_of(std::span<const std::byte> npy, const arrays::NpyHeader& header, const std::string& origin) {
  arrays::PickleTree tree = arrays::read_pickle(npy.subspan(header.size), origin);
  const arrays::PickleValue root = tree.root();
  require(root.kind == arrays::PickleKind::kArray && tree.array(root).holds_objects(),
          "{}: its pickle does not hold an array of objects; fetch the file again", origin);
  const std::int64_t found = tree.array(root).numbers.count();
  require(arrays::element_count(header.shape, origin) == found,
          "{}: its header announces {} objects, its pickle holds {}; fetch the file again", origin,
          fmt::join(header.shape, " x "), found);
  return tree;
}

std::vector<StrokeRows> rows_of_numbers(std::span<const std::byte> npy, arrays::NpyHeader header,
                                        const std::string& origin) {
  return rows_of_array(arrays::make_numeric_array(header.format, std::move(header.shape), header.is_fortran_order,
                                                  npy.subspan(header.size), origin),
                       origin);
}

// An array of an archive.
std::vector<StrokeRows> rows_of_entry(std::span<const std::byte> npy, const std::string& origin) {
  arrays::NpyHeader header = arrays::parse_npy_header(npy, origin);
  if (header.format.kind != 'O') return rows_of_numbers(npy, std::move(header), origin);
  const arrays::PickleTree tree = tree_of(npy, header, origin);
  return rows_of_value(tree, tree.root(), origin);
}

// The number of "arr_12", as np.savez() names arrays that it gets without a name.
std::optional<std::size_t> unnamed_array(const std::string& name) {
  constexpr std::string_view kPrefix = "arr_";
  std::size_t number = 0;
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

// np.savez(file, *sketches): arrays arr_0, arr_1, … that are one sketch each. Nothing if they are not.
std::optional<std::vector<StrokeRows>> unnamed_sketches(arrays::ZipReader& zip, const std::vector<std::string>& names,
                                                        const std::string& origin) {
  std::map<std::size_t, StrokeRows> sketches;
  for (const std::string& name : names) {
    const auto number = unnamed_array(name);
    if (!number) return std::nullopt;
    const auto npy = zip.read(name + std::string(kEnding));
    const std::string where = fmt::format("{}: {}", origin, name);
    require(npy.has_value(), "{}: cannot be unpacked; fetch the file again", where);
    arrays::NpyHeader header = arrays::parse_npy_header(*npy, where);
    if (header.format.kind == 'O' || header.shape.size() != 2) return std::nullopt;
    auto rows = rows_of_numbers(*npy, std::move(header), where);
    if (rows.size() == 1) sketches[*number] = std::move(rows.front());
  }
  std::vector<StrokeRows> all;
  for (auto& [number, rows] : sketches) all.push_back(std::move(rows));
  return all;
}

}  // namespace

SketchSplits parse_npz(std::span<const std::byte> file, const std::string& origin, const StrokeArrayOptions& options) {
  arrays::ZipReader zip(file, origin);
  std::vector<std::string> names;
  const std::vector<std::string> entries = zip.all_names();
  for (const std::string& name : entries)
    if (name.ends_with(kEnding)) names.push_back(name.substr(0, name.size() - kEnding.size()));
  if (names.empty() && !entries.empty())
    fail("{}: a zip archive of {}{}, and of no arrays; unpack it", origin, printable(entries.front()),
         entries.size() > 1 ? fmt::format(" and {} more", entries.size() - 1) : "");
  SplitRows rows;
  rows.origins.fill(origin);
  if (names.size() > 1) {
    if (auto sketches = unnamed_sketches(zip, names, origin)) {
      rows.sketches[0] = std::move(*sketches);
      return sketches_of(std::move(rows), origin, options);
    }
  }
  const NamedSplits named = splits_named(names, origin);
  for (std::size_t s = 0; s < rows.sketches.size(); ++s) {
    if (!named.places[s]) continue;
    const std::string& name = names[*named.places[s]];
    rows.origins[s] = fmt::format("{}: {}", origin, printable(name));
    const auto npy = zip.read(name + std::string(kEnding));
    require(npy.has_value(), "{}: cannot be unpacked; fetch the file again", rows.origins[s]);
    rows.sketches[s] = rows_of_entry(*npy, rows.origins[s]);
  }
  note_left_out(named.left_out, origin, options);
  return sketches_of(std::move(rows), origin, options);
}

SketchSplits parse_npy_sketches(std::span<const std::byte> file, const std::string& origin,
                                const StrokeArrayOptions& options) {
  arrays::NpyHeader header = arrays::parse_npy_header(file, origin);
  SplitRows rows;
  rows.origins.fill(origin);
  std::vector<std::string> left_out;
  if (header.format.kind != 'O') {
    rows.sketches[0] = rows_of_numbers(file, std::move(header), origin);
  } else {
    const arrays::PickleTree tree = tree_of(file, header, origin);
    rows = rows_of_pickle(tree, origin, left_out);
  }
  note_left_out(left_out, origin, options);
  return sketches_of(std::move(rows), origin, options);
}

SketchSplits parse_pickled_sketches(std::span<const std::byte> file, const std::string& origin,
                                    const StrokeArrayOptions& options) {
  std::vector<std::string> left_out;
  SplitRows rows;
  {
    const arrays::PickleTree tree = arrays::read_pickle(file, origin);
    rows = rows_of_pickle(tree, origin, left_out);
  }
  note_left_out(left_out, origin, options);
  return sketches_of(std::move(rows), origin, options);
}

SketchSplits parse_sketch_arrays(std::span<const std::byte> file, const std::string& origin, std::string_view ending,
                                 const StrokeArrayOptions& options) {
  const std::string_view beginning{reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 8)};
  if (beginning.starts_with(kNpyMagic)) return parse_npy_sketches(file, origin, options);
  if (ending == ".npz" || beginning.starts_with(kZipMagic)) return parse_npz(file, origin, options);
  require(ending != ".npy", "{}: not a .npy array: it does not begin with \\x93NUMPY", origin);
  return parse_pickled_sketches(file, origin, options);
}

SketchSplits read_sketch_arrays(const std::filesystem::path& path, const StrokeArrayOptions& options) {
  return parse_sketch_arrays(arrays::read_unpacked(path, kMaxArrayFile), path.string(), ending_of(path), options);
}

namespace {

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

std::string npy_name(Split split) { return std::string(kSplitNames[static_cast<std::size_t>(split)]) + ".npy"; }

// One split as a .npy file in pieces. An archive says the size of an entry before its content.
arrays::ZipEntry npy_entry(const SketchSource& source, Split split) {
  const std::int64_t count = source.counts[static_cast<std::size_t>(split)];
  auto pickler =
      std::make_shared<SketchPickler>(count, [&source, split](std::int64_t i) { return source.sketch(split, i); });
  std::string header = arrays::npy_header("|O", {&count, 1});
  const std::uint64_t size = header.size() + pickler->size();
  return {.name = npy_name(split), .size = size, .next = [header = std::move(header), pickler]() mutable {
            return header.empty() ? pickler->next() : std::exchange(header, {});
          }};
}

}  // namespace

Bytes serialize_npz(const SketchSplits& splits) {
  const SketchSource source{
      .counts = {std::ssize(splits.sketches[0]), std::ssize(splits.sketches[1]), std::ssize(splits.sketches[2])},
      .sketch = [&](Split split, std::int64_t i) { return splits[split][static_cast<std::size_t>(i)]; }};
  std::vector<std::pair<std::string, Bytes>> entries;
  for (const Split split : kSplits) {
    Bytes content;
    arrays::ZipEntry entry = npy_entry(source, split);
    content.reserve(entry.size);
    for (std::string piece = entry.next(); !piece.empty(); piece = entry.next()) {
      const auto bytes = as_bytes(piece);
      content.insert(content.end(), bytes.begin(), bytes.end());
    }
    entries.emplace_back(std::move(entry.name), std::move(content));
  }
  return arrays::make_zip(entries);
}

void write_npz(const std::filesystem::path& path, const SketchSplits& splits) {
  write_file(path, naming(path.string(), [&] { return serialize_npz(splits); }));
}

void stream_npz(const std::filesystem::path& path, const SketchSource& source) {
  std::vector<arrays::ZipEntry> entries;
  for (const Split split : kSplits) entries.push_back(npy_entry(source, split));
  arrays::write_zip(path, entries);
}

}  // namespace limn::sketch
