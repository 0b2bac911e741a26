#include "limn/train/plan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/metrics.hpp"

namespace limn::train {
namespace {

// Schedules need some length before the speed is known.
constexpr std::int64_t kGuess = 1000;
// The first steps of a process are slower than those that follow, and so many after them tell its speed. A short budget
// cannot wait for them: a tenth of it is enough.
constexpr std::int64_t kSlowSteps = 2, kTimedSteps = 20;
constexpr double kShareToWait = 0.1;
// How often the speed is looked at, as a share of the plan, and what difference of the steps left is worth an entry.
constexpr std::int64_t kLooks = 50;
constexpr double kNearEnough = 0.02;

std::int64_t steps_within(double steps) {
  constexpr double kMost = 1e12;
  return std::max<std::int64_t>(1, std::lround(std::min(steps, kMost)));
}

}  // namespace

double seconds_of(std::string_view text) {
  constexpr double kMost = 10.0 * 365 * 24 * 3600;
  double seconds = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (const auto& [unit, length] : {std::pair{'h', 3600.0}, {'m', 60.0}, {'s', 1.0}}) {
    double count = 0;
    const auto [after, error] = std::from_chars(at, end, count, std::chars_format::fixed);
    if (error != std::errc() || after == end || *after != unit || !(count >= 0)) continue;
    seconds += count * length;
    at = after + 1;
  }
  require(at == end && seconds > 0 && seconds <= kMost,
          "{}: expected a time above 0 and below ten years, as 30m, 2h, 1h30m or 45s", printable(text));
  return seconds;
}

Plan::Plan(const TrainOptions& options) : text_(options.train_for) {
  try {
    if (!text_.empty()) budget_ = seconds_of(text_);
  } catch (const Error& error) {
    fail("train_for={}", error.what());
  }
  steps_at_first_ = is_timed() ? kGuess : options.num_steps;
  num_steps_ = steps_at_first_;
}

void Plan::go_to(std::int64_t step) {
  num_steps_ = steps_at_first_;
  for (const Entry& entry : entries_)
    if (entry.from <= step) num_steps_ = entry.num_steps;
}

// Enough marks for the speed of the last quarter, however long the run.
void Plan::remember(Mark now) {
  constexpr std::int64_t kSpacing = 128;
  if (!start_ || now.step <= start_->step) {  // the first step here, or the run went back
    start_ = now;
    marks_.clear();
  }
  if (now.step < start_->step + kSlowSteps) return;
  if (marks_.empty() || now.step - marks_.back().step > now.step / kSpacing) marks_.push_back(now);
  const std::int64_t oldest = now.step - std::max(4 * kTimedSteps, now.step / 4);
  if (marks_.size() > 1 && marks_[1].step < oldest) marks_.erase(marks_.begin());
}

std::optional<std::int64_t> Plan::better(std::int64_t step, double seconds) {
  const bool is_replayed = !entries_.empty() && entries_.back().from > step;
  if (!is_timed() || is_replayed) return {};
  remember({.step = step, .seconds = seconds});
  const std::int64_t soonest = step + 1;
  if (seconds >= budget_) return num_steps_ > soonest ? std::optional(soonest) : std::nullopt;
  if (marks_.empty() || marks_.front().step == step) return {};

  const Mark& from = marks_.front();
  const std::int64_t timed = step - from.step;
  const bool is_impatient = seconds - start_->seconds >= kShareToWait * budget_;
  if (timed < kTimedSteps && !is_impatient) return {};
  const bool is_at_end = soonest >= num_steps_;  // a plan that is too short must not end the run
  if (step < next_look_ && !is_at_end) return {};
  next_look_ = std::min(2 * step, step + std::max<std::int64_t>(1, num_steps_ / kLooks));

  const double seconds_per_step = (seconds - from.seconds) / static_cast<double>(timed);
  const double left = (budget_ - seconds) / std::max(seconds_per_step, 1e-9);
  const std::int64_t planned = step + steps_within(left);
  const double difference = std::abs(static_cast<double>(planned - num_steps_));
  if (is_known() && difference <= std::max(1.0, kNearEnough * left)) return {};
  return planned;
}

void Plan::adjust(Entry entry) {
  std::erase_if(entries_, [&](const Entry& e) { return e.from >= entry.from; });
  entries_.push_back(entry);
}

void Plan::extend(std::int64_t step, double seconds) {
  if (!is_timed() || step == 0 || (!entries_.empty() && entries_.back().budget == budget_)) return;
  require(seconds < budget_,
          "train_for={}: the run has trained for {:.0f} s already; give more time than that to continue it", text_,
          seconds);
  std::erase_if(entries_, [&](const Entry& e) { return e.from > step; });
  // A run that was planned in steps did not count its seconds: the time begins now, at an unknown speed.
  const double steps = seconds > 0 ? (budget_ - seconds) * static_cast<double>(step) / seconds : kGuess;
  adjust({.from = step, .num_steps = step + steps_within(steps), .budget = budget_});
}

void Plan::set_entries(std::vector<Entry> entries) { entries_ = std::move(entries); }

std::string plan_to_json_lines(std::span<const Plan::Entry> entries) {
  std::string text;
  for (const Plan::Entry& e : entries)
    text += metrics_to_json({{"step", static_cast<double>(e.from)},
                             {"num_steps", static_cast<double>(e.num_steps)},
                             {"seconds", e.budget}}) +
            "\n";
  return text;
}

std::vector<Plan::Entry> plan_from_json_lines(std::string_view text, std::string_view origin) {
  std::vector<Plan::Entry> entries;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Metrics line = metrics_from_json(text.substr(0, end));
    const auto value = [&](const char* name) {
      const double number = metric(line, name);
      require(number >= 0 && number <= 1e15, "{}: line {} has no {}; the file is damaged: remove it to plan anew",
              origin, entries.size() + 1, name);
      return number;
    };
    entries.push_back({.from = static_cast<std::int64_t>(value("step")),
                       .num_steps = static_cast<std::int64_t>(value("num_steps")),
                       .budget = value("seconds")});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return entries;
}

}  // namespace limn::train
