// Sheets of drawings that come into being step by step (DRAW): canvases with the windows through which the model reads
// and writes, as rectangles whose lines are the wider the more the window blurs (the figures of Gregor et al. 2015).
// Plain functions on values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/image/drawing_steps.hpp"
#include "limn/render/save.hpp"
#include "limn/render/sheet.hpp"

namespace limn::render {

inline constexpr Colour kReadWindow{0, 158, 115};  // bluish green
inline constexpr Colour kWriteWindow{213, 94, 0};  // vermilion

// An image [C, H, W] with a window on it; the parts of the rectangle that lie outside of the image are left out.
[[nodiscard]] SheetCell window_cell(std::span<const float> pixels, const image::ImageShape& shape,
                                    const image::WindowBox& window, Colour colour);

// The canvas of every drawing after every step, `columns` steps a row, with the windows written through.
[[nodiscard]] Sheet every_step_sheet(const image::DrawingSteps& steps, int columns = 16);
// A row for each drawing: `columns` of its steps, evenly spaced, the last among them. With `originals` [n, C, H, W] a
// row before it shows the original with the windows that were read at those steps.
[[nodiscard]] Sheet chosen_steps_sheet(const image::DrawingSteps& steps, int columns,
                                       std::span<const float> originals = {});
// All drawings after step t, from 0, in `columns` columns; with `originals`, which stand before their canvases. With
// t = steps the finished drawings, without windows. Sheets of all t have one layout: frames of an animation.
[[nodiscard]] Sheet step_frame(const image::DrawingSteps& steps, std::int64_t t, int columns,
                               std::span<const float> originals = {});

// A whole number of screen pixels for each image pixel, about `width` pixels in all. What the sheets above must be
// saved with, as their line widths are in image pixels.
[[nodiscard]] SaveOptions steps_save_options(const Sheet& sheet, const image::ImageShape& shape, double width = 1000);

}  // namespace limn::render
