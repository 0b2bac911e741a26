// limn.Picture: several drawings or images as one sheet.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>

#include "limn/image/dataset.hpp"
#include "limn/render/save.hpp"
#include "limn/render/sheet.hpp"
#include "python/arrays.hpp"

namespace limn::python {

struct Picture {
  render::Sheet sheet;
  render::SaveOptions options;
};

// An array [H, W], [n, H, W], [C, H, W] or [n, C, H, W] with C 1 or 3 as pixels in [0, 1]. [3, H, W] is one image in
// colour, other arrays of three dimensions are several grey ones, unless `wanted` says which. Throws Error for another
// array, a value outside of [0, 1], and a shape other than `wanted`.
struct Images {
  image::ImageShape shape;
  std::vector<float> pixels;  // [n, C, H, W]
};
[[nodiscard]] Images images_of(nb::handle values, const image::ImageShape* wanted = nullptr);

void add_picture(nb::module_& module);

}  // namespace limn::python
