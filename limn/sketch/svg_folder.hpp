// A folder of SVG drawings as sketches, those of its subfolders included. Files are read one after the other.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "limn/sketch/sketch.hpp"
#include "limn/sketch/svg_reader.hpp"

namespace limn::sketch {

struct SvgFolderOptions {
  SvgReadOptions svg = {};
  bool skips_damaged = false;                         // else the first file that cannot be read ends it
  std::function<void(const std::string&)> note = {};  // as SketchReadOptions::note
};

// Whether a file of that name is an SVG: .svg, or .svgz, which is packed.
[[nodiscard]] bool is_svg_name(const std::filesystem::path& path);

// The SVG files of the folder and of its subfolders in order of their paths. Hidden files and folders are left out,
// and links to folders are not followed. Throws Error naming a folder that cannot be read.
[[nodiscard]] std::vector<std::filesystem::path> svg_files(const std::filesystem::path& folder);

// The sketches of these files. Throws Error naming a file that cannot be read, unless those are skipped; also if none
// can be read.
[[nodiscard]] std::vector<Sketch> read_svg_folder(const std::filesystem::path& folder,
                                                  const SvgFolderOptions& options = {});

}  // namespace limn::sketch
