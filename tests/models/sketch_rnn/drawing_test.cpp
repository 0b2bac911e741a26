#include "limn/models/sketch_rnn/drawing.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "limn/core/error.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "models/sketch_rnn/decoder_outputs.hpp"
#include "models/sketch_rnn/plain_model.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::models {
namespace {

using testing::PlainModel;
using testing::random_sketch;
using testing::tiny_checkpoint;
using testing::Vector;

// Restores the pool's size.
class ThreadCount {
 public:
  explicit ThreadCount(int count) : before_(kernels::thread_count()) { kernels::set_thread_count(count); }
  ~ThreadCount() { kernels::set_thread_count(before_); }

 private:
  int before_;
};

std::vector<sketch::Sketch> some_sketches() {
  std::vector<sketch::Sketch> all;
  for (const std::int64_t length : {5, 1, 9, 0, 3, 9}) all.push_back(random_sketch(length, all.size()));
  return all;
}

std::vector<sketch::Sketch> sketches_of(const std::vector<Drawing>& drawings) {
  std::vector<sketch::Sketch> all;
  for (const auto& drawing : drawings) all.push_back(drawing.sketch);
  return all;
}

TEST(Encode, MatchesThePlainModelInTheCallersOrder) {
  const auto checkpoint = tiny_checkpoint(true);
  const SketchRnnModel model(checkpoint);
  const PlainModel plain(checkpoint);
  const auto sketches = some_sketches();
  const auto posterior = model.encode(sketches);
  ASSERT_EQ(posterior.mu.count(), 6);
  for (std::size_t i = 0; i < sketches.size(); ++i) {
    const auto expected = plain.encode(sketches[i]);
    for (std::size_t k = 0; k < 5; ++k) {
      EXPECT_NEAR(posterior.mu.row(static_cast<std::int64_t>(i))[k], expected.mu[k], 1e-5) << i;
      EXPECT_NEAR(posterior.log_variance.row(static_cast<std::int64_t>(i))[k], expected.log_variance[k], 1e-5) << i;
    }
  }
  EXPECT_EQ(model.encode({}).mu.count(), 0);
}

TEST(Encode, ManyAtOnceAreAsOneByOne) {
  const SketchRnnModel model(tiny_checkpoint(true));
  std::vector<sketch::Sketch> sketches;
  for (std::uint64_t i = 0; i < 300; ++i) sketches.push_back(random_sketch(static_cast<std::int64_t>(i % 11), i));
  const auto all = model.encode(sketches);
  for (const std::size_t i : {0, 17, 255, 256, 299}) {
    const auto one = model.encode(std::span(sketches).subspan(i, 1));
    EXPECT_THAT(one.mu.values,
                ::testing::Pointwise(::testing::FloatNear(1e-5F), all.mu.row(static_cast<std::int64_t>(i))));
  }
}

TEST(Encode, RefusesWhatItCannot) {
  EXPECT_THROW((void)SketchRnnModel(tiny_checkpoint(false)).encode(some_sketches()), Error);
  auto sketches = some_sketches();
  sketches[2].points[3].dy = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW((void)SketchRnnModel(tiny_checkpoint(true)).encode(sketches), Error);
}

TEST(Decoder, DistributionMatchesThePlainModel) {
  for (const bool conditional : {true, false}) {
    for (const bool squashes : {false, true}) {
      auto checkpoint = tiny_checkpoint(conditional);
      checkpoint.squashes_latent = squashes && conditional;
      const SketchRnnModel model(checkpoint);
      const Latents z = prior_latents(1, conditional ? 5 : 0, 4);
      const sketch::Sketch sketch = random_sketch(8, 2);
      const auto outputs = PlainModel(checkpoint).decode(sketch, Vector(z.values.begin(), z.values.end()));
      const auto ours = testing::decoder_outputs(model, sketch, z.values);
      ASSERT_EQ(ours.size(), outputs.size());
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto p = next_point_distribution(ours[i], 1);
        const std::vector<float> y(outputs[i].begin(), outputs[i].end());
        const auto expected = next_point_distribution(y, 1);
        for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(p.pen[k], expected.pen[k], 1e-5);
        EXPECT_THAT(p.pi, ::testing::Pointwise(::testing::DoubleNear(1e-5), expected.pi));
        EXPECT_THAT(p.mu_x, ::testing::Pointwise(::testing::DoubleNear(1e-5), expected.mu_x));
        EXPECT_THAT(p.sigma_y, ::testing::Pointwise(::testing::DoubleNear(1e-5), expected.sigma_y));
        EXPECT_THAT(p.rho, ::testing::Pointwise(::testing::DoubleNear(1e-5), expected.rho));
      }
    }
  }
}

class DrawWith : public ::testing::TestWithParam<kernels::GemmBackend> {
 protected:
  void SetUp() override {
    if (GetParam() == kernels::GemmBackend::kOneDnn && !kernels::has_onednn()) GTEST_SKIP() << "built without oneDNN";
    kernels::set_gemm_backend(GetParam());
  }
  void TearDown() override { kernels::set_gemm_backend(kernels::GemmBackend::kAutomatic); }
};
INSTANTIATE_TEST_SUITE_P(EveryBackend, DrawWith,
                         ::testing::Values(kernels::GemmBackend::kPortable, kernels::GemmBackend::kOneDnn));

// Whatever the backend of everything else is: drawing always uses our own products. More drawings than a group holds.
TEST_P(DrawWith, IsTheSameWhateverIsDrawnBesideItAndOnAnyNumberOfThreads) {
  const PointChoice choice{.temperature = 0.8F};
  for (const bool conditional : {true, false}) {
    auto options = testing::tiny_options(conditional);
    options.dec_rnn_size = 67;
    const SketchRnnModel model(testing::random_checkpoint(options, 1, 0.3F));
    const auto together = sketches_of(draw_new(model, 150, choice, 7));
    for (const std::uint64_t i : {0U, 1U, 63U, 64U, 149U})
      EXPECT_EQ(draw_new(model, 1, choice, 7, i)[0].sketch, together[i]) << i;
    for (const int threads : {1, 3}) {
      const ThreadCount count(threads);
      const auto again = sketches_of(draw_new(model, 150, choice, 7));
      for (std::size_t i = 0; i < together.size(); ++i) EXPECT_EQ(again[i], together[i]) << i;
    }
    EXPECT_NE(sketches_of(draw_new(model, 150, choice, 8)), together);
    EXPECT_NE(together[0], together[1]);
  }
}

TEST(Draw, StopsAtTheEndOrAtMaxPointsAndAlwaysLiftsThePen) {
  const SketchRnnModel model(tiny_checkpoint(false));
  int finished = 0;
  for (const auto& drawing : draw_new(model, 200, {.temperature = 1}, 1)) {
    const auto& points = drawing.sketch.points;
    EXPECT_LE(points.size(), 24U);
    EXPECT_TRUE(drawing.is_finished || points.size() == 24U);
    EXPECT_TRUE(points.empty() || points.back().is_pen_lifted);
    finished += drawing.is_finished;
  }
  EXPECT_GT(finished, 20);
  EXPECT_LT(finished, 200);
  const std::vector<DrawRequest> requests{{.max_points = 3}, {.max_points = 40}};
  const auto drawings = model.draw(requests);
  EXPECT_LE(drawings[0].sketch.points.size(), 3U);
  EXPECT_LE(drawings[1].sketch.points.size(), 40U);
  EXPECT_TRUE(model.draw({}).empty());
}

TEST(Draw, TheFirstPointDoesNotEndTheDrawing) {
  for (const bool conditional : {true, false}) {
    SketchRnnContents contents = tiny_checkpoint(conditional);
    contents.weights.at("decoder.output.bias")[static_cast<std::size_t>(sketch::PenState::kEnd)] = 50;
    const SketchRnnModel model(contents);
    for (const bool is_greedy : {false, true})
      for (const auto& drawing : draw_new(model, 20, {.is_greedy = is_greedy}, 1)) {
        EXPECT_EQ(drawing.sketch.points.size(), 1U);
        EXPECT_TRUE(drawing.is_finished);
      }
    // What is given may end at once.
    const sketch::Sketch given = testing::random_sketch(2, 1);
    const Latents z = prior_latents(1, model.latent_size(), 4);
    const DrawRequest request{.z = z.row(0), .prefix = given.points};
    EXPECT_EQ(model.draw({&request, 1}).front().sketch.points.size(), 2U);
  }
}

TEST(Draw, GreedyIgnoresSeedAndTemperatureAndLowTemperaturesTendToIt) {
  const SketchRnnModel model(tiny_checkpoint(true));
  const Latents z = prior_latents(4, 5, 1);
  const auto greedy = draw_latents(model, z, {.temperature = 5, .is_greedy = true}, 1);
  EXPECT_EQ(sketches_of(greedy), sketches_of(draw_latents(model, z, {.is_greedy = true}, 2)));
  const auto cold = draw_latents(model, z, {.temperature = 1e-7F}, 3);
  for (std::size_t i = 0; i < greedy.size(); ++i) {
    ASSERT_EQ(cold[i].sketch.points.size(), greedy[i].sketch.points.size());
    for (std::size_t k = 0; k < greedy[i].sketch.points.size(); ++k) {
      EXPECT_NEAR(cold[i].sketch.points[k].dx, greedy[i].sketch.points[k].dx, 0.02);
      EXPECT_EQ(cold[i].sketch.points[k].is_pen_lifted, greedy[i].sketch.points[k].is_pen_lifted);
    }
  }
}

TEST(Draw, CompletionKeepsThePrefixAndDependsOnIt) {
  const SketchRnnModel model(tiny_checkpoint(false));
  const sketch::Sketch prefix = random_sketch(6, 1), other = random_sketch(6, 2);
  std::vector<DrawRequest> requests;
  for (std::uint64_t i = 0; i < 9; ++i) requests.push_back({.prefix = prefix.points, .index = i});
  requests.push_back({.prefix = other.points, .index = 0});
  requests.push_back({.index = 0});
  const auto drawings = model.draw(requests);
  for (std::size_t i = 0; i < 9; ++i) {
    const auto& points = drawings[i].sketch.points;
    ASSERT_GE(points.size(), 6U);
    EXPECT_TRUE(std::equal(prefix.points.begin(), prefix.points.end(), points.begin())) << i;
  }
  const auto tail = [](const Drawing& d) {
    return std::vector<sketch::StrokePoint>(d.sketch.points.begin() + 6, d.sketch.points.end());
  };
  EXPECT_NE(tail(drawings[0]), tail(drawings[9]));
  EXPECT_NE(tail(drawings[0]), tail(drawings[1]));
}

TEST(Draw, APrefixThatFillsTheDrawingComesBackWithThePenLifted) {
  const SketchRnnModel model(tiny_checkpoint(false));
  sketch::Sketch prefix = random_sketch(30, 1);
  prefix.points.back().is_pen_lifted = false;
  const std::vector<DrawRequest> requests{{.prefix = prefix.points}};
  const auto drawing = model.draw(requests).front();
  prefix.points.back().is_pen_lifted = true;
  EXPECT_EQ(drawing.sketch, prefix);
  EXPECT_FALSE(drawing.is_finished);
}

TEST(Draw, RefusesRequestsThatDoNotFit) {
  const SketchRnnModel with(tiny_checkpoint(true)), without(tiny_checkpoint(false));
  std::vector<float> z(5), long_z(6), bad_z{0, 0, std::nanf(""), 0, 0};
  const std::vector<sketch::StrokePoint> bad{{std::numeric_limits<float>::infinity(), 0, false}};
  const auto throws = [](const SketchRnnModel& g, const DrawRequest& r) { EXPECT_THROW((void)g.draw({&r, 1}), Error); };
  throws(with, {});
  throws(with, {.z = long_z});
  throws(with, {.z = bad_z});
  throws(without, {.z = z});
  throws(without, {.prefix = bad});
  throws(without, {.choice = {.temperature = 0}});
  throws(without, {.max_points = -1});
}

TEST(Reconstruct, TheMeanNeedsNoNoise) {
  const SketchRnnModel model(tiny_checkpoint(true));
  const auto sketches = some_sketches();
  const PointChoice greedy{.is_greedy = true};
  const auto a = reconstruct(model, sketches, {.uses_mean = true, .choice = greedy, .seed = 1});
  const auto b = reconstruct(model, sketches, {.uses_mean = true, .choice = greedy, .seed = 2});
  const auto c = reconstruct(model, sketches, {.uses_mean = false, .choice = greedy, .seed = 1});
  EXPECT_EQ(sketches_of(a), sketches_of(b));
  EXPECT_NE(sketches_of(a), sketches_of(c));
  EXPECT_EQ(a.size(), sketches.size());
}

TEST(Units, ScaleThereAndBack) {
  const SketchRnnModel model(tiny_checkpoint(false));
  const sketch::Sketch sketch{{{5, -2.5F, false}, {0, 10, true}}};
  EXPECT_EQ(model.normalised(sketch), (sketch::Sketch{{{2, -1, false}, {0, 4, true}}}));
  EXPECT_EQ(model.in_data_units(model.normalised(sketch)), sketch);
}

// The drawings of bf16 are those of a decoder with rounded weights.
TEST(Precision, IsOfTheDecodersWeights) {
  for (const char* cell : {"lstm", "layer_norm", "hyper"}) {
    SCOPED_TRACE(cell);
    SketchRnnOptions options = testing::tiny_options(true);
    options.dec_model = cell;
    const auto checkpoint = testing::random_checkpoint(options, 1, 0.6F);
    SketchRnnModel model(checkpoint);
    const SketchRnnModel reference(testing::with_rounded_decoder(checkpoint));
    const auto z = model.encode(some_sketches()).mu;
    const auto drawn = [&](const SketchRnnModel& one) { return sketches_of(draw_latents(one, z, {}, 7)); };
    const auto before = drawn(model);
    model.set_precision("bf16");
    EXPECT_EQ(drawn(model), drawn(reference));
    EXPECT_NE(drawn(model), before);
    EXPECT_EQ(model.encode(some_sketches()).mu.values, z.values);
    model.set_precision("f32");
    EXPECT_EQ(drawn(model), before);
    EXPECT_THROW(model.set_precision("f16"), Error);
  }
}

TEST(SketchRnnModel, SurvivesBeingMoved) {
  SketchRnnModel first(tiny_checkpoint(true));
  const auto expected = first.encode(some_sketches()).mu.values;
  SketchRnnModel second = std::move(first);
  EXPECT_EQ(second.encode(some_sketches()).mu.values, expected);
}

TEST(SketchRnnModel, RefusesABrokenCheckpoint) {
  auto checkpoint = tiny_checkpoint(true);
  checkpoint.weights.erase("decoder.output.bias");
  EXPECT_THROW(SketchRnnModel{checkpoint}, Error);
}

// The strokes of a seeded model and a seeded drawing: whoever changes them changes what every seed draws.
TEST(Golden, ASeededDrawingStaysTheSame) {
  const SketchRnnModel model(tiny_checkpoint(true));
  const auto drawing = draw_new(model, 1, {.temperature = 0.5F}, 20, 3).front();
  const std::vector<sketch::StrokePoint> golden{
      {-0.026902F, -0.023631F, true}, {-0.097006F, -0.156655F, false}, {-0.647105F, -0.136563F, true},
      {-1.108954F, 0.368723F, false}, {0.564580F, 0.670759F, false},   {1.379767F, 1.611405F, false},
      {0.167406F, 0.806136F, false},  {0.934835F, -0.371007F, false},  {-0.728447F, 1.195194F, true},
  };
  ASSERT_EQ(drawing.sketch.points.size(), golden.size());
  for (std::size_t i = 0; i < golden.size(); ++i) {
    EXPECT_NEAR(drawing.sketch.points[i].dx, golden[i].dx, 1e-4) << i;
    EXPECT_NEAR(drawing.sketch.points[i].dy, golden[i].dy, 1e-4) << i;
    EXPECT_EQ(drawing.sketch.points[i].is_pen_lifted, golden[i].is_pen_lifted) << i;
  }
}

}  // namespace
}  // namespace limn::models
