#include "limn/render/steps_sheet.hpp"

#include <gtest/gtest.h>

namespace limn::render {
namespace {

// Two drawings of five steps, 3 rows and 4 columns; the canvas of drawing i after step t is t / 10 + i / 2 throughout.
image::DrawingSteps example() {
  image::DrawingSteps steps{.shape = {1, 3, 4}, .count = 2, .steps = 5, .canvases = {}, .reads = {}, .writes = {}};
  for (int i = 0; i < 2; ++i) {
    for (int t = 0; t < 5; ++t) {
      steps.canvases.insert(steps.canvases.end(), 12, static_cast<float>(t) / 10 + static_cast<float>(i) / 2);
      steps.reads.push_back({.center_x = 2, .center_y = 1.5f, .side = 1, .sigma = 1});
      steps.writes.push_back({.center_x = 2, .center_y = 1.5f, .side = 2, .sigma = 1});
    }
  }
  return steps;
}

int grey(const SheetCell& cell) { return cell.image ? cell.image->pixels[0] : -1; }

TEST(StepsSheet, ShowsEveryStepOfEveryDrawing) {
  const Sheet sheet = every_step_sheet(example(), 3);
  ASSERT_EQ(sheet.columns, 3);
  ASSERT_EQ(sheet.cells.size(), 12u);
  const std::vector<int> expected{0, 26, 51, 77, 102, -1, 128, 153, 179, 204, 230, -1};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(grey(sheet.cells[i]), expected[i], 1) << i;
  EXPECT_EQ(sheet.row_headings, (std::vector<std::string>{"1–3", "4–5", "1–3", "4–5"}));
}

TEST(StepsSheet, ChoosesTheLastStepAmongEvenlySpacedOnes) {
  const std::vector<float> originals(24, 1.0f);
  const Sheet sheet = chosen_steps_sheet(example(), 2, originals);
  EXPECT_EQ(sheet.column_headings, (std::vector<std::string>{"2", "5"}));
  ASSERT_EQ(sheet.cells.size(), 8u);
  EXPECT_EQ(grey(sheet.cells[0]), 255);
  EXPECT_EQ(sheet.cells[0].parts[0].colour, kReadWindow);
  EXPECT_NEAR(grey(sheet.cells[3]), 102, 1);
  EXPECT_EQ(sheet.cells[3].parts[0].colour, kWriteWindow);
}

TEST(StepsSheet, LeavesTheFinishedDrawingsWithoutWindows) {
  const image::DrawingSteps steps = example();
  EXPECT_EQ(step_frame(steps, 4, 2).cells[1].parts.size(), 1u);
  EXPECT_TRUE(step_frame(steps, 5, 2).cells[1].parts.empty());
  EXPECT_NEAR(grey(step_frame(steps, 5, 2).cells[1]), 230, 1);
}

TEST(StepsSheet, CutsWindowsAtTheEdgeOfTheImage) {
  const std::vector<float> pixels(12, 0.0f);
  // From x = -2 to 2 and from y = 1 to 5: the left side and the bottom lie outside.
  const SheetCell cell = window_cell(pixels, {1, 3, 4}, {.center_x = 0, .center_y = 3, .side = 4, .sigma = 1}, kAccent);
  const auto& strokes = cell.parts.at(0).strokes;
  ASSERT_EQ(strokes.size(), 2u);
  EXPECT_EQ(strokes[0], (sketch::Stroke{{0, 1}, {2, 1}}));
  EXPECT_EQ(strokes[1], (sketch::Stroke{{2, 1}, {2, 3}}));
}

TEST(StepsSheet, DrawsBlurredWindowsWithWiderLines) {
  const std::vector<float> pixels(12, 0.0f);
  const auto width = [&](float sigma) {
    return window_cell(pixels, {1, 3, 4}, {.center_x = 2, .center_y = 1, .side = 1, .sigma = sigma}, kAccent)
        .parts.at(0)
        .relative_width;
  };
  EXPECT_LT(width(1), width(2));
  EXPECT_LT(width(1000), 4);
  EXPECT_GT(width(1e-6f), 0.1);
}

}  // namespace
}  // namespace limn::render
