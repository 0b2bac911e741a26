#include "limn/models/registry.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/draw/family.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/models/sketch_rnn/family.hpp"
#include "limn/models/vae/family.hpp"

namespace limn::models {
namespace {

template <class T>
std::vector<std::string> names_of(std::span<const T> all, std::string T::*name) {
  std::vector<std::string> names;
  for (const T& each : all) names.push_back(each.*name);
  return names;
}

}  // namespace

bool has_ending_of(const ForeignFormat& format, const std::filesystem::path& path) {
  const std::string ending = ending_of(ending_of(path) == ".gz" ? path.stem() : path);
  return std::ranges::find(format.endings, ending) != format.endings.end();
}

Registry standard_registry(std::vector<BuiltinModel> builtin_models) {
  return Registry({sketch_rnn_family(), vae_family(), draw_family()}, std::move(builtin_models));
}

const Family& Registry::family_named(std::string_view name, std::string_view origin) const {
  const auto found = std::ranges::find(families_, name, &Family::name);
  require(found != families_.end(), "{}: it holds a model of the kind '{}', which this limn does not know; it knows {}",
          origin, printable(name), fmt::join(names_of(families(), &Family::name), ", "));
  return *found;
}

const Family& Registry::family_of_command(std::string_view command) const {
  const auto found = std::ranges::find(families_, command, &Family::command);
  require(found != families_.end(), "{}: is not a family of models; there is {}", printable(command),
          fmt::join(names_of(families(), &Family::command), ", "));
  return *found;
}

Checkpoint Registry::read_builtin(const std::string& name) const {
  const auto found = std::ranges::find(builtin_models_, name, &BuiltinModel::name);
  require(!builtin_models_.empty(), "{}: no model is built in here; name a file", printable(name));
  require(found != builtin_models_.end(), "{}: no such model is built in; there are {}", printable(name),
          fmt::join(names_of(builtin_models(), &BuiltinModel::name), ", "));
  require(!found->bytes.empty(),
          "{}: this limn was built without it; scripts/pretrained.sh of the source makes it, then build again", name);
  return parse_checkpoint(SafetensorsFile::parse(Bytes(found->bytes.begin(), found->bytes.end()), name));
}

Checkpoint Registry::read(const std::filesystem::path& path) const {
  if (is_builtin(path.native())) return read_builtin(path.string());
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
