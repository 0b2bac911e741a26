#include "limn/runs/run_record.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json_stream.hpp"
#include "limn/runs/run_config.hpp"
#include "limn/runs/run_directory.hpp"

namespace limn::runs {
namespace {

namespace fs = std::filesystem;

// Figures of metrics.jsonl that are not losses.
const std::set<std::string> kNoLosses{"step",   "split",   "learning_rate",       "kl_weight",
                                      "beta",   "seconds", "examples_per_second", "gradient_norm",
                                      kBestStep};
constexpr double kShortestSilence = 60;  // seconds
constexpr double kSilenceInSteps = 30;

// A line of metrics.jsonl or plan.jsonl, read event by event: a JSON object that keeps the order of its members looks
// each one up among all before it, so that a long line would take hours.
class LineReader final : public JsonEvents {
 public:
  static constexpr double kMostSteps = 1e15;  // whole numbers up to here are exact

  LineReader() : JsonEvents("a line") {}

  // Whether the text is an object with a step; what else is in it is then in split() and numbers().
  [[nodiscard]] bool read(const std::string& line) {
    try {
      read_json(line, *this);
    } catch (const Error&) {
      return false;
    }
    return is_object_ && step_ >= 0 && step_ <= kMostSteps;
  }
  [[nodiscard]] double step() const { return step_; }
  [[nodiscard]] const std::optional<std::string>& split() const { return split_; }
  // In the order of the line, the step among them.
  [[nodiscard]] const Metrics& numbers() const { return numbers_; }

 private:
  void number(double value) override {
    if (depth_ != 1) return;
    numbers_.push_back({name_, value});
    if (name_ == "step") step_ = value;
  }
  void text(const std::string& value) override {
    if (depth_ == 1 && name_ == "split") split_ = value;
  }
  void name(const std::string& key) override {
    if (depth_ == 1) name_ = key;
  }
  void begin_object() override {
    if (depth_ == 0) is_object_ = true;
    ++depth_;
  }
  void finish_object() override { --depth_; }
  void begin_list() override { ++depth_; }
  void end_list() override { --depth_; }
  void nothing() override {}
  void truth(bool) override {}

  std::int64_t depth_ = 0;
  bool is_object_ = false;
  std::string name_;
  double step_ = -1;
  std::optional<std::string> split_;
  Metrics numbers_;
};

// The steps of the newest plan; none before the first one.
std::int64_t planned_steps(const fs::path& path) {
  if (!is_there(path)) return 0;
  double steps = 0;
  std::istringstream lines(read_text_file(path));
  for (std::string text; std::getline(lines, text);)
    if (LineReader line; line.read(text)) steps = metric(line.numbers(), "num_steps");
  return steps >= 0 && steps <= LineReader::kMostSteps ? static_cast<std::int64_t>(steps) : 0;
}

void read_config_of(const fs::path& root, RunRecord& record) {
  const fs::path path = root / "config.toml";
  if (!is_there(path)) return;
  const RunConfig config = read_config(path.string());
  record.family = config.family;
  constexpr std::string_view kSteps = "num_steps=", kTime = "train_for=";
  bool has_time = false;
  for (const auto& assignment : config.assignments) {
    if (assignment == "likelihood=mse") record.is_in_nats = false;
    if (assignment.starts_with(kSteps))
      record.num_steps = std::max(0LL, std::atoll(assignment.c_str() + kSteps.size()));
    if (assignment.starts_with(kTime)) has_time = assignment.size() > kTime.size();
  }
  if (has_time) record.num_steps = planned_steps(root / "plan.jsonl");
}

void take_line(const LineReader& line, RunRecord& record) {
  record.step = std::max(record.step, static_cast<std::int64_t>(line.step()));
  for (const auto& [name, value] : line.numbers()) {
    if (kNoLosses.contains(name) || is_detail(name)) continue;
    auto& curve = record.curves[{name, *line.split()}];
    curve.steps.push_back(line.step());
    curve.values.push_back(value);
  }
  if (line.split() == "train") record.last_train = line.numbers();
  if (const double best = metric(line.numbers(), kBestStep);
      line.split() == "valid" && best >= 0 && best <= line.step())
    record.best_step = static_cast<std::int64_t>(best);
}

void read_metrics_of(const fs::path& path, RunRecord& record) {
  if (!is_there(path)) return;
  std::istringstream lines(read_text_file(path));
  for (std::string text; std::getline(lines, text);)
    if (LineReader line; line.read(text) && line.split()) take_line(line, record);
  record.idle_seconds =
      std::chrono::duration<double>(fs::file_time_type::clock::now() - fs::last_write_time(path)).count();
}

void find_best(RunRecord& record) {
  const auto found = record.curves.find({"total", "valid"});
  if (found == record.curves.end() || found->second.values.empty()) return;
  const auto& [steps, values] = found->second;
  auto best = std::ranges::min_element(values);  // of a run of limn 0.1.0, which did not write its best step
  if (const auto said = std::ranges::find(steps, static_cast<double>(record.best_step)); said != steps.end())
    best = values.begin() + (said - steps.begin());
  record.best_total = *best;
  record.best_step = static_cast<std::int64_t>(steps[static_cast<std::size_t>(best - values.begin())]);
}

fs::path newest_picture(const fs::path& folder) {
  fs::path newest;
  fs::file_time_type when;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    const auto ending = entry.path().extension();
    if (!entry.is_regular_file() || (ending != ".png" && ending != ".svg")) continue;
    if (!newest.empty() && entry.last_write_time() <= when) continue;
    newest = entry.path();
    when = entry.last_write_time();
  }
  return newest;
}

std::string last_line(const fs::path& path) {
  if (!is_there(path)) return {};
  std::istringstream lines(read_text_file(path));
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) last = line;
  return last;
}

}  // namespace

bool RunRecord::seems_to_run() const {
  if (is_finished()) return false;
  if (is_in_use) return *is_in_use;
  const double step_seconds = metric(last_train, "seconds");
  const double silence = std::isfinite(step_seconds) ? kSilenceInSteps * step_seconds : 0;
  return idle_seconds < std::max(kShortestSilence, silence);
}

double RunRecord::seconds_left() const {
  return metric(last_train, "seconds") * static_cast<double>(std::max<std::int64_t>(0, num_steps - step));
}

RunRecord read_run(const fs::path& root) {
  require(RunDirectory::holds_run(root), "{}: holds no run; give the --out folder of limn train", root.string());
  RunRecord record;
  read_config_of(root, record);
  read_metrics_of(root / "metrics.jsonl", record);
  find_best(record);
  record.last_sample = newest_picture(root / "samples");
  record.last_message = last_line(root / "log.txt");
  record.is_in_use = RunDirectory::is_in_use(root);
  return record;
}

LossCurve thinned(const LossCurve& curve, std::size_t most_points) {
  const std::size_t window = std::max<std::size_t>(1, (curve.steps.size() + most_points - 1) / most_points);
  LossCurve out;
  for (std::size_t first = 0; first < curve.steps.size(); first += window) {
    const std::size_t count = std::min(window, curve.steps.size() - first);
    const auto mean = [&](const std::vector<double>& values) {
      double sum = 0;
      for (std::size_t i = first; i < first + count; ++i) sum += values[i];
      return sum / static_cast<double>(count);
    };
    out.steps.push_back(mean(curve.steps));
    out.values.push_back(mean(curve.values));
  }
  return out;
}

}  // namespace limn::runs
