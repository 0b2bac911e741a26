// Drawings that grow point by point are those that draw() gives at once: both are the one drawing loop.
#include "limn/models/sketch_rnn/drawing_loop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

using testing::random_sketch;
using testing::tiny_checkpoint;

// Every drawing of the stream: its prefix and what step() gave.
std::vector<sketch::Sketch> finished(StrokeStream& stream, std::span<const DrawRequest> requests) {
  std::vector<sketch::Sketch> sketches;
  for (const DrawRequest& request : requests) sketches.push_back({{request.prefix.begin(), request.prefix.end()}});
  std::vector<NewPoint> points;
  while (!stream.is_done()) stream.step(points);
  for (const auto& [drawing, point] : points) sketches[drawing].points.push_back(point);
  // The pen bit of the last point before an end is known only after the point was given.
  for (sketch::Sketch& sketch : sketches)
    if (!sketch.points.empty()) sketch.points.back().is_pen_lifted = true;
  return sketches;
}

// Several endings of one beginning, each with its own temperature, and z where the model reads one.
void expect_same_as_draw(bool is_conditional, std::int64_t given) {
  const SketchRnnModel model(tiny_checkpoint(is_conditional));
  const sketch::Sketch beginning = random_sketch(given, 4);
  constexpr std::int64_t kMost = 21, kDrawings = 5;
  const Latents z = prior_latents(kDrawings, model.latent_size(), 8);
  std::vector<DrawRequest> requests;
  for (std::int64_t i = 0; i < kDrawings; ++i)
    requests.push_back({.z = z.row(i),
                        .prefix = beginning.points,
                        .choice = {.temperature = 0.2F + 0.2F * static_cast<float>(i)},
                        .seed = 3,
                        .index = static_cast<std::uint64_t>(i),
                        .max_points = kMost});
  const auto expected = model.draw(requests);
  const auto stream = model.stream(requests);
  ASSERT_EQ(stream->size(), requests.size());
  const auto sketches = finished(*stream, requests);
  for (std::size_t i = 0; i < sketches.size(); ++i) {
    EXPECT_EQ(sketches[i], expected[i].sketch) << "drawing " << i << " after " << given << " points";
    EXPECT_EQ(stream->is_finished(i), expected[i].is_finished) << "drawing " << i;
    EXPECT_TRUE(stream->has_ended(i));
  }
}

TEST(StrokeStream, GivesThePointsOfDrawBitForBit) {
  for (const std::int64_t given : {0, 1, 7}) {
    expect_same_as_draw(false, given);
    expect_same_as_draw(true, given);
  }
}

// A page shows the first points while the rest is drawn: each step after the prefix gives one for every drawing.
TEST(StrokeStream, GivesTheFirstPointsWithoutWaitingForTheRest) {
  const SketchRnnModel model(tiny_checkpoint(false));
  const sketch::Sketch beginning = random_sketch(4, 2);
  std::vector<DrawRequest> requests;
  for (std::uint64_t i = 0; i < 3; ++i) requests.push_back({.prefix = beginning.points, .seed = 1, .index = i});
  const auto stream = model.stream(requests);
  std::vector<NewPoint> points;
  for (int i = 0; i < 4; ++i) stream->step(points);
  EXPECT_TRUE(points.empty());
  for (int i = 0; i < 3; ++i) {
    points.clear();
    stream->step(points);
    std::size_t growing = 0;
    for (std::size_t drawing = 0; drawing < 3; ++drawing) growing += stream->has_ended(drawing) ? 0 : 1;
    EXPECT_EQ(points.size(), growing) << "step " << i;
    EXPECT_GT(growing, 0U);
  }
}

TEST(StrokeStream, StopsAtMaxPointsWithThePenLifted) {
  const SketchRnnModel model(tiny_checkpoint(false));
  const sketch::Sketch beginning = random_sketch(6, 2);
  const std::vector<DrawRequest> requests{{.prefix = beginning.points, .index = 0, .max_points = 7},
                                          {.prefix = beginning.points, .index = 1, .max_points = 6}};
  const auto stream = model.stream(requests);
  EXPECT_TRUE(stream->has_ended(1)) << "the prefix fills it";
  std::vector<NewPoint> points;
  for (int steps = 0; !stream->is_done(); ++steps) {
    stream->step(points);
    ASSERT_LE(steps, 7);
  }
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].drawing, 0U);
  EXPECT_TRUE(points[0].point.is_pen_lifted);
  EXPECT_FALSE(stream->is_finished(0));
  stream->step(points);
  EXPECT_EQ(points.size(), 1U) << "nothing after the end";
}

TEST(StrokeStream, KeepsItsOwnCopyOfTheRequest) {
  const SketchRnnModel model(tiny_checkpoint(true));
  auto z = std::make_unique<Latents>(prior_latents(1, model.latent_size(), 9));
  auto prefix = std::make_unique<sketch::Sketch>(random_sketch(4, 3));
  const Latents kept_z = *z;
  const sketch::Sketch kept_prefix = *prefix;
  const DrawRequest request{.z = z->values, .prefix = prefix->points, .seed = 5};
  const auto stream = model.stream({&request, 1});
  z.reset();
  prefix.reset();
  const DrawRequest same{.z = kept_z.values, .prefix = kept_prefix.points, .seed = 5};
  EXPECT_EQ(finished(*stream, {&same, 1})[0], model.draw({&same, 1})[0].sketch);
}

// Rows join while others are under way, and leave: none changes another.
TEST(DrawingLoop, RowsThatJoinLaterDrawTheSame) {
  const SketchRnnModel model(tiny_checkpoint(true));
  const Latents z = prior_latents(4, model.latent_size(), 2);
  std::vector<DrawRequest> requests;
  for (std::int64_t i = 0; i < 4; ++i)
    requests.push_back({.z = z.row(i), .seed = 6, .index = static_cast<std::uint64_t>(i)});
  const auto expected = model.draw(requests);
  DrawingLoop loop(model.decoder());
  std::vector<NewPoint> points;
  std::vector<DrawingLoop::Ended> ended;
  for (std::size_t i = 0; i < 4; ++i) {
    const DrawingLoop::Row row{.drawing = i, .request = &requests[i], .max_points = model.max_seq_len()};
    loop.add({&row, 1});
    loop.step(points, ended);
    loop.step(points, ended);
  }
  while (loop.size() > 0) loop.step(points, ended);
  EXPECT_EQ(ended.size(), 4U);
  std::vector<sketch::Sketch> sketches(4);
  for (const auto& [drawing, point] : points) sketches[drawing].points.push_back(point);
  for (std::size_t i = 0; i < 4; ++i) {
    if (!sketches[i].points.empty()) sketches[i].points.back().is_pen_lifted = true;
    EXPECT_EQ(sketches[i], expected[i].sketch) << i;
  }
}

TEST(StrokeStream, RefusesWhatDrawRefuses) {
  const SketchRnnModel model(tiny_checkpoint(false));
  const std::vector<float> z(5);
  const DrawRequest with_z{.z = z}, cold{.choice = {.temperature = 0}};
  EXPECT_THROW((void)model.stream({&with_z, 1}), Error);
  EXPECT_THROW((void)model.stream({&cold, 1}), Error);
  EXPECT_THROW((void)model.stream({}), Error);
}

}  // namespace
}  // namespace limn::models
