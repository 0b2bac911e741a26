// limn plot: learning curves of one or more runs, a panel a loss.
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "app/commands.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/render/save.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

// Values of metrics.jsonl that are no losses.
const std::set<std::string> kNoLosses{"step", "split", "learning_rate", "kl_weight", "seconds", "examples_per_second", "gradient_norm"};
// Every loss of one run and split is averaged over windows so that a curve has at most this many points.
constexpr std::size_t kMostPoints = 400;

struct Curve {
  std::vector<double> steps, values;
};
// (loss, split) to curve.
using Curves = std::map<std::pair<std::string, std::string>, Curve>;

Curves read_curves(const fs::path& run) {
  const fs::path path = run / "metrics.jsonl";
  std::istringstream lines(read_text_file(path));
  Curves curves;
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object() || !object.contains("step") || !object["step"].is_number() || !object.contains("split") ||
        !object["split"].is_string())
      continue;  // a line that a kill cut short
    for (const auto& [name, value] : object.items()) {
      if (kNoLosses.contains(name) || !value.is_number()) continue;
      auto& curve = curves[{name, object["split"].get<std::string>()}];
      curve.steps.push_back(object["step"].get<double>());
      curve.values.push_back(value.get<double>());
    }
  }
  require(!curves.empty(), "{}: holds no losses yet; let the run train for a few steps", path.string());
  return curves;
}

Curve thinned(const Curve& curve) {
  const std::size_t window = (curve.steps.size() + kMostPoints - 1) / kMostPoints;
  Curve out;
  for (std::size_t first = 0; first < curve.steps.size(); first += window) {
    const std::size_t count = std::min(window, curve.steps.size() - first);
    double steps = 0, values = 0;
    for (std::size_t i = first; i < first + count; ++i) {
      steps += curve.steps[i];
      values += curve.values[i];
    }
    out.steps.push_back(steps / static_cast<double>(count));
    out.values.push_back(values / static_cast<double>(count));
  }
  return out;
}

void plot(const std::vector<std::string>& runs, const std::string& out) {
  std::map<std::string, Chart> charts;  // by loss
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const fs::path run = fs::path(runs[i]).lexically_normal();
    const std::string name = runs.size() == 1 ? "" : (run.has_filename() ? run : run.parent_path()).filename().string() + " ";
    for (const auto& [key, curve] : read_curves(run)) {
      const auto& [loss, split] = key;
      const Curve points = thinned(curve);
      auto& chart = charts[loss];
      chart.title = loss;
      chart.x_label = "step";
      chart.series.push_back({.name = name + split, .x = points.steps, .y = points.values,
                              .is_dashed = split != "train",
                              .colour = static_cast<int>(runs.size() == 1 ? chart.series.size() : i)});
    }
  }
  std::vector<Chart> panels;
  for (const char* first : {"total", "reconstruction", "kl"})
    if (auto node = charts.extract(first)) panels.push_back(std::move(node.mapped()));
  for (auto& [loss, chart] : charts) panels.push_back(std::move(chart));
  save_charts(out, panels);
  fmt::print("{}\n", out);
}

}  // namespace

void add_plot(CLI::App& app) {
  auto* command = app.add_subcommand("plot", "learning curves of runs");
  struct Arguments {
    std::vector<std::string> runs;
    std::string out = "curves.svg";
  };
  auto a = std::make_shared<Arguments>();
  command->add_option("RUN", a->runs, "run directories")->required();
  command->add_option("-o,--out", a->out, ".svg or .png")->capture_default_str();
  command->footer("\nExample:\n  limn plot runs/doodles -o curves.png\n");
  command->callback([a] { plot(a->runs, a->out); });
}

}  // namespace limn::app
