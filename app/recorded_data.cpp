#include "app/recorded_data.hpp"

#include <filesystem>

#include "app/shell_word.hpp"
#include "limn/core/error.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/runs/run_config.hpp"

namespace limn::app {
namespace {

constexpr std::size_t kLongestList = 400;  // of names, in a message

std::vector<std::string> recorded_data(const models::Checkpoint& model, const std::string& path) {
  std::vector<std::string> data = models::training_data(model);
  const auto config = models::run_of(path).value_or(path) / "config.toml";
  std::error_code ignored;
  if (data.empty() && std::filesystem::exists(config, ignored)) data = runs::read_config(config.string()).data;
  return data;
}

}  // namespace

std::vector<std::string> data_or_built_in(const std::vector<std::string>& given, const models::Checkpoint& model,
                                          const std::string& path, const models::Family& family,
                                          std::string_view purpose) {
  if (!given.empty()) return given;
  const std::vector<std::string> built_in{family.built_in_data}, recorded = recorded_data(model, path);
  if (recorded.empty() || recorded == built_in) return built_in;
  std::string words;
  for (const std::string& name : recorded) words += " " + shell_word(name);
  fail("{}: was trained on other data than {}; say on which {}, as in --data{}", path, family.built_in_data, purpose,
       printable(words, kLongestList));
}

}  // namespace limn::app
