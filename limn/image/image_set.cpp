#include "limn/image/image_set.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "limn/core/shards.hpp"
#include "limn/image/idx.hpp"
#include "limn/image/image_file.hpp"
#include "limn/image/resize.hpp"
#include "limn/image/shapes.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;

constexpr double kValidShareWithTest = 1.0 / 6;  // MNIST's 60,000 to 50,000 and 10,000
constexpr double kValidShareWithoutTest = 0.2;

ImagePart& part(ImageSet& set, Split split) { return set.parts[static_cast<std::size_t>(split)]; }

ImageShape shape_of(const Raster& image) { return {image.channels, image.height, image.width}; }

// Cut, scaled and recoloured as the options say. A picture that is to become square without being one loses
// the ends of its longer side.
Raster prepared(Raster image, const ImageDataOptions& options, std::string_view origin) {
  if (options.color != "auto") image = in_channels(image, options.color == "rgb" ? 3 : 1);
  const auto crop = static_cast<int>(options.center_crop), side = static_cast<int>(options.image_size);
  if (crop > 0) {
    require(crop <= image.width && crop <= image.height,
            "{}: {}×{} pixels are too few to cut {}×{} out of them; use a smaller center_crop, or image_size", origin,
            image.width, image.height, crop, crop);
    image = center_cropped(image, crop, crop);
  }
  if (side == 0) return image;
  const int shorter = std::min(image.width, image.height);
  if (image.width != image.height) image = center_cropped(image, shorter, shorter);
  return resized(image, side, side);
}

void widen_to_rgb(ImagePart& images, std::int64_t plane_size) {
  const auto plane = static_cast<std::size_t>(plane_size);
  std::vector<std::uint8_t> pixels(3 * images.pixels.size());
  for (std::size_t i = 0; i < images.pixels.size(); i += plane)
    for (std::size_t c = 0; c < 3; ++c) std::memcpy(&pixels[3 * i + c * plane], &images.pixels[i], plane);
  images.pixels = std::move(pixels);
}

// Pixel after pixel to plane after plane.
void append_planes(const Raster& image, std::vector<std::uint8_t>& pixels) {
  pixels.resize(pixels.size() + image.pixels.size());
  auto out = pixels.end() - std::ssize(image.pixels);
  const auto step = static_cast<std::size_t>(image.channels);
  for (std::size_t c = 0; c < step; ++c)
    for (std::size_t i = c; i < image.pixels.size(); i += step) *out++ = image.pixels[i];
}

void check_size(const Raster& image, const ImageShape& shape, std::string_view origin) {
  require(shape.height == image.height && shape.width == image.width,
          "{}: {}×{} pixels where the images before it have {}×{}; use image_size={} to scale all to one "
          "size, or center_crop to cut the middle out",
          origin, image.width, image.height, shape.width, shape.height, std::min(image.width, image.height));
}

// Adds an image to the training part. The first decides the size, and the first in colour makes all RGB.
void append(ImageSet& set, Raster image, std::string_view origin) {
  if (set.shape.size() == 0) set.shape = shape_of(image);
  check_size(image, set.shape, origin);
  if (image.channels > set.shape.channels) widen_to_rgb(set);
  append_planes(in_channels(image, static_cast<int>(set.shape.channels)), part(set, Split::kTrain).pixels);
}

// Moves the images at `places` (ascending) from the training part to the validation part.
void move_to_valid(ImageSet& set, std::span<const std::int64_t> places) {
  ImagePart& train = part(set, Split::kTrain);
  ImagePart& valid = part(set, Split::kValid);
  const auto size = static_cast<std::size_t>(set.shape.size());
  const std::size_t count = train.pixels.size() / size;
  valid.pixels.reserve(places.size() * size);
  std::size_t kept = 0;
  auto next = places.begin();
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_moved = next != places.end() && *next == static_cast<std::int64_t>(i);
    const auto image = std::span(train.pixels).subspan(i * size, size);
    if (is_moved) {
      ++next;
      valid.pixels.insert(valid.pixels.end(), image.begin(), image.end());
      if (!train.labels.empty()) valid.labels.push_back(std::move(train.labels[i]));
      continue;
    }
    if (kept != i) {
      std::ranges::copy(image, train.pixels.begin() + static_cast<std::ptrdiff_t>(kept * size));
      if (!train.labels.empty()) train.labels[kept] = std::move(train.labels[i]);
    }
    ++kept;
  }
  train.pixels.resize(kept * size);
  if (!train.labels.empty()) train.labels.resize(kept);
}

// Which of `count` training images are kept for validation, ascending: the last ones of a set that has a test split,
// as is usual for MNIST, and of another those that split_seed draws. One is left to train on.
std::vector<std::int64_t> places_for_valid(std::int64_t count, bool has_test, const ImageDataOptions& options) {
  const double usual = has_test ? kValidShareWithTest : kValidShareWithoutTest;
  const double share = options.valid_share < 0 ? usual : options.valid_share;
  const std::int64_t kept = std::clamp<std::int64_t>(std::llround(share * static_cast<double>(count)), 0, count - 1);
  std::vector<std::int64_t> places(static_cast<std::size_t>(count));
  std::iota(places.begin(), places.end(), std::int64_t{0});
  if (!has_test) {
    RandomStream random(static_cast<std::uint64_t>(options.split_seed), Purpose::kSplit);
    shuffle(std::span(places), random);
  }
  places.erase(places.begin(), places.end() - kept);
  std::ranges::sort(places);
  return places;
}

void divide(ImageSet& set, bool has_test, const ImageDataOptions& options) {
  move_to_valid(set, places_for_valid(set.count(Split::kTrain), has_test, options));
}

// The images of an IDX file as training images.
ImageSet read_idx_images(const fs::path& path, const ImageDataOptions& options) {
  IdxArray array = read_idx(path);
  require(array.sizes.size() == 3,
          "{}: an IDX file of {} dimensions, which are not images; name the file of images or its folder",
          path.string(), array.sizes.size());
  const ImageShape stored{1, array.sizes[1], array.sizes[2]};
  require(static_cast<std::uint64_t>(stored.height) <= kMaxImagePixels / static_cast<std::uint64_t>(stored.width),
          "{}: images of {} pixels are more than the {} that are read", path.string(), text(stored), kMaxImagePixels);
  ImageSet set;
  if (options.color != "rgb" && options.center_crop == 0 && options.image_size == 0) {
    set.shape = stored;
    part(set, Split::kTrain).pixels = std::move(array.values);
    return set;
  }
  Raster image = make_raster(static_cast<int>(stored.width), static_cast<int>(stored.height), 1);
  for (auto values = array.values.begin(); values != array.values.end(); values += stored.size()) {
    std::copy_n(values, stored.size(), image.pixels.begin());
    append(set, prepared(image, options, path.string()), path.string());
  }
  return set;
}

// train-images-idx3-ubyte, train-images.idx3-ubyte, either with .gz, whichever is in the folder.
std::optional<fs::path> find_idx(const fs::path& folder, const std::string& stem) {
  for (const char* ending : {"-idx3-ubyte", ".idx3-ubyte", "-idx3-ubyte.gz", ".idx3-ubyte.gz"})
    if (const fs::path path = folder / (stem + ending); may_be_file(path)) return path;
  return std::nullopt;
}

ImageSet read_mnist_folder(const fs::path& folder, const ImageDataOptions& options) {
  const auto train = find_idx(folder, "train-images"), test = find_idx(folder, "t10k-images");
  require(train.has_value(), "{}: holds {} but no train-images-idx3-ubyte; fetch that too, or name the one file",
          folder.string(), test ? test->filename().string() : "");
  ImageSet set = read_idx_images(*train, options);
  if (test) {
    ImageSet other = read_idx_images(*test, options);
    require(other.shape == set.shape, "{}: images of {}, but {} has {}; fetch both again", test->string(),
            text(other.shape), train->filename().string(), text(set.shape));
    part(set, Split::kTest) = std::move(part(other, Split::kTrain));
  }
  divide(set, test.has_value(), options);
  return set;
}

// PNG and JPEG files directly in the folder, hidden ones left out, in order of their names.
std::vector<fs::path> image_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (!has_image_ending(path) || path.filename().native().starts_with('.')) continue;
    if (entry->is_regular_file(ignored) || may_be_file(path)) files.push_back(path);
  }
  require(!error, "{}: cannot read the folder: {}", folder.string(), error.message());
  std::ranges::sort(files);
  return files;
}

// Calls `visit` with each picture, prepared, and its file. The reasons why files are left out go to `skipped`.
template <class Visit>
void each_picture(const std::vector<fs::path>& files, const ImageDataOptions& options,
                  std::vector<std::string>& skipped, const Visit& visit) {
  for (const fs::path& path : files) {
    const Bytes file = read_file(path);
    Raster image;
    try {
      image = decode_image(file, path.string());
    } catch (const Error& error) {
      if (files.size() == 1) throw;
      if (options.damaged != "skip") fail("{}, or leave it out with damaged=skip", error.what());
      skipped.emplace_back(error.what());
      continue;
    }
    visit(prepared(std::move(image), options, path.string()), path);
  }
  require(skipped.size() < files.size(), "{}: none of the {} pictures can be read; the first: {}",
          files.front().parent_path().string(), files.size(), skipped.empty() ? "" : skipped.front());
}

ImageSet read_picture_files(const std::vector<fs::path>& files, const ImageDataOptions& options) {
  ImageSet set;
  each_picture(files, options, set.skipped, [&](Raster image, const fs::path& path) {
    append(set, std::move(image), path.string());
    part(set, Split::kTrain).labels.push_back(path.filename().string());
  });
  divide(set, false, options);
  return set;
}

ImageSet read_shapes(const ImageDataOptions& options) {
  ImageSet set;
  Raster image = make_raster(kShapeSide, kShapeSide, 1);
  // The last split first, as append() adds to the training part.
  for (const Split split : {Split::kTest, Split::kValid, Split::kTrain}) {
    ImagePart& train = part(set, Split::kTrain);
    for (std::int64_t i = 0; i < kShapeCounts[static_cast<std::size_t>(split)]; ++i) {
      draw_shape(split, i, image.pixels);
      append(set, prepared(image, options, kBuiltinShapes), kBuiltinShapes);
    }
    if (split != Split::kTrain) part(set, split) = std::exchange(train, {});
  }
  return set;
}

}  // namespace

void widen_to_rgb(ImageSet& set) {
  if (set.shape.channels == 3) return;
  for (ImagePart& images : set.parts) widen_to_rgb(images, set.shape.size());
  set.shape.channels = 3;
}

bool is_picture_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) && !is_sharded(path) && !find_idx(path, "train-images") &&
         !find_idx(path, "t10k-images") && !image_files(path).empty();
}

PictureFolder survey_pictures(const std::string& folder, const ImageDataOptions& options) {
  PictureFolder pictures;
  each_picture(image_files(folder), options, pictures.skipped, [&](const Raster& image, const fs::path& path) {
    if (pictures.files.empty()) pictures.shape = shape_of(image);
    check_size(image, pictures.shape, path.string());
    pictures.shape.channels = std::max<std::int64_t>(pictures.shape.channels, image.channels);
    pictures.files.push_back(path);
  });
  return pictures;
}

void read_pictures(const PictureFolder& pictures, const ImageDataOptions& options,
                   const std::function<void(Split, std::span<const std::uint8_t>)>& visit) {
  const auto for_valid = places_for_valid(std::ssize(pictures.files), false, options);
  auto next_for_valid = for_valid.begin();
  std::int64_t place = 0;
  std::vector<std::uint8_t> planes;
  std::vector<std::string> skipped;
  each_picture(pictures.files, options, skipped, [&](const Raster& image, const fs::path& path) {
    check_size(image, pictures.shape, path.string());
    planes.clear();
    append_planes(in_channels(image, static_cast<int>(pictures.shape.channels)), planes);
    const bool is_valid = next_for_valid != for_valid.end() && *next_for_valid == place;
    if (is_valid) ++next_for_valid;
    visit(is_valid ? Split::kValid : Split::kTrain, planes);
    ++place;
  });
  require(skipped.empty(), "{}, but could be read before; convert again", skipped.empty() ? "" : skipped.front());
}

ImageSet read_image_set(const std::string& path, const ImageDataOptions& options) {
  if (path == kBuiltinShapes) return read_shapes(options);
  require(!path.starts_with("builtin:"), "{}: no such image set is built in; there is {}", path, kBuiltinShapes);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    if (find_idx(path, "train-images") || find_idx(path, "t10k-images")) return read_mnist_folder(path, options);
    const std::vector<fs::path> files = image_files(path);
    require(!files.empty(), "{}: a folder without PNG, JPEG or MNIST's IDX files; name one that holds images", path);
    return read_picture_files(files, options);
  }
  if (has_image_ending(path)) return read_picture_files({path}, options);
  ImageSet set = read_idx_images(path, options);
  divide(set, false, options);
  return set;
}

bool is_image_data(const std::string& path) {
  if (path == kBuiltinShapes || has_image_ending(path)) return true;
  std::error_code ignored;
  if (is_sharded(path)) return fs::exists(fs::path(path) / "index.json", ignored) && sharded_kind(path) == "images";
  if (fs::is_directory(path, ignored))
    return find_idx(path, "train-images") || find_idx(path, "t10k-images") || !image_files(path).empty();
  std::array<std::byte, 4> begin{};
  std::ifstream file(path, std::ios::binary);  // one that cannot be opened reads nothing
  file.read(reinterpret_cast<char*>(begin.data()), begin.size());
  return begins_as_idx(std::span(begin).first(static_cast<std::size_t>(file.gcount())));
}

}  // namespace limn::image
