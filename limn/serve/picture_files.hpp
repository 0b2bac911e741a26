// The files that need more than the rooms' own code (cairo, giflib, libzip). The WebAssembly module has none of these
// and refuses them (wasm/src/studio_left_out.cpp): there the page writes pictures itself. Bytes in a string.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "limn/render/sheet.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::serve {

// `format` is json, ndjson or npz; `word` is the class of .ndjson's drawings.
[[nodiscard]] std::string stroke_file(const std::string& format, const std::string& word,
                                      std::vector<sketch::Sketch> sketches);
// A PNG with `scale` pixels per unit of the picture.
[[nodiscard]] std::string painted_png(const render::Picture& picture, double scale);
// The pen drawing the picture.
[[nodiscard]] std::string pen_gif(const render::Picture& picture);
// The cells one after the other, on the same scale.
[[nodiscard]] std::string frames_gif(std::span<const render::SheetCell> cells);

}  // namespace limn::serve
