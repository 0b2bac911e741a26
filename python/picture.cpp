#include "python/picture.hpp"

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/render/png.hpp"
#include "limn/render/svg_writer.hpp"
#include "python/drawing.hpp"

namespace limn::python {
namespace {

using namespace nb::literals;

constexpr double kImageSide = 96;  // about, on a sheet, in units of the picture

std::vector<image::Raster> rasters_of(const Images& images) {
  std::vector<image::Raster> rasters;
  const auto size = static_cast<std::size_t>(images.shape.size());
  for (std::size_t first = 0; first < images.pixels.size(); first += size)
    rasters.push_back(image::to_raster(std::span(images.pixels).subspan(first, size), images.shape));
  return rasters;
}

bool are_drawings(nb::handle items) {
  if (nb::isinstance<Drawing>(items)) return true;
  if (nb::hasattr(items, "ndim") || !nb::hasattr(items, "__iter__")) return false;
  for (const nb::handle item : nb::iter(items)) return nb::isinstance<Drawing>(item);
  return false;
}

Picture sheet(nb::handle items, int columns, const std::string& title) {
  require(columns >= 0, "columns: {}, expected 0 or more", columns);
  Picture picture;
  std::vector<render::SheetCell> cells;
  if (are_drawings(items)) {
    for (const sketch::Sketch& sketch : sketches_of(items)) cells.push_back(render::cell_of(sketch));
  } else {
    const Images images = images_of(items);
    for (image::Raster& raster : rasters_of(images)) cells.push_back(render::cell_of(std::move(raster)));
    // A whole number of units for each pixel, so that they stay squares of one size.
    const double side = static_cast<double>(std::max(images.shape.height, images.shape.width));
    picture.options.sheet.cell_size = side * std::max(1.0, std::round(kImageSide / side));
  }
  require(!cells.empty(), "sheet: nothing to show");
  picture.sheet = render::grid_sheet(std::move(cells), columns);
  picture.sheet.title = title;
  return picture;
}

std::string svg_of(const Picture& picture) {
  return render::svg_text(render::lay_out(picture.sheet, picture.options.sheet));
}

nb::bytes png(nb::handle image) {
  const Images images = images_of(image);
  const std::vector<image::Raster> rasters = rasters_of(images);
  require(rasters.size() == 1, "png: {} images, expected one; sheet() shows several", rasters.size());
  const Bytes bytes = render::encode_png(rasters.front());
  return nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

Images images_of(nb::handle values, const image::ImageShape* wanted) {
  const GivenFloats array = floats_of(values, "images", true);
  const std::size_t n = array.ndim();
  require(n >= 2 && n <= 4, "images: are {}, expected [H, W], [n, H, W], [C, H, W] or [n, C, H, W]", shape_text(array));
  const auto size = [&](std::size_t from_end) { return static_cast<std::int64_t>(array.shape(n - from_end)); };
  const bool has_channels =
      n == 4 || (n == 3 && (wanted == nullptr ? size(3) == 3 : wanted->channels == size(3) && wanted->channels > 1));
  Images images{.shape = {.channels = has_channels ? size(3) : 1, .height = size(2), .width = size(1)},
                .pixels = {array.data(), array.data() + array.size()}};
  require(images.shape.channels == 1 || images.shape.channels == 3, "images: are {}, expected 1 or 3 channels",
          shape_text(array));
  require(wanted == nullptr || images.shape == *wanted, "images: are {}, the model's are {}", image::text(images.shape),
          wanted == nullptr ? "" : image::text(*wanted));
  require(images.shape.size() > 0 && !images.pixels.empty(), "images: are {}, without a pixel", shape_text(array));
  require(std::ranges::all_of(images.pixels, [](float value) { return value >= 0 && value <= 1; }),
          "images: a value lies outside of [0, 1]; divide by the largest, or give uint8");
  return images;
}

void add_picture(nb::module_& module) {
  nb::class_<Picture>(module, "Picture", "Several drawings or images as one picture; a notebook shows it.")
      .def("svg", &svg_of, "The picture as an SVG file's text.")
      .def("_repr_svg_", &svg_of)
      .def(
          "save",
          [](const Picture& picture, const std::filesystem::path& path) {
            const nb::gil_scoped_release release;
            render::save_sheet(path, picture.sheet, picture.options);
          },
          "path"_a, "Writes .svg, or .gcode of strokes. Replaces the file whole or not at all.");
  module.def("sheet", &sheet, "items"_a, "columns"_a = 0, "title"_a = "",
             nb::sig("def sheet(items: Drawing | collections.abc.Iterable[Drawing] | numpy.typing.ArrayLike, "
                     "columns: int = 0, title: str = '') -> Picture"),
             "Drawings, or images [n, H, W] or [n, C, H, W], side by side. columns 0: about as many as rows.");
  module.def("png", &png, "image"_a, nb::sig("def png(image: numpy.typing.ArrayLike) -> bytes"),
             "One image [H, W] or [3, H, W] in [0, 1], or uint8, as a PNG file's bytes.");
}

}  // namespace limn::python
