// DRAW's own pictures: drawings as they come into being, as sheets (.svg, .png) and animations (.gif).
#pragma once

#include <filesystem>
#include <span>

#include "limn/models/draw/drawing.hpp"

namespace limn::app {

// The model as a DRAW, or null if it is of another family.
[[nodiscard]] const DrawModel* as_draw(const ImageModel& model);

// A .gif shows the canvases growing, with the windows on them; a sheet the canvas of every step. With `originals`
// [n, C, H, W] a .gif shows each beside its canvas with the window that is read, and a sheet some of the steps.
void save_drawing_steps(const std::filesystem::path& path, const DrawingSteps& steps,
                        std::span<const float> originals = {});

}  // namespace limn::app
