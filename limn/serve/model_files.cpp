#include "limn/serve/model_files.hpp"

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"

namespace limn::serve {
namespace {

namespace fs = std::filesystem;

// builtin:doodles to "doodles", bicycle.gen.json to "bicycle", runs/sheep/ to "sheep",
// runs/sheep/checkpoints/best.safetensors to "sheep best".
std::string name_of(const fs::path& path) {
  if (is_builtin(path.native())) return path.string().substr(path.string().find(':') + 1);
  fs::path clean = fs::absolute(path).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  std::string name = clean.filename().string();
  for (const std::string_view ending : {".gz", ".json", ".js", ".mjs", ".gen", ".vae", ".full", ".safetensors"})
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  const fs::path folder = clean.parent_path();
  if (folder.filename() == "checkpoints") name = folder.parent_path().filename().string() + " " + name;
  return printable(name, 60);
}

}  // namespace

StudioModels load_models(const models::Registry& registry, const std::vector<fs::path>& paths) {
  StudioModels models;
  for (const auto& path : paths) {
    const std::string name = name_of(path), base = slug(name);
    std::string id = base;
    for (int i = 2; models.has(id); ++i) id = fmt::format("{}-{}", base, i);
    models.add(id, name, registry.load(path));
  }
  return models;
}

}  // namespace limn::serve
