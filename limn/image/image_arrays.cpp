#include "limn/image/image_arrays.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/error.hpp"
#include "limn/image/idx.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBeginning = std::size_t{1} << 16;  // holds a table's first line and the header of a .npy
constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 36;

constexpr std::int64_t kCifarSide = 32;
constexpr std::size_t kCifarPixels = 3 * 32 * 32;

std::size_t label_bytes(ArrayFormat format) { return format == ArrayFormat::kCifar100 ? 2 : 1; }

// Lower-case words of letters and digits, where the name has them apart.
std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// EMNIST and what is made of it by that name, in any folder. ("samplemnist" is another word.)
bool is_emnist(const std::string& origin) {
  const std::string name = lower(fs::path(origin).filename().string());
  const std::size_t at = name.find("emnist");
  return at != name.npos && (at == 0 || !is_letter(name[at - 1]));
}

void transpose(StoredImages& images) {
  const auto height = static_cast<std::size_t>(images.shape.height),
             width = static_cast<std::size_t>(images.shape.width);
  std::vector<std::uint8_t> turned(height * width);
  for (std::size_t at = 0; at < images.pixels.size(); at += turned.size()) {
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x) turned[x * height + y] = images.pixels[at + y * width + x];
    std::ranges::copy(turned, images.pixels.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::swap(images.shape.height, images.shape.width);
}

ImageArrays parse_idx_images(std::span<const std::byte> file, const std::string& origin) {
  IdxArray array = parse_idx(file, origin);
  require(array.sizes.size() == 3,
          "{}: an IDX file of {} dimensions, which are not images; name the file of images or its folder", origin,
          array.sizes.size());
  const ImageShape shape{1, array.sizes[1], array.sizes[2]};
  require(static_cast<std::uint64_t>(shape.height) <= kMaxImagePixels / static_cast<std::uint64_t>(shape.width),
          "{}: images of {} pixels are more than the {} that are read", origin, text(shape), kMaxImagePixels);
  ImageArrays arrays;
  arrays.parts[0] = {.shape = shape, .pixels = std::move(array.values)};
  return arrays;
}

// The first sketch of Quick, Draw!'s .bin has a country of two capitals and 0 or 1 where CIFAR has red pixels.
bool begins_as_quickdraw(std::span<const std::byte> file) {
  const auto byte = [&](std::size_t at) { return std::to_integer<unsigned char>(file[at]); };
  const auto is_capital = [&](std::size_t at) { return byte(at) >= 'A' && byte(at) <= 'Z'; };
  return file.size() > 10 && is_capital(8) && is_capital(9) && byte(10) <= 1;
}

ArrayFormat cifar_format(const fs::path& path, std::uint64_t size, std::span<const std::byte> begin) {
  const std::string stem = lower(path.stem().string());
  if (begin.empty() || size == 0) return ArrayFormat::kNone;
  const auto fits = [&](ArrayFormat format) { return size % (kCifarPixels + label_bytes(format)) == 0; };
  const auto first = std::to_integer<unsigned>(begin[0]);
  if (fits(ArrayFormat::kCifar10) && first < 10 && (stem.find("batch") != stem.npos || !begins_as_quickdraw(begin)))
    return ArrayFormat::kCifar10;
  const bool is_named = stem.find("train") != stem.npos || stem.find("test") != stem.npos;
  return is_named && fits(ArrayFormat::kCifar100) && first < 20 ? ArrayFormat::kCifar100 : ArrayFormat::kNone;
}

}  // namespace

std::optional<SplitName> split_in_name(std::string_view name) {
  struct Word {
    std::string_view text;
    Split split;
  };
  constexpr Word kWords[] = {{"train", Split::kTrain},      {"training", Split::kTrain}, {"trainset", Split::kTrain},
                             {"trn", Split::kTrain},        {"test", Split::kTest},      {"testing", Split::kTest},
                             {"testset", Split::kTest},     {"t10k", Split::kTest},      {"tst", Split::kTest},
                             {"validation", Split::kValid}, {"valid", Split::kValid},    {"val", Split::kValid},
                             {"dev", Split::kValid}};
  const auto is_word = [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (!is_word(name[at])) continue;
    std::size_t end = at;
    while (end < name.size() && is_word(name[end])) ++end;
    const std::string word = lower(name.substr(at, end - at));
    for (const Word& known : kWords) {
      const bool is_known =
          word.starts_with(known.text) &&
          std::all_of(word.begin() + std::ssize(known.text), word.end(), [](char c) { return !is_letter(c); });
      if (is_known) return SplitName{.split = known.split, .rest = lower(name.substr(0, at)) + lower(name.substr(end))};
    }
    at = end;
  }
  return std::nullopt;
}

ArrayFormat array_format(const fs::path& path) {
  const std::string begin = arrays::beginning_of(path, kBeginning);
  const auto bytes = as_bytes(begin);
  if (bytes.empty()) return ArrayFormat::kNone;
  std::string ending = ending_of(path);
  if (ending == ".gz") ending = ending_of(path.stem());
  if (begin.starts_with("\x93NUMPY")) return begins_as_npy_images(bytes) ? ArrayFormat::kNpy : ArrayFormat::kNone;
  if (ending == ".npz" && begin.starts_with("PK")) {
    try {
      return is_npz_of_images(arrays::read_unpacked(path, kMaxFile)) ? ArrayFormat::kNpz : ArrayFormat::kNone;
    } catch (const Error&) {
      return ArrayFormat::kNone;
    }
  }
  if (ending == ".bin") {
    std::error_code error;
    const std::uint64_t size = fs::file_size(path, error);
    return error ? ArrayFormat::kNone : cifar_format(path, size, bytes);
  }
  if (begins_as_idx(bytes)) return ArrayFormat::kIdx;
  const bool is_table = ending == ".csv" || ending == ".tsv" || ending == ".txt" || ending == ".amat";
  return is_table && begins_as_table(begin) ? ArrayFormat::kTable : ArrayFormat::kNone;
}

ImageArrays parse_cifar(std::span<const std::byte> file, ArrayFormat format, const std::string& origin) {
  const std::size_t labels = label_bytes(format), record = labels + kCifarPixels;
  require(!file.empty() && file.size() % record == 0,
          "{}: {} bytes are not a whole number of CIFAR's images of {} bytes; fetch the file again", origin,
          file.size(), record);
  ImageArrays arrays;
  StoredImages& images = arrays.parts[0];
  images.shape = {3, kCifarSide, kCifarSide};
  images.pixels.reserve(file.size() / record * kCifarPixels);
  for (std::size_t at = 0; at < file.size(); at += record) {
    const unsigned most = format == ArrayFormat::kCifar100 ? 20 : 10;
    require(std::to_integer<unsigned>(file[at]) < most, "{}: image {} has the label {}; CIFAR's are below {}", origin,
            at / record, std::to_integer<unsigned>(file[at]), most);
    for (const std::byte byte : file.subspan(at + labels, kCifarPixels))
      images.pixels.push_back(std::to_integer<std::uint8_t>(byte));
  }
  return arrays;
}

ImageArrays parse_image_arrays(ArrayFormat format, Bytes file, const std::string& origin) {
  // What IDX unpacks to is bounded by what it declares.
  if (format != ArrayFormat::kIdx) file = arrays::gunzipped(std::move(file), origin, kMaxFile);
  ImageArrays arrays;
  switch (format) {
    case ArrayFormat::kNpy:
      return parse_npy_images(file, origin);
    case ArrayFormat::kNpz:
      return parse_npz_images(file, origin);
    case ArrayFormat::kCifar10:
    case ArrayFormat::kCifar100:
      return parse_cifar(file, format, origin);
    case ArrayFormat::kTable:
      arrays = parse_table_images({reinterpret_cast<const char*>(file.data()), file.size()}, origin);
      break;
    case ArrayFormat::kIdx:
    case ArrayFormat::kNone:
      arrays = parse_idx_images(file, origin);
      break;
  }
  if (is_emnist(origin)) {
    transpose(arrays.parts[0]);
    arrays.notes.push_back(
        fmt::format("{}: EMNIST's pictures are stored with rows and columns exchanged; they were "
                    "turned back",
                    origin));
  }
  return arrays;
}

ImageArrays read_image_arrays(const fs::path& path, ArrayFormat format) {
  return parse_image_arrays(format, read_file(path, kMaxFile), path.string());
}

}  // namespace limn::image
