// The order of a line's points.
#include "limn/models/stroke_orders.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numbers>

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

}  // namespace
}  // namespace limn::models
