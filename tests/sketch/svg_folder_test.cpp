#include "limn/sketch/svg_folder.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "limn/core/file.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::sketch {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void write_line(const fs::path& path, int length) {
  fs::create_directories(path.parent_path());
  write_file(path, "<svg><line x2='" + std::to_string(length) + "'/></svg>");
}

std::vector<float> lengths_of(const std::vector<Sketch>& sketches) {
  std::vector<float> lengths;
  for (const Sketch& sketch : sketches) lengths.push_back(sketch.points.at(1).dx);
  return lengths;
}

TEST(SvgFolder, ReadsSubfoldersInOrderOfTheirPaths) {
  const TemporaryFolder folder;
  write_line(folder / "b/c/2.svg", 3);
  write_line(folder / "a/1.svg", 1);
  write_line(folder / "a/9.SVG", 2);
  write_line(folder / "z.svg", 4);
  write_file(folder / "a/words.txt", "no drawing");
  EXPECT_THAT(lengths_of(read_svg_folder(folder.path())), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(lengths_of(read_sketches(folder.path())[Split::kTrain]), ElementsAre(1, 2, 3, 4));
}

TEST(SvgFolder, LeavesHiddenFilesAndLinkedFoldersOut) {
  const TemporaryFolder folder;
  write_line(folder / "in/a.svg", 1);
  write_file(folder / "in/._a.svg", std::string("\0\5\26\7", 4) + "resource fork");
  write_line(folder / "in/.git/b.svg", 2);
  write_line(folder / "other/c.svg", 3);
  fs::create_directory_symlink(folder.path(), folder / "in/all");
  fs::create_symlink(folder / "other/c.svg", folder / "in/c.svg");
  EXPECT_THAT(lengths_of(read_svg_folder(folder / "in")), ElementsAre(1, 3));
}

struct Read {
  std::vector<Sketch> sketches;
  std::vector<std::string> notes;
};
Read read_skipping(const fs::path& folder) {
  Read read;
  read.sketches = read_sketches(
      folder, {.damaged = "skip", .note = [&](const std::string& text) { read.notes.push_back(text); }})[Split::kTrain];
  return read;
}

TEST(SvgFolder, ADamagedFileIsNamedOrSkipped) {
  const TemporaryFolder folder;
  write_line(folder / "a.svg", 1);
  write_file(folder / "bad.svg", "not an SVG");
  write_line(folder / "c.svg", 2);
  const std::string error = error_of([&] { return read_sketches(folder.path()); });
  EXPECT_THAT(error, HasSubstr("bad.svg: not whole XML"));
  EXPECT_THAT(error, HasSubstr(", or leave it out with --set damaged=skip"));
  const Read read = read_skipping(folder.path());
  EXPECT_THAT(lengths_of(read.sketches), ElementsAre(1, 2));
  EXPECT_THAT(read.notes, ElementsAre(HasSubstr("left out: " + (folder / "bad.svg").string() + ": not whole XML")));

  const std::vector<std::string> paths{folder.path().string()};
  EXPECT_THROW((void)StrokeDataset::load(paths, {}), Error);
  const StrokeDataset data = StrokeDataset::load(paths, {.damaged = "skip"});
  EXPECT_EQ(data.size(Split::kTrain), 2);
  EXPECT_THAT(data.notes(), ElementsAre(HasSubstr("bad.svg")));
}

TEST(SvgFolder, ManySkippedFilesAreCounted) {
  const TemporaryFolder folder;
  write_line(folder / "a.svg", 1);
  for (int i = 0; i < 13; ++i) write_file(folder / ("bad" + std::to_string(i) + ".svg"), "<svg>");
  const Read read = read_skipping(folder.path());
  EXPECT_EQ(read.sketches.size(), 1U);
  ASSERT_EQ(read.notes.size(), 11U);
  EXPECT_THAT(read.notes.back(), HasSubstr("3 more damaged files were left out"));
}

// A pipe would block, as nothing writes into it.
TEST(SvgFolder, TakesOrdinaryFilesOnly) {
  const TemporaryFolder folder;
  write_line(folder / "a.svg", 1);
  ASSERT_EQ(::mkfifo((folder / "b.svg").c_str(), 0600), 0);
  fs::create_symlink("a.svg", folder / "c.svg");
  EXPECT_THAT(svg_files(folder.path()), ElementsAre(folder / "a.svg", folder / "c.svg"));
}

TEST(SvgFolder, RefusesWhatHoldsNothingToRead) {
  const TemporaryFolder folder;
  write_file(folder / "one.svg", "<svg>");
  EXPECT_THAT(error_of([&] { return read_skipping(folder.path()).sketches; }), HasSubstr("one.svg: not whole XML"));
  write_file(folder / "two.svg", "<html/>");
  EXPECT_THAT(error_of([&] { return read_skipping(folder.path()).sketches; }),
              HasSubstr("none of the 2 files can be read; the first: "));
  EXPECT_THAT(error_of([&] { return svg_files(folder / "absent"); }), HasSubstr("absent: cannot read the folder"));
}

}  // namespace
}  // namespace limn::sketch
