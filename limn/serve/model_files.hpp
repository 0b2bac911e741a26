// The studio's models from files, with the names and ids that their places give them.
#pragma once

#include <filesystem>
#include <vector>

#include "limn/serve/studio_models.hpp"

namespace limn::models {
class Registry;
}

namespace limn::serve {

// Loads every path that the registry can load: a run directory, a .safetensors file, a file of a foreign format, the
// name of a built-in model. Throws Error naming the file.
[[nodiscard]] StudioModels load_models(const models::Registry& registry,
                                       const std::vector<std::filesystem::path>& paths);

}  // namespace limn::serve
