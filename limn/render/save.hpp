// Sheets and charts to files, the format chosen by the name's ending. Files are replaced all or nothing.
#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "limn/core/file.hpp"
#include "limn/render/chart.hpp"
#include "limn/render/gcode.hpp"
#include "limn/render/gif.hpp"
#include "limn/render/sheet.hpp"

namespace limn::render {

struct SaveOptions {
  SheetOptions sheet = {};
  double png_scale = 1;  // pixels a unit; 2 suits screens of high density and print
  PenAnimationOptions animation = {};
  GcodeOptions gcode = {};
};

// What save_sheet() and save_charts() write.
inline constexpr std::array<std::string_view, 5> kSheetEndings{".svg", ".png", ".gif", ".gcode", ".nc"};
inline constexpr std::array<std::string_view, 2> kChartEndings{".svg", ".png"};

// Whether `path` ends in one of kSheetEndings, in any case.
[[nodiscard]] bool is_sheet_file(const std::filesystem::path& path);
// Throws Error listing these endings for another. For programs that want to refuse a name before they work.
void require_sheet_ending(const std::filesystem::path& path);

// SVG and PNG show the sheet, a GIF draws it, G-code plots its strokes. The name says the format.
[[nodiscard]] Bytes encode_sheet(const std::filesystem::path& name, const Sheet& sheet,
                                 const SaveOptions& options = {});
// To the file of that name.
void save_sheet(const std::filesystem::path& path, const Sheet& sheet, const SaveOptions& options = {});

// One frame a sheet, each for `frame_ms` and the last for `hold_ms`: .gif only. Sheets must have the same
// layout.
void save_sheets_as_frames(const std::filesystem::path& path, std::span<const Sheet> sheets, int frame_ms, int hold_ms,
                           const SaveOptions& options = {});

// .svg and .png.
void save_charts(const std::filesystem::path& path, std::span<const Chart> charts, const ChartOptions& options = {},
                 double png_scale = 2);

}  // namespace limn::render
