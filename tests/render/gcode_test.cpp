#include "limn/render/gcode.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <sstream>

#include "limn/render/sheet.hpp"
#include "limn/render/travel.hpp"
#include "support.hpp"

namespace limn::render {
namespace {

using test::error_of;

// What a plotter would do: every line is followed, and travel with the pen down is a failure.
struct Plot {
  std::vector<std::vector<PicturePoint>> strokes;
  double travel = 0;
  bool ends_at_home = false;

  explicit Plot(const std::string& gcode, double width = 210, double height = 297) {
    std::istringstream lines(gcode);
    std::string line;
    PicturePoint pen;
    bool is_up = false;
    std::string last;
    while (std::getline(lines, line)) {
      const std::string command = line.substr(0, line.find_last_not_of(' ', line.find(';') - 1) + 1);
      if (command.empty()) continue;
      last = command;
      if (command == "G0 Z5") is_up = true;
      if (command == "G1 Z0 F600") {
        EXPECT_TRUE(is_up);
        is_up = false;
        strokes.push_back({pen});
      }
      PicturePoint to;
      const bool is_travel = std::sscanf(command.c_str(), "G0 X%lf Y%lf", &to.x, &to.y) == 2;
      const bool is_drawn = std::sscanf(command.c_str(), "G1 X%lf Y%lf", &to.x, &to.y) == 2;
      if (!is_travel && !is_drawn) continue;
      EXPECT_EQ(is_up, is_travel) << command;
      EXPECT_TRUE(to.x >= 0 && to.x <= width && to.y >= 0 && to.y <= height) << command;
      if (is_travel) travel += std::hypot(to.x - pen.x, to.y - pen.y);
      if (is_drawn) strokes.back().push_back(to);
      pen = to;
    }
    ends_at_home = pen == PicturePoint{} && last == "M2" && is_up;
  }
};

TEST(Gcode, StaysOnThePageAndLiftsThePenToTravel) {
  const sketch::Sketch sketch = test::scribble(8, 41);
  const Plot plot(gcode_text(lay_out(single_sheet(sketch))));
  EXPECT_EQ(plot.strokes.size(), sketch::to_strokes(sketch).size());
  EXPECT_TRUE(plot.ends_at_home);
  double low_x = 1e9, high_x = 0, low_y = 1e9, high_y = 0;
  for (const auto& stroke : plot.strokes)
    for (const PicturePoint& point : stroke) {
      low_x = std::min(low_x, point.x);
      high_x = std::max(high_x, point.x);
      low_y = std::min(low_y, point.y);
      high_y = std::max(high_y, point.y);
    }
  EXPECT_NEAR(low_x, 15, 0.011);  // the margin
  EXPECT_NEAR(high_x, 195, 0.011);
  EXPECT_NEAR(low_y + high_y, 297, 0.03);  // centred
}

TEST(Gcode, TurnsYUpwards) {
  const sketch::Sketch vee =
      sketch::from_strokes(std::vector<sketch::Stroke>{{{0, 0}, {10, 20}, {20, 0}}});  // its point is below on screens
  const Plot plot(gcode_text(lay_out(single_sheet(vee))));
  ASSERT_EQ(plot.strokes.size(), 1u);
  EXPECT_LT(plot.strokes[0][1].y, plot.strokes[0][0].y);
  EXPECT_NEAR(plot.strokes[0][0].y - plot.strokes[0][1].y, 180, 0.02);
}

TEST(Gcode, WritesFeedsAndPenCommandsAsAsked) {
  const std::string gcode =
      gcode_text(lay_out(single_sheet(test::square())),
                 {.feed_mm_per_min = 900, .pen_up = "M3 S0", .pen_down = "M3 S90", .pen_delay_s = 0.25});
  EXPECT_THAT(gcode, ::testing::HasSubstr("M3 S90\nG4 P0.25\nG1 X"));
  EXPECT_THAT(gcode, ::testing::HasSubstr(" F900\n"));
  EXPECT_THAT(gcode, ::testing::HasSubstr("M3 S0\nG4 P0.25\nG0 X0 Y0\nM2"));
  EXPECT_THAT(gcode, ::testing::HasSubstr("G21"));
}

TEST(Gcode, WritesCodeOfTheMachineAroundTheDrawing) {
  const std::string gcode = gcode_text(lay_out(single_sheet(test::square())), {.travel_mm_per_min = 3000,
                                                                               .pen_up = "M280 P0 S60",
                                                                               .pen_down = "M280 P0 S20",
                                                                               .start_code = "M17\nG28",
                                                                               .end_code = "M280 P0 S90\nM84"});
  EXPECT_THAT(gcode, ::testing::HasSubstr("\nM17\nG28\nM280 P0 S60\nG1 X"));
  EXPECT_THAT(gcode, ::testing::HasSubstr(" F3000\nM280 P0 S20\nG1 X"));
  EXPECT_THAT(gcode, ::testing::EndsWith("\nM280 P0 S60\nG1 X0 Y0 F3000\nM280 P0 S90\nM84\n"));
  EXPECT_THAT(gcode, ::testing::Not(::testing::HasSubstr("G0")));
  EXPECT_THAT(gcode_text(lay_out(single_sheet(test::square())), {.end_code = ""}), ::testing::EndsWith("G0 X0 Y0\n"));
  EXPECT_THAT(error_of([&] { (void)gcode_text({}, {.start_code = "G28\r"}); }), ::testing::HasSubstr("not printable"));
}

TEST(Gcode, CountsFromTheOrigin) {
  const Picture picture = lay_out(single_sheet(test::scribble(8, 41)));
  // From the lower left corner each way to the same place, but for rounding.
  const Plot plot(gcode_text(picture));
  const Plot moved(gcode_text(picture, {.origin = {-20, -30}}), 230, 327);
  const auto sorted_starts = [](const Plot& p, double x, double y) {
    std::vector<std::pair<long, long>> starts;
    for (const auto& stroke : p.strokes) {  // from either end, in any order
      const PicturePoint end = std::min(stroke.front(), stroke.back(), [](PicturePoint a, PicturePoint b) {
        return std::pair(a.x, a.y) < std::pair(b.x, b.y);
      });
      starts.emplace_back(std::lround(10 * (end.x - x)), std::lround(10 * (end.y - y)));
    }
    std::ranges::sort(starts);
    return starts;
  };
  EXPECT_EQ(sorted_starts(plot, 0, 0), sorted_starts(moved, 20, 30));
  EXPECT_THROW((void)gcode_text(picture, {.origin = {1e9, 0}}), Error);
}

TEST(Gcode, TakesDotsEmptySketchesAndNoMargin) {
  const Plot dot(gcode_text(lay_out(single_sheet(test::dot_at(3, 3)))));
  ASSERT_EQ(dot.strokes.size(), 1u);
  EXPECT_EQ(dot.strokes[0][0], (PicturePoint{105, 148.5}));
  const Plot empty(gcode_text(lay_out(single_sheet(sketch::Sketch{}))));
  EXPECT_TRUE(empty.strokes.empty());
  EXPECT_TRUE(empty.ends_at_home);
  const Plot full(gcode_text(lay_out(single_sheet(test::square())), {.page_width = 50, .page_height = 60, .margin = 0}),
                  50, 60);
  EXPECT_EQ(full.strokes.size(), 2u);
}

TEST(Gcode, RefusesImpossiblePagesAndPlainImages) {
  const Picture picture = lay_out(single_sheet(test::square()));
  EXPECT_THAT(error_of([&] { (void)gcode_text(picture, {.page_width = 30}); }), ::testing::HasSubstr("margin"));
  EXPECT_THROW((void)gcode_text(picture, {.feed_mm_per_min = 0}), Error);
  EXPECT_THROW((void)gcode_text(picture, {.pen_delay_s = -1}), Error);
  const Picture image = lay_out(grid_sheet({cell_of(image::make_raster(3, 3, 1))}));
  EXPECT_THAT(error_of([&] { (void)gcode_text(image); }), ::testing::HasSubstr("only images"));
}

std::vector<StrokeEnds> random_ends(std::uint64_t seed, int count) {
  RandomStream random(seed, Purpose::kTest);
  std::vector<StrokeEnds> ends;
  for (int i = 0; i < count; ++i)
    ends.push_back(
        {{random.uniform(0, 100), random.uniform(0, 100)}, {random.uniform(0, 100), random.uniform(0, 100)}});
  return ends;
}

std::vector<StrokeVisit> file_order(std::size_t count) {
  std::vector<StrokeVisit> visits(count);
  for (std::size_t i = 0; i < count; ++i) visits[i].stroke = i;
  return visits;
}

TEST(Travel, VisitsEveryStrokeOnceAndIsNeverLonger) {
  for (const int count : {0, 1, 2, 3, 17, 120}) {
    const auto ends = random_ends(static_cast<std::uint64_t>(count), count);
    const auto visits = order_strokes(ends, {});
    std::vector<int> seen(ends.size(), 0);
    for (const StrokeVisit visit : visits) ++seen[visit.stroke];
    EXPECT_EQ(seen, std::vector<int>(ends.size(), 1));
    EXPECT_LE(travel_length(ends, visits, {}), travel_length(ends, file_order(ends.size()), {}));
    if (count == 120) {
      EXPECT_LT(travel_length(ends, visits, {}), 0.4 * travel_length(ends, file_order(120), {}));
    }
    EXPECT_EQ(visits, order_strokes(ends, {}));
  }
}

TEST(Travel, IsShortestWhereThatCanBeTried) {
  // Every order and direction of five strokes: 2-opt comes within a tenth, and mostly finds the shortest.
  int shortest_found = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto ends = random_ends(seed, 5);
    double shortest = 1e300;
    std::vector<std::size_t> order{0, 1, 2, 3, 4};
    do {
      for (unsigned turned = 0; turned < 32; ++turned) {
        std::vector<StrokeVisit> visits;
        for (const std::size_t stroke : order) visits.push_back({stroke, (turned >> stroke & 1) != 0});
        shortest = std::min(shortest, travel_length(ends, visits, {}));
      }
    } while (std::next_permutation(order.begin(), order.end()));
    const double found = travel_length(ends, order_strokes(ends, {}), {});
    EXPECT_GE(found, shortest - 1e-9);
    EXPECT_LE(found, 1.35 * shortest) << seed;
    if (found < shortest + 1e-9) ++shortest_found;
  }
  EXPECT_GE(shortest_found, 10);
}

// The nearest of all ends at each step, before 2-opt: with so many strokes these can hardly find worse.
TEST(Travel, OrdersVeryManyStrokesInTime) {
  constexpr int kCount = 100'000;
  std::vector<StrokeEnds> scattered = random_ends(5, kCount);
  for (StrokeEnds& ends : scattered) ends.last = {ends.first.x + 0.1, ends.first.y};
  std::vector<StrokeEnds> dots(kCount, StrokeEnds{{3, 4}, {3, 4}}), line, heaps;
  for (int i = 0; i < kCount; ++i) {
    line.push_back({{1.0 * (i * 7919 % kCount), 0}, {1.0 * (i * 7919 % kCount), 0}});
    const double x = i % 2 == 0 ? 0 : 1e6;
    heaps.push_back({{x + i % 100, 0}, {x, i % 1000 / 10.0}});
  }
  std::vector<double> lengths;
  for (const auto& ends : {scattered, dots, line, heaps}) {
    const auto start = std::chrono::steady_clock::now();
    const auto visits = order_strokes(ends, {});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    std::vector<int> seen(ends.size(), 0);
    for (const StrokeVisit visit : visits) ++seen[visit.stroke];
    EXPECT_EQ(seen, std::vector<int>(ends.size(), 1));
    lengths.push_back(travel_length(ends, visits, {}));
  }
  // A tour of n random points of a square of area A is about 0.7 √(n A) long at best, nearest neighbours' 0.9.
  EXPECT_LT(lengths[0], std::sqrt(1.0 * kCount * 100 * 100));
  EXPECT_EQ(lengths[2], 2.0 * (kCount - 1));
}

TEST(Travel, KeepsAnOrderThatIsAlreadyBest) {
  std::vector<StrokeEnds> ends;
  for (int i = 0; i < 6; ++i) ends.push_back({{10.0 * i, 0}, {10.0 * i + 10, 0}});
  EXPECT_EQ(order_strokes(ends, {}), file_order(6));
}

}  // namespace
}  // namespace limn::render
