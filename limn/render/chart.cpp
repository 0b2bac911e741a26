#include "limn/render/chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/render/axis.hpp"
#include "limn/render/curve.hpp"
#include "limn/render/text.hpp"

namespace limn::render {
namespace {

// Okabe & Ito without yellow, which paper swallows; neighbours differ in lightness as well.
constexpr std::array<Colour, 7> kPalette{
    {{0, 114, 178}, {230, 159, 0}, {0, 158, 115}, {204, 121, 167}, {213, 94, 0}, {86, 180, 233}, {60, 60, 66}}};
constexpr double kCurveWidth = 1.6;
constexpr double kTickSize = 11;
constexpr double kLabelSize = 12;
constexpr double kPanelTitleSize = 13;
constexpr double kTitleSize = 17;
constexpr double kLegendSize = 12;
constexpr double kLegendRow = 19;
constexpr double kSample = 26;  // length of a legend's line
constexpr double kPadding = 16;
constexpr double kThinWidth = 0.7;
constexpr std::size_t kLeastSmoothed = 20;  // points; fewer are drawn as they are

// How a series looks: a second round through the palette gets dashes of its own.
struct Style {
  Colour colour;
  std::vector<double> dashes;
  friend bool operator==(const Style&, const Style&) = default;
};

Style style_of(const ChartSeries& series, std::size_t place) {
  const std::size_t index = series.colour < 0 ? place : static_cast<std::size_t>(series.colour);
  const bool is_second_round = (index / kPalette.size()) % 2 == 1;
  Style style{kPalette[index % kPalette.size()], {}};
  using Line = ChartSeries::Line;
  switch (series.line) {
    case Line::kSolid:
      if (is_second_round) style.dashes = {9.0, 3.5, 1.0, 3.5};
      break;
    case Line::kDashed:
      style.dashes = is_second_round ? std::vector{1.0, 4.0} : std::vector{5.0, 4.0};
      break;
    case Line::kDotted:
      style.dashes = is_second_round ? std::vector{1.5, 2.5, 1.5, 6.0} : std::vector{1.5, 2.5};
  }
  return style;
}

// Of the running mean: a tenth of the points, of long curves a twenty-fifth.
std::size_t half_window(std::size_t points) {
  constexpr std::size_t kLeast = 2, kEnough = 25;
  return std::max({kLeast, std::min(points / 20, kEnough), points / 50});
}

Colour tinted(Colour colour) {
  const auto towards_paper = [](std::uint8_t value) { return static_cast<std::uint8_t>(255 - (255 - value) * 3 / 10); };
  return {towards_paper(colour.red), towards_paper(colour.green), towards_paper(colour.blue)};
}

struct LegendEntry {
  std::string name;
  Style style;
  friend bool operator==(const LegendEntry&, const LegendEntry&) = default;
};

std::vector<LegendEntry> legend_of(const Chart& chart) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    if (!chart.series[i].name.empty())
      entries.push_back({clean_text(chart.series[i].name), style_of(chart.series[i], i)});
  return entries;
}

class ChartLayout {
 public:
  ChartLayout(std::span<const Chart> charts, const ChartOptions& options) : charts_(charts), options_(options) {
    check();
    const auto count = static_cast<int>(charts.size());
    columns_ = options.columns > 0 ? std::min(options.columns, count) : std::min(count, count == 4 ? 2 : 3);
    picture_.width = 2 * kPadding + columns_ * options.panel_width + (columns_ - 1) * kPadding;
    has_common_legend_ = std::all_of(charts.begin(), charts.end(),
                                     [&](const Chart& chart) { return legend_of(chart) == legend_of(charts[0]); });
  }

  Picture build() {
    double top = kPadding;
    if (!options_.title.empty()) {
      add_text({.at = {kPadding, top + kTitleSize}, .text = options_.title, .size = kTitleSize, .is_bold = true},
               picture_.width / 1.15);
      top += kTitleSize * 1.9;
    }
    if (has_common_legend_) top = add_legend(legend_of(charts_[0]), kPadding, top, picture_.width - 2 * kPadding);
    for (std::size_t i = 0; i < charts_.size(); ++i) {
      const auto column = static_cast<double>(i % static_cast<std::size_t>(columns_));
      const auto row = static_cast<double>(i / static_cast<std::size_t>(columns_));
      const double left = kPadding + column * (options_.panel_width + kPadding);
      const double panel_top = top + row * (options_.panel_height + kPadding);
      add_panel(charts_[i], {left, panel_top, left + options_.panel_width, panel_top + options_.panel_height});
    }
    const std::size_t rows =
        (charts_.size() + static_cast<std::size_t>(columns_) - 1) / static_cast<std::size_t>(columns_);
    picture_.height = top + static_cast<double>(rows) * (options_.panel_height + kPadding);
    return std::move(picture_);
  }

 private:
  void check() {
    require(!charts_.empty(), "no chart to draw");
    require(options_.panel_width >= 160 && options_.panel_height >= 120,
            "panels of {} x {} pixels; they need at least 160 x 120", options_.panel_width, options_.panel_height);
    for (const Chart& chart : charts_)
      for (const ChartSeries& series : chart.series)
        require(series.x.size() == series.y.size(), "series {} has {} x and {} y; they must be as many",
                printable(series.name), series.x.size(), series.y.size());
  }

  // The text as far as there is room.
  void add_text(PictureText text, double room) {
    text.text = shortened(clean_text(text.text), text.size, room);
    if (!text.text.empty()) picture_.elements.push_back(std::move(text));
  }

  void add_line(std::vector<PicturePoint> points, Colour colour, double width, std::vector<double> dashes = {}) {
    picture_.elements.push_back(
        PictureLine{.points = std::move(points), .colour = colour, .width = width, .dashes = std::move(dashes)});
  }

  // Entries in rows as wide as there is room; returns where the rows end.
  double add_legend(const std::vector<LegendEntry>& entries, double left, double top, double room) {
    if (entries.empty()) return top;
    double x = left;
    for (const LegendEntry& entry : entries) {
      const std::string name = shortened(entry.name, kLegendSize, room - kSample - 8);
      const double width = kSample + 8 + text_width(name, kLegendSize) + 18;
      if (x > left && x + width - 18 > left + room) {
        x = left;
        top += kLegendRow;
      }
      const double middle = top + kLegendRow / 2;
      add_line({{x + 1, middle}, {x + kSample, middle}}, entry.style.colour, kCurveWidth + 0.6, entry.style.dashes);
      add_text({.at = {x + kSample + 8, middle + kLegendSize * 0.36}, .text = name, .size = kLegendSize}, room);
      x += width;
    }
    return top + kLegendRow + 8;
  }

  void add_panel(const Chart& chart, PlotBox panel) {
    if (!chart.title.empty()) {
      add_text({.at = {panel.left, panel.top + kPanelTitleSize},
                .text = chart.title,
                .size = kPanelTitleSize,
                .is_bold = true},
               panel.width() / 1.12);
      panel.top += kPanelTitleSize * 1.7;
    }
    if (!has_common_legend_) panel.top = add_legend(legend_of(chart), panel.left, panel.top, panel.width());

    std::vector<double> xs;
    std::vector<double> ys;
    for (const ChartSeries& series : chart.series) {
      for (std::size_t i = 0; i < series.x.size(); ++i) {
        if (!std::isfinite(series.x[i]) || !std::isfinite(series.y[i])) continue;
        xs.push_back(series.x[i]);
        ys.push_back(series.y[i]);
      }
    }
    AxisRange x_range = range_of(std::move(xs), false);
    if (x_range.low > 0 && x_range.low < 0.05 * x_range.high) x_range.low = 0;
    AxisRange y_range = range_of(std::move(ys), options_.clips_outliers);
    const double air = y_range.span() * 0.05;
    y_range = {y_range.low - air, y_range.high + air};
    const PlotBox plot = add_axes(chart, panel, x_range, y_range);
    add_curves(chart, plot, x_range, y_range);
  }

  // Returns the box inside the axes.
  PlotBox add_axes(const Chart& chart, PlotBox panel, AxisRange x_range, AxisRange y_range) {
    PlotBox plot = panel;
    plot.top += 8;
    plot.bottom -= kTickSize * 1.9 + (chart.x_label.empty() ? 0 : kLabelSize * 1.5);
    plot.right -= 12;
    const AxisTicks y_ticks = nice_ticks(y_range, std::max(2, static_cast<int>(plot.height() / 42)));
    double tick_width = 0;
    for (const double value : y_ticks.values)
      tick_width = std::max(tick_width, text_width(tick_text(value, y_ticks.step), kTickSize));
    plot.left += tick_width + 8 + (chart.y_label.empty() ? 0 : kLabelSize * 1.7);
    const AxisTicks x_ticks = nice_ticks(x_range, std::max(2, static_cast<int>(plot.width() / 75)));

    PictureText tick{.size = kTickSize, .colour = kQuietText, .anchor = Anchor::kEnd};
    for (const double value : y_ticks.values) {
      const double y = plot.bottom - (value - y_range.low) / y_range.span() * plot.height();
      add_line({{plot.left, y}, {plot.right, y}}, kHairline, 1);
      tick.at = {plot.left - 7, y + kTickSize * 0.36};
      tick.text = tick_text(value, y_ticks.step);
      add_text(tick, panel.width());
    }
    add_line({{plot.left, plot.bottom}, {plot.right, plot.bottom}}, kQuietText, 1);
    tick.anchor = Anchor::kMiddle;
    for (const double value : x_ticks.values) {
      const double x = plot.left + (value - x_range.low) / x_range.span() * plot.width();
      add_line({{x, plot.bottom}, {x, plot.bottom + 4}}, kQuietText, 1);
      tick.at = {x, plot.bottom + 5 + kTickSize};
      tick.text = tick_text(value, x_ticks.step);
      add_text(tick, panel.width());
    }
    PictureText label{.at = {(plot.left + plot.right) / 2, panel.bottom - 3},
                      .text = chart.x_label,
                      .size = kLabelSize,
                      .anchor = Anchor::kMiddle};
    add_text(label, plot.width());
    label.at = {panel.left + kLabelSize, (plot.top + plot.bottom) / 2};
    label.text = chart.y_label;
    label.is_vertical = true;
    add_text(label, plot.height());
    return plot;
  }

  // Where noise would hide a curve, it stands pale behind the running mean.
  [[nodiscard]] bool is_smoothed(const ChartSeries& series) const {
    return options_.smooths_noise && series.is_noisy && series.y.size() >= kLeastSmoothed;
  }

  // All that is pale lies below all that is not; broken lines come last, as they would vanish behind the others.
  void add_curves(const Chart& chart, const PlotBox& plot, AxisRange x_range, AxisRange y_range) {
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const ChartSeries& series = chart.series[i];
      const Style pale{tinted(style_of(series, i).colour), {}};
      if (is_smoothed(series)) add_curve(series.x, series.y, pale, kThinWidth, plot, x_range, y_range);
    }
    using Line = ChartSeries::Line;
    for (const Line line : {Line::kSolid, Line::kDashed, Line::kDotted})
      for (std::size_t i = 0; i < chart.series.size(); ++i) {
        const ChartSeries& series = chart.series[i];
        if (series.line != line) continue;
        const std::vector<double> y =
            is_smoothed(series) ? running_mean(series.y, half_window(series.y.size())) : series.y;
        add_curve(series.x, y, style_of(series, i), kCurveWidth, plot, x_range, y_range);
      }
  }

  // Values that are not finite part the curve.
  void add_curve(std::span<const double> xs, std::span<const double> ys, const Style& style, double curve_width,
                 const PlotBox& plot, AxisRange x_range, AxisRange y_range) {
    std::vector<PicturePoint> curve;
    const auto flush = [&] {
      for (std::vector<PicturePoint>& piece : clip_curve(thin_curve(curve), plot)) {
        const double width = piece.size() == 1 ? 3 * curve_width : curve_width;
        add_line(std::move(piece), style.colour, width, style.dashes);
      }
      curve.clear();
    };
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const double x = plot.left + (xs[i] - x_range.low) / x_range.span() * plot.width();
      const double y = plot.bottom - (ys[i] - y_range.low) / y_range.span() * plot.height();
      if (std::isfinite(x) && std::isfinite(y))
        curve.push_back({x, y});
      else
        flush();
    }
    flush();
  }

  std::span<const Chart> charts_;
  const ChartOptions& options_;
  int columns_ = 1;
  bool has_common_legend_ = false;
  Picture picture_;
};

}  // namespace

Picture lay_out_charts(std::span<const Chart> charts, const ChartOptions& options) {
  return ChartLayout(charts, options).build();
}

}  // namespace limn::render
