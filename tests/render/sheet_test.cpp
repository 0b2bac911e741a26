#include "limn/render/sheet.hpp"

#include <algorithm>
#include <limits>

#include "support.hpp"

namespace limn::render {
namespace {

using test::error_of;

struct Extent {
  double left = 1e300, top = 1e300, right = -1e300, bottom = -1e300;
};

Extent extent_of_cell(const Picture& picture, int cell) {
  Extent e;
  for (const PictureElement& element : picture.elements) {
    const auto* line = std::get_if<PictureLine>(&element);
    if (line == nullptr || line->cell != cell) continue;
    for (const PicturePoint& point : line->points) {
      e.left = std::min(e.left, point.x);
      e.right = std::max(e.right, point.x);
      e.top = std::min(e.top, point.y);
      e.bottom = std::max(e.bottom, point.y);
    }
  }
  return e;
}

std::vector<std::string> texts_of(const Picture& picture) {
  std::vector<std::string> texts;
  for (const PictureElement& element : picture.elements)
    if (const auto* text = std::get_if<PictureText>(&element)) texts.push_back(text->text);
  return texts;
}

TEST(Sheet, FitsEveryDrawingIntoItsCellWithEqualAspect) {
  std::vector<SheetCell> cells;
  for (int i = 0; i < 7; ++i)
    cells.push_back(cell_of(sketch::scaled(test::square(), 1.0F, 0.5F + static_cast<float>(i))));
  const Picture picture = lay_out(grid_sheet(std::move(cells), 3), {.cell_size = 100, .margin = 0.1});
  for (int i = 0; i < 7; ++i) {
    const Extent e = extent_of_cell(picture, i);
    const double width = e.right - e.left;
    const double height = e.bottom - e.top;
    EXPECT_NEAR(std::max(width, height), 80, 1e-3) << i;
    EXPECT_NEAR(height / width, 0.5 + i, 1e-3) << i;
    EXPECT_NEAR((e.left + e.right) / 2, 16 + 100 * (i % 3) + 50, 1e-3) << i;
    EXPECT_NEAR((e.top + e.bottom) / 2, 16 + 100 * (i / 3) + 50, 1e-3) << i;
  }
  EXPECT_DOUBLE_EQ(picture.width, 332);
  EXPECT_DOUBLE_EQ(picture.height, 332);
}

TEST(Sheet, SharesOneScaleWhenAsked) {
  std::vector<SheetCell> cells{cell_of(test::square()), cell_of(sketch::scaled(test::square(), 3, 3)), SheetCell{}};
  const Picture picture = lay_out(grid_sheet(std::move(cells), 3), {.cell_size = 120, .has_shared_scale = true});
  const Extent small = extent_of_cell(picture, 0);
  const Extent large = extent_of_cell(picture, 1);
  EXPECT_NEAR(3 * (small.right - small.left), large.right - large.left, 1e-6);
  EXPECT_NEAR(large.right - large.left, 96, 1e-3);
}

TEST(Sheet, TakesEmptyPointlikeAndFlatDrawings) {
  std::vector<SheetCell> cells{cell_of(sketch::Sketch{}), cell_of(test::dot_at(1e6F, -3)),
                               cell_of(sketch::from_strokes(std::vector<sketch::Stroke>{{{5, 7}, {25, 7}}}))};
  for (const bool is_shared : {false, true}) {
    const Picture picture = lay_out(grid_sheet(cells, 3), {.cell_size = 100, .has_shared_scale = is_shared});
    ASSERT_EQ(picture.elements.size(), 2u);
    const Extent dot = extent_of_cell(picture, 1);
    EXPECT_DOUBLE_EQ(dot.left, 16 + 150);
    EXPECT_DOUBLE_EQ(dot.top, 16 + 50);
    const Extent flat = extent_of_cell(picture, 2);
    EXPECT_NEAR(flat.right - flat.left, 80, 1e-9);
    EXPECT_DOUBLE_EQ(flat.top, flat.bottom);
  }
  EXPECT_TRUE(lay_out(Sheet{}).elements.empty());
}

TEST(Sheet, FitsHugeCoordinatesAndRefusesWhatIsNotFinite) {
  const sketch::Sketch huge = sketch::from_strokes(std::vector<sketch::Stroke>{{{-1.5e38F, 0}, {1.5e38F, 1e38F}}});
  const Extent e = extent_of_cell(lay_out(single_sheet(huge), {.cell_size = 100}), 0);
  EXPECT_NEAR(e.right - e.left, 80, 1e-6);

  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    sketch::Sketch sketch = test::square();
    sketch.points[2].dy = bad;
    Sheet sheet = grid_sheet({cell_of(test::square()), cell_of(sketch)});
    EXPECT_THAT(error_of([&] { (void)lay_out(sheet); }), ::testing::HasSubstr("drawing 2"));
  }
  // Finite offsets may still add up to infinity.
  const sketch::Sketch overflowing{{{3e38F, 0, false}, {3e38F, 0, true}}};
  EXPECT_THAT(error_of([&] { (void)lay_out(single_sheet(overflowing)); }), ::testing::HasSubstr("not a finite number"));
}

TEST(Sheet, ColoursWhatWasGivenAndWhatWasAdded) {
  const sketch::Sketch sketch = test::square();  // strokes of 5 and 2 points
  const auto sizes = [](const DrawingPart& part) {
    std::vector<std::size_t> counts;
    for (const sketch::Stroke& stroke : part.strokes) counts.push_back(stroke.size());
    return counts;
  };
  using Counts = std::vector<std::size_t>;
  const SheetCell inside = completion_cell(sketch, 3);
  EXPECT_EQ(sizes(inside.parts[0]), Counts({3}));
  EXPECT_EQ(sizes(inside.parts[1]), Counts({3, 2}));
  EXPECT_EQ(inside.parts[0].strokes[0].back(), inside.parts[1].strokes[0].front());
  EXPECT_NE(inside.parts[0].colour, inside.parts[1].colour);
  const SheetCell between = completion_cell(sketch, 5);
  EXPECT_EQ(sizes(between.parts[0]), Counts({5}));
  EXPECT_EQ(sizes(between.parts[1]), Counts({2}));
  EXPECT_EQ(sizes(completion_cell(sketch, 0).parts[0]), Counts{});
  EXPECT_EQ(sizes(completion_cell(sketch, 99).parts[1]), Counts{});
}

TEST(Sheet, WritesTitleHeadingsAndLabels) {
  Sheet sheet = grid_sheet({cell_of(test::square(), "one"), cell_of(test::square(), "two\n")}, 2);
  sheet.title = "Title";
  sheet.column_headings = {"τ = 0.2", "τ = 0.8", "beyond the columns"};
  sheet.row_headings = {"row", "beyond the rows"};
  EXPECT_THAT(texts_of(lay_out(sheet)), ::testing::ElementsAre("Title", "τ = 0.2", "τ = 0.8", "row", "one", "two "));
}

// Of a column too narrow for its heading.
TEST(Sheet, AHeadingHasTheRoomOfEmptyOnesBesideIt) {
  Sheet sheet = grid_sheet(std::vector<SheetCell>(9, cell_of(image::make_raster(4, 4, 1))), 9);
  const auto headings = [&] {
    std::vector<std::string> texts;
    for (const auto& element : lay_out(sheet, {.cell_size = 20, .image_gap = 0}).elements)
      if (const auto* text = std::get_if<PictureText>(&element)) texts.push_back(text->text);
    return texts;
  };
  sheet.column_headings = {"−1.64", "", "", "", "−0.75", "", "", "", "1.64"};
  EXPECT_EQ(headings(), (std::vector<std::string>{"−1.64", "−0.75", "1.64"}));
  sheet.column_headings = {"", "", "", "x", "−0.75", "x", "", "", ""};
  EXPECT_NE(headings()[1], "−0.75");
}

TEST(Sheet, PlacesImagesOnWholePixelsAndDrawsOverThem) {
  SheetCell cell = cell_of(image::make_raster(28, 28, 1, 255));
  cell.parts.push_back({.strokes = {{{0, 0}, {28, 28}}}, .colour = kAccent, .relative_width = 0.5});
  const Picture picture = lay_out(grid_sheet({cell, cell}, 2), {.cell_size = 100, .image_gap = 0});
  const auto& image = std::get<PictureImage>(picture.elements[0]);
  EXPECT_DOUBLE_EQ(image.width, 28 * 4);
  const Extent e = extent_of_cell(picture, 0);
  EXPECT_DOUBLE_EQ(e.left, image.top_left.x);
  EXPECT_DOUBLE_EQ(e.bottom, image.top_left.y + image.height);
  const auto& next = std::get<PictureImage>(picture.elements[2]);
  EXPECT_DOUBLE_EQ(next.top_left.x, image.top_left.x + image.width);  // seamless
}

TEST(Sheet, RefusesOptionsOutOfRange) {
  const Sheet sheet = single_sheet(test::square());
  EXPECT_THROW((void)lay_out(Sheet{.columns = 0}), Error);
  EXPECT_THROW((void)lay_out(sheet, {.margin = 0.5}), Error);
  EXPECT_THROW((void)lay_out(sheet, {.cell_size = -1}), Error);
  EXPECT_THROW((void)lay_out(sheet, {.line_width = std::numeric_limits<double>::quiet_NaN()}), Error);
  image::Raster broken = image::make_raster(3, 2, 3);
  broken.pixels.pop_back();
  EXPECT_THROW((void)lay_out(grid_sheet({cell_of(broken)})), Error);
}

}  // namespace
}  // namespace limn::render
