// Drawings to files, in the format that the file's ending names: pictures (.svg, .png, .gif, .gcode) through render,
// strokes (.npz, .ndjson, .bin, .json) through sketch. Images stay sharp: their cells are a whole multiple of their
// size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "limn/core/file.hpp"
#include "limn/image/drawing_steps.hpp"
#include "limn/models/drawings.hpp"
#include "limn/render/gcode.hpp"
#include "limn/render/sheet.hpp"

namespace limn::app {

// The endings that files of such drawings may have, as a list for people: ".svg, .png or .gif". `has_frames`: images
// may follow each other in a .gif.
[[nodiscard]] std::string output_endings(models::Content content, bool has_frames = true);
// Throws Error that lists the endings unless `path` has one for such drawings. Call it before long work starts.
void check_output(const std::filesystem::path& path, models::Content content, bool has_frames = true);
// Tells the user of a file that was written.
void print_path(const std::filesystem::path& path);
[[nodiscard]] bool is_animation(const std::filesystem::path& path);

// Adds drawings of the same content and shape.
void append(models::Drawings& all, models::Drawings more);
// A cell for each drawing, in which strokes have the colour.
[[nodiscard]] std::vector<render::SheetCell> cells_of(const models::Drawings& drawings,
                                                      render::Colour colour = render::kInk);

struct SheetLook {
  double gap = 3;          // between images, pixels; 0 joins them to one picture
  std::int64_t scale = 0;  // side of an image's pixel; 0: a sheet becomes about 1000 wide
  std::string title = {};  // of a grid
  std::vector<std::string> column_headings = {}, row_headings = {};
  render::GcodeOptions plotter = {};  // of strokes in .gcode and .nc
};
// Pictures get the sheet, stroke files the drawings; the path is printed. The sheet's images have the drawings' shape.
void save_drawings(const std::filesystem::path& path, const render::Sheet& sheet, const models::Drawings& drawings,
                   const SheetLook& look = {});
// The picture that save_grid() writes to a file of that name: no stroke file and no frames.
[[nodiscard]] Bytes encode_grid(const std::filesystem::path& name, const models::Drawings& drawings, int columns,
                                const SheetLook& look = {});
// A grid of `columns`, 0 for about as many as rows; of images in a .gif a frame each.
void save_grid(const std::filesystem::path& path, const models::Drawings& drawings, int columns = 0,
               const SheetLook& look = {});

// A .gif shows the canvases growing, with the windows on them; a sheet the canvas of each step. With `originals`
// [n, C, H, W] a .gif shows each beside its canvas with the window that is read, and a sheet some of the steps.
void save_steps(const std::filesystem::path& path, const image::DrawingSteps& steps,
                std::span<const float> originals = {});

}  // namespace limn::app
