// Images in NumPy's .npy and .npz: parse_npy_images(), parse_npz_images().
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "limn/arrays/npy.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/core/error.hpp"
#include "limn/image/flatten.hpp"
#include "limn/image/grey_values.hpp"
#include "limn/image/image_arrays.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

using arrays::NpyHeader;
using arrays::NumericArray;

constexpr std::int64_t kLeastSide = 6;  // strokes have three to five numbers a row

// How the numbers of an array lie: [n, height, width, stored] or [n, stored, height, width].
struct Layout {
  std::int64_t count = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t stored = 1;  // numbers a pixel: 1 grey, 3 RGB, 4 with alpha
  bool is_planar = false;
};

bool is_one_of(std::int64_t value, std::initializer_list<std::int64_t> list) {
  return std::ranges::find(list, value) != list.end();
}

// Rows of flattened squares, as Quick, Draw! and the tables of MNIST have them; of bytes, squares of 8 pixels and more.
// Latent vectors are floats of fewer numbers.
std::optional<Layout> flat_layout(const NpyHeader& header) {
  const std::int64_t count = header.shape[0], numbers = header.shape[1];
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(numbers))));
  const bool is_float = header.format.kind == 'f', is_bytes = header.format.kind == 'u' && header.format.size == 1;
  const bool is_known = is_float ? numbers == 784 : is_one_of(numbers, {784, 1024, 4096}) || (is_bytes && side >= 8);
  if (count == numbers || side * side != numbers || !is_known) return std::nullopt;
  return Layout{.count = count, .height = side, .width = side};
}

// Nothing of an array that is not one of images.
std::optional<Layout> layout_of(const NpyHeader& header) {
  const std::vector<std::int64_t>& shape = header.shape;
  if (header.format.kind == 'O') return std::nullopt;
  const bool is_bytes = header.format.kind == 'u' && header.format.size == 1;
  switch (shape.size()) {
    case 2:
      return flat_layout(header);
    case 3:
      if (shape[1] >= kLeastSide && shape[2] >= kLeastSide)
        return Layout{.count = shape[0], .height = shape[1], .width = shape[2]};
      if (is_bytes && shape[0] >= kLeastSide && shape[1] >= kLeastSide && is_one_of(shape[2], {3, 4}))
        return Layout{.count = 1, .height = shape[0], .width = shape[1], .stored = shape[2]};
      return std::nullopt;
    case 4:
      if (is_one_of(shape[3], {1, 3, 4}))
        return Layout{.count = shape[0], .height = shape[1], .width = shape[2], .stored = shape[3]};
      if (is_one_of(shape[1], {1, 3, 4}))
        return Layout{.count = shape[0], .height = shape[2], .width = shape[3], .stored = shape[1], .is_planar = true};
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// The numbers in row-major order: where they lie so already, none is copied.
class Values {
 public:
  explicit Values(const NumericArray& array) : array_(array) {
    if (array.is_fortran_order) ordered_ = array.values();
  }
  [[nodiscard]] float operator[](std::int64_t i) const {
    return array_.is_fortran_order ? ordered_[static_cast<std::size_t>(i)] : array_.value(i);
  }

 private:
  const NumericArray& array_;
  std::vector<float> ordered_;
};

ValueRange range_of(const NumericArray& array, const Values& values, const std::string& origin) {
  ValueRange range{.least = values[0], .greatest = values[0], .is_truth = array.format.kind == 'b'};
  for (std::int64_t i = 0; i < array.count(); ++i) {
    const float value = values[i];
    require(std::isfinite(value), "{}: number {} is not finite; fix or remove that image", origin, i);
    range.least = std::min<double>(range.least, value);
    range.greatest = std::max<double>(range.greatest, value);
    range.is_whole = range.is_whole && value == std::floor(value);
  }
  return range;
}

// Bytes in the order of the array.
std::vector<std::uint8_t> bytes_of(const NumericArray& array, const std::string& origin,
                                   std::vector<std::string>& notes) {
  const Values values(array);
  GreyScale grey = grey_scale(range_of(array, values, origin), origin);
  if (!grey.note.empty()) notes.push_back(std::move(grey.note));
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(array.count()));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = grey.byte_of(values[static_cast<std::int64_t>(i)]);
  return bytes;
}

// To [n, C, H, W] without alpha.
StoredImages arranged(std::vector<std::uint8_t> bytes, const Layout& layout) {
  const std::int64_t channels = layout.stored == 4 ? 3 : layout.stored;
  StoredImages images{.shape = {channels, layout.height, layout.width}, .pixels = {}};
  if (layout.stored == 1 || (layout.is_planar && layout.stored == channels)) {
    images.pixels = std::move(bytes);
    return images;
  }
  const auto plane = static_cast<std::size_t>(layout.height * layout.width);
  const auto stored = static_cast<std::size_t>(layout.stored);
  const std::size_t next_pixel = layout.is_planar ? 1 : stored, next_channel = layout.is_planar ? plane : 1;
  images.pixels.resize(static_cast<std::size_t>(layout.count * images.shape.size()));
  std::size_t out = 0;
  for (std::size_t image = 0; image < bytes.size(); image += stored * plane)
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c)
      for (std::size_t i = 0; i < plane; ++i) {
        const std::uint8_t* pixel = &bytes[image + i * next_pixel];
        images.pixels[out++] =
            stored == 4 ? over_white(pixel[c * next_channel], pixel[3 * next_channel]) : pixel[c * next_channel];
      }
  return images;
}

StoredImages parse_array(std::span<const std::byte> file, const std::string& origin, std::vector<std::string>& notes) {
  const NpyHeader header = arrays::parse_npy_header(file, origin);
  const std::optional<Layout> layout = layout_of(header);
  require(layout.has_value(),
          "{}: an array of {}, which are not images; save N×H×W of grey, N×H×W×3 of colour, or N×784 numbers", origin,
          fmt::join(header.shape, "×"));
  const NumericArray array = arrays::make_numeric_array(header.format, header.shape, header.is_fortran_order,
                                                        file.subspan(header.size), origin);
  require(array.count() > 0, "{}: the array of {} is empty; use one that holds something", origin,
          fmt::join(header.shape, "×"));
  require(static_cast<std::uint64_t>(layout->height) <= kMaxImagePixels / static_cast<std::uint64_t>(layout->width),
          "{}: images of {}×{} pixels are more than the {} that are read", origin, layout->width, layout->height,
          kMaxImagePixels);
  return arranged(bytes_of(array, origin, notes), *layout);
}

// Whether an entry of an archive is an array of images; nothing if it is of neither images nor strokes, as labels are.
std::optional<bool> is_array_of_images(std::span<const std::byte> entry) {
  try {
    const NpyHeader header = arrays::parse_npy_header(entry, "");
    if (header.format.kind == 'O') return false;
    if (header.shape.size() < 2) return std::nullopt;
    if (layout_of(header)) return true;
    return header.shape.size() == 3 ? std::optional(false) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Test arrays first: they are the smallest.
std::vector<std::string> names_of(const arrays::ZipReader& zip) {
  std::vector<std::string> names = zip.names();
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".npy"); });
  std::ranges::stable_sort(names, {}, [](const std::string& name) {
    const auto found = split_in_name(name);
    return !found ? 3 : 2 - static_cast<int>(found->split);
  });
  return names;
}

}  // namespace

bool begins_as_npy_images(std::span<const std::byte> file) {
  try {
    const NpyHeader header = arrays::parse_npy_header(file, "");
    // Of four dimensions and more no array is one of sketches: reading says what it lacks.
    return layout_of(header) || (header.format.kind != 'O' && header.shape.size() >= 4);
  } catch (const Error&) {
    return false;
  }
}

bool is_npz_of_images(std::span<const std::byte> file) {
  try {
    arrays::ZipReader zip(file, "");
    for (const std::string& name : names_of(zip))
      if (const auto entry = zip.read(name))
        if (const auto is_images = is_array_of_images(*entry)) return *is_images;
  } catch (const Error&) {  // no archive, or a damaged one: whoever reads it says so
  }
  return false;
}

ImageArrays parse_npy_images(std::span<const std::byte> file, const std::string& origin) {
  ImageArrays arrays;
  arrays.parts[0] = parse_array(file, origin, arrays.notes);
  return arrays;
}

ImageArrays parse_npz_images(std::span<const std::byte> file, const std::string& origin) {
  arrays::ZipReader zip(file, origin);
  ImageArrays arrays;
  std::array<std::string, kSplitNames.size()> found;  // name of the array of each split
  for (const std::string& name : names_of(zip)) {
    const auto entry = zip.read(name);
    if (!entry || is_array_of_images(*entry) != true) continue;
    const auto split = split_in_name(name);
    const auto place = static_cast<std::size_t>(split ? split->split : Split::kTrain);
    require(found[place].empty(),
            "{}: holds two arrays of images, {} and {}; save one, or name them x_train and x_test", origin,
            printable(found[place]), printable(name));
    found[place] = name;
    arrays.parts[place] = parse_array(*entry, fmt::format("{} ({})", origin, printable(name)), arrays.notes);
  }
  require(std::ranges::any_of(found, [](const std::string& name) { return !name.empty(); }),
          "{}: holds no array of images; save N×H×W of grey, or N×H×W×3 of colour, as x_train", origin);
  return arrays;
}

}  // namespace limn::image
