// Which checkpoint of a run stands for the run, wherever a command takes a run directory as a model. Plain functions
// that read no more than headers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limn::models {

// Metadata of the last checkpoint of a run that was stopped at a better model than its best: the step of that best. It
// says nothing any more once there is another best.
inline constexpr const char* kBeatsBest = "beats_best";

// A file as it is; of a run directory its best checkpoint, or the last one where that is better or the only one.
// Throws Error saying what was looked for.
[[nodiscard]] std::filesystem::path resolve_model_path(const std::filesystem::path& path);

// Whether the text names a checkpoint of a run: "best", "last", or the step of one that keep_checkpoints kept.
[[nodiscard]] bool is_checkpoint_name(std::string_view text);
// The checkpoint of that name. Throws Error where `run` is not a directory, or does not hold it.
[[nodiscard]] std::filesystem::path checkpoint_of_run(const std::filesystem::path& run, std::string_view name);

// The run directory that holds the model: the path itself, or that of a file in its checkpoints/. Nothing of other
// files.
[[nodiscard]] std::optional<std::filesystem::path> run_of(const std::filesystem::path& model);
// The checkpoints of a run by name, with their steps: best, last, then those kept, by step. One that cannot be read has
// the step -1.
[[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> checkpoints_of_run(const std::filesystem::path& run);

}  // namespace limn::models
