#include "limn/render/sheet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/render/text.hpp"

namespace limn::render {
namespace {

constexpr double kTargetWidth = 1100;
constexpr double kSingleCell = 480;
constexpr double kSheetPadding = 16;
constexpr double kSheetTitleSize = 17;
constexpr double kHeadingSize = 13;

// The box around the positions of a cell, in double so that no finite float overflows.
struct Extent {
  double min_x = std::numeric_limits<double>::infinity();
  double min_y = std::numeric_limits<double>::infinity();
  double max_x = -std::numeric_limits<double>::infinity();
  double max_y = -std::numeric_limits<double>::infinity();

  [[nodiscard]] bool is_empty() const { return min_x > max_x; }
  [[nodiscard]] double width() const { return max_x - min_x; }
  [[nodiscard]] double height() const { return max_y - min_y; }
};

Extent extent_of(const SheetCell& cell, std::size_t index) {
  Extent extent;
  for (const DrawingPart& part : cell.parts) {
    for (const sketch::Stroke& stroke : part.strokes) {
      for (const auto [x, y] : stroke) {
        require(std::isfinite(x) && std::isfinite(y),
                "drawing {} holds a position that is not a finite number; leave that drawing out", index + 1);
        extent.min_x = std::min<double>(extent.min_x, x);
        extent.max_x = std::max<double>(extent.max_x, x);
        extent.min_y = std::min<double>(extent.min_y, y);
        extent.max_y = std::max<double>(extent.max_y, y);
      }
    }
  }
  return extent;
}

// How many pixels a unit of the drawing takes in a square of `side`; infinite for an extent of zero.
double fitting_scale(const Extent& extent, double side) {
  if (extent.is_empty()) return std::numeric_limits<double>::infinity();
  return side / std::max(extent.width(), extent.height());
}

// Where a drawing's positions go: centre to centre, one scale for both axes.
struct Placement {
  double from_x = 0, from_y = 0;
  double to_x = 0, to_y = 0;
  double scale = 1;

  [[nodiscard]] PicturePoint operator()(sketch::Position position) const {
    return {to_x + (position.x - from_x) * scale, to_y + (position.y - from_y) * scale};
  }
};

class SheetLayout {
 public:
  SheetLayout(const Sheet& sheet, const SheetOptions& options) : sheet_(sheet), options_(options) {
    check();
    choose_cell_size();
    choose_frame();
  }

  Picture build() {
    add_title_and_headings();
    if (options_.has_separators) add_separators();
    const double shared = shared_scale();
    for (std::size_t i = 0; i < sheet_.cells.size(); ++i) add_cell(i, shared);
    return std::move(picture_);
  }

 private:
  void check() {
    require(sheet_.columns >= 1, "a sheet of {} columns; it needs at least one", sheet_.columns);
    require(options_.margin >= 0 && options_.margin < 0.5, "margin {} is outside 0 … 0.5", options_.margin);
    require(options_.cell_size >= 0 && options_.cell_size <= 20000 && options_.line_width >= 0 &&
                options_.line_width <= 1000 && options_.image_gap >= 0 && options_.image_gap <= 1000,
            "cell size, line width or image gap is negative or absurdly large");
    for (std::size_t i = 0; i < sheet_.cells.size(); ++i) {
      extents_.push_back(extent_of(sheet_.cells[i], i));
      const auto& image = sheet_.cells[i].image;
      if (image) image::check_raster(*image, "render");
      image_width_ = std::max(image_width_, image ? image->width : 0);
      image_height_ = std::max(image_height_, image ? image->height : 0);
      has_labels_ |= !sheet_.cells[i].label.empty();
    }
  }

  // Images get a whole number of screen pixels a pixel where they fit, so that their edges stay even.
  void choose_cell_size() {
    double side = options_.cell_size;
    if (side == 0)
      side = sheet_.cells.size() <= 1 ? kSingleCell : std::clamp(kTargetWidth / sheet_.columns, 48.0, 180.0);
    cell_width_ = cell_height_ = side;
    if (image_width_ > 0) {
      const double zoom = side / std::max(image_width_, image_height_);
      const double whole_zoom = zoom >= 1 ? std::round(zoom) : zoom;
      cell_width_ = image_width_ * whole_zoom;
      cell_height_ = image_height_ * whole_zoom;
      gap_ = options_.image_gap;
    }
    side_ = std::min(cell_width_, cell_height_);
    line_width_ = options_.line_width > 0 ? options_.line_width : std::clamp(side_ * 0.015, 1.2, 4.0);
    label_size_ = std::clamp(side_ * 0.07, 9.0, 14.0);
    label_height_ = has_labels_ ? std::round(label_size_ * 1.7) : 0;
  }

  // Origin of the grid and size of the picture. A lone drawing has no frame: its own margin is enough.
  void choose_frame() {
    const int rows = sheet_.rows();
    const bool is_plain = sheet_.title.empty() && sheet_.column_headings.empty() && sheet_.row_headings.empty();
    const double padding = is_plain && sheet_.cells.size() <= 1 ? 0 : kSheetPadding;
    double heading_width = 0;
    for (const std::string& heading : sheet_.row_headings)
      heading_width = std::max(heading_width, text_width(clean_text(heading), kHeadingSize) + 12);
    const double title_height = sheet_.title.empty() ? 0 : kSheetTitleSize * 1.9;
    const double heading_height = sheet_.column_headings.empty() ? 0 : kHeadingSize * 1.8;
    grid_x_ = std::round(padding + heading_width);
    grid_y_ = std::round(padding + title_height + heading_height);
    const double grid_width = sheet_.columns * column_pitch() - gap_;
    const double title_width = std::min(text_width(clean_text(sheet_.title), kSheetTitleSize) * 1.1, 1000.0);
    picture_.width = std::max(grid_x_ + grid_width, padding + title_width) + padding;
    picture_.height = grid_y_ + rows * row_pitch() - gap_ + padding;
    title_at_ = {is_plain ? padding : grid_x_, padding + kSheetTitleSize};
    if (heading_width > 0) title_at_.x = padding;
  }

  [[nodiscard]] double column_pitch() const { return cell_width_ + gap_; }
  [[nodiscard]] double row_pitch() const { return cell_height_ + label_height_ + gap_; }

  // The text as far as there is room.
  void add_text(PictureText text, double room) {
    text.text = shortened(clean_text(text.text), text.size, room);
    if (!text.text.empty()) picture_.elements.push_back(std::move(text));
  }

  // Empty headings beside one leave it their room.
  [[nodiscard]] double heading_room(std::size_t column) const {
    const auto& headings = sheet_.column_headings;
    // Beyond the grid there is the frame.
    const auto is_free = [&](std::size_t c) { return c >= headings.size() || headings[c].empty(); };
    std::size_t free = 0;
    while (free + 1 < static_cast<std::size_t>(sheet_.columns) && is_free(column + free + 1) &&
           (column <= free || is_free(column - free - 1)))
      ++free;
    return cell_width_ + static_cast<double>(free) * column_pitch();
  }

  void add_title_and_headings() {
    const PictureText title{.at = title_at_, .text = sheet_.title, .size = kSheetTitleSize, .is_bold = true};
    add_text(title, (picture_.width - 2 * kSheetPadding) / 1.09);
    PictureText heading{.size = kHeadingSize, .colour = kQuietText, .anchor = Anchor::kMiddle};
    for (std::size_t c = 0; c < sheet_.column_headings.size() && std::cmp_less(c, sheet_.columns); ++c) {
      const double x = grid_x_ + static_cast<double>(c) * column_pitch() + cell_width_ / 2;
      heading.at = {x, grid_y_ - kHeadingSize * 0.6};
      heading.text = sheet_.column_headings[c];
      add_text(heading, heading_room(c));
    }
    heading.anchor = Anchor::kEnd;
    for (std::size_t r = 0; r < sheet_.row_headings.size() && std::cmp_less(r, sheet_.rows()); ++r) {
      const double y = grid_y_ + static_cast<double>(r) * row_pitch() + cell_height_ / 2 + kHeadingSize * 0.35;
      heading.at = {grid_x_ - 10, y};
      heading.text = sheet_.row_headings[r];
      add_text(heading, grid_x_);
    }
  }

  void add_separators() {
    const double right = grid_x_ + sheet_.columns * column_pitch() - gap_;
    const double bottom = grid_y_ + sheet_.rows() * row_pitch() - gap_;
    const auto add = [&](PicturePoint a, PicturePoint b) {
      picture_.elements.push_back(PictureLine{.points = {a, b}, .colour = kHairline, .width = 1});
    };
    for (int c = 1; c < sheet_.columns; ++c) {
      const double x = grid_x_ + c * column_pitch() - gap_ / 2;
      add({x, grid_y_}, {x, bottom});
    }
    for (int r = 1; r < sheet_.rows(); ++r) {
      const double y = grid_y_ + r * row_pitch() - gap_ / 2;
      add({grid_x_, y}, {right, y});
    }
  }

  [[nodiscard]] double inner_side() const { return side_ * (1 - 2 * options_.margin); }

  [[nodiscard]] double shared_scale() const {
    double scale = std::numeric_limits<double>::infinity();
    for (const Extent& extent : extents_) scale = std::min(scale, fitting_scale(extent, inner_side()));
    return scale;
  }

  void add_cell(std::size_t index, double shared) {
    const SheetCell& cell = sheet_.cells[index];
    const auto column = static_cast<double>(index % static_cast<std::size_t>(sheet_.columns));
    const auto row = static_cast<double>(index / static_cast<std::size_t>(sheet_.columns));
    const PicturePoint corner{grid_x_ + column * column_pitch(), grid_y_ + row * row_pitch()};
    const PicturePoint centre{corner.x + cell_width_ / 2, corner.y + cell_height_ / 2};
    Placement placement;
    if (cell.image) {
      placement = add_image(*cell.image, centre);
    } else if (!extents_[index].is_empty()) {
      const Extent& extent = extents_[index];
      const double fitted = options_.has_shared_scale ? shared : fitting_scale(extent, inner_side());
      placement = {.from_x = (extent.min_x + extent.max_x) / 2,
                   .from_y = (extent.min_y + extent.max_y) / 2,
                   .to_x = centre.x,
                   .to_y = centre.y,
                   .scale = std::isfinite(fitted) ? fitted : 1};
    }
    for (const DrawingPart& part : cell.parts) add_part(part, placement, static_cast<int>(index));
    add_text({.at = {centre.x, corner.y + cell_height_ + label_size_ * 1.1},
              .text = cell.label,
              .size = label_size_,
              .colour = kQuietText,
              .anchor = Anchor::kMiddle},
             cell_width_ + gap_ - 4);
  }

  Placement add_image(const image::Raster& image, PicturePoint centre) {
    const double zoom = std::min(cell_width_ / image.width, cell_height_ / image.height);
    const double width = image.width * zoom;
    const double height = image.height * zoom;
    picture_.elements.push_back(PictureImage{
        .top_left = {centre.x - width / 2, centre.y - height / 2}, .width = width, .height = height, .raster = image});
    return {
        .from_x = image.width / 2.0, .from_y = image.height / 2.0, .to_x = centre.x, .to_y = centre.y, .scale = zoom};
  }

  void add_part(const DrawingPart& part, const Placement& placement, int cell) {
    for (const sketch::Stroke& stroke : part.strokes) {
      if (stroke.empty()) continue;
      PictureLine line{.points = {}, .colour = part.colour, .width = line_width_ * part.relative_width, .cell = cell};
      line.points.reserve(stroke.size());
      for (const sketch::Position position : stroke) line.points.push_back(placement(position));
      picture_.elements.push_back(std::move(line));
    }
  }

  const Sheet& sheet_;
  const SheetOptions& options_;
  Picture picture_;
  std::vector<Extent> extents_;
  int image_width_ = 0, image_height_ = 0;
  bool has_labels_ = false;
  double cell_width_ = 0, cell_height_ = 0, side_ = 0, gap_ = 0;
  double line_width_ = 1, label_size_ = 12, label_height_ = 0;
  double grid_x_ = 0, grid_y_ = 0;
  PicturePoint title_at_;
};

}  // namespace

int Sheet::rows() const {
  const auto count = static_cast<int>(cells.size());
  return std::max(1, (count + columns - 1) / columns);
}

SheetCell cell_of(const sketch::Sketch& sketch, std::string label, Colour colour) {
  SheetCell cell{.label = std::move(label)};
  cell.parts.push_back({.strokes = sketch::to_strokes(sketch), .colour = colour});
  return cell;
}

SheetCell completion_cell(const sketch::Sketch& sketch, std::size_t given_points, std::string label,
                          Colour given_colour, Colour added_colour) {
  DrawingPart given{.strokes = {}, .colour = given_colour};
  DrawingPart added{.strokes = {}, .colour = added_colour};
  std::size_t left = given_points;
  for (sketch::Stroke& stroke : sketch::to_strokes(sketch)) {
    if (left >= stroke.size()) {
      left -= stroke.size();
      given.strokes.push_back(std::move(stroke));
    } else if (left == 0) {
      added.strokes.push_back(std::move(stroke));
    } else {
      const auto cut = stroke.begin() + static_cast<std::ptrdiff_t>(left);
      added.strokes.emplace_back(cut - 1, stroke.end());
      given.strokes.emplace_back(stroke.begin(), cut);
      left = 0;
    }
  }
  SheetCell cell{.label = std::move(label)};
  cell.parts = {std::move(given), std::move(added)};
  return cell;
}

SheetCell cell_of(image::Raster image, std::string label) {
  return SheetCell{.image = std::move(image), .label = std::move(label)};
}

Sheet single_sheet(const sketch::Sketch& sketch) {
  Sheet sheet;
  sheet.cells.push_back(cell_of(sketch));
  return sheet;
}

Sheet grid_sheet(std::vector<SheetCell> cells, int columns) {
  if (columns == 0) columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(cells.size()))));
  return Sheet{.columns = std::max(1, columns), .cells = std::move(cells)};
}

Picture lay_out(const Sheet& sheet, const SheetOptions& options) { return SheetLayout(sheet, options).build(); }

}  // namespace limn::render
