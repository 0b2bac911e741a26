// A contact sheet: a grid of drawings and images with labels, headings and a title, whatever the output
// format. Sheet is a value that a command fills; lay_out() turns it into a Picture. Both are free of files
// and cairo.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "limn/render/picture.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::render {

// Strokes of one colour. In a cell with an image, positions are in pixels of that image.
struct DrawingPart {
  std::vector<sketch::Stroke> strokes;
  Colour colour = kInk;
  double relative_width = 1;  // of the sheet's line width
};

struct SheetCell {
  std::vector<DrawingPart> parts = {};      // painted in this order, fitted together
  std::optional<image::Raster> image = {};  // painted under the parts
  std::string label = {};                   // below the drawing
};

// Cells stand row by row. Headings may be fewer than columns or rows, or none.
struct Sheet {
  int columns = 1;
  std::vector<SheetCell> cells = {};
  std::vector<std::string> column_headings = {};
  std::vector<std::string> row_headings = {};
  std::string title = {};

  [[nodiscard]] int rows() const;
};

// A cell with one sketch.
[[nodiscard]] SheetCell cell_of(const sketch::Sketch& sketch, std::string label = {}, Colour colour = kInk);
// A cell whose first `given_points` points have one colour and whose rest has another. A stroke that crosses
// is cut at the last given point, which both parts share.
[[nodiscard]] SheetCell completion_cell(const sketch::Sketch& sketch, std::size_t given_points, std::string label = {},
                                        Colour given_colour = kInk, Colour added_colour = kAccent);
[[nodiscard]] SheetCell cell_of(image::Raster image, std::string label = {});

// One drawing and nothing else.
[[nodiscard]] Sheet single_sheet(const sketch::Sketch& sketch);
// About as many rows as columns.
[[nodiscard]] Sheet grid_sheet(std::vector<SheetCell> cells, int columns = 0);

struct SheetOptions {
  double cell_size = 0;           // side of a cell, pixels; 0: chosen so that a sheet is about 1100 wide
  double margin = 0.1;            // empty border inside a cell, share of its side, below 0.5; images have none
  double line_width = 0;          // pixels; 0: in proportion to the cell
  bool has_shared_scale = false;  // one scale for all drawings, so that their sizes compare
  bool has_separators = false;    // hairlines between cells
  double image_gap = 3;           // pixels between images; 0 makes a manifold seamless
};

// Throws Error for a sheet without columns, a position that is not finite, and options out of range.
[[nodiscard]] Picture lay_out(const Sheet& sheet, const SheetOptions& options = {});

}  // namespace limn::render
