#include "limn/models/own_drawing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/sketch/sketch_store.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

constexpr TypicalDrawing kTypical{.extent = 4, .has_page_position = false, .corner = {}, .start = {0.5F, 0.5F}};

// One and a half turns of a spiral, so that no two points are equally far from any line; its size grows with `unit`.
sketch::Sketch spiral(double unit) {
  sketch::Stroke stroke;
  for (int i = 0; i <= 40; ++i) {
    const double angle = 3 * std::numbers::pi * i / 40, radius = unit * (0.5 + 0.02 * i);
    stroke.push_back(
        {static_cast<float>(2 * unit + radius * std::cos(angle)), static_cast<float>(unit + radius * std::sin(angle))});
  }
  return sketch::from_strokes(std::span(&stroke, 1));
}

double longer_side(const sketch::Sketch& sketch) {
  const auto box = sketch::bounds(sketch);
  return double{std::max(box->width(), box->height())};
}

class OwnDrawing : public ::testing::Test {
 protected:
  const SketchRnnModel model_{testing::tiny_checkpoint(true)};
};

TEST_F(OwnDrawing, OfAnyUnitsIsTheSameToTheModel) {
  const FittedDrawing one = fitted(model_, kTypical, spiral(1), 0, 20);
  ASSERT_GT(one.sketch.points.size(), 6U);
  for (const double unit : {0.01, 100.0, 5000.0}) {
    const FittedDrawing other = fitted(model_, kTypical, spiral(unit), 0, 20);
    ASSERT_EQ(other.sketch.points.size(), one.sketch.points.size()) << unit;
    for (std::size_t i = 0; i < one.sketch.points.size(); ++i) {
      EXPECT_NEAR(other.sketch.points[i].dx, one.sketch.points[i].dx, 1e-4) << unit;
      EXPECT_NEAR(other.sketch.points[i].dy, one.sketch.points[i].dy, 1e-4) << unit;
    }
  }
  EXPECT_NEAR(longer_side(one.sketch), 4 * model_.scale_factor(), 0.2);
}

TEST_F(OwnDrawing, GoesOnWhereItEndsInItsOwnUnits) {
  const sketch::Sketch given = spiral(100);
  const FittedDrawing fit = fitted(model_, kTypical, given, 0, 20);
  sketch::Sketch drawn = fit.sketch;
  const std::size_t prefix = drawn.points.size();
  drawn.points.push_back({0.5F, -1, false});
  drawn.points.push_back({1, 2, true});
  const sketch::Sketch result = continued(given, drawn, prefix, fit.map);
  ASSERT_EQ(result.points.size(), given.points.size() + 2);
  EXPECT_TRUE(std::equal(given.points.begin(), given.points.end(), result.points.begin()));
  // Its longer side is 4 · scale_factor in the model's data units.
  const double scale = longer_side(given) / (4.0 * model_.scale_factor());
  EXPECT_NEAR(result.points[given.points.size()].dx, 0.5 * scale, 1e-3);
  EXPECT_NEAR(result.points[given.points.size()].dy, -1 * scale, 1e-3);
  EXPECT_NEAR(result.points.back().dy, 2 * scale, 1e-3);
}

TEST_F(OwnDrawing, ComesBackToItsPlace) {
  for (const bool has_page_position : {false, true}) {
    const TypicalDrawing typical{
        .extent = 4, .has_page_position = has_page_position, .corner = {1, 2}, .start = {0.5F, 0.5F}};
    const FittedDrawing fit = fitted(model_, typical, spiral(100), 0, 20);
    const auto back = sketch::bounds(brought_back(fit.sketch, fit.map)), own = sketch::bounds(spiral(100));
    EXPECT_NEAR(back->min_x, own->min_x, 2);
    EXPECT_NEAR(back->max_y, own->max_y, 2);
  }
}

TEST_F(OwnDrawing, OfSomePointsHasTheScaleOfTheWholeAndAnOpenStroke) {
  const FittedDrawing whole = fitted(model_, kTypical, spiral(7), 0, 20);
  const FittedDrawing begun = fitted(model_, kTypical, spiral(7), 10, 20);
  EXPECT_EQ(begun.map.scale, whole.map.scale);
  EXPECT_LT(begun.sketch.points.size(), whole.sketch.points.size());
  EXPECT_FALSE(begun.sketch.points.back().is_pen_lifted);
  EXPECT_TRUE(whole.sketch.points.back().is_pen_lifted);
}

TEST_F(OwnDrawing, MustBeFinite) {
  sketch::Sketch broken = spiral(1);
  broken.points[3].dx = std::nanf("");
  EXPECT_THROW((void)fitted(model_, kTypical, broken, 0, 20), Error);
}

TEST_F(OwnDrawing, IsWhatIsNoDataSetAndWasNotTrainedOn) {
  Checkpoint checkpoint = model_.checkpoint();
  checkpoint.training_config = R"({"data": ["sketches/mine.json", "/data/icons/"]})";
  for (const char* path :
       {"builtin:doodles", "a.npz", "a.NPZ", "a.ndjson", "a.ndjson.gz", "a.bin", "a.limn/", "a.npy", "a.cpkl",
        "sketches/mine.json", "./sketches/../sketches/mine.json", "/data/icons", "/data/icons/x.svg"})
    EXPECT_TRUE(is_in_data_units(checkpoint, path)) << path;
  for (const char* path : {"a.json", "mine.json", "x.svg", "/data/icons2/x.svg", "folder/", "a.json.gz", "npz"})
    EXPECT_FALSE(is_in_data_units(checkpoint, path)) << path;
  EXPECT_TRUE(is_training_data(checkpoint, "/data/icons/x.svg"));
  EXPECT_FALSE(is_training_data(checkpoint, "a.npz"));
}

TEST_F(OwnDrawing, IsComparedWithTheModelsBySize) {
  const double own = 4 * double{model_.scale_factor()};
  const Drawings drawings{.sketches = {spiral(own), spiral(own), {}}};
  EXPECT_NEAR(relative_size(model_, kTypical, drawings), longer_side(spiral(1)), 1e-3);
  EXPECT_EQ(relative_size(model_, kTypical, {}), 1);
  EXPECT_EQ(relative_offsets(model_, {}), 1);
  const double small = relative_offsets(model_, {.sketches = {spiral(own)}});
  EXPECT_NEAR(relative_offsets(model_, {.sketches = {spiral(3 * own)}}), 3 * small, 1e-3);
  EXPECT_NEAR(small, sketch::offset_deviation(drawings.sketches) / double{model_.scale_factor()}, 1e-6);
}

}  // namespace
}  // namespace limn::models
