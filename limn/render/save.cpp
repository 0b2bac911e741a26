#include "limn/render/save.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/render/png.hpp"
#include "limn/render/svg_writer.hpp"

namespace limn::render {
namespace {

constexpr std::array<std::string_view, 1> kFrameEndings{".gif"};

// The ending in lower case, or Error listing `known`.
std::string known_ending(const std::filesystem::path& path, std::span<const std::string_view> known) {
  std::string ending = ending_of(path);
  if (std::find(known.begin(), known.end(), ending) == known.end())
    fail("{}: the ending says what to write; use {}", path.string(), fmt::join(known, ", "));
  return ending;
}

Bytes bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void require_sheet_ending(const std::filesystem::path& path) { (void)known_ending(path, kSheetEndings); }

bool is_sheet_file(const std::filesystem::path& path) {
  return std::ranges::find(kSheetEndings, ending_of(path)) != kSheetEndings.end();
}

Bytes encode_sheet(const std::filesystem::path& name, const Sheet& sheet, const SaveOptions& options) {
  const std::string ending = known_ending(name, kSheetEndings);
  return naming(name.string(), [&] {
    const Picture picture = lay_out(sheet, options.sheet);
    if (ending == ".svg") return bytes_of(svg_text(picture));
    if (ending == ".png") return encode_png(paint(picture, {.scale = options.png_scale}));
    if (ending == ".gif") return encode_pen_gif(picture, options.animation);
    return bytes_of(gcode_text(picture, options.gcode));
  });
}

void save_sheet(const std::filesystem::path& path, const Sheet& sheet, const SaveOptions& options) {
  write_file(path, encode_sheet(path, sheet, options));
}

void save_sheets_as_frames(const std::filesystem::path& path, std::span<const Sheet> sheets, int frame_ms, int hold_ms,
                           const SaveOptions& options) {
  (void)known_ending(path, kFrameEndings);
  std::vector<GifFrame> frames;
  naming(path.string(), [&] {
    for (const Sheet& sheet : sheets)
      frames.push_back({paint(lay_out(sheet, options.sheet), {.scale = options.animation.scale}), frame_ms});
  });
  if (!frames.empty()) frames.back().duration_ms = hold_ms;
  write_gif(path, frames);
}

void save_charts(const std::filesystem::path& path, std::span<const Chart> charts, const ChartOptions& options,
                 double png_scale) {
  const std::string ending = known_ending(path, kChartEndings);
  const Bytes bytes = naming(path.string(), [&] {
    const Picture picture = lay_out_charts(charts, options);
    return ending == ".svg" ? bytes_of(svg_text(picture)) : encode_png(paint(picture, {.scale = png_scale}));
  });
  write_file(path, bytes);
}

}  // namespace limn::render
