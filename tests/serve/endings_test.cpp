#include "limn/serve/endings.hpp"

#include <gtest/gtest.h>

#include "models/sketch_rnn/tiny_model.hpp"
#include "limn/models/sketch_rnn/prior.hpp"

namespace limn::serve {
namespace {

using ::limn::testing::random_sketch;
using ::limn::testing::tiny_checkpoint;

// Drawn together point by point, or at once by the generator: the same drawings.
void expect_same_as_generator(bool is_conditional, std::int64_t given) {
  const SketchRnnGenerator generator(tiny_checkpoint(is_conditional));
  const Sketch beginning = random_sketch(given, 4);
  constexpr std::int64_t kMost = 21, kDrawings = 5;
  const Latents z = is_conditional ? prior_latents(kDrawings, generator.options().z_size, 8) : Latents();
  std::vector<DrawRequest> requests;
  std::vector<EndingRequest> endings;
  for (std::int64_t i = 0; i < kDrawings; ++i) {
    const std::span<const float> row = is_conditional ? z.row(i) : std::span<const float>();
    const PointChoice choice{.temperature = 0.2F + 0.2F * static_cast<float>(i)};
    requests.push_back({.z = row,
                        .prefix = beginning.points,
                        .choice = choice,
                        .seed = 3,
                        .index = static_cast<std::uint64_t>(i),
                        .max_points = kMost});
    endings.push_back(
        {.z = {row.begin(), row.end()}, .choice = choice, .seed = 3, .index = static_cast<std::uint64_t>(i)});
  }
  const auto expected = generator.draw(requests);
  GrowingDrawings growing(generator, beginning.points, endings, kMost);
  std::vector<Sketch> sketches(kDrawings, beginning);
  std::vector<GrowingDrawings::NewPoint> points;
  int steps = 0;
  while (!growing.is_done()) {
    growing.step(points);
    ASSERT_LE(++steps, kMost + 1);
  }
  for (const auto& [drawing, point] : points) sketches[drawing].points.push_back(point);
  for (std::size_t i = 0; i < sketches.size(); ++i) {
    auto& mine = sketches[i].points;
    ASSERT_EQ(mine.size(), expected[i].sketch.points.size()) << "drawing " << i;
    if (!mine.empty()) mine.back().is_pen_lifted = true;  // known only after it was given
    for (std::size_t p = 0; p < mine.size(); ++p) {
      EXPECT_NEAR(mine[p].dx, expected[i].sketch.points[p].dx, 1e-4) << "drawing " << i << ", point " << p;
      EXPECT_EQ(mine[p].is_pen_lifted, expected[i].sketch.points[p].is_pen_lifted)
          << "drawing " << i << ", point " << p;
    }
    EXPECT_EQ(growing.is_finished(i), expected[i].is_finished);
    EXPECT_TRUE(growing.has_ended(i));
  }
}

TEST(GrowingDrawings, AreTheGenerators) {
  for (const std::int64_t given : {0, 1, 7}) {
    expect_same_as_generator(false, given);
    expect_same_as_generator(true, given);
  }
}

TEST(GrowingDrawings, StopAtTheirLimit) {
  const SketchRnnGenerator generator(tiny_checkpoint(false));
  GrowingDrawings growing(generator, random_sketch(6, 2).points, {EndingRequest{}, EndingRequest{.index = 1}},
                          7);
  std::vector<GrowingDrawings::NewPoint> points;
  while (!growing.is_done()) growing.step(points);
  EXPECT_LE(points.size(), 2U);
  for (const auto& [drawing, point] : points) EXPECT_TRUE(point.is_pen_lifted);
}

}  // namespace
}  // namespace limn::serve
