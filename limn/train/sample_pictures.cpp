#include "limn/train/sample_pictures.hpp"

#include <algorithm>

#include "limn/render/save.hpp"
#include "limn/render/steps_sheet.hpp"

namespace limn {
namespace {

// Steps shown of a drawing.
constexpr int kShownSteps = 12;

SheetCell cell_of(const Drawings& drawings, std::int64_t i) {
  if (drawings.content == Content::kSketches) return limn::cell_of(drawings.sketches[static_cast<std::size_t>(i)]);
  const auto size = static_cast<std::size_t>(drawings.shape.size());
  return limn::cell_of(
      to_raster(std::span(drawings.pixels).subspan(static_cast<std::size_t>(i) * size, size), drawings.shape));
}

Sheet sheet_of_rows(const SampleDrawings& samples) {
  Sheet sheet{.columns = static_cast<int>(samples.columns)};
  for (const auto& [heading, drawings] : samples.rows) {
    sheet.row_headings.push_back(heading);
    for (std::int64_t i = 0; i < samples.columns; ++i)
      sheet.cells.push_back(i < drawings.count() ? cell_of(drawings, i) : SheetCell{});
  }
  return sheet;
}

// A row for each drawing, one group below the other. Rows of originals have headings of their own.
Sheet sheet_of_steps(const SampleDrawings& samples) {
  Sheet all;
  for (const auto& [heading, steps, originals] : samples.steps) {
    Sheet some = chosen_steps_sheet(steps, kShownSteps, originals);
    if (originals.empty()) some.row_headings.assign(static_cast<std::size_t>(steps.count), heading);
    if (all.cells.empty()) {
      all = std::move(some);
      continue;
    }
    std::ranges::move(some.cells, std::back_inserter(all.cells));
    std::ranges::move(some.row_headings, std::back_inserter(all.row_headings));
  }
  return all;
}

}  // namespace

void save_sample_picture(const std::filesystem::path& path, const SampleDrawings& samples, const std::string& title) {
  if (!samples.steps.empty()) {
    Sheet sheet = sheet_of_steps(samples);
    sheet.title = title;
    save_sheet(path, sheet, steps_save_options(sheet, samples.steps.front().steps.shape));
    return;
  }
  Sheet sheet = sheet_of_rows(samples);
  sheet.title = title;
  save_sheet(path, sheet);
}

}  // namespace limn
