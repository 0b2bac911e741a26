#include "limn/models/registry.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/draw/family.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/models/sketch_rnn/family.hpp"
#include "limn/models/vae/family.hpp"

namespace limn::models {
namespace {

std::vector<std::string> names_of(std::span<const Family> families, std::string Family::*name) {
  std::vector<std::string> names;
  for (const Family& family : families) names.push_back(family.*name);
  return names;
}

}  // namespace

bool has_ending_of(const ForeignFormat& format, const std::filesystem::path& path) {
  const std::string ending = ending_of(ending_of(path) == ".gz" ? path.stem() : path);
  return std::ranges::find(format.endings, ending) != format.endings.end();
}

Registry standard_registry() { return Registry({sketch_rnn_family(), vae_family(), draw_family()}); }

const Family& Registry::family_named(std::string_view name, std::string_view origin) const {
  const auto found = std::ranges::find(families_, name, &Family::name);
  require(found != families_.end(), "{}: it holds a model of the kind '{}', which this limn does not know; it knows {}",
          origin, printable(name), fmt::join(names_of(families_, &Family::name), ", "));
  return *found;
}

const Family& Registry::family_of_command(std::string_view command) const {
  const auto found = std::ranges::find(families_, command, &Family::command);
  require(found != families_.end(), "{}: is not a family of models; there is {}", printable(command),
          fmt::join(names_of(families_, &Family::command), ", "));
  return *found;
}

Checkpoint Registry::read(const std::filesystem::path& path) const {
  const auto file = resolve_model_path(path);
  for (const Family& family : families_)
    for (const ForeignFormat& format : family.foreign_formats)
      if (has_ending_of(format, file)) return format.read(file, {});
  require(ending_of(file) != ".pth" && ending_of(file) != ".pt",
          "{}: is a PyTorch file; make a limn model of it with limn import", file.string());
  return read_checkpoint(file);
}

std::unique_ptr<Model> Registry::make(Checkpoint checkpoint) const {
  const Family& family = family_named(checkpoint.model, checkpoint.origin);
  auto model = family.make_model(std::move(checkpoint));
  (void)model->prior();
  return model;
}

std::unique_ptr<Model> Registry::load(const std::filesystem::path& path) const { return make(read(path)); }

void Registry::write(const std::filesystem::path& path, const Checkpoint& checkpoint, DType type) const {
  Checkpoint written = checkpoint;
  if (type == DType::kF16) round_to_half(written);
  written.origin = path.string();
  (void)make(written);
  write_checkpoint(path, written, type);
}

}  // namespace limn::models
