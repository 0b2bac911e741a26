// Drawings that failed: blank ones, which can be replaced, and those that ran into the model's limit.
#include <gmock/gmock.h>

#include "models/dotted_model.hpp"
#include "testing/errors.hpp"

namespace limn::models {
namespace {

using testing::blanks;
using testing::dotted_model;
using testing::error_of;
using ::testing::HasSubstr;

TEST(SkipBlank, DrawsOthersInTheirPlaceAndKeepsTheRest) {
  for (const bool conditional : {true, false}) {
    const SketchRnnModel model = dotted_model(conditional, 2.5F);
    for (const std::int64_t count : {1, 3, 40}) {
      const Drawings usual = model.draw(count, {.temperature = 1, .seed = 5});
      const DrawingOptions skipping{.temperature = 1, .seed = 5, .skips_blank = true};
      const Drawings without = model.draw(count, skipping);
      ASSERT_EQ(without.count(), count);
      EXPECT_EQ(blanks(without), 0);
      for (std::size_t i = 0; i < usual.sketches.size(); ++i)
        EXPECT_EQ(without.sketches[i] == usual.sketches[i], !sketch::is_blank(usual.sketches[i])) << i;
      EXPECT_EQ(model.draw(count, skipping).sketches, without.sketches) << "the same seed";
      // Number i does not depend on how many are drawn.
      EXPECT_EQ(model.draw(count + 7, skipping).sketches[0], without.sketches[0]);
    }
    EXPECT_GT(blanks(model.draw(40, {.temperature = 1, .seed = 5})), 3);
  }
}

TEST(SkipBlank, GivesUpOnAModelThatDrawsNothingElse) {
  const SketchRnnModel model = dotted_model(true, 200.0F);
  EXPECT_EQ(blanks(model.draw(3, {})), 3);
  EXPECT_THAT(error_of([&] { (void)model.draw(3, {.skips_blank = true}); }),
              HasSubstr("3 of 3 drawings are blank, also after 100 other attempts at each"));
}

TEST(CutShort, CountsDrawingsThatRanIntoTheLimit) {
  const SketchRnnModel endless = dotted_model(true, -200.0F), short_one = dotted_model(true, 2.5F);
  EXPECT_EQ(endless.draw(7, {}).cut_short, 7);
  EXPECT_EQ(short_one.draw(7, {}).cut_short, 0);
}

}  // namespace
}  // namespace limn::models
