#include "limn/render/png.hpp"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <numbers>

#include "limn/core/error.hpp"

namespace limn::render {
namespace {

constexpr double kMaxSide = 32767;  // cairo's own limit
constexpr double kMaxPixels = 1e8;

struct SurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, SurfaceDeleter>;
using Context = std::unique_ptr<cairo_t, ContextDeleter>;

void check_status(cairo_status_t status, std::string_view what) {
  require(status == CAIRO_STATUS_SUCCESS, "cannot {}: {}", what, cairo_status_to_string(status));
}

Surface make_surface(cairo_format_t format, int width, int height) {
  Surface surface(cairo_image_surface_create(format, width, height));
  check_status(cairo_surface_status(surface.get()), fmt::format("make an image of {}x{} pixels", width, height));
  cairo_surface_flush(surface.get());
  return surface;
}

// Grey as A8, which cairo writes as 8-bit grey, where `is_grey_alpha`; otherwise as RGB24.
Surface surface_of(const image::Raster& raster, bool is_grey_alpha) {
  Surface surface = make_surface(is_grey_alpha ? CAIRO_FORMAT_A8 : CAIRO_FORMAT_RGB24, raster.width, raster.height);
  unsigned char* data = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  for (int y = 0; y < raster.height; ++y) {
    unsigned char* row = data + static_cast<std::ptrdiff_t>(y) * stride;
    if (is_grey_alpha) {
      std::memcpy(row, raster.at(0, y), static_cast<std::size_t>(raster.width));
      continue;
    }
    for (int x = 0; x < raster.width; ++x) {
      const std::uint8_t* pixel = raster.at(x, y);
      const int green = raster.channels == 3 ? 1 : 0;
      const std::uint32_t packed = std::uint32_t{pixel[0]} << 16 | std::uint32_t{pixel[green]} << 8 | pixel[2 * green];
      std::memcpy(row + 4 * static_cast<std::ptrdiff_t>(x), &packed, 4);
    }
  }
  cairo_surface_mark_dirty(surface.get());
  return surface;
}

class Painter {
 public:
  Painter(cairo_t* context, const PaintOptions& options) : cairo_(context), options_(options) {
    cairo_set_line_cap(cairo_, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
  }

  void paint(const Picture& picture) {
    set_colour(picture.background);
    cairo_paint(cairo_);
    for (const PictureElement& element : picture.elements) std::visit([&](const auto& value) { add(value); }, element);
  }

 private:
  void set_colour(Colour colour) {
    cairo_set_source_rgb(cairo_, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0);
  }

  void add(const PictureLine& line) {
    auto visible = static_cast<std::int64_t>(line.points.size());
    if (line.cell != kDecoration) {
      std::int64_t& painted = painted_points_[line.cell];
      visible = std::min(visible, options_.points_per_cell - painted);
      painted += visible;
    }
    if (visible <= 0) return;
    set_colour(line.colour);
    if (visible == 1) {
      cairo_arc(cairo_, line.points[0].x, line.points[0].y, line.width * 0.5, 0, 2 * std::numbers::pi);
      cairo_fill(cairo_);
      return;
    }
    cairo_set_line_width(cairo_, line.width);
    cairo_set_dash(cairo_, line.dashes.data(), static_cast<int>(line.dashes.size()), 0);
    cairo_move_to(cairo_, line.points[0].x, line.points[0].y);
    for (std::int64_t i = 1; i < visible; ++i)
      cairo_line_to(cairo_, line.points[static_cast<std::size_t>(i)].x, line.points[static_cast<std::size_t>(i)].y);
    cairo_stroke(cairo_);
  }

  void add(const PictureText& text) {
    set_colour(text.colour);
    cairo_select_font_face(cairo_, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           text.is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo_, text.size);
    cairo_text_extents_t extents;
    cairo_text_extents(cairo_, text.text.c_str(), &extents);
    double shift = 0;
    if (text.anchor == Anchor::kMiddle) shift = extents.x_advance / 2;
    if (text.anchor == Anchor::kEnd) shift = extents.x_advance;
    cairo_save(cairo_);
    cairo_translate(cairo_, text.at.x, text.at.y);
    if (text.is_vertical) cairo_rotate(cairo_, -std::numbers::pi / 2);
    cairo_move_to(cairo_, -shift, 0);
    cairo_show_text(cairo_, text.text.c_str());
    cairo_restore(cairo_);
  }

  void add(const PictureImage& image) {
    const Surface surface = surface_of(image.raster, false);
    cairo_save(cairo_);
    cairo_translate(cairo_, image.top_left.x, image.top_left.y);
    cairo_scale(cairo_, image.width / image.raster.width, image.height / image.raster.height);
    cairo_set_source_surface(cairo_, surface.get(), 0, 0);
    // Enlarged pixels stay sharp; a reduced image needs the filter.
    const bool is_enlarged = image.width * options_.scale >= image.raster.width;
    cairo_pattern_set_filter(cairo_get_source(cairo_), is_enlarged ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_rectangle(cairo_, 0, 0, image.raster.width, image.raster.height);
    cairo_fill(cairo_);
    cairo_restore(cairo_);
  }

  cairo_t* cairo_;
  const PaintOptions& options_;
  std::map<int, std::int64_t> painted_points_;
};

image::Raster raster_of(cairo_surface_t* surface) {
  image::Raster raster =
      image::make_raster(cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), 3);
  cairo_surface_flush(surface);
  const unsigned char* data = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < raster.height; ++y) {
    for (int x = 0; x < raster.width; ++x) {
      std::uint32_t packed = 0;
      std::memcpy(&packed, data + static_cast<std::ptrdiff_t>(y) * stride + 4 * static_cast<std::ptrdiff_t>(x), 4);
      std::uint8_t* pixel = raster.at(x, y);
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(packed >> (16 - 8 * c));
    }
  }
  return raster;
}

// cairo calls this from C: nothing may be thrown through it.
cairo_status_t append_bytes(void* closure, const unsigned char* data, unsigned int length) noexcept {
  try {
    auto& bytes = *static_cast<Bytes*>(closure);
    const auto* first = reinterpret_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), first, first + length);
    return CAIRO_STATUS_SUCCESS;
  } catch (...) {
    return CAIRO_STATUS_NO_MEMORY;
  }
}

}  // namespace

bool can_paint() { return true; }

image::Raster paint(const Picture& picture, const PaintOptions& options) {
  const double width = std::max(1.0, std::ceil(picture.width * options.scale));
  const double height = std::max(1.0, std::ceil(picture.height * options.scale));
  require(width <= kMaxSide && height <= kMaxSide && width * height <= kMaxPixels,
          "the picture would have {:.0f}x{:.0f} pixels, more than 100 million or {:.0f} a side; use "
          "fewer or smaller cells, or SVG",
          width, height, kMaxSide);
  const Surface surface = make_surface(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height));
  const Context context(cairo_create(surface.get()));
  cairo_scale(context.get(), options.scale, options.scale);
  Painter(context.get(), options).paint(picture);
  check_status(cairo_status(context.get()), "paint the picture");
  return raster_of(surface.get());
}

Bytes encode_png(const image::Raster& raster) {
  image::check_raster(raster, "encode_png");
  const Surface surface = surface_of(raster, raster.channels == 1);
  Bytes bytes;
  check_status(cairo_surface_write_to_png_stream(surface.get(), append_bytes, &bytes), "encode a PNG");
  return bytes;
}

void write_png(const std::filesystem::path& path, const image::Raster& raster) {
  write_file(path, naming(path.string(), [&] { return encode_png(raster); }));
}

}  // namespace limn::render
