// Where `limn data convert` puts sketches: the writers of the room sketch, one SVG drawing or a folder of them, and
// G-code.
#pragma once

#include <filesystem>
#include <memory>

#include "limn/render/gcode.hpp"
#include "limn/sketch/sketch_writer.hpp"

namespace limn::app {

// The writer for `out` by its ending: as make_sketch_writer(), and .svg (one sketch) or a folder (a name that ends in
// '/' or exists as one), which gets a 000000.svg and so on, all of them at the end; .gcode and .nc (one sketch, or a
// sheet of several). Throws Error for other endings, for a folder that holds .svg files already, for shares where the
// format keeps no splits, and for options of a plotter where no G-code is written.
[[nodiscard]] std::unique_ptr<sketch::SketchWriter> open_sketch_output(const std::filesystem::path& out,
                                                                       const sketch::SketchWriterOptions& options,
                                                                       const render::GcodeOptions& plotter = {});

}  // namespace limn::app
