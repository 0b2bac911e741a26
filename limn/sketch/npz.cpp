#include "limn/sketch/npz.hpp"

#include <fmt/ranges.h>

#include <cmath>
#include <deque>
#include <memory>
#include <utility>

#include "limn/arrays/npy.hpp"
#include "limn/arrays/pickle.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/core/error.hpp"
#include "limn/sketch/pickle_writer.hpp"

namespace limn::sketch {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 36;

// `length` rows of three numbers; `place(row, column)` is where in the array's memory a number lies.
template <class Place>
Sketch sketch_of(const arrays::NumericArray& array, std::int64_t length, const Place& place, std::string_view origin,
                 std::int64_t index) {
  Sketch sketch;
  sketch.points.reserve(static_cast<std::size_t>(length));
  for (std::int64_t row = 0; row < length; ++row) {
    const float dx = array.value(place(row, 0));
    const float dy = array.value(place(row, 1));
    const float pen = array.value(place(row, 2));
    require(std::isfinite(dx) && std::isfinite(dy),
            "{}: sketch {}: the offset of row {} is not finite; fix or remove that sketch", origin, index, row);
    require(pen == 0 || pen == 1,
            "{}: sketch {}: row {} has {} in its third column; it must be 1 where the pen lifts and 0 elsewhere",
            origin, index, row, pen);
    sketch.points.push_back({.dx = dx, .dy = dy, .is_pen_lifted = pen == 1});
  }
  return sketch;
}

Sketch sketch_of_rows(const arrays::NumericArray& array, std::string_view origin, std::int64_t index) {
  if (array.count() == 0) return {};
  require(array.shape.size() == 2 && array.shape[1] == 3,
          "{}: sketch {} has shape {}; expected n x 3: dx, dy and whether the pen lifts", origin, index,
          fmt::join(array.shape, " x "));
  const std::int64_t length = array.shape[0];
  const bool by_columns = array.is_fortran_order;
  const auto place = [=](std::int64_t row, std::int64_t column) {
    return by_columns ? column * length + row : row * 3 + column;
  };
  return sketch_of(array, length, place, origin, index);
}

// An N x L x 3 array: N sketches of L points.
std::vector<Sketch> sketches_of_block(const arrays::NumericArray& array, std::string_view origin) {
  std::vector<Sketch> sketches;
  if (!array.shape.empty() && array.shape[0] == 0) return sketches;
  require(array.shape.size() == 3 && array.shape[2] == 3 && array.shape[1] > 0,
          "{}: the array has shape {}; expected N x L x 3 numbers or an object array of n x 3 arrays", origin,
          fmt::join(array.shape, " x "));
  const std::int64_t count = array.shape[0];
  const std::int64_t length = array.shape[1];
  const bool is_fortran_order = array.is_fortran_order;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto place = [=](std::int64_t row, std::int64_t column) {
      return is_fortran_order ? (column * length + row) * count + i : (i * length + row) * 3 + column;
    };
    sketches.push_back(sketch_of(array, length, place, origin, i));
  }
  return sketches;
}

// The arrays in a pickled object array, in order.
struct PickledArrays {
  std::int64_t outer_count = 0;  // elements of the outermost array, which the .npy header announces, too
  std::vector<arrays::NumericArray> arrays;
  std::deque<Bytes> owned;
};

constexpr int kMaxUnwrapping = 4;

// An object array of N x L x 3 plain numbers becomes N arrays of doubles.
void collect_numbers(const arrays::PickleTree& tree, arrays::PickleValue outer, PickledArrays& result,
                     std::string_view origin) {
  const auto& shape = tree.array(outer).numbers.shape;
  const auto per_array = static_cast<std::size_t>(shape[1] * shape[2]);
  const auto elements = tree.items(outer);
  require(per_array > 0, "{}: an array without elements", origin);
  for (std::size_t begin = 0; begin < elements.size(); begin += per_array) {
    std::vector<double> numbers;
    for (const arrays::PickleValue& value : elements.subspan(begin, per_array)) {
      require(arrays::is_number(value), "{}: {} where a number was expected", origin, arrays::name_of(value.kind));
      numbers.push_back(tree.number(value));
    }
    const auto bytes = std::as_bytes(std::span(numbers));
    result.owned.emplace_back(bytes.begin(), bytes.end());
    result.arrays.push_back(
        {.format = {.kind = 'f', .size = 8}, .shape = {shape[1], shape[2]}, .bytes = result.owned.back()});
  }
}

PickledArrays pickled_arrays(const arrays::PickleTree& tree, std::uint64_t bytes_left, std::string_view origin) {
  const auto holds_objects = [&](arrays::PickleValue value) {
    return value.kind == arrays::PickleKind::kArray && tree.array(value).holds_objects();
  };
  arrays::PickleValue outer = tree.root();
  require(holds_objects(outer), "{}: the pickle does not hold an array of objects", origin);
  PickledArrays result;
  result.outer_count = tree.array(outer).numbers.count();
  for (int depth = 0; tree.items(outer).size() == 1 && holds_objects(tree.items(outer)[0]); ++depth) {
    require(depth < kMaxUnwrapping, "{}: arrays are nested in arrays without end", origin);
    outer = tree.items(outer)[0];
  }
  const auto elements = tree.items(outer);
  if (tree.array(outer).numbers.shape.size() == 3 && !elements.empty()) {
    collect_numbers(tree, outer, result, origin);
    return result;
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    require(elements[i].kind == arrays::PickleKind::kArray,
            "{}: sketch {} is {}; make each sketch an n x 3 array of numbers", origin, i,
            arrays::name_of(elements[i].kind));
    require(!holds_objects(elements[i]), "{}: sketch {} is an array of objects; make each sketch an n x 3 array",
            origin, i);
    const arrays::NumericArray& array = tree.array(elements[i]).numbers;
    require(array.bytes.size() <= bytes_left, "{}: the pickle's arrays have more than {} times its size; it is refused",
            origin, arrays::kPickleArrayFactor);
    bytes_left -= array.bytes.size();
    result.arrays.push_back(array);
  }
  return result;
}

std::vector<Sketch> parse_split(std::span<const std::byte> npy, const std::string& origin) {
  arrays::NpyHeader header = arrays::parse_npy_header(npy, origin);
  const auto data = npy.subspan(header.size);
  if (header.format.kind != 'O')
    return sketches_of_block(
        arrays::make_numeric_array(header.format, std::move(header.shape), header.is_fortran_order, data, origin),
        origin);

  const arrays::PickleTree tree = arrays::read_pickle(data, origin);
  const PickledArrays pickled =
      pickled_arrays(tree, arrays::kPickleArrayFactor * data.size() + arrays::kPickleMemoryFloor, origin);
  require(arrays::element_count(header.shape, origin) == pickled.outer_count,
          "{}: its header announces {} objects, its pickle holds {}; fetch the file again", origin,
          fmt::join(header.shape, " x "), pickled.outer_count);
  if (pickled.arrays.size() == 1 && pickled.arrays[0].shape.size() == 3)
    return sketches_of_block(pickled.arrays[0], origin);
  std::vector<Sketch> sketches;
  sketches.reserve(pickled.arrays.size());
  for (const arrays::NumericArray& array : pickled.arrays)
    sketches.push_back(sketch_of_rows(array, origin, static_cast<std::int64_t>(sketches.size())));
  return sketches;
}

}  // namespace

SketchSplits parse_npz(std::span<const std::byte> file, const std::string& origin) {
  arrays::ZipReader zip(file, origin);
  SketchSplits splits;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    const std::string name = kSplitNames[static_cast<std::size_t>(split)];
    const auto npy = zip.read(name + ".npy");
    require(npy.has_value() || split != Split::kTrain, "{}: has no array named train; it holds {}", origin,
            zip.names().empty() ? "nothing" : fmt::format("{}", fmt::join(zip.names(), ", ")));
    if (npy) splits[split] = parse_split(*npy, fmt::format("{}: {}", origin, name));
  }
  return splits;
}

SketchSplits read_npz(const std::filesystem::path& path) { return parse_npz(read_file(path, kMaxFile), path.string()); }

namespace {

constexpr std::array kSplits{Split::kTrain, Split::kValid, Split::kTest};

// One split as the pieces of a .npy file.
std::function<std::string()> npy_pieces(const SketchSource& source, Split split) {
  const std::int64_t count = source.counts[static_cast<std::size_t>(split)];
  auto pickler =
      std::make_shared<SketchPickler>(count, [&source, split](std::int64_t i) { return source.sketch(split, i); });
  return [header = arrays::npy_header("|O", {&count, 1}), pickler]() mutable {
    return header.empty() ? pickler->next() : std::exchange(header, {});
  };
}

std::string npy_name(Split split) { return std::string(kSplitNames[static_cast<std::size_t>(split)]) + ".npy"; }

}  // namespace

Bytes serialize_npz(const SketchSplits& splits) {
  const SketchSource source{
      .counts = {std::ssize(splits.sketches[0]), std::ssize(splits.sketches[1]), std::ssize(splits.sketches[2])},
      .sketch = [&](Split split, std::int64_t i) { return splits[split][static_cast<std::size_t>(i)]; }};
  std::vector<std::pair<std::string, Bytes>> entries;
  for (const Split split : kSplits) {
    Bytes content;
    const auto next = npy_pieces(source, split);
    for (std::string piece = next(); !piece.empty(); piece = next()) {
      const auto bytes = as_bytes(piece);
      content.insert(content.end(), bytes.begin(), bytes.end());
    }
    entries.emplace_back(npy_name(split), std::move(content));
  }
  return arrays::make_zip(entries);
}

void write_npz(const std::filesystem::path& path, const SketchSplits& splits) {
  write_file(path, naming(path.string(), [&] { return serialize_npz(splits); }));
}

void stream_npz(const std::filesystem::path& path, const SketchSource& source) {
  std::vector<arrays::ZipEntry> entries;
  for (const Split split : kSplits) {
    // An archive says the size of an entry before its content.
    std::uint64_t size = 0;
    const auto count = npy_pieces(source, split);
    for (std::string piece = count(); !piece.empty(); piece = count()) size += piece.size();
    entries.push_back({npy_name(split), size, npy_pieces(source, split)});
  }
  arrays::write_zip(path, entries);
}

}  // namespace limn::sketch
