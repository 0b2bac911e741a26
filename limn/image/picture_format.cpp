#include "limn/image/picture_format.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "limn/core/content_kind.hpp"
#include "limn/core/file.hpp"

namespace limn::image {
namespace {

using Input = std::span<const std::byte>;

bool has(Input bytes, std::size_t at, std::string_view text) {
  return at <= bytes.size() && text.size() <= bytes.size() - at &&
         std::ranges::equal(bytes.subspan(at, text.size()), as_bytes(text));
}

// "BM" may begin a text as well: the size of the header behind it is one of few.
bool is_bmp(Input bytes) {
  constexpr std::array<std::uint32_t, 7> kHeaderSizes{12, 40, 52, 56, 64, 108, 124};
  constexpr std::size_t kSizeAt = 14;
  if (!has(bytes, 0, "BM") || bytes.size() < kSizeAt + 4) return false;
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + kSizeAt, sizeof size);
  return std::ranges::find(kHeaderSizes, size) != kHeaderSizes.end();
}

struct Magic {
  std::size_t at;
  std::string_view bytes;
  FileKind kind;
};

constexpr std::string_view kConvert = "convert it to PNG or JPEG";
constexpr std::string_view kUnpack = "unpack it";
constexpr std::string_view kSaveArray = "save its images as .npy or .npz";

// Pictures in other formats, and files of images. content_kind() knows the rest.
constexpr Magic kMagics[] = {
    {4, "ftypavi", {"AVIF", kConvert}},
    {4, "ftyphe", {"HEIC", kConvert}},
    {4, "ftypmif1", {"HEIC", kConvert}},
    {4, "ftypmsf1", {"HEIC", kConvert}},
    {4, "ftyp", {"video", "save its frames as PNG or JPEG"}},
    {0, "8BPS", {"Photoshop", kConvert}},
    {0, "%!PS", {"PostScript", kConvert}},
    {0, "\xff\x0a", {"JPEG XL", kConvert}},
    {4, "JXL ", {"JPEG XL", kConvert}},
    {4, "jP  ", {"JPEG 2000", kConvert}},
    {0, "\xff\x4f\xff\x51", {"JPEG 2000", kConvert}},
    {0, {"\0\0\1\0", 4}, {"icon", kConvert}},
    {0, "\x76\x2f\x31\x01", {"OpenEXR", kConvert}},
    {0, "P1\n", {"PNM", kConvert}},
    {0, "P2\n", {"PNM", kConvert}},
    {0, "P3\n", {"PNM", kConvert}},
    {0, "P4\n", {"PNM", kConvert}},
    {0, "P5\n", {"PNM", kConvert}},
    {0, "P6\n", {"PNM", kConvert}},
    {0, "P5 ", {"PNM", kConvert}},
    {0, "P6 ", {"PNM", kConvert}},
    {0, "MATLAB 5.0", {"MATLAB", kSaveArray}},
};

// How images come out of a file of a kind of content_kind().
std::string_view advice_for(std::string_view kind) {
  if (kind == "a PDF document") return kConvert;
  for (const std::string_view packed : {"archive", "a gzip file", "a bzip2 file", "an xz file", "a Zstandard file"})
    if (kind.ends_with(packed)) return kUnpack;
  for (const std::string_view held : {"an HDF5 file", "a Parquet file", "a Python pickle"})
    if (kind == held) return kSaveArray;
  return {};
}

// Formats without telling first bytes.
struct Ending {
  std::string_view ending;
  FileKind kind;
};
constexpr Ending kEndings[] = {
    {".heic", {"HEIC", kConvert}},     {".heif", {"HEIC", kConvert}},    {".avif", {"AVIF", kConvert}},
    {".tga", {"Targa", kConvert}},     {".svg", {"SVG", kConvert}},      {".svgz", {"SVG", kConvert}},
    {".psd", {"Photoshop", kConvert}}, {".xcf", {"GIMP", kConvert}},     {".jxl", {"JPEG XL", kConvert}},
    {".pkl", {"pickle", kSaveArray}},  {".mat", {"MATLAB", kSaveArray}}, {".pt", {"PyTorch", kSaveArray}},
    {".pth", {"PyTorch", kSaveArray}},
};

bool is_text(Input bytes) {
  return !bytes.empty() && std::ranges::all_of(bytes, [](std::byte byte) {
    const auto value = std::to_integer<unsigned char>(byte);
    return value >= ' ' || (value >= '\t' && value <= '\r');
  });
}

bool is_svg(Input bytes) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).find("<svg") !=
         std::string_view::npos;
}

}  // namespace

PictureFormat picture_format(Input beginning) {
  if (has(beginning, 0, "\x89PNG\r\n\x1a\n")) return PictureFormat::kPng;
  if (has(beginning, 0, "\xff\xd8\xff")) return PictureFormat::kJpeg;
  if (has(beginning, 0, "GIF87a") || has(beginning, 0, "GIF89a")) return PictureFormat::kGif;
  if (has(beginning, 0, "RIFF") && has(beginning, 8, "WEBP")) return PictureFormat::kWebp;
  for (const std::string_view magic : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4),
                                       std::string_view("II+\0", 4), std::string_view("MM\0+", 4)})
    if (has(beginning, 0, magic)) return PictureFormat::kTiff;
  return is_bmp(beginning) ? PictureFormat::kBmp : PictureFormat::kNone;
}

FileKind other_kind(Input beginning, std::string_view ending) {
  if (ending == ".npz") return {"a NumPy archive", ""};
  for (const Magic& magic : kMagics)
    if (has(beginning, magic.at, magic.bytes)) return magic.kind;
  const std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  if (const std::string_view kind = content_kind(text); !kind.empty()) return {kind, advice_for(kind)};
  for (const Ending& known : kEndings)
    if (known.ending == ending) return known.kind;
  if (beginning.empty()) return {"empty", "fetch it again"};
  const Input first = beginning.first(std::min(beginning.size(), kTellingBytes));
  if (is_text(first)) return is_svg(first) ? FileKind{"SVG", kConvert} : FileKind{"text", ""};
  return {"unknown", ""};
}

// SVG is for sketches.
bool is_other_picture(const FileKind& kind) { return kind.advice == kConvert && kind.name != "SVG"; }

}  // namespace limn::image
