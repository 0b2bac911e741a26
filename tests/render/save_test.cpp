#include "limn/render/save.hpp"

#include <limits>
#include <string>

#include "limn/core/file.hpp"
#include "support.hpp"

namespace limn::render {
namespace {

using test::error_of;

TEST(SaveSheet, ChoosesTheFormatByTheEnding) {
  const test::TemporaryFolder folder;
  const Sheet sheet = single_sheet(test::square());
  const auto start_of = [&](const char* name) {
    save_sheet(folder / name, sheet);
    return read_text_file(folder / name).substr(0, 6);
  };
  EXPECT_EQ(start_of("a.svg"), "<?xml ");
  EXPECT_EQ(start_of("a.PNG").substr(1, 3), "PNG");
  EXPECT_EQ(start_of("a.gif"), "GIF89a");
  EXPECT_EQ(start_of("a.gcode"), "; limn");
  EXPECT_EQ(start_of("b.nc"), "; limn");
}

TEST(SaveSheet, ListsTheEndingsForAnyOther) {
  for (const char* name : {"a.bmp", "a", "svg", ".svg", "a.svg.bak"}) {
    const std::string error = error_of([&] { save_sheet(name, single_sheet(test::square())); });
    EXPECT_THAT(error, ::testing::StartsWith(std::string(name) + ": "));
    EXPECT_THAT(error, ::testing::HasSubstr(".svg, .png, .gif, .gcode, .nc"));
  }
  EXPECT_FALSE(is_sheet_file("x.txt"));
  EXPECT_TRUE(is_sheet_file("x.Svg"));
  EXPECT_THROW(require_sheet_ending("x.txt"), Error);
  EXPECT_NO_THROW(require_sheet_ending("x.Svg"));
}

TEST(SaveSheet, NamesAPathThatItCannotWriteAndLeavesNothing) {
  const test::TemporaryFolder folder;
  for (const char* name : {"a.svg", "a.png", "a.gif", "a.gcode"}) {
    const auto path = folder / "missing" / name;
    EXPECT_THAT(error_of([&] { save_sheet(path, single_sheet(test::square())); }),
                ::testing::StartsWith(path.string() + ": cannot write"));
  }
  sketch::Sketch broken = test::square();
  broken.points[0].dx = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(save_sheet(folder / "b.svg", single_sheet(broken)), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SaveFrames, WritesOneFrameASheet) {
  const test::TemporaryFolder folder;
  std::vector<Sheet> sheets;
  for (const std::uint8_t grey : {0, 90, 255})
    sheets.push_back(grid_sheet({cell_of(image::make_raster(8, 8, 1, grey))}));
  save_sheets_as_frames(folder / "walk.gif", sheets, 80, 900);
  const std::string gif = read_text_file(folder / "walk.gif");
  std::size_t frames = 0;
  for (std::size_t at = gif.find("\x21\xF9\x04"); at != std::string::npos; at = gif.find("\x21\xF9\x04", at + 1))
    ++frames;
  EXPECT_EQ(frames, 3u);
  EXPECT_THROW(save_sheets_as_frames(folder / "walk.png", sheets, 80, 900), Error);
  EXPECT_THROW(save_sheets_as_frames(folder / "none.gif", {}, 80, 900), Error);
}

TEST(SaveCharts, TakesSvgAndPngOnly) {
  const test::TemporaryFolder folder;
  const std::vector<Chart> charts{Chart{.title = "Loss", .series = {{.name = "run", .x = {0, 1}, .y = {2, 1}}}}};
  save_charts(folder / "a.svg", charts);
  save_charts(folder / "a.png", charts);
  EXPECT_EQ(read_text_file(folder / "a.svg").substr(0, 5), "<?xml");
  EXPECT_THAT(error_of([&] { save_charts(folder / "a.gif", charts); }), ::testing::HasSubstr("use .svg, .png"));
}

}  // namespace
}  // namespace limn::render
