#include "limn/sketch/sketch_format.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/content_kind.hpp"
#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/shards.hpp"
#include "limn/sketch/text_lines.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRead =
    "sketches are read from .npz, .npy, .pkl, .ndjson, .bin, .json, .csv, .txt, .inkml, .excalidraw, .tldr, .svg, also "
    "packed with gzip, from folders of .svg and folders named .limn";

constexpr std::size_t kBeginning = std::size_t{1} << 16;  // enough for a line of most drawings

struct NamedFormat {
  std::string_view ending;
  SketchFormat format;
};
constexpr std::array kFormats{
    NamedFormat{".npz", SketchFormat::kArrays},         NamedFormat{".npy", SketchFormat::kArrays},
    NamedFormat{".pkl", SketchFormat::kArrays},         NamedFormat{".pickle", SketchFormat::kArrays},
    NamedFormat{".cpkl", SketchFormat::kArrays},        NamedFormat{".ndjson", SketchFormat::kNdjson},
    NamedFormat{".jsonl", SketchFormat::kNdjson},       NamedFormat{".bin", SketchFormat::kBin},
    NamedFormat{".json", SketchFormat::kJson},          NamedFormat{".excalidraw", SketchFormat::kJson},
    NamedFormat{".excalidrawlib", SketchFormat::kJson}, NamedFormat{".tldr", SketchFormat::kJson},
    NamedFormat{".csv", SketchFormat::kTable},          NamedFormat{".tsv", SketchFormat::kTable},
    NamedFormat{".inkml", SketchFormat::kInk},          NamedFormat{".svg", SketchFormat::kSvg},
    NamedFormat{".svgz", SketchFormat::kSvg},
};

// Files of models, which their contents may not tell.
constexpr std::array<std::string_view, 8> kModelEndings{".safetensors", ".js",   ".mjs", ".pth",
                                                        ".pt",          ".ckpt", ".h5",  ".keras"};

// What arrays of NumPy may be within, whatever the ending.
constexpr std::array<std::string_view, 4> kKindsOfArrays{"a NumPy array", "a zip archive", "an empty zip archive",
                                                         "a Python pickle"};
// What stands in place of any file that was not fetched. Drawings in binary begin with any bytes, but not with these.
bool is_in_place_of_file(std::string_view kind) {
  return kind.starts_with("a pointer of Git LFS") || kind.ends_with("of the server");
}

bool is_text(SketchFormat format) {
  return format == SketchFormat::kNdjson || format == SketchFormat::kJson || format == SketchFormat::kTable ||
         format == SketchFormat::kInk || format == SketchFormat::kSvg;
}

std::string_view without_space(std::string_view text) {
  text = without_byte_order_mark(text);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return text.substr(begin == text.npos ? text.size() : begin);
}

// JSON, or one object after the other: the first line is an object that ends, and another begins. A line beyond the
// beginning of the file tells nothing.
SketchFormat json_or_ndjson(std::string_view begin, SketchFormat otherwise) {
  if (begin.starts_with('[')) return SketchFormat::kJson;
  const std::size_t end = begin.find('\n');
  if (end == begin.npos) return otherwise;
  std::string_view line = begin.substr(0, end);
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  const std::string_view rest = without_space(begin.substr(end));
  if (!line.ends_with('}')) return SketchFormat::kJson;
  return rest.starts_with('{') ? SketchFormat::kNdjson : otherwise;
}

// Of a text that says by its name no more than that it is text.
std::optional<SketchFormat> format_of_text(std::string_view begin) {
  const std::string_view text = without_space(begin);
  if (text.empty()) return std::nullopt;
  if (text.front() == '{' || text.front() == '[') return json_or_ndjson(text, SketchFormat::kJson);
  if (text.front() == '<') {
    for (const std::string_view mark : {"<svg", ":svg"})
      if (text.find(mark) != text.npos) return SketchFormat::kSvg;
    return SketchFormat::kInk;
  }
  const bool is_binary =
      std::ranges::any_of(text, [](char c) { return c >= 0 && c < ' ' && c != '\t' && c != '\r' && c != '\n'; });
  if (is_binary) return std::nullopt;
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const bool has_number = text.find_first_of("0123456789") != text.npos;
  return has_number && line.find_first_of(",;\t ") != line.npos ? std::optional(SketchFormat::kTable) : std::nullopt;
}

// What the name says without .gz.
std::string ending_without_gz(const fs::path& path) {
  const std::string ending = ending_of(path);
  return ending == ".gz" ? ending_of(path.stem()) : ending;
}

// Also of nothing but spaces.
void refuse_empty(const fs::path& path, std::string_view begin) {
  std::error_code unknown;
  const std::uint64_t size = fs::is_regular_file(path, unknown) ? fs::file_size(path, unknown) : 1;
  require(unknown || (size > 0 && (size != begin.size() || !without_space(begin).empty())),
          "{}: is empty; fetch it again", path.string());
}

}  // namespace

SketchFormat sketch_format_of(const fs::path& path) {
  if (is_builtin(path.native())) return SketchFormat::kBuiltin;
  if (is_sharded(path)) return SketchFormat::kShards;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return SketchFormat::kFolder;
  require(ignored != std::errc::too_many_symbolic_link_levels, "{}: is a link that leads to itself; remove it",
          path.string());
  const std::string ending = ending_without_gz(path);
  const auto named = std::ranges::find(kFormats, ending, &NamedFormat::ending);
  const bool is_text_name = ending.empty() || ending == ".txt" || ending == ".dat" || ending == ".xml";
  if (named == kFormats.end())
    require(fs::exists(path, ignored), "{}: no such file; {}", path.string(), advice_on_missing(path.string()));
  const std::string begin = arrays::beginning_of(path, kBeginning);
  refuse_empty(path, begin);
  const std::string_view kind = content_kind(begin);
  if (named == kFormats.end()) {
    if (kind.empty() && is_text_name)
      if (const auto format = format_of_text(begin)) return *format;
    const bool is_model = kind.ends_with("model") || std::ranges::find(kModelEndings, ending) != kModelEndings.end();
    if (is_model)
      fail("{}: {}; limn info shows limn's models, limn import reads those of Magenta and PyTorch", path.string(),
           kind.ends_with("model") ? kind : "by its name a model and no data");
    fail("{}: {}; {}", path.string(),
         !kind.empty()  ? kind
         : is_text_name ? "neither JSON nor XML nor a table of numbers"
                        : "not a file of sketches by its name",
         kRead);
  }
  const SketchFormat format = named->format;
  const bool may_be = is_text(format) ? kind.empty()
                      : format == SketchFormat::kArrays
                          ? kind.empty() || std::ranges::find(kKindsOfArrays, kind) != kKindsOfArrays.end()
                          : !is_in_place_of_file(kind);
  require(may_be, "{}: {}; {}", path.string(), kind, kRead);
  if (!is_text(format)) return format;
  const std::string_view text = without_space(begin);
  if (format == SketchFormat::kJson && text.starts_with('{')) return json_or_ndjson(text, format);
  if (format == SketchFormat::kNdjson && (text.starts_with('[') || text.starts_with('{')))
    return json_or_ndjson(text, format);
  return format;
}

}  // namespace limn::sketch
