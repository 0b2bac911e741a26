// The order of a line's points.
#include "limn/models/stroke_orders.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "limn/models/latent.hpp"
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

// A model with a prior around one z, and the line that it draws there.
TEST(LikeliestOrder, IsTheOneInWhichTheModelDraws) {
  SketchRnnContents contents = testing::random_checkpoint(testing::tiny_options(true), 1, 1.2F);
  contents.weights["decoder.output.bias"][2] -= 10;  // drawings do not end soon
  Checkpoint checkpoint = to_checkpoint(contents);
  FittedPrior prior{.mean = std::vector<float>(5, 1.5F), .factor = std::vector<float>(25)};
  for (std::size_t i = 0; i < 5; ++i) prior.factor[i * 6] = 0.1F;
  checkpoint.prior = prior;
  const SketchRnnModel model(std::move(checkpoint));
  const TypicalDrawing typical{.extent = 1, .has_page_position = true, .corner = {}, .start = {}, .epsilon = 1e-6};
  const PaperFrame frame{.x = 0, .y = 0, .size = 1};
  const Latents z = model.prior_latents(1, 3, 0, PriorKind::kUsual);
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    sketch::Sketch drawn = draw_latents(model, z, {.temperature = 0.2F}, seed).front().sketch;
    ASSERT_GE(drawn.points.size(), 8U);
    drawn.points.resize(8);
    for (auto& point : drawn.points) point.is_pen_lifted = false;
    const std::vector<sketch::Stroke> line = sketch::to_strokes(drawn);
    std::vector<sketch::Stroke> back = line;
    std::ranges::reverse(back.front());
    const auto as_drawn = prepare(line, frame, typical, 100).sketch;
    EXPECT_EQ(prepare_in_likeliest_order(model, line, frame, typical, 100).sketch.points,
              prepare_in_likeliest_order(model, back, frame, typical, 100).sketch.points);
    found += prepare_in_likeliest_order(model, back, frame, typical, 100).sketch.points == as_drawn.points ? 1 : 0;
  }
  EXPECT_GE(found, 7);
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
