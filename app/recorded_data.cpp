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

std::vector<std::string> recorded_data(const models::Checkpoint& model, const std::string& path) {
  std::vector<std::string> data = models::training_data(model);
  const auto config = models::run_of(path).value_or(path) / "config.toml";
  std::error_code ignored;
  if (data.empty() && std::filesystem::exists(config, ignored)) data = data_of(runs::read_config(config.string()));
  return data;
}

bool are_built_in(const std::vector<std::string>& names) { return std::ranges::all_of(names, is_builtin); }

// As words of a command line, each with `suffix` behind it.
std::string words_of(const std::vector<std::string>& names, std::string_view suffix = {}) {
  std::string words;
  for (const std::string& name : names) words += " " + shell_word(fmt::format("{}{}", name, suffix));
  return printable(words, kLongestList);
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
  std::vector<std::string> recorded = recorded_data(model, path);
  // A checkpoint of 0.1.0 without its run tells how it was trained, not on what.
  const bool is_old = recorded.empty() && model.training_config != "{}";
  if (recorded.empty()) return {is_old ? sketch::recorded_data_name(family.built_in_data) : family.built_in_data};
  if (are_built_in(recorded)) return recorded;
  fail("{}: was trained on other data than {}; say on which {}, as in --data{}", path, family.built_in_data, purpose,
       words_of(recorded));
}

std::vector<std::string> built_in_training_data(const models::Checkpoint& model, const std::string& path,
                                                const models::Family& family, std::string_view option,
                                                std::string_view suffix) {
  std::vector<std::string> recorded = recorded_data(model, path);
  require(!recorded.empty(), "{}: does not say on what it was trained; {} is needed", path, option);
  require(are_built_in(recorded), "{}: was trained on other data than {}; {} is needed, as in {}{}", path,
          family.built_in_data, option, option, words_of(recorded, suffix));
  return recorded;
}

std::string built_in_drawings(std::string_view which, const models::Model& model, const std::string& path,
                              const models::Registry& registry, std::string_view option) {
  const models::Checkpoint& checkpoint = model.checkpoint();
  const std::string suffix = fmt::format(":test{}", which);
  return built_in_training_data(checkpoint, path, registry.family_named(checkpoint.model, path), option, suffix)
             .front() +
         suffix;
}

}  // namespace limn::app
