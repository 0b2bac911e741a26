// limn watch: a live text view of a run, while it trains or afterwards.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "app/commands.hpp"
#include "app/duration.hpp"
#include "app/interrupts.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/smoothed_metrics.hpp"
#include "limn/runs/run_record.hpp"

namespace limn::app {
namespace {

constexpr std::size_t kSparkWidth = 48;

constexpr std::size_t kLongestMessage = 400;

struct WatchArguments {
  std::string run;
  double interval_s = 1;
  bool is_once = false;
};

// A curve in one line of text: the lowest value is ▁, the highest █. Differences beyond the 5th and 95th hundredth of
// the values are cut off, so that the first steps of a run do not flatten the rest.
std::string sparkline(const runs::LossCurve& curve) {
  static constexpr const char* kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr int kHighest = 7;
  const runs::LossCurve points = runs::thinned(curve, kSparkWidth);
  std::vector<double> sorted = points.values;
  std::ranges::sort(sorted);
  const auto at_share = [&](double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  const double low = at_share(0.05);
  const double span = at_share(0.95) - low;
  std::string text;
  for (const double value : points.values) {
    const double height = span > 0 ? (value - low) / span : 0;
    text += kLevels[std::clamp(static_cast<int>(std::lround(height * kHighest)), 0, kHighest)];
  }
  return text;
}

// The last value, and of what jumps from step to step the running mean.
double last_value(const runs::LossCurve& curve, const std::string& split) {
  if (split != "train") return curve.values.back();
  SmoothedMetrics smoothed;
  double mean = 0, before = 0;
  for (std::size_t i = 0; i < curve.steps.size(); ++i) {
    mean = smoothed.add({{"", curve.values[i]}}, i == 0 ? 1 : curve.steps[i] - before).front().value;
    before = curve.steps[i];
  }
  return mean;
}

std::string state_text(const runs::RunRecord& run) {
  if (run.is_finished()) return "finished";
  if (run.seems_to_run()) return "training";
  return fmt::format("not training: last heard of {} ago", duration_text(run.idle_seconds));
}

// Texts of a run's files may hold a terminal's control sequences, so they are shown through printable().
std::vector<std::string> lines_of(const WatchArguments& a, const runs::RunRecord& run) {
  std::vector<std::string> lines;
  const std::string of = run.num_steps > 0 ? fmt::format(" of {}", run.num_steps) : "";
  lines.push_back(fmt::format("{}  {}  step {}{}  {}", a.run, printable(run.family), run.step, of, state_text(run)));
  const double step_seconds = metric(run.last_train, "seconds");
  if (std::isfinite(step_seconds)) {
    std::string text =
        fmt::format("{:.3g} s per step, {:.0f} examples/s, learning rate {:.2e}", step_seconds,
                    metric(run.last_train, "examples_per_second"), metric(run.last_train, "learning_rate"));
    if (!run.is_finished() && run.num_steps > 0) text += ", " + duration_text(run.seconds_left()) + " left";
    lines.push_back(text);
  }
  if (run.best_step > 0)
    lines.push_back(fmt::format("best on validation: total {:.4f} at step {}", run.best_total, run.best_step));
  lines.emplace_back();
  for (const auto& [key, curve] : run.curves)
    lines.push_back(fmt::format("{:<30} {:<6} {:>10.4f}  {}", printable(key.first), printable(key.second),
                                last_value(curve, key.second), sparkline(curve)));
  if (run.curves.empty()) lines.emplace_back("nothing written yet");
  lines.emplace_back();
  if (!run.last_sample.empty()) {
    const std::string name = printable(run.last_sample.filename().string(), kLongestMessage);
    lines.push_back("last picture: " + (run.last_sample.parent_path() / name).string());
  }
  if (!run.last_message.empty()) lines.push_back("log: " + printable(run.last_message, kLongestMessage));
  return lines;
}

void watch(const WatchArguments& a) {
  const bool is_live = !a.is_once && isatty(STDOUT_FILENO) == 1;
  if (is_live) watch_for_interrupts();
  std::size_t shown = 0;
  while (true) {
    const auto start = std::chrono::steady_clock::now();
    const runs::RunRecord run = runs::read_run(a.run);
    const auto reading = std::chrono::steady_clock::now() - start;
    if (shown > 0) print("\033[{}A", shown);
    const auto lines = lines_of(a, run);
    for (const auto& line : lines) print("{}{}\n", line, is_live ? "\033[K" : "");
    if (shown > lines.size()) print("\033[J");
    shown = lines.size();
    flush_output();
    if (!is_live || run.is_finished() || is_interrupted()) return;
    // The record of a long run takes long to read; the training beside it shall have the machine.
    const auto until =
        std::chrono::steady_clock::now() +
        std::max<std::chrono::duration<double>>(std::chrono::duration<double>(a.interval_s), 10 * reading);
    while (std::chrono::steady_clock::now() < until && !is_interrupted())
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

void add_watch(const Command& app) {
  const Command command = app.add_command("watch", "a live view of a run: losses, speed, time left");
  auto a = std::make_shared<WatchArguments>();
  command.add("RUN", &a->run, "run directory").required();
  command.add("--interval", &a->interval_s, "seconds between looks").number(0.1, 3600.0).shows_default();
  command.add("--once", &a->is_once, "print once and end; the default where stdout is not a terminal");
  command.set_footer("\nExamples:\n  limn watch runs/doodles\n  limn watch runs/doodles --once\n");
  command.set_action([a] { watch(*a); });
}

}  // namespace limn::app
