#include "limn/models/paper.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/sketch/simplify.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

sketch::Stroke circle(double x, double y, double radius, int points) {
  sketch::Stroke stroke;
  for (int i = 0; i <= points; ++i) {
    const double angle = 2 * std::numbers::pi * i / points;
    stroke.push_back(
        {static_cast<float>(x + radius * std::cos(angle)), static_cast<float>(y + radius * std::sin(angle))});
  }
  return stroke;
}

// Drawings of any size come to the model in the size that it knows.
TEST(Paper, BringsDrawingsOfAnySizeToTheModels) {
  const TypicalDrawing typical{.extent = 9.5, .has_page_position = true, .corner = {-2, 1}, .start = {0.5F, 0.5F}};
  for (const double size : {0.5, 30.0, 4000.0}) {
    const std::vector<sketch::Stroke> strokes{circle(7 * size, -3 * size, size / 2, 300)};
    const auto prepared = prepare(strokes, frame_around(strokes), typical, 100);
    const auto box = sketch::bounds(prepared.sketch);
    ASSERT_TRUE(box);
    EXPECT_NEAR(std::max(box->width(), box->height()), 9.5, 0.02) << size;
    EXPECT_NEAR(box->min_x, -2, 0.02);
    EXPECT_NEAR(box->min_y, 1, 0.02);
    EXPECT_GT(prepared.sketch.points.size(), 8U);
    EXPECT_LT(prepared.sketch.points.size(), 60U);  // of 301: simplified as Quick, Draw! is
  }
}

TEST(Paper, MapsBackToWhereThePenWas) {
  for (const bool has_page_position : {false, true}) {
    const TypicalDrawing typical{
        .extent = 3, .has_page_position = has_page_position, .corner = {1, 1}, .start = {0.2F, 0.7F}};
    const std::vector<sketch::Stroke> strokes{{{100, 200}, {150, 260}}, {{40, 50}, {60, 70}}};
    const auto prepared = prepare(strokes, {.x = 20, .y = 30, .size = 600}, typical, 100);
    const sketch::Position end = prepared.map.to_paper(prepared.pen.x, prepared.pen.y);
    EXPECT_NEAR(end.x, 60, 1e-3);
    EXPECT_NEAR(end.y, 70, 1e-3);
    // The offsets told to the model lead there too, from the first point or from the page's corner.
    double x = 0, y = 0;
    for (const auto& point : prepared.sketch.points) {
      x += double{point.dx};
      y += double{point.dy};
    }
    EXPECT_NEAR(prepared.map.to_paper(x, y).x, 60, 1e-2);
    EXPECT_EQ(prepared.sketch.points.size(), has_page_position ? 4U : 3U);
  }
}

TEST(Paper, PreparesDotsAndNothing) {
  const TypicalDrawing typical{.extent = 3, .has_page_position = false, .corner = {}, .start = {0.25F, 0.5F}};
  const auto nothing = prepare({}, {.x = 10, .y = 10, .size = 100}, typical, 10);
  EXPECT_TRUE(nothing.sketch.points.empty());
  EXPECT_NEAR(nothing.map.to_paper(0, 0).x, 35, 1e-4);
  const std::vector<sketch::Stroke> dot{{{5, 5}}};
  const auto one = prepare(dot, frame_around(dot), typical, 10);
  ASSERT_EQ(one.sketch.points.size(), 1U);
  EXPECT_TRUE(one.sketch.points[0].is_pen_lifted);
}

TEST(Paper, LimitsPoints) {
  std::vector<sketch::Stroke> strokes;
  for (int i = 0; i < 12; ++i) strokes.push_back(circle(30 * i, 10 * (i % 3), 14, 90));
  EXPECT_LE(prepare(strokes, frame_around(strokes), {}, 50).sketch.points.size(), 50U);
  EXPECT_LE(prepare(strokes, frame_around(strokes), {}, 1).sketch.points.size(), 1U);
}

// A growing spiral is what Ramer-Douglas-Peucker splits worst.
TEST(Paper, SimplifiesTheSlowestDrawingsInTime) {
  sketch::Stroke spiral;
  for (int i = 0; i < 20000; ++i) {
    const double angle = 0.01 * i, radius = std::exp(1e-4 * i);
    spiral.push_back({static_cast<float>(radius * std::cos(angle)), static_cast<float>(radius * std::sin(angle))});
  }
  const std::vector<sketch::Stroke> strokes{spiral};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_LE(prepare(strokes, frame_around(strokes), {}, 40).sketch.points.size(), 40U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Paper, PlacesDrawingsInTheFrame) {
  const sketch::Sketch sketch{{{5, 5, false}, {30, 0, false}, {0, 15, true}}};
  const auto strokes = placed(sketch, {.x = 100, .y = 200, .size = 60});
  ASSERT_EQ(strokes.size(), 1U);
  EXPECT_NEAR(strokes[0][0].x, 100, 1e-3);
  EXPECT_NEAR(strokes[0][1].x, 160, 1e-3);
  EXPECT_NEAR(strokes[0][0].y, 215, 1e-3);  // half as high as wide: in the middle
  EXPECT_TRUE(placed({}, {}).empty());
}

TEST(Paper, MeasuresAModelTheSameEachTime) {
  const SketchRnnModel model(testing::tiny_checkpoint(true));
  const TypicalDrawing first = measure_typical_drawing(model), second = measure_typical_drawing(model);
  EXPECT_GT(first.extent, 0);
  EXPECT_EQ(first.extent, second.extent);
  EXPECT_EQ(first.corner, second.corner);
}

// A model whose data were simplified is given drawings of as few points.
TEST(Paper, SimplifiesAsTheModelsDataWere) {
  const std::vector<sketch::Stroke> strokes{circle(0, 0, 127.5, 300)};
  const auto points = [&](double epsilon) {
    return prepare(strokes, frame_around(strokes), {.extent = 5, .corner = {}, .start = {}, .epsilon = epsilon}, 100)
        .sketch.points.size();
  };
  EXPECT_EQ(points(2 * 5.0 / 255), points(0));  // as Quick, Draw!'s, where it is not known
  EXPECT_EQ(points(8 * 5.0 / 255) + 1, sketch::simplified(strokes[0], 8).size());
  EXPECT_LT(points(8 * 5.0 / 255), points(0));
}

TEST(Paper, MeasuresHowTheModelsDataWereSimplified) {
  SketchRnnContents checkpoint = testing::tiny_checkpoint(true);
  EXPECT_EQ(measure_typical_drawing(SketchRnnModel(checkpoint)).epsilon, 0);
  checkpoint.training_config = R"({"simplify": 6.5, "seed": 3})";
  const SketchRnnModel model(checkpoint);
  EXPECT_EQ(model.simplify(), 6.5);
  EXPECT_FLOAT_EQ(static_cast<float>(measure_typical_drawing(model).epsilon),
                  static_cast<float>(6.5 / model.scale_factor()));
  for (const char* nonsense : {R"({"simplify": -1})", R"({"simplify": "much"})", R"({"simplify": [4]})"}) {
    checkpoint.training_config = nonsense;
    EXPECT_THROW((void)SketchRnnModel(checkpoint).simplify(), Error) << nonsense;
  }
}

}  // namespace
}  // namespace limn::models
