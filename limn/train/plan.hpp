// How many steps a run is planned for. A number of steps is the plan itself; a time becomes one once some steps have
// been timed, and is corrected when the machine turns out to be faster or slower. Every correction is an entry with the
// step from which it holds, so that a resumed run takes the same learning rates and weights again. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/train/options.hpp"

namespace limn::train {

class Plan {
 public:
  // From step `from` on the run is planned for `num_steps` in all, which fill `budget` seconds.
  struct Entry {
    std::int64_t from = 0;
    std::int64_t num_steps = 0;
    double budget = 0;
  };

  // Throws Error where train_for is not a time.
  explicit Plan(const TrainOptions& options);

  [[nodiscard]] bool is_timed() const { return budget_ > 0; }
  [[nodiscard]] double budget() const { return budget_; }  // seconds; 0 where steps are given
  // Steps of the whole run, as planned at the step of go_to().
  [[nodiscard]] std::int64_t num_steps() const { return num_steps_; }
  // Whether steps have been timed, so that num_steps() of a time is more than a guess.
  [[nodiscard]] bool is_known() const { return !is_timed() || !entries_.empty(); }
  void go_to(std::int64_t step);

  // A plan that fits better, before step `step` and after `seconds` of training in all: how many steps fill the budget
  // at the speed of the last ones. None where the plan is near enough, is in steps, or holds later entries. At least
  // step + 1, from where it holds.
  [[nodiscard]] std::optional<std::int64_t> better(std::int64_t step, double seconds);
  void adjust(Entry entry);
  // The plan of a run that continues at `step` after `seconds` with another budget than its last entry's: drops what
  // was planned beyond and plans anew. Zero seconds: they are not known. Throws Error where that time is over.
  void extend(std::int64_t step, double seconds);

  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }
  void set_entries(std::vector<Entry> entries);

 private:
  struct Mark {
    std::int64_t step;
    double seconds;
  };
  void remember(Mark now);

  std::string text_;  // of the budget, as it was given
  double budget_ = 0;
  std::int64_t num_steps_ = 0, steps_at_first_;
  std::vector<Entry> entries_;
  std::optional<Mark> start_;  // of this process's first step
  std::vector<Mark> marks_;    // of some later ones, dense enough for a speed
  std::int64_t next_look_ = 0;
};

// plan.jsonl, an entry a line, and back. Throws Error naming `origin` for what is not one.
[[nodiscard]] std::string plan_to_json_lines(std::span<const Plan::Entry> entries);
[[nodiscard]] std::vector<Plan::Entry> plan_from_json_lines(std::string_view text, std::string_view origin);

// "30m", "2h", "45s", "1h30m" or "1.5h" in seconds. Throws Error for what is not a time above 0.
[[nodiscard]] double seconds_of(std::string_view text);

}  // namespace limn::train
