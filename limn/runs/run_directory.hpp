// The files of a run (docs/formats.md): config.toml, plan.jsonl, metrics.jsonl, log.txt, checkpoints/, samples/. One
// process writes one: a second one that wants to is refused as long as the first lives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "limn/core/growing_file.hpp"
#include "limn/core/metrics.hpp"

namespace limn::runs {

class RunDirectory {
 public:
  enum class Mode { kFresh, kResume, kOverwrite, kNamed };

  // kFresh refuses a folder that holds a run or files of one; kResume wants a run; kOverwrite deletes the old run's
  // files, and only those; kNamed touches nothing: for processes that leave the writing to another. Throws Error, also
  // where another RunDirectory that is not kNamed stands for this folder, in this process or another.
  RunDirectory(std::filesystem::path root, Mode mode);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path config() const { return root_ / "config.toml"; }
  [[nodiscard]] std::filesystem::path metrics() const { return root_ / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path plan() const { return root_ / "plan.jsonl"; }
  [[nodiscard]] std::filesystem::path last() const { return root_ / "checkpoints" / "last.safetensors"; }
  [[nodiscard]] std::filesystem::path best() const { return root_ / "checkpoints" / "best.safetensors"; }
  [[nodiscard]] std::filesystem::path state() const { return root_ / "checkpoints" / "state.safetensors"; }
  // The checkpoint of a step, of which keep_checkpoints keeps some.
  [[nodiscard]] std::filesystem::path numbered(std::int64_t step) const;
  // Removes all of those but the `kept` of the highest steps. Throws Error where the folder cannot be read or one
  // cannot be removed.
  void remove_numbered(std::int64_t kept) const;
  [[nodiscard]] std::filesystem::path samples_stem(std::int64_t step) const;

  // One line of log.txt, with the time. Throws Error where it cannot be written; it then comes before the next line.
  void log(std::string_view message) const;
  // One object of metrics.jsonl, in the same way.
  void append_metrics(std::int64_t step, std::string_view split, const Metrics& values) const;
  // Drops what a killed run wrote of steps after `step`, and a last line that is not whole.
  void truncate_metrics(std::int64_t step) const;

  // Lines of both that wait to be written. Throws Error as they do.
  void flush() const;

  // The one rule of what is a run: it has a config.toml, which is the first file that training writes and the first
  // that --overwrite deletes. False too for a folder that cannot be looked into.
  [[nodiscard]] static bool holds_run(const std::filesystem::path& root);
  // Throws Error, saying what to do, unless it is one.
  static void require_run(const std::filesystem::path& root);
  // Whether a RunDirectory stands for this folder now, in any process; nothing on a file system without locks.
  [[nodiscard]] static std::optional<bool> is_in_use(const std::filesystem::path& root);

 private:
  class Lock;

  std::filesystem::path root_;
  std::shared_ptr<const Lock> lock_;  // held by all copies
  std::shared_ptr<GrowingFile> log_, metrics_;
};

}  // namespace limn::runs
