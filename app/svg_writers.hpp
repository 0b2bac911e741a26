// Where `limn data convert` puts sketches: the writers of the room sketch, and one SVG drawing or a folder of them.
#pragma once

#include <filesystem>
#include <memory>

#include "limn/sketch/sketch_writer.hpp"

namespace limn::app {

// The writer for `out` by its ending: as make_sketch_writer(), and .svg (one sketch) or a folder (a name that ends in
// '/' or exists as one), which gets a 000000.svg and so on, all of them at the end. Throws Error for other endings, for
// a folder that holds .svg files already, and for shares where the format keeps no splits.
[[nodiscard]] std::unique_ptr<sketch::SketchWriter> open_sketch_output(const std::filesystem::path& out,
                                                                       const sketch::SketchWriterOptions& options);

}  // namespace limn::app
