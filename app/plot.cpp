// limn plot: learning curves of one or more runs, a panel a loss.
#include <map>
#include <memory>

#include "app/commands.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/render/save.hpp"
#include "limn/runs/run_record.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

// Every loss of one run and split is averaged over windows so that a curve has at most this many points.
constexpr std::size_t kMostPoints = 400;

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
      const runs::LossCurve points = runs::thinned(curve, kMostPoints);
      auto& chart = charts[loss];
      chart.title = loss;
      chart.x_label = "step";
      chart.series.push_back({.name = name + split,
                              .x = points.steps,
                              .y = points.values,
                              .is_dashed = split != "train",
                              .colour = static_cast<int>(runs.size() == 1 ? chart.series.size() : i)});
    }
  }
  std::vector<render::Chart> panels;
  for (const char* first : {"total", "reconstruction", "kl"})
    if (auto node = charts.extract(first)) panels.push_back(std::move(node.mapped()));
  for (auto& [loss, chart] : charts) panels.push_back(std::move(chart));
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
