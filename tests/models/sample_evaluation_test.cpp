// The figures of new drawings: they know a data set again, and noise, blanks and other drawings for what they are.
#include "limn/models/sample_evaluation.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "models/dotted_model.hpp"
#include "testing/errors.hpp"

namespace limn::models {
namespace {

using testing::blanks;
using testing::dotted_model;
using testing::error_of;
using ::testing::HasSubstr;
using Sketches = std::vector<sketch::Sketch>;

constexpr std::int64_t kCompared = 200;

// Of the kinds with these numbers, in turn.
Sketches doodles(std::uint64_t seed, std::uint64_t first_kind, std::uint64_t kinds) {
  Sketches all;
  for (std::uint64_t i = 0; std::ssize(all) < kCompared; ++i)
    if (const std::uint64_t kind = i % sketch::doodle_kinds().size(); kind >= first_kind && kind < first_kind + kinds)
      all.push_back(sketch::draw_doodle(seed, i).sketch);
  return all;
}

// The same numbers of points and strokes, but the pen goes anywhere.
Sketches random_walks(Sketches like) {
  for (std::size_t i = 0; i < like.size(); ++i) {
    RandomStream random(1, Purpose::kTest, 0, i);
    for (sketch::StrokePoint& point : like[i].points) {
      point.dx = random.normal();
      point.dy = random.normal();
    }
  }
  return like;
}

// The figures by which noise is known; recall alone is not one of them, since the balls of noise are wide.
void expect_nothing_alike(const ManifoldFigures& found, double most = 0.06) {
  EXPECT_LT(found.precision, most);
  EXPECT_LT(found.density, most);
  EXPECT_LT(found.coverage, most);
}

TEST(SampleFigures, OfTheDataAgainstThemselvesAreNearPerfect) {
  const ManifoldFigures found = compare_sketches(doodles(1, 0, 10), doodles(2, 0, 10));
  EXPECT_GT(found.precision, 0.85);
  EXPECT_GT(found.recall, 0.85);
  EXPECT_NEAR(found.density, 1, 0.15);
  EXPECT_GT(found.coverage, 0.93);
}

TEST(SampleFigures, OfNoiseAreNearZero) {
  const Sketches real = doodles(1, 0, 10);
  expect_nothing_alike(compare_sketches(real, random_walks(real)));
}

TEST(SampleFigures, OfOtherDrawingsAreNearZero) {
  const ManifoldFigures found = compare_sketches(doodles(1, 0, 5), doodles(1, 5, 5));
  expect_nothing_alike(found);
  EXPECT_LT(found.recall, 0.06);
}

TEST(SampleFigures, OfBlanksAreZero) {
  const Sketches blanks(kCompared, sketch::Sketch{{{1, 2, true}, {5, 3, true}}});
  for (const ManifoldFigures& found : {compare_sketches(doodles(1, 0, 10), blanks),
                                       compare_sketches(blanks, doodles(1, 0, 10)), compare_sketches(blanks, blanks)}) {
    EXPECT_EQ(found.precision, 0);
    EXPECT_EQ(found.recall, 0);
    EXPECT_EQ(found.density, 0);
    EXPECT_EQ(found.coverage, 0);
  }
}

TEST(SampleFigures, OfHalfNoiseAreHalf) {
  const Sketches real = doodles(1, 0, 10);
  Sketches half = doodles(2, 0, 10);
  const Sketches noise = random_walks(real);
  // Each kind loses every second drawing.
  for (std::size_t i = 0; i < half.size(); ++i)
    if (i / 10 % 2 == 0) half[i] = noise[i];
  const ManifoldFigures found = compare_sketches(real, half);
  EXPECT_NEAR(found.precision, 0.47, 0.08);
  EXPECT_NEAR(found.density, 0.5, 0.1);
}

TEST(SampleFigures, OfOneKindAloneCoverLittle) {
  const ManifoldFigures found = compare_sketches(doodles(1, 0, 10), doodles(2, 3, 1));
  EXPECT_GT(found.precision, 0.8);
  EXPECT_LT(found.recall, 0.2);
  EXPECT_LT(found.coverage, 0.2);
}

TEST(SampleFigures, DoNotDependOnHowManyThreadsThereAre) {
  const Sketches a = doodles(1, 0, 10), b = random_walks(a);
  const int before = kernels::thread_count();
  kernels::set_thread_count(1);
  const ManifoldFigures one = compare_sketches(a, b);
  kernels::set_thread_count(3);
  const ManifoldFigures three = compare_sketches(a, b);
  kernels::set_thread_count(before);
  EXPECT_EQ(one.precision, three.precision);
  EXPECT_EQ(one.recall, three.recall);
  EXPECT_EQ(one.density, three.density);
  EXPECT_EQ(one.coverage, three.coverage);
}

TEST(SampleFigures, KnowRealDrawings) {
  const auto file = std::filesystem::path(LIMN_SHARED_DATA_DIR) / "strokes" / "short_kanji.npz";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "needs " << file;
  const Sketches all = sketch::read_sketches(file.string())[Split::kTest];
  ASSERT_GE(all.size(), 2U * kCompared);
  const Sketches first(all.begin(), all.begin() + kCompared), second(all.end() - kCompared, all.end());
  const ManifoldFigures same = compare_sketches(first, second);
  EXPECT_GT(same.precision, 0.75);
  EXPECT_GT(same.recall, 0.75);
  EXPECT_NEAR(same.density, 1, 0.2);
  EXPECT_GT(same.coverage, 0.93);
  expect_nothing_alike(compare_sketches(first, random_walks(first)));
  expect_nothing_alike(compare_sketches(first, doodles(1, 0, 10)), 0.2);
}

TEST(EvaluateSamples, JudgesTheDrawingsThatTheModelDraws) {
  const SketchRnnModel model = dotted_model(true, 2.5F);
  const SampleRequest request{
      .data = {"builtin:doodles"}, .split = Split::kValid, .count = 30, .drawing = {.temperature = 1, .seed = 5}};
  const SampleEvaluation found = model.evaluate_samples(request);
  const Drawings drawn = model.draw(30, request.drawing);
  EXPECT_EQ(found.count, 30);
  EXPECT_EQ(found.blank, blanks(drawn));
  EXPECT_EQ(found.cut_short, drawn.cut_short);
  EXPECT_GE(found.compared, kFewestCompared);
  EXPECT_LE(found.compared, 30);
  expect_nothing_alike(found.figures);
}

TEST(EvaluateSamples, NeedsEnoughOnBothSides) {
  const SketchRnnModel model = dotted_model(false, 2.5F);
  EXPECT_THAT(error_of([&] { (void)model.evaluate_samples({.data = {"builtin:doodles"}, .count = 5}); }),
              HasSubstr("and 5 new ones are too few to compare, expected at least 6 of each"));
}

}  // namespace
}  // namespace limn::models
