// How a model reads the beginning of a drawing: the order of its first line, and the size of the whole.
#include "limn/models/readings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "limn/models/latent.hpp"
#include "limn/models/own_drawing.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/stroke_orders.hpp"
#include "limn/sketch/dataset.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

namespace fs = std::filesystem;

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
    EXPECT_EQ(prepare_as_likeliest(model, line, frame, FrameSize::kExact, typical, 100).sketch.points,
              prepare_as_likeliest(model, back, frame, FrameSize::kExact, typical, 100).sketch.points);
    found += prepare_as_likeliest(model, back, frame, FrameSize::kExact, typical, 100).sketch.points == as_drawn.points
                 ? 1
                 : 0;
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

TEST(LikeliestReading, IsAsDrawnWithoutLatentVectors) {
  const SketchRnnModel model(testing::tiny_checkpoint(false));
  const TypicalDrawing typical{.extent = 1, .has_page_position = true, .corner = {}, .start = {}, .epsilon = 1e-6};
  const std::vector<sketch::Stroke> line{{{0, 0}, {0.5F, 0.2F}, {1, 0}}};
  EXPECT_EQ(prepare_as_likeliest(model, line, {}, FrameSize::kLeast, typical, 100).sketch.points,
            prepare(line, {}, typical, 100).sketch.points);
  EXPECT_TRUE(prepare_as_likeliest(model, {}, {}, FrameSize::kLeast, typical, 100).sketch.points.empty());
}

// The first lines of drawings that the model knows, in any order: how large is the drawing, and where is the line in
// it?
TEST(LikeliestReading, FindsHowLargeADrawingWillBe) {
  const auto loaded =
      standard_registry().load(fs::path(LIMN_TEST_DATA_DIR) / ".." / ".." / "pretrained" / "doodles.safetensors");
  const SketchModel& model = *loaded->as_sketch_model();
  const TypicalDrawing typical = measure_typical_drawing(model);
  const std::vector<std::string> data{"builtin:doodles"};
  const auto doodles = sketch::StrokeDataset::load(data, {});
  int small = 0, found = 0, whole = 0, kept = 0;
  for (std::int64_t i = 0; i < 80; ++i) {
    const std::vector<sketch::Stroke> strokes = sketch::to_strokes(doodles.sketch(Split::kTest, i));
    const std::vector<sketch::Stroke> orders = stroke_orders(strokes.front());
    const std::span first(&orders[static_cast<std::size_t>(i) % orders.size()], 1);
    const double own = frame_around(first).size, truth = frame_around(strokes).size;
    const PreparedDrawing read =
        prepare_as_likeliest(model, first, frame_around(first), FrameSize::kLeast, typical, 100);
    const bool is_right = std::abs(std::log(read.map.scale * typical.extent / truth)) < 0.3;
    const bool is_whole = truth < 1.2 * own;
    (is_whole ? whole : small) += 1;
    (is_whole ? kept : found) += is_right ? 1 : 0;
    // Whatever it is taken for, the line stays where it is.
    const sketch::Position pen = read.map.to_paper(read.pen.x, read.pen.y);
    EXPECT_TRUE(std::ranges::any_of(first[0], [&](const auto& p) {
      return std::hypot(p.x - pen.x, p.y - pen.y) < 1e-3 * truth;
    })) << i;
  }
  ASSERT_GE(small, 20);
  EXPECT_GE(found, small / 2);
  EXPECT_GE(kept, 0.8 * whole);
}

}  // namespace
}  // namespace limn::models
