// Line charts: learning curves, one panel or several side by side, laid out to a Picture. Colours are those
// of Okabe & Ito that people with any colour vision tell apart; dashes tell the rest in grey print.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "limn/render/picture.hpp"

namespace limn::render {

// Points in drawing order. Where x or y is not finite the curve has a gap.
struct ChartSeries {
  std::string name;
  std::vector<double> x = {};
  std::vector<double> y = {};  // as many as x
  enum class Line { kSolid, kDashed, kDotted };
  Line line = Line::kSolid;  // training, validation and test, say
  bool is_noisy = true;      // its running mean tells more than its values
  int colour = -1;           // place in the palette, so that curves of one run share it; -1: place in the chart
};

struct Chart {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  std::vector<ChartSeries> series = {};
};

struct ChartOptions {
  std::string title = {};     // above all panels
  int columns = 0;            // panels side by side; 0: one, two or three as the number suggests
  double panel_width = 420;   // pixels, with its axes
  double panel_height = 280;  // pixels, with its axes
  // Leaves the lowest and highest percent of the values out of the y axis where they would flatten all the rest, as
  // the first steps of training do.
  bool clips_outliers = true;
  // Draws noisy curves with 20 points or more as their running mean over a tenth of the points, of long curves less.
  // The values stand thin and pale behind it.
  bool smooths_noise = true;
};

// One legend above all panels if every panel has the same curves, otherwise one in each.
// Throws Error for no chart, a series whose x and y differ in length, and panels under 160 x 120 pixels.
[[nodiscard]] Picture lay_out_charts(std::span<const Chart> charts, const ChartOptions& options = {});

}  // namespace limn::render
