#include "limn/train/sample_pictures.hpp"

#include <algorithm>

#include "limn/render/save.hpp"
#include "limn/render/steps_sheet.hpp"

namespace limn::train {
namespace {

// Steps shown of a drawing.
constexpr int kShownSteps = 12;

render::SheetCell cell_of(const models::Drawings& drawings, std::int64_t i) {
  if (drawings.content == models::Content::kSketches)
    return render::cell_of(drawings.sketches[static_cast<std::size_t>(i)]);
  const auto size = static_cast<std::size_t>(drawings.shape.size());
  return render::cell_of(
      image::to_raster(std::span(drawings.pixels).subspan(static_cast<std::size_t>(i) * size, size), drawings.shape));
}

render::Sheet sheet_of_rows(const models::SampleDrawings& samples) {
  render::Sheet sheet{.columns = static_cast<int>(samples.columns)};
  for (const auto& [heading, drawings] : samples.rows) {
    sheet.row_headings.push_back(heading);
    for (std::int64_t i = 0; i < samples.columns; ++i)
      sheet.cells.push_back(i < drawings.count() ? cell_of(drawings, i) : render::SheetCell{});
  }
  return sheet;
}

// A row for each drawing, one group below the other. Rows of originals have headings of their own.
render::Sheet sheet_of_steps(const models::SampleDrawings& samples) {
  render::Sheet all;
  for (const auto& [heading, steps, originals] : samples.steps) {
    render::Sheet some = render::chosen_steps_sheet(steps, kShownSteps, originals);
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

void save_sample_picture(const std::filesystem::path& path, const models::SampleDrawings& samples,
                         const std::string& title) {
  if (!samples.steps.empty()) {
    render::Sheet sheet = sheet_of_steps(samples);
    sheet.title = title;
    render::save_sheet(path, sheet, render::steps_save_options(sheet, samples.steps.front().steps.shape));
    return;
  }
  render::Sheet sheet = sheet_of_rows(samples);
  sheet.title = title;
  render::save_sheet(path, sheet);
}

void save_sample_grid(const std::filesystem::path& path, const models::Drawings& drawings, int columns) {
  render::Sheet sheet{.columns = columns};
  for (std::int64_t i = 0; i < drawings.count(); ++i) sheet.cells.push_back(cell_of(drawings, i));
  if (!sheet.cells.empty()) render::save_sheet(path, sheet);
}

}  // namespace limn::train
