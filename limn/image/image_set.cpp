#include "limn/image/image_set.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <optional>

#include "limn/arrays/gunzip.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "limn/core/shards.hpp"
#include "limn/image/image_arrays.hpp"
#include "limn/image/image_file.hpp"
#include "limn/image/picture_format.hpp"
#include "limn/image/resize.hpp"
#include "limn/image/shapes.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;

constexpr double kValidShareWithTest = 1.0 / 6;  // MNIST's 60,000 to 50,000 and 10,000
constexpr double kValidShareWithoutTest = 0.2;
constexpr std::uint64_t kMaxZip = std::uint64_t{1} << 36;

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

// Adds an image to a part. The first decides the size, and the first in colour makes all RGB.
void append(ImageSet& set, Split split, const Raster& image, std::string_view origin) {
  if (set.shape.size() == 0) set.shape = shape_of(image);
  check_size(image, set.shape, origin);
  if (image.channels > set.shape.channels) widen_to_rgb(set);
  append_planes(in_channels(image, static_cast<int>(set.shape.channels)), part(set, split).pixels);
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

// How images that have no validation split are divided.
struct Division {
  bool has_test = false;
  bool is_drawn = false;  // by split_seed; else the last ones are for validation, as is usual for MNIST
};

// Which of `count` training images are kept for validation, ascending. One is left to train on.
std::vector<std::int64_t> places_for_valid(std::int64_t count, Division division, const ImageDataOptions& options) {
  const double usual = division.has_test ? kValidShareWithTest : kValidShareWithoutTest;
  const double share = options.valid_share < 0 ? usual : options.valid_share;
  const std::int64_t kept = std::clamp<std::int64_t>(std::llround(share * static_cast<double>(count)), 0, count - 1);
  std::vector<std::int64_t> places(static_cast<std::size_t>(count));
  std::iota(places.begin(), places.end(), std::int64_t{0});
  if (division.is_drawn) {
    RandomStream random(static_cast<std::uint64_t>(options.split_seed), Purpose::kSplit);
    shuffle(std::span(places), random);
  }
  places.erase(places.begin(), places.end() - kept);
  std::ranges::sort(places);
  return places;
}

void divide(ImageSet& set, Division division, const ImageDataOptions& options) {
  move_to_valid(set, places_for_valid(set.count(Split::kTrain), division, options));
}

// Adds images as a file of many holds them.
void append(ImageSet& set, Split split, StoredImages&& stored, const ImageDataOptions& options,
            const std::string& origin) {
  const bool is_recoloured = options.color == (stored.shape.channels == 1 ? "rgb" : "grey");
  std::vector<std::uint8_t>& pixels = part(set, split).pixels;
  if (!is_recoloured && options.center_crop == 0 && options.image_size == 0) {
    if (set.shape.size() == 0) set.shape = stored.shape;
    require(stored.shape == set.shape, "{}: images of {}, but the files before it have {}; fetch all again", origin,
            text(stored.shape), text(set.shape));
    if (pixels.empty())
      pixels = std::move(stored.pixels);
    else
      pixels.insert(pixels.end(), stored.pixels.begin(), stored.pixels.end());
    return;
  }
  const ImageShape& shape = stored.shape;
  const auto plane = static_cast<std::size_t>(shape.height * shape.width);
  const auto channels = static_cast<std::size_t>(shape.channels);
  for (std::size_t at = 0; at < stored.pixels.size(); at += channels * plane) {
    Raster image =
        make_raster(static_cast<int>(shape.width), static_cast<int>(shape.height), static_cast<int>(shape.channels));
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = stored.pixels[at + i % channels * plane + i / channels];
    append(set, split, prepared(std::move(image), options, origin), origin);
  }
}

ImageSet read_array_set(const ArraySet& files, const ImageDataOptions& options) {
  ImageSet set;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    for (const ArraySet::File& file : files.files[static_cast<std::size_t>(split)]) {
      ImageArrays arrays = read_image_arrays(file.path, file.format);
      for (const Split inner : {Split::kTrain, Split::kValid, Split::kTest}) {
        StoredImages& stored = arrays.parts[static_cast<std::size_t>(inner)];
        if (!stored.pixels.empty())
          append(set, inner == Split::kTrain ? split : inner, std::move(stored), options, file.path.string());
      }
      std::ranges::move(arrays.notes, std::back_inserter(set.notes));
    }
  require(set.count(Split::kTrain) > 0, "{}: holds test images only; fetch the training images too", files.name);
  const bool has_test = set.count(Split::kTest) > 0;
  if (set.count(Split::kValid) == 0) divide(set, {.has_test = has_test, .is_drawn = !has_test}, options);
  return set;
}

// Which of the sets of a folder is meant cannot be guessed.
const ArraySet& only_set(const FolderScan& scan, const std::string& folder) {
  const ArraySet& set = scan.arrays.front();
  if (scan.arrays.size() > 1) {
    std::vector<std::string> names;
    for (const ArraySet& other : scan.arrays) names.push_back(other.name);
    constexpr std::size_t kNamed = 8;
    const std::string more = names.size() > kNamed ? fmt::format(" and {} more", names.size() - kNamed) : "";
    names.resize(std::min(names.size(), kNamed));
    fail("{}: holds {} sets of images; name one of them: {}{}", folder, scan.arrays.size(), fmt::join(names, ", "),
         more);
  }
  if (set.files[0].empty()) {
    const auto& test = set.files[2].empty() ? set.files[1] : set.files[2];
    fail("{}: holds {} but no {}; fetch that too, or name the one file", folder, test.front().path.filename().string(),
         test.front().format == ArrayFormat::kIdx ? "train-images-idx3-ubyte" : "file of training images");
  }
  return set;
}

// What reading pictures tells besides the pictures.
struct PictureRemarks {
  std::vector<std::string> skipped;   // files left out, each with the reason
  std::vector<std::string> has_more;  // files of several pictures
  [[nodiscard]] std::string note() const {
    constexpr std::size_t kNamed = 3;
    if (has_more.empty()) return {};
    const auto named = std::span(has_more).first(std::min(has_more.size(), kNamed));
    return fmt::format("{}{}: {} of several pictures; the first of each is read", fmt::join(named, ", "),
                       has_more.size() > kNamed ? fmt::format(" and {} more", has_more.size() - kNamed) : "",
                       has_more.size() == 1 ? "a file" : "files");
  }
};

using PictureFiles = std::array<std::vector<PictureFile>, kSplitNames.size()>;

// Calls `visit` with each picture, prepared, its file and its split.
template <class Visit>
void each_picture(const PictureFiles& files, const ImageDataOptions& options, PictureRemarks& remarks,
                  const Visit& visit) {
  std::size_t count = 0;
  for (const auto& list : files) count += list.size();
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    for (const PictureFile& picture : files[static_cast<std::size_t>(split)]) {
      const Bytes file = read_file(picture.path);
      Raster image;
      bool has_more = false;
      try {
        image = decode_image(file, picture.path.string(), &has_more);
      } catch (const Error& error) {
        if (count == 1) throw;
        if (options.damaged != "skip") fail("{}, or leave it out with damaged=skip", error.what());
        remarks.skipped.emplace_back(error.what());
        continue;
      }
      if (has_more) remarks.has_more.push_back(picture.path.string());
      visit(prepared(std::move(image), options, picture.path.string()), picture, split);
    }
  if (remarks.skipped.size() < count) return;
  const auto first = std::ranges::find_if(files, [](const auto& list) { return !list.empty(); });
  if (first == files.end()) return;
  fail("{}: none of the {} pictures can be read; the first: {}", first->front().path.parent_path().string(), count,
       remarks.skipped.front());
}

// Pictures are in order of their classes, so those for validation are drawn.
Division division_of(const PictureFiles& files) {
  return {.has_test = !files[static_cast<std::size_t>(Split::kTest)].empty(), .is_drawn = true};
}

bool has_valid(const PictureFiles& files) { return !files[static_cast<std::size_t>(Split::kValid)].empty(); }

ImageSet read_picture_files(const PictureFiles& files, const std::string& path, const ImageDataOptions& options) {
  ImageSet set;
  PictureRemarks remarks;
  each_picture(files, options, remarks, [&](const Raster& image, const PictureFile& picture, Split split) {
    append(set, split, image, picture.path.string());
    part(set, split).labels.push_back(picture.label);
  });
  require(set.count(Split::kTrain) > 0, "{}: none of its training pictures can be read; the first: {}", path,
          remarks.skipped.empty() ? "" : remarks.skipped.front());
  if (!has_valid(files)) divide(set, division_of(files), options);
  set.skipped = std::move(remarks.skipped);
  if (const std::string note = remarks.note(); !note.empty()) set.notes.push_back(note);
  return set;
}

ImageSet read_folder(const std::string& path, const ImageDataOptions& options) {
  FolderScan scan = scan_folder(path);
  require(scan.has_images(),
          "{}: a folder without images; name one of pictures (PNG, JPEG, GIF, WebP, BMP, TIFF) or of MNIST's files{}",
          path, scan.notes.empty() ? "" : "; " + scan.notes.front());
  ImageSet set = scan.arrays.empty() ? read_picture_files(scan.pictures, path, options)
                                     : read_array_set(only_set(scan, path), options);
  std::ranges::move(scan.notes, std::back_inserter(set.notes));
  return set;
}

// Whether the file is a picture by its name or by its first bytes.
bool is_picture(const std::string& path) {
  if (has_image_ending(path)) return true;
  const std::string begin = arrays::beginning_of(path, kTellingBytes);
  return picture_format(as_bytes(begin)) != PictureFormat::kNone;
}

bool is_picture_not_read(const std::string& path) {
  const std::string begin = arrays::beginning_of(path, kTellingBytes);
  return !begin.empty() && is_other_picture(other_kind(as_bytes(begin), ending_of(path)));
}

bool is_zip_of_images(const fs::path& path) {
  if (ending_of(path) != ".zip") return false;
  try {
    const Bytes file = read_file(path, kMaxZip);
    const arrays::ZipReader zip(file, path.string());
    return std::ranges::any_of(zip.names(), [](const std::string& name) {
      return has_image_ending(name) || name.find("images-idx3") != name.npos;
    });
  } catch (const Error&) {  // no archive: whoever reads it says so
    return false;
  }
}

[[noreturn]] void fail_unknown(const std::string& path) {
  require(!is_zip_of_images(path), "{}: a zip archive of images; unpack it and name the folder", path);
  const std::string begin = arrays::beginning_of(path, kTellingBytes);
  if (begin.empty()) (void)read_file(path, kMaxZip);  // says why, where it cannot be read
  if (begin.starts_with("\x93NUMPY")) (void)parse_npy_images(arrays::read_unpacked(path, kMaxZip), path);  // says why
  const FileKind kind = other_kind(as_bytes(begin), ending_of(path));
  fail("{}: not images by its first bytes but {}; {}", path, kind.name,
       kind.advice.empty() ? "name a picture, a folder of pictures, or a file of images (IDX, .npy, .npz, .csv, CIFAR)"
                           : kind.advice);
}

ImageSet read_shapes(const ImageDataOptions& options) {
  ImageSet set;
  Raster image = make_raster(kShapeSide, kShapeSide, 1);
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest})
    for (std::int64_t i = 0; i < kShapeCounts[static_cast<std::size_t>(split)]; ++i) {
      draw_shape(split, i, image.pixels);
      append(set, split, prepared(image, options, kBuiltinShapes), kBuiltinShapes);
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
  return fs::is_directory(path, ignored) && !is_sharded(path) && scan_folder(path).has_pictures();
}

PictureFolder survey_pictures(const std::string& folder, const ImageDataOptions& options) {
  FolderScan scan = scan_folder(folder);
  PictureFolder pictures;
  PictureRemarks remarks;
  each_picture(scan.pictures, options, remarks, [&](const Raster& image, const PictureFile& picture, Split split) {
    if (pictures.shape.size() == 0) pictures.shape = shape_of(image);
    check_size(image, pictures.shape, picture.path.string());
    pictures.shape.channels = std::max<std::int64_t>(pictures.shape.channels, image.channels);
    pictures.files[static_cast<std::size_t>(split)].push_back(picture);
  });
  require(!pictures.files[0].empty(), "{}: none of its training pictures can be read; the first: {}", folder,
          remarks.skipped.empty() ? "" : remarks.skipped.front());
  pictures.skipped = std::move(remarks.skipped);
  if (const std::string note = remarks.note(); !note.empty()) pictures.notes.push_back(note);
  std::ranges::move(scan.notes, std::back_inserter(pictures.notes));
  return pictures;
}

void read_pictures(const PictureFolder& pictures, const ImageDataOptions& options,
                   const std::function<void(Split, std::span<const std::uint8_t>)>& visit) {
  std::vector<std::int64_t> for_valid;
  if (!has_valid(pictures.files))
    for_valid = places_for_valid(std::ssize(pictures.files[0]), division_of(pictures.files), options);
  auto next_for_valid = for_valid.begin();
  std::int64_t place = 0;  // of a training picture
  std::vector<std::uint8_t> planes;
  PictureRemarks remarks;
  each_picture(pictures.files, options, remarks, [&](const Raster& image, const PictureFile& picture, Split split) {
    check_size(image, pictures.shape, picture.path.string());
    planes.clear();
    append_planes(in_channels(image, static_cast<int>(pictures.shape.channels)), planes);
    const bool is_moved = split == Split::kTrain && next_for_valid != for_valid.end() && *next_for_valid == place;
    if (is_moved) ++next_for_valid;
    if (split == Split::kTrain) ++place;
    visit(is_moved ? Split::kValid : split, planes);
  });
  require(remarks.skipped.empty(), "{}, but could be read before; convert again",
          remarks.skipped.empty() ? "" : remarks.skipped.front());
}

ImageSet read_image_set(const std::string& path, const ImageDataOptions& options) {
  if (path == kBuiltinShapes) return read_shapes(options);
  require(!is_builtin(path), "{}: no such image set is built in; there is {}", path, kBuiltinShapes);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return read_folder(path, options);
  if (is_picture(path)) {
    PictureFiles files;
    files[0].push_back({.path = path, .label = fs::path(path).filename().string()});
    return read_picture_files(files, path, options);
  }
  if (const ArrayFormat format = array_format(path); format != ArrayFormat::kNone) {
    ArraySet set{.name = path, .files = {}};
    set.files[0].push_back({.path = path, .format = format});
    return read_array_set(set, options);
  }
  if (const auto set = array_set_named(path)) return read_array_set(*set, options);
  fail_unknown(path);
}

bool is_image_data(const std::string& path) {
  if (path == kBuiltinShapes) return true;
  std::error_code ignored;
  if (is_sharded(path)) return fs::exists(fs::path(path) / "index.json", ignored) && sharded_kind(path) == "images";
  if (fs::is_directory(path, ignored)) {
    try {
      const FolderScan scan = scan_folder(path);
      return scan.has_images() && !scan.is_of_drawings;
    } catch (const Error&) {  // a run directory, or one that cannot be read: no set of images
      return false;
    }
  }
  return is_picture(path) || array_format(path) != ArrayFormat::kNone || is_picture_not_read(path) ||
         is_zip_of_images(path) || array_set_named(path).has_value();
}

}  // namespace limn::image
