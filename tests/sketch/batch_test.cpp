#include <gtest/gtest.h>

#include "limn/sketch/dataset.hpp"

namespace limn::sketch {
namespace {

TEST(Batch, ThreeSketchesByHand) {
  const Sketch one{{{7, 8, true}}};
  const Sketch three{{{1, 2, false}, {3, 4, true}, {5, 6, true}}};
  const Sketch two{{{-1, -2, false}, {-3, -4, true}}};
  const std::vector<const Sketch*> sketches{&one, &three, &two};
  const std::vector<std::int64_t> indices{40, 41, 42};
  const StrokeBatch batch = make_batch(sketches, indices);

  EXPECT_EQ(batch.indices, (std::vector<std::int64_t>{41, 42, 40}));
  EXPECT_EQ(batch.lengths, (std::vector<std::int64_t>{3, 2, 1}));
  EXPECT_EQ(batch.active, (std::vector<std::int64_t>{3, 3, 2, 1}));
  EXPECT_EQ(batch.batch_size(), 3);
  EXPECT_EQ(batch.rows(), 9);
  const std::vector<float> inputs{
      0,  0,  1, 0, 0,  // t = 0: three, two, one
      0,  0,  1, 0, 0,  //
      0,  0,  1, 0, 0,  //
      1,  2,  1, 0, 0,  // t = 1: three, two, one
      -1, -2, 1, 0, 0,  //
      7,  8,  0, 1, 0,  //
      3,  4,  0, 1, 0,  // t = 2: three, two
      -3, -4, 0, 1, 0,  //
      5,  6,  0, 1, 0,  // t = 3: three
  };
  const std::vector<float> targets{
      1,  2,  1, 0, 0,  // S1
      -1, -2, 1, 0, 0,  //
      7,  8,  0, 1, 0,  //
      3,  4,  0, 1, 0,  // S2
      -3, -4, 0, 1, 0,  //
      0,  0,  0, 0, 1,  // one has ended
      5,  6,  0, 1, 0,  // S3
      0,  0,  0, 0, 1,  // two has ended
      0,  0,  0, 0, 1,  // three has ended
  };
  EXPECT_EQ(batch.inputs, inputs);
  EXPECT_EQ(batch.targets, targets);
}

TEST(Batch, EqualLengthsKeepTheirOrder) {
  const Sketch a{{{1, 0, true}}}, b{{{2, 0, true}}}, c{{{3, 0, true}}};
  const std::vector<const Sketch*> sketches{&a, &b, &c};
  const StrokeBatch batch = make_batch(sketches, {});
  EXPECT_TRUE(batch.indices.empty());
  EXPECT_EQ(batch.active, (std::vector<std::int64_t>{3, 3}));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(batch.targets[5 * i], static_cast<float>(i + 1));
}

TEST(Batch, NoSketchesAndASketchWithoutPoints) {
  const StrokeBatch nothing = make_batch({}, {});
  EXPECT_EQ(nothing.batch_size(), 0);
  EXPECT_EQ(nothing.rows(), 0);
  EXPECT_TRUE(nothing.active.empty());

  const Sketch empty;
  const std::vector<const Sketch*> sketches{&empty};
  const StrokeBatch batch = make_batch(sketches, {});
  EXPECT_EQ(batch.active, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(batch.inputs, (std::vector<float>{0, 0, 1, 0, 0}));
  EXPECT_EQ(batch.targets, (std::vector<float>{0, 0, 0, 0, 1}));
}

}  // namespace
}  // namespace limn::sketch
