// Canvases with two images of a set on them (Gregor et al. 2015, arXiv 1502.04623, §4.3).
#pragma once

#include <string_view>

#include "limn/image/image_set.hpp"

namespace limn::image {

// Replaces image i of each split by a black square canvas of side options.compose_size that holds it and
// another one of the split, each at a random place; where they overlap their values are added, up to white,
// as in the paper. A canvas is a pure function of (options.split_seed, split, i). Throws Error beginning with
// `name` if the images do not fit on the canvas.
void compose_pairs(ImageSet& set, const ImageDataOptions& options, std::string_view name);

}  // namespace limn::image
