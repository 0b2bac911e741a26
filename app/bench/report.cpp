#include "app/bench/report.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "app/bench/machine.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"

namespace limn::app {
namespace {

using json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string time_text(double seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.1f} us", seconds * 1e6);
}

// "12.30 ms ±2%": half the distance between the quartiles. One run alone has no spread.
std::string timing_text(const Timing& timing) {
  if (timing.runs < 2) return time_text(timing.median) + " once";
  return fmt::format("{} ±{:.0f}%", time_text(timing.median), 50 * (timing.high - timing.low) / timing.median);
}

json timing_json(const Timing& timing) {
  return {{"median_seconds", timing.median},
          {"lower_quartile", timing.low},
          {"upper_quartile", timing.high},
          {"runs", timing.runs}};
}

json row_json(const BenchRow& row, double gemm_rate) {
  json object{{"name", row.name}, {"shape", row.shape}};
  if (row.difference) object["difference"] = *row.difference;
  if (row.gradient_difference > 0) object["gradient_difference"] = row.gradient_difference;
  if (row.gradient_rounding > 0) object["gradient_rounding"] = row.gradient_rounding;
  object["limn"] = timing_json(row.ours);
  if (row.flops > 0) {
    object["flops_per_second"] = row.flops / row.ours.median;
    object["share_of_gemm"] = row.flops / row.ours.median / gemm_rate;
  }
  if (row.points > 0) object["points_per_second"] = row.points / row.ours.median;
  if (!row.lengths.empty()) object["lengths"] = row.lengths;
  if (row.from_line) object["from_line"] = *row.from_line;
  if (row.peak_bytes > 0) object["peak_bytes"] = row.peak_bytes;
  return object;
}

constexpr double kNotableGradientDifference = 1e-3;

// All that can be measured, so that --only is refused before anything is.
constexpr std::array kRowNames{
    "train lstm f32",     "train lstm bf16",   "train layer_norm f32", "train layer_norm bf16",
    "train hyper f32",    "train hyper bf16",  "train draw",           "train vae",
    "growth with length", "growth with batch", "gemm forward",         "gemm weight gradient",
    "mixture density",    "clip and Adam",     "generate one",         "generate many"};

constexpr const char* kLine = "{:<26} {:<41} {:>15} {:>8} {:>6} {:>10} {:>8}\n";

}  // namespace

Timing time_runs(const std::function<void()>& run, const TimingBudget& budget) {
  std::vector<double> seconds;
  const auto start = Clock::now();
  while (static_cast<int>(seconds.size()) < budget.most &&
         (static_cast<int>(seconds.size()) < budget.least || seconds_since(start) < budget.seconds)) {
    const auto before = Clock::now();
    run();
    seconds.push_back(seconds_since(before));
  }
  std::sort(seconds.begin(), seconds.end());
  const std::size_t n = seconds.size();
  return {.median = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2,
          .low = seconds[(n - 1) / 4],
          .high = seconds[n - 1 - (n - 1) / 4],
          .runs = static_cast<int>(n)};
}

void require_agreement(const std::string& name, double difference, double limit) {
  require(difference <= limit,
          "bench: {}: the result differs from plain LibTorch's by {:.2e}, expected at most {:.0e}; "
          "please report this with the output of lscpu",
          name, difference, limit);
}

BenchReport::BenchReport(const BenchOptions& options, double gemm_flops_per_second)
    : options_(options), gemm_rate_(gemm_flops_per_second) {
  if (options_.is_json) return;
  print(
      "{}, {} thread{}; GEMM, 6000x2048x512, the better of oneDNN's and limn's: {:.1f} GFLOP/s; shares are of that\n\n",
      cpu_name(), options_.threads, options_.threads == 1 ? "" : "s", gemm_rate_ / 1e9);
  print(kLine, "what", "size", "time", "GFLOP/s", "share", "points/s", "peak MB");
  flush_output();
}

void require_known_rows(const std::string& only) {
  require(std::ranges::any_of(kRowNames, [&](std::string_view name) { return name.find(only) != name.npos; }),
          "--only {}: no measurement has that in its name; there are: {}", printable(only), fmt::join(kRowNames, ", "));
}

bool BenchReport::wants(const std::string& name) const {
  require(std::ranges::find(kRowNames, name) != kRowNames.end(), "bench: {} is missing from the list of rows", name);
  return name.find(options_.only) != std::string::npos;
}

void BenchReport::add(const BenchRow& row) {
  rows_.push_back(row);
  if (options_.is_json) return;
  const double rate = row.flops / row.ours.median;
  const auto if_any = [](double value, const std::string& text) { return value > 0 ? text : std::string("-"); };
  print(kLine, row.name, row.shape, timing_text(row.ours), if_any(row.flops, fmt::format("{:.1f}", rate / 1e9)),
        if_any(row.flops, fmt::format("{:.0f}%", 100 * rate / gemm_rate_)),
        if_any(row.points, fmt::format("{:.0f}", row.points / row.ours.median)),
        if_any(row.peak_bytes, fmt::format("{:.0f}", row.peak_bytes / 1e6)));
  if (row.gradient_difference > kNotableGradientDifference)
    print("  its gradients differ from plain LibTorch's by {:.1e} of their norm{}\n", row.gradient_difference,
          row.gradient_rounding > 0 ? fmt::format("; rounding otherwise moves them by {:.1e}", row.gradient_rounding)
                                    : "");
  if (row.from_line) print("  {:+.1f}% from the straight line through the first and the last\n", 100 * *row.from_line);
  flush_output();
}

void BenchReport::note(const std::string& text) {
  notes_.push_back(text);
  if (!options_.is_json) print("  {}\n", text);
}

void BenchReport::finish() const {
  if (!options_.is_json) return;
  json object{{"cpu", cpu_name()},          {"threads", options_.threads},
              {"data", options_.data},      {"batch_size", options_.batch_size},
              {"quick", options_.is_quick}, {"gemm_flops_per_second", gemm_rate_},
              {"rows", json::array()}};
  for (const auto& row : rows_) object["rows"].push_back(row_json(row, gemm_rate_));
  if (!notes_.empty()) object["notes"] = notes_;
  print("{}\n", object.dump(2));
}

}  // namespace limn::app
