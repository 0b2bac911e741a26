#include "app/recorded_data.hpp"

#include <algorithm>
#include <filesystem>

#include "app/shell_word.hpp"
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
  if (recorded.empty()) return {family.built_in_data};
  if (std::ranges::all_of(recorded, [](const auto& name) { return name.starts_with("builtin:"); })) return recorded;
  std::string words;
  for (const std::string& name : recorded) words += " " + shell_word(name);
  fail("{}: was trained on other data than {}; say on which {}, as in --data{}", path, family.built_in_data, purpose,
       printable(words, kLongestList));
}

}  // namespace limn::app
