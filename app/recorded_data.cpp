#include "app/recorded_data.hpp"

#include <algorithm>
#include <filesystem>

#include "app/shell_word.hpp"
#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/sketch/doodles.hpp"

namespace limn::app {
namespace {

constexpr std::size_t kLongestList = 400;  // of names, in a message

std::vector<std::string> recorded_data(const models::Checkpoint& model, const std::string& path,
                                       const models::Family& family) {
  std::vector<std::string> data = models::training_data(model);
  const auto config = models::run_of(path).value_or(path) / "config.toml";
  std::error_code ignored;
  if (data.empty() && std::filesystem::exists(config, ignored)) data = data_of(runs::read_config(config.string()));
  // A checkpoint of 0.1.0 without its run tells how it was trained, not on what.
  if (data.empty() && model.training_config != "{}") data = {sketch::recorded_data_name(family.built_in_data)};
  return data;
}

// The recorded data if all of them are built in; the family's where nothing is recorded; none if they are others.
std::vector<std::string> built_in_of(const std::vector<std::string>& recorded, const models::Family& family) {
  if (recorded.empty()) return {family.built_in_data};
  return std::ranges::all_of(recorded, is_builtin) ? recorded : std::vector<std::string>{};
}

}  // namespace

std::vector<std::string> data_of(const runs::RunConfig& config) {
  std::vector<std::string> data = config.data;
  if (config.is_record) std::ranges::transform(data, data.begin(), sketch::recorded_data_name);
  return data;
}

std::vector<std::string> data_or_built_in(const std::vector<std::string>& given, const models::Checkpoint& model,
                                          const std::string& path, const models::Family& family,
                                          std::string_view purpose) {
  if (!given.empty()) return given;
  const std::vector<std::string> recorded = recorded_data(model, path, family);
  if (const auto built_in = built_in_of(recorded, family); !built_in.empty()) return built_in;
  std::string words;
  for (const std::string& name : recorded) words += " " + shell_word(name);
  fail("{}: was trained on other data than {}; say on which {}, as in --data{}", path, family.built_in_data, purpose,
       printable(words, kLongestList));
}

std::string built_in_drawings(std::string_view which, const models::Model& model, const std::string& path,
                              const models::Registry& registry, std::string_view option) {
  const models::Family& family = registry.family_named(model.checkpoint().model, path);
  const std::vector<std::string> recorded = recorded_data(model.checkpoint(), path, family);
  const std::vector<std::string> built_in = built_in_of(recorded, family);
  if (built_in.empty())
    fail("{}: was trained on other data than {}; say which drawings, as in {} {}", path, family.built_in_data, option,
         printable(shell_word(fmt::format("{}:test{}", recorded.front(), which)), kLongestList));
  return fmt::format("{}:test{}", built_in.front(), which);
}

}  // namespace limn::app
