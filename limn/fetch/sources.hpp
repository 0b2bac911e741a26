// Where the data sets and models that people train on and draw with are to be had. A closed list of plain
// facts: addresses, file names, published checksums.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limn/fetch/download.hpp"

namespace limn::fetch {

struct SourceFile {
  std::string name;  // of the file here, such as "cat.npz"
  RemoteFile remote;
};

struct SourceFiles {
  std::string folder;  // where they go if the user names none: "quickdraw", "mnist", …
  std::vector<SourceFile> files;
};

// The files of "quickdraw:CATEGORY", "mnist", "fashion-mnist" or "magenta:NAME". `format` is one of the
// source's,
// "" its first. `base`, if not empty, stands for the source's own address: file F is then at BASE/F. Throws
// Error naming what there is, for a source, format or name that cannot be.
[[nodiscard]] SourceFiles files_of_source(std::string_view source, std::string_view format = "",
                                          std::string_view base = "");

// A table for --help: sources, formats, what they are.
[[nodiscard]] std::string sources_help();

}  // namespace limn::fetch
