#include "limn/render/chart.hpp"

#include <cmath>
#include <limits>

#include "limn/render/axis.hpp"
#include "limn/render/curve.hpp"
#include "limn/render/png.hpp"
#include "limn/render/svg_writer.hpp"
#include "support.hpp"

namespace limn::render {
namespace {

using test::error_of;
using ::testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Axis, ChoosesRoundTicks) {
  const AxisTicks tenths = nice_ticks({0, 1}, 5);
  EXPECT_DOUBLE_EQ(tenths.step, 0.2);
  EXPECT_EQ(tenths.values.size(), 6u);
  EXPECT_THAT(nice_ticks({-3.2, 7.1}, 4).values, ElementsAre(-2, 0, 2, 4, 6));
  EXPECT_THAT(nice_ticks({0, 20000}, 4).values, ElementsAre(0, 5000, 10000, 15000, 20000));
  for (const double size : {1e-12, 3e-5, 0.7, 12.0, 1e9, 1e280}) {
    const AxisTicks ticks = nice_ticks({-size, 2 * size}, 5);
    EXPECT_GE(ticks.values.size(), 3u) << size;
    EXPECT_LE(ticks.values.size(), 9u) << size;
  }
}

TEST(Axis, WritesTicksShort) {
  EXPECT_EQ(tick_text(0, 0.25), "0");
  EXPECT_EQ(tick_text(-0.25, 0.05), "−0.25");
  EXPECT_EQ(tick_text(0.5, 0.1), "0.5");
  EXPECT_EQ(tick_text(1500, 500), "1,500");
  EXPECT_EQ(tick_text(20000, 5000), "20k");
  EXPECT_EQ(tick_text(1.5e6, 5e5), "1.5M");
  EXPECT_EQ(tick_text(2e-7, 1e-7), "2e-07");
  EXPECT_EQ(tick_text(123456, 200), "123,456");
}

TEST(Axis, RangeIsNeverEmptyAndMayLeaveOutliersOut) {
  EXPECT_GT(range_of({}, true).span(), 0);
  EXPECT_GT(range_of({0}, true).span(), 0);
  EXPECT_GT(range_of({-5, -5, kNaN, kInfinity}, false).span(), 0);
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) values.push_back(1 + i * 0.001);
  values.push_back(1000);
  EXPECT_DOUBLE_EQ(range_of(values, false).high, 1000);
  EXPECT_LT(range_of(values, true).high, 1.6);
  EXPECT_DOUBLE_EQ(range_of({1, 2, 4}, true).high, 4);
}

TEST(Curve, IsCutAtTheBox) {
  const PlotBox box{0, 0, 10, 10};
  const std::vector<PicturePoint> zigzag{{-5, 5}, {5, 5}, {5, 20}, {8, 20}, {8, 8}};
  const auto pieces = clip_curve(zigzag, box);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_THAT(pieces[0], ElementsAre(PicturePoint{0, 5}, PicturePoint{5, 5}, PicturePoint{5, 10}));
  EXPECT_THAT(pieces[1], ElementsAre(PicturePoint{8, 10}, PicturePoint{8, 8}));
  EXPECT_EQ(clip_curve(std::vector<PicturePoint>{{3, 3}}, box).size(), 1u);
  EXPECT_TRUE(clip_curve(std::vector<PicturePoint>{{30, 3}}, box).empty());
  EXPECT_TRUE(clip_curve({}, box).empty());
}

TEST(Curve, IsThinnedToItsExtremes) {
  std::vector<PicturePoint> dense;
  for (int i = 0; i < 10000; ++i) dense.push_back({i * 0.01, std::sin(i * 1.0)});
  dense[777].y = 5;
  const auto thin = thin_curve(dense);
  EXPECT_LE(thin.size(), 404u);
  EXPECT_EQ(std::count(thin.begin(), thin.end(), dense[777]), 1);
  EXPECT_EQ(thin.front(), dense.front());
  EXPECT_EQ(thin.back(), dense.back());
  const std::vector<PicturePoint> sparse{{0, 1}, {5, 2}, {9, 0}};
  EXPECT_EQ(thin_curve(sparse), sparse);
}

TEST(Curve, RunningMeanIgnoresWhatIsNotFinite) {
  const auto means = running_mean(std::vector<double>{1, 3, 8, kNaN, 6}, 1);
  EXPECT_THAT(std::vector(means.begin(), means.begin() + 3), ElementsAre(1, 4, 5.5));
  EXPECT_TRUE(std::isnan(means[3]));
  EXPECT_DOUBLE_EQ(means[4], 6);
  EXPECT_TRUE(running_mean({}, 3).empty());
}

Chart curves(int series, int points) {
  Chart chart{.title = "Loss <&>", .x_label = "step", .y_label = "nats"};
  for (int s = 0; s < series; ++s) {
    ChartSeries line{.name = fmt::format("run {}", s),
                     .line = s % 2 == 1 ? ChartSeries::Line::kDashed : ChartSeries::Line::kSolid};
    for (int i = 0; i < points; ++i) {
      line.x.push_back(i);
      line.y.push_back(std::exp(-0.1 * i) + s);
    }
    chart.series.push_back(line);
  }
  return chart;
}

std::vector<PictureLine> lines_wider_than(const Picture& picture, double width) {
  std::vector<PictureLine> lines;
  for (const PictureElement& element : picture.elements)
    if (const auto* line = std::get_if<PictureLine>(&element); line != nullptr && line->width > width)
      lines.push_back(*line);
  return lines;
}

TEST(Chart, DrawsEachSeriesOnceWithALegendEntryInsideThePicture) {
  const std::vector<Chart> charts{curves(5, 40)};
  const Picture picture = lay_out_charts(charts);
  EXPECT_EQ(lines_wider_than(picture, 1.2).size(), 10u);  // five curves, five legend lines
  for (const PictureElement& element : picture.elements) {
    if (const auto* line = std::get_if<PictureLine>(&element)) {
      for (const PicturePoint& point : line->points) {
        EXPECT_TRUE(point.x >= 0 && point.x <= picture.width) << point.x;
        EXPECT_TRUE(point.y >= 0 && point.y <= picture.height) << point.y;
      }
    }
  }
}

TEST(Chart, GivesEverySeriesALookOfItsOwn) {
  const std::vector<Chart> charts{curves(14, 3)};
  auto lines = lines_wider_than(lay_out_charts(charts), 2);  // the legend
  ASSERT_EQ(lines.size(), 14u);
  for (std::size_t a = 0; a < lines.size(); ++a)
    for (std::size_t b = a + 1; b < lines.size(); ++b)
      EXPECT_TRUE(lines[a].colour != lines[b].colour || lines[a].dashes != lines[b].dashes) << a << " " << b;
}

TEST(Chart, SharesTheLegendOnlyAmongLikePanels) {
  const std::vector<Chart> like{curves(2, 9), curves(2, 4), curves(2, 30)};
  EXPECT_EQ(lines_wider_than(lay_out_charts(like), 2).size(), 2u);
  const std::vector<Chart> unlike{curves(2, 9), curves(3, 9)};
  EXPECT_EQ(lines_wider_than(lay_out_charts(unlike), 2).size(), 5u);
}

TEST(Chart, PartsACurveWhereAValueIsMissing) {
  Chart chart{.series = {{.name = "", .x = {0, 1, 2, 3, 4}, .y = {1, 2, kNaN, 3, 1}}}};
  EXPECT_EQ(lines_wider_than(lay_out_charts(std::span(&chart, 1)), 1.2).size(), 2u);
  chart.series[0].y = {kNaN, kNaN, kInfinity, kNaN, kNaN};
  EXPECT_TRUE(lines_wider_than(lay_out_charts(std::span(&chart, 1)), 1.2).empty());
}

// The zigzag of the batches stands thin and pale behind a line that does not have it.
TEST(Chart, DrawsTheMeanOfNoiseBeforeItsValues) {
  Chart chart{.series = {{.name = ""}}};
  for (int i = 0; i < 60; ++i) {
    chart.series[0].x.push_back(i);
    chart.series[0].y.push_back(i % 2 == 0 ? 0.47 : 0.79);
  }
  const auto height_of = [](const PictureLine& line) {
    const std::span inner(line.points.begin() + 3, line.points.end() - 3);
    const auto [low, high] = std::ranges::minmax_element(inner, {}, &PicturePoint::y);
    return high->y - low->y;
  };
  const auto curves_of = [&] {
    std::vector<PictureLine> curves;
    for (const PictureLine& line : lines_wider_than(lay_out_charts(std::span(&chart, 1)), 0.1))
      if (line.points.size() > 10) curves.push_back(line);
    return curves;
  };
  auto curves = curves_of();
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_LT(curves[0].width, curves[1].width);
  EXPECT_GT(curves[0].colour.red + curves[0].colour.blue, curves[1].colour.red + curves[1].colour.blue);
  EXPECT_GT(height_of(curves[0]), 2.5 * height_of(curves[1]));
  chart.series[0].is_noisy = false;
  EXPECT_EQ(curves_of().size(), 1u);
}

TEST(Chart, TellsTestFromValidationByItsDots) {
  using Line = ChartSeries::Line;
  Chart chart;
  for (const Line line : {Line::kSolid, Line::kDashed, Line::kDotted})
    chart.series.push_back({.name = "a", .x = {1, 2}, .y = {1, 2}, .line = line, .colour = 0});
  const auto lines = lines_wider_than(lay_out_charts(std::span(&chart, 1)), 2);  // the legend
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[0].dashes.empty());
  EXPECT_NE(lines[1].dashes, lines[2].dashes);
}

TEST(Chart, TakesEmptyChartsAndSinglePoints) {
  const std::vector<Chart> charts{Chart{}, Chart{.series = {{.name = "dot", .x = {5}, .y = {5}}}},
                                  Chart{.series = {{.name = "huge", .x = {1e300, -1e300}, .y = {-1e300, 1e300}}}}};
  const Picture picture = lay_out_charts(charts);
  EXPECT_GT(paint(picture).width, 400);
  EXPECT_THAT(svg_text(picture), ::testing::HasSubstr("dot"));
}

TEST(Chart, RefusesMisfits) {
  EXPECT_THROW((void)lay_out_charts({}), Error);
  const std::vector<Chart> charts{Chart{.series = {{.name = "a", .x = {1, 2}, .y = {1}}}}};
  EXPECT_THAT(error_of([&] { (void)lay_out_charts(charts); }), ::testing::HasSubstr("2 x and 1 y"));
  EXPECT_THROW((void)lay_out_charts(std::vector<Chart>{Chart{}}, {.panel_width = 100}), Error);
}

}  // namespace
}  // namespace limn::render
