#include "limn/core/content_kind.hpp"

#include <gtest/gtest.h>

#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

using namespace std::string_literals;

TEST(ContentKind, IsToldByTheFirstBytes) {
  EXPECT_EQ(content_kind("\x89PNG\r\n\x1a\n"), "a PNG picture");
  EXPECT_EQ(content_kind("PK\3\4"), "a zip archive");
  EXPECT_EQ(content_kind("  <!DOCTYPE html><html>"), "an HTML page, perhaps an error of the server");
  EXPECT_EQ(content_kind("\x10\0\0\0\0\0\0\0{\"a\":1}      "s), "a safetensors file, which holds a model");
  EXPECT_EQ(content_kind("<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code></Error>"), "an error of the server");
  EXPECT_EQ(content_kind("<Error><Code>NoSuchKey</Code></Error>"), "an error of the server");
  EXPECT_EQ(content_kind("<?xml version='1.0'?><svg/>"), "");
  EXPECT_EQ(content_kind("x,y\n1,2\n"), "");
  EXPECT_EQ(content_kind(""), "");
}

TEST(ContentKind, FoldersAreToldByTheirFiles) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(folder_contents(folder.path()), "nothing");
  EXPECT_EQ(folder_contents(folder / "none"), "nothing");
  write_file(folder / "a.npz", "");
  EXPECT_EQ(folder_contents(folder.path()), "1 .npz file");
  for (const char* name : {"b.npz", "c.txt", "README", ".hidden"}) write_file(folder / name, "");
  std::filesystem::create_directory(folder / "below");
  EXPECT_EQ(folder_contents(folder.path()), "2 .npz, 1 without an ending, 1 .txt files, 1 folder");
  for (const char* name : {"a.a", "b.b", "c.c"}) write_file(folder / name, "");
  EXPECT_EQ(folder_contents(folder.path()), "2 .npz, 1 without an ending, 1 .a, 1 .b, other files, 1 folder");
}

}  // namespace
}  // namespace limn
