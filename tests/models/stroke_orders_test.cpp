// The order of a line's points.
#include "limn/models/stroke_orders.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "limn/models/latent.hpp"
#include "limn/models/own_drawing.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(StrokeOrders, OfAnOpenLineAreItsTwoDirections) {
  const sketch::Stroke line{{0, 0}, {5, 1}, {9, 0}, {14, 3}, {20, 2}, {26, 0}, {30, 1}};
  sketch::Stroke back = line;
  std::ranges::reverse(back);
  EXPECT_THAT(stroke_orders(line), ElementsAre(line, back));
  EXPECT_THAT(stroke_orders({{3, 4}}), ElementsAre(sketch::Stroke{{3, 4}}));
}

TEST(StrokeOrders, OfAClosedLineBeginAtEachSide) {
  // Eight points of a circle and the first one again, from between its right and its top.
  sketch::Stroke circle;
  for (int i = 0; i <= 8; ++i) {
    const double angle = (i % 8) * std::numbers::pi / 4 + 0.1;
    circle.push_back({static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))});
  }
  const auto orders = stroke_orders(circle);
  EXPECT_EQ(orders.size(), 2U * 4);  // it begins at its right already
  EXPECT_EQ(orders.front(), circle);
  for (const sketch::Stroke& order : orders) {
    ASSERT_EQ(order.size(), circle.size());
    EXPECT_EQ(order.front(), order.back());
    EXPECT_TRUE(
        std::ranges::all_of(order, [&](const auto& p) { return std::ranges::find(circle, p) != circle.end(); }));
  }
  std::vector<sketch::Position> starts;
  for (const sketch::Stroke& order : orders) starts.push_back(order.front());
  for (const int side : {0, 2, 4, 6}) EXPECT_THAT(starts, Contains(circle[static_cast<std::size_t>(side)]).Times(2));
}

// With a prior around one z.
SketchRnnModel model_of_one_kind() {
  SketchRnnContents contents = testing::random_checkpoint(testing::tiny_options(true), 1, 1.2F);
  contents.weights["decoder.output.bias"][2] -= 10;  // drawings do not end soon
  Checkpoint checkpoint = to_checkpoint(contents);
  FittedPrior prior{.mean = std::vector<float>(5, 1.5F), .factor = std::vector<float>(25)};
  for (std::size_t i = 0; i < 5; ++i) prior.factor[i * 6] = 0.1F;
  checkpoint.prior = prior;
  return SketchRnnModel(std::move(checkpoint));
}

// A line that the model draws at its z.
sketch::Sketch line_of(const SketchRnnModel& model, std::uint64_t seed) {
  sketch::Sketch drawn =
      draw_latents(model, model.prior_latents(1, 3, 0, PriorKind::kUsual), {.temperature = 0.2F}, seed).front().sketch;
  drawn.points.resize(8);
  for (auto& point : drawn.points) point.is_pen_lifted = false;
  return drawn;
}

TEST(LikeliestOrder, IsTheOneInWhichTheModelDraws) {
  const SketchRnnModel model = model_of_one_kind();
  const TypicalDrawing typical{.extent = 1, .has_page_position = true, .corner = {}, .start = {}, .epsilon = 1e-6};
  const PaperFrame frame{.x = 0, .y = 0, .size = 1};
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const std::vector<sketch::Stroke> line = sketch::to_strokes(line_of(model, seed));
    std::vector<sketch::Stroke> back = line;
    std::ranges::reverse(back.front());
    const auto as_drawn = prepare(line, frame, typical, 100).sketch;
    EXPECT_EQ(prepare_in_likeliest_order(model, line, frame, typical, 100).sketch.points,
              prepare_in_likeliest_order(model, back, frame, typical, 100).sketch.points);
    found += prepare_in_likeliest_order(model, back, frame, typical, 100).sketch.points == as_drawn.points ? 1 : 0;
  }
  EXPECT_GE(found, 7);
}

// Whatever the order, what the model adds stands where the model put it, and the given line stays as it was drawn.
TEST(LikeliestOrder, OfAnOwnDrawingLeavesEverythingInItsPlace) {
  const SketchRnnModel model = model_of_one_kind();
  const TypicalDrawing typical{.extent = 1, .has_page_position = true, .corner = {}, .start = {}, .epsilon = 1e-6};
  int turned = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::vector<sketch::Stroke> line = sketch::to_strokes(line_of(model, seed));
    for (const bool is_reversed : {false, true}) {
      if (is_reversed) std::ranges::reverse(line.front());
      const sketch::Sketch own = sketch::from_strokes(line);
      const FittedDrawing beginning = fitted_beginning(model, typical, own, 0, 100);
      turned += beginning.sketch.points != fitted(model, typical, own, 0, 100).sketch.points ? 1 : 0;
      sketch::Sketch drawn = beginning.sketch;
      drawn.points.push_back({0.5F, -1, false});
      drawn.points.push_back({1, 2, true});
      const sketch::Sketch result = continued(own, drawn, beginning.sketch.points.size(), beginning.map);
      ASSERT_EQ(result.points.size(), own.points.size() + 2);
      EXPECT_TRUE(std::equal(own.points.begin(), own.points.end(), result.points.begin()));
      const sketch::Position added = sketch::to_strokes(result).back().back();
      const sketch::Position wanted = sketch::to_strokes(brought_back(drawn, beginning.map)).back().back();
      EXPECT_NEAR(added.x, wanted.x, 1e-3) << seed;
      EXPECT_NEAR(added.y, wanted.y, 1e-3) << seed;
    }
  }
  EXPECT_GE(turned, 7);
}

TEST(LikeliestOrder, IsNotChosenForALineThatIsCut) {
  const SketchRnnModel model = model_of_one_kind();
  const TypicalDrawing typical{.extent = 1, .has_page_position = true, .corner = {}, .start = {}, .epsilon = 1e-6};
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::vector<sketch::Stroke> line = sketch::to_strokes(line_of(model, seed));
    std::ranges::reverse(line.front());
    const sketch::Sketch own = sketch::from_strokes(line);
    EXPECT_EQ(fitted_beginning(model, typical, own, 5, 100).sketch.points,
              fitted(model, typical, own, 5, 100).sketch.points);
  }
}

TEST(LikeliestOrder, IsAsDrawnWithoutLatentVectors) {
  const SketchRnnModel model(testing::tiny_checkpoint(false));
  const TypicalDrawing typical{.extent = 1, .has_page_position = true, .corner = {}, .start = {}, .epsilon = 1e-6};
  const std::vector<sketch::Stroke> line{{{0, 0}, {0.5F, 0.2F}, {1, 0}}};
  EXPECT_EQ(prepare_in_likeliest_order(model, line, {}, typical, 100).sketch.points,
            prepare(line, {}, typical, 100).sketch.points);
  EXPECT_TRUE(prepare_in_likeliest_order(model, {}, {}, typical, 100).sketch.points.empty());
}

}  // namespace
}  // namespace limn::models
