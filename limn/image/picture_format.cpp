#include "limn/image/picture_format.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

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

constexpr Magic kMagics[] = {
    {4, "ftypavi", {"AVIF", kConvert}},
    {4, "ftyphe", {"HEIC", kConvert}},
    {4, "ftypmif1", {"HEIC", kConvert}},
    {4, "ftypmsf1", {"HEIC", kConvert}},
    {4, "ftyp", {"video", "save its frames as PNG or JPEG"}},
    {0, "8BPS", {"Photoshop", kConvert}},
    {0, "%PDF", {"PDF", kConvert}},
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
    {0, "\x89HDF", {"HDF5", kSaveArray}},
    {0, "MATLAB 5.0", {"MATLAB", kSaveArray}},
    {0, "PAR1", {"Parquet", kSaveArray}},
    {0, "\x93NUMPY", {"NumPy array", ""}},
    {0, "PK\3\4", {"zip archive", kUnpack}},
    {257, "ustar", {"tar archive", kUnpack}},
    {0, "7z\xbc\xaf", {"7z archive", kUnpack}},
    {0, "Rar!", {"rar archive", kUnpack}},
    {0, "SQLite format", {"database", ""}},
    {0, "\x1f\x8b", {"gzip file", kUnpack}},
    {0, "\x80\x02", {"pickle", kSaveArray}},
    {0, "\x80\x03", {"pickle", kSaveArray}},
    {0, "\x80\x04", {"pickle", kSaveArray}},
    {0, "\x80\x05", {"pickle", kSaveArray}},
};

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
  constexpr std::string_view kTag = "<svg";
  return std::ranges::search(bytes, as_bytes(kTag)).size() == kTag.size();
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
  if (ending == ".npz") return {"NumPy archive", ""};
  for (const Magic& magic : kMagics)
    if (has(beginning, magic.at, magic.bytes)) return magic.kind;
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
