#include "limn/core/content_kind.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"

namespace limn {
namespace {

using namespace std::string_view_literals;

struct Mark {
  std::string_view bytes;
  std::string_view kind;
};

constexpr std::array kMarks{
    Mark{"\x89PNG\r\n"sv, "a PNG picture"},
    Mark{"\xff\xd8\xff"sv, "a JPEG picture"},
    Mark{"GIF8"sv, "a GIF picture"},
    Mark{"II*\0"sv, "a TIFF picture"},
    Mark{"MM\0*"sv, "a TIFF picture"},
    Mark{"\0\0\x08\x03"sv, "an IDX file of images"},
    Mark{"\0\0\x08\x01"sv, "an IDX file of labels"},
    Mark{"%PDF-"sv, "a PDF document"},
    Mark{"PK\x03\x04"sv, "a zip archive"},
    Mark{"PK\x05\x06"sv, "an empty zip archive"},
    Mark{"7z\xbc\xaf"sv, "a 7-Zip archive"},
    Mark{"Rar!"sv, "a RAR archive"},
    Mark{"\x1f\x8b"sv, "a gzip file"},
    Mark{"BZh"sv, "a bzip2 file"},
    Mark{"\xfd"
         "7zXZ"sv,
         "an xz file"},
    Mark{"\x28\xb5\x2f\xfd"sv, "a Zstandard file"},
    Mark{"\x89HDF\r\n"sv, "an HDF5 file"},
    Mark{"\x93NUMPY"sv, "a NumPy array"},
    Mark{"PAR1"sv, "a Parquet file"},
    Mark{"SQLite format 3"sv, "an SQLite database"},
    Mark{"\x7f"
         "ELF"sv,
         "a program"},
    Mark{"version https://git-lfs"sv, "a pointer of Git LFS, whose file was not fetched"},
    Mark{"\xff\xfe"sv, "text in UTF-16"},
    Mark{"\xfe\xff"sv, "text in UTF-16"},
};

std::string beginning_in_lower_case(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  std::string lower(text.substr(begin == text.npos ? text.size() : begin, 64));
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace

std::string_view content_kind(std::string_view begin) {
  for (const Mark& mark : kMarks)
    if (begin.starts_with(mark.bytes)) return mark.kind;
  if (begin.size() >= 12 && begin.starts_with("RIFF") && begin.substr(8, 4) == "WEBP") return "a WebP picture";
  if (begin.size() >= 10 && begin.starts_with("BM") && begin.substr(6, 4) == "\0\0\0\0"sv) return "a BMP picture";
  // A header of JSON after its length in 64 bits.
  if (begin.size() >= 10 && begin.substr(4, 4) == "\0\0\0\0"sv && begin.substr(8, 2) == "{\"")
    return "a safetensors file, which holds a model";
  if (begin.size() >= 2 && begin[0] == '\x80' && begin[1] >= 2 && begin[1] <= 5) return "a Python pickle";
  if (begin.size() >= 262 && begin.substr(257, 5) == "ustar") return "a tar archive";
  const std::string lower = beginning_in_lower_case(begin);
  if (lower.starts_with("<!doctype html") || lower.starts_with("<html"))
    return "an HTML page, perhaps an error of the server";
  if (lower.starts_with("<error>") || (lower.starts_with("<?xml") && begin.find("<Error>") < 200))
    return "an error of the server";
  if (lower.starts_with(".version 1.") || lower.starts_with(".coord") || lower.starts_with(".pen_"))
    return "a file of UNIPEN, which is not read";
  return {};
}

std::string folder_contents(const std::filesystem::path& folder) {
  constexpr int kMostEntries = 100'000;
  constexpr std::size_t kMostEndings = 4;
  std::map<std::string, std::int64_t> counts;
  std::int64_t folders = 0;
  std::error_code error, ignored;
  std::filesystem::directory_iterator entry(folder, error);
  for (int i = 0; !error && i < kMostEntries && entry != std::filesystem::directory_iterator(); ++i) {
    const std::filesystem::path& path = entry->path();
    if (!path.filename().native().starts_with('.')) {
      if (entry->is_directory(ignored))
        ++folders;
      else
        ++counts[ending_of(path)];
    }
    entry.increment(error);
  }
  std::vector<std::pair<std::int64_t, std::string>> most;
  for (const auto& [ending, count] : counts) most.emplace_back(count, ending);
  std::ranges::stable_sort(most, std::ranges::greater{}, [](const auto& kind) { return kind.first; });
  std::vector<std::string> parts;
  for (const auto& [count, ending] : most) {
    if (parts.size() == kMostEndings) {
      parts.emplace_back("other");
      break;
    }
    parts.push_back(fmt::format("{} {}", count, ending.empty() ? "without an ending" : printable(ending)));
  }
  std::string text = fmt::format("{}", fmt::join(parts, ", "));
  if (!text.empty()) text += most.size() == 1 && most.front().first == 1 ? " file" : " files";
  if (folders > 0) text += fmt::format("{}{} folder{}", text.empty() ? "" : ", ", folders, folders == 1 ? "" : "s");
  return text.empty() ? "nothing" : text;
}

}  // namespace limn
