// limn plot: learning curves of one or more runs, a panel a loss.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "app/commands.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/split.hpp"
#include "limn/render/save.hpp"
#include "limn/runs/run_record.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

using Line = render::ChartSeries::Line;

// How the curve of a split looks. Of one run each has its colour, of several those of a run share one.
struct Look {
  Line line = Line::kSolid;
  int colour = 0;
};

Look look_of(const std::string& split) {
  if (split == kSplitNames[static_cast<int>(Split::kTrain)]) return {Line::kSolid, 0};
  return split == kSplitNames[static_cast<int>(Split::kTest)] ? Look{Line::kDotted, 2} : Look{Line::kDashed, 1};
}

// What the axis of a figure says. Counts have no unit but their name.
std::string unit_of(const std::string& figure, const runs::RunRecord& record) {
  return record.is_in_nats && figure != "active_units" ? "nats" : figure;
}

// Whether nothing changes in it, so that a panel would show a straight line.
bool is_constant(const render::Chart& chart) {
  std::optional<double> only;
  for (const render::ChartSeries& series : chart.series)
    for (const double value : series.y)
      if (std::isfinite(value) && std::exchange(only, value).value_or(value) != value) return false;
  return true;
}

void plot(const std::vector<std::string>& runs, const std::string& out) {
  std::map<std::string, render::Chart> charts;  // by loss
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const fs::path run = fs::path(runs[i]).lexically_normal();
    const std::string name =
        runs.size() == 1 ? "" : (run.has_filename() ? run : run.parent_path()).filename().string() + " ";
    const runs::RunRecord record = runs::read_run(run);
    require(!record.curves.empty(), "{}: holds no losses yet; let the run train for a few steps", run.string());
    for (const auto& [key, curve] : record.curves) {
      const auto& [loss, split] = key;
      auto& chart = charts[loss];
      const Look look = look_of(split);
      chart.title = loss;
      chart.x_label = "steps";
      chart.y_label = chart.series.empty() || chart.y_label == unit_of(loss, record) ? unit_of(loss, record) : loss;
      chart.series.push_back({.name = name + split,
                              .x = curve.steps,
                              .y = curve.values,
                              .line = look.line,
                              .is_noisy = look.line == Line::kSolid,
                              .colour = runs.size() == 1 ? look.colour : static_cast<int>(i)});
    }
  }
  std::vector<render::Chart> panels;
  for (const char* first : {"total", "reconstruction", "kl"})
    if (auto node = charts.extract(first)) panels.push_back(std::move(node.mapped()));
  for (auto& [loss, chart] : charts) panels.push_back(std::move(chart));
  if (!std::ranges::all_of(panels, is_constant)) std::erase_if(panels, is_constant);
  render::save_charts(out, panels);
  print("{}\n", out);
}

}  // namespace

void add_plot(const Command& app) {
  const Command command = app.add_command("plot", "learning curves of runs");
  struct Arguments {
    std::vector<std::string> runs;
    std::string out = "curves.svg";
  };
  auto a = std::make_shared<Arguments>();
  command.add("RUN", &a->runs, "run directories").required();
  command.add("-o,--out", &a->out, fmt::format("{}", fmt::join(render::kChartEndings, " or "))).shows_default();
  command.set_footer("\nExample:\n  limn plot runs/doodles -o curves.png\n");
  command.set_action([a] { plot(a->runs, a->out); });
}

}  // namespace limn::app
