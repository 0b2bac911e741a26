// The studio as a folder of files for any web host: the page, the WebAssembly module that answers its calls, and the
// models. Nothing in it asks for another host.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace limn::models {
class Registry;
}

namespace limn::serve {

struct StaticStudioOptions {
  std::vector<std::filesystem::path> models;
  std::filesystem::path module;  // limn-studio.wasm, of this version of limn (scripts/build-wasm.sh)
};

// Bytes of the folder: all of it, and those that the first drawing needs: page, module and first model.
struct StaticStudioSize {
  std::size_t all = 0;
  std::size_t first_drawing = 0;
};

// Writes the folder, whole or not at all. One that an earlier call wrote is replaced. Models are stored in float16,
// without what they say of their training. Throws Error for a model or module that cannot be read, and for a folder
// that is there and holds something else.
StaticStudioSize write_static_studio(const models::Registry& registry, const StaticStudioOptions& options,
                                     const std::filesystem::path& folder);

}  // namespace limn::serve
