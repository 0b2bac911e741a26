// Options of the commands that write G-code: the page, the pen and the machine. One place for all of them.
#pragma once

#include <filesystem>
#include <string>

#include "app/command.hpp"
#include "limn/render/gcode.hpp"

namespace limn::app {

// A group of its own in --help.
void add_plotter_options(const Command& command, render::GcodeOptions& options);
// Throws Error if an option was given and `out` is not a G-code file.
void check_plotter_options(const render::GcodeOptions& options, const std::filesystem::path& out);

}  // namespace limn::app
