#include "limn/models/run_checkpoints.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"

namespace limn::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBest = "best";
constexpr const char* kLast = "last";
constexpr std::string_view kNumbered = "step-";

std::optional<std::int64_t> step_of(std::string_view text) {
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error != std::errc() || end != text.data() + text.size() || step < 0) return std::nullopt;
  return step;
}

fs::path file_of(const fs::path& run, std::string_view name) {
  const std::string_view kept = step_of(name) ? kNumbered : "";
  return run / "checkpoints" / fmt::format("{}{}.safetensors", kept, name);
}

// Of a file that cannot be read nothing: who reads all of it says why.
std::optional<std::int64_t> step_in(const fs::path& file, const char* key) {
  try {
    const auto metadata = read_safetensors_metadata(file);
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::nullopt : step_of(found->second);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace

fs::path resolve_model_path(const fs::path& path) {
  std::error_code ignored;
  if (!is_folder(path)) {
    require(fs::exists(path, ignored),
            "{}: no such file; a model is a run directory, a .safetensors file, one of Magenta, or builtin:doodles",
            path.string());
    return path;
  }
  const fs::path best = file_of(path, kBest), last = file_of(path, kLast);
  const bool has_best = may_be_file(best), has_last = may_be_file(last);
  require(has_best || has_last,
          "{}: neither checkpoints/best.safetensors nor checkpoints/last.safetensors is in it; is it a run directory?",
          path.string());
  if (!has_best) return last;
  const auto beaten = has_last ? step_in(last, kBeatsBest) : std::nullopt;
  return beaten && beaten == step_in(best, "step") ? last : best;
}

bool is_checkpoint_name(std::string_view text) { return text == kBest || text == kLast || step_of(text); }

fs::path checkpoint_of_run(const fs::path& run, std::string_view name) {
  require(is_folder(run), "{}: is not a run directory, so it has no checkpoints to choose from; leave it out",
          run.string());
  fs::path file = file_of(run, name);
  if (may_be_file(file)) return file;
  std::vector<std::string> there;
  for (const auto& [other, step] : checkpoints_of_run(run)) there.push_back(other);
  fail("{}: is not there; {}", file.string(),
       there.empty() ? "the folder holds no checkpoint" : fmt::format("there is {}", fmt::join(there, ", ")));
}

std::optional<fs::path> run_of(const fs::path& model) {
  if (is_folder(model)) return model;
  const fs::path folder = fs::absolute(model).lexically_normal().parent_path();
  if (folder.filename() != "checkpoints") return std::nullopt;
  return folder.parent_path();
}

std::vector<std::pair<std::string, std::int64_t>> checkpoints_of_run(const fs::path& run) {
  constexpr std::string_view kEnding = ".safetensors";
  std::map<std::int64_t, std::string> kept;
  std::error_code error;
  for (fs::directory_iterator entry(run / "checkpoints", error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!name.starts_with(kNumbered) || !name.ends_with(kEnding) || name.size() < kNumbered.size() + kEnding.size())
      continue;
    name = name.substr(kNumbered.size(), name.size() - kNumbered.size() - kEnding.size());
    if (const auto step = step_of(name)) kept[*step] = name;
  }
  std::vector<std::pair<std::string, std::int64_t>> all;
  for (const char* name : {kBest, kLast})
    if (may_be_file(file_of(run, name))) all.emplace_back(name, step_in(file_of(run, name), "step").value_or(-1));
  for (const auto& [step, name] : kept) all.emplace_back(name, step);
  return all;
}

}  // namespace limn::models
