#include "app/draw_pictures.hpp"

#include <algorithm>
#include <cmath>

#include "app/image_output.hpp"
#include "limn/render/steps_sheet.hpp"

namespace limn::app {
namespace {

constexpr double kAnimationWidth = 480;  // about, in pixels: all frames are held at once
constexpr int kChosenSteps = 12;
constexpr int kShortestFrameMs = 40;
constexpr int kDrawingMs = 4000;  // about, from the first step to the last
constexpr int kHoldMs = 2500;

void save_animation(const std::filesystem::path& path, const DrawingSteps& steps, std::span<const float> originals) {
  auto columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(steps.count))));
  if (!originals.empty()) columns *= 2;
  std::vector<Sheet> frames;
  for (std::int64_t t = 0; t <= steps.steps; ++t) frames.push_back(step_frame(steps, t, columns, originals));
  const int frame_ms = std::max(kShortestFrameMs, kDrawingMs / static_cast<int>(steps.steps));
  save_sheets_as_frames(path, frames, frame_ms, kHoldMs, steps_save_options(frames.front(), steps.shape, kAnimationWidth));
}

}  // namespace

const DrawModel* as_draw(const ImageModel& model) { return dynamic_cast<const DrawModel*>(&model); }

void save_drawing_steps(const std::filesystem::path& path, const DrawingSteps& steps, std::span<const float> originals) {
  if (is_animation(path)) return save_animation(path, steps, originals);
  const Sheet sheet = originals.empty() ? every_step_sheet(steps) : chosen_steps_sheet(steps, kChosenSteps, originals);
  save_sheet(path, sheet, steps_save_options(sheet, steps.shape));
}

}  // namespace limn::app
