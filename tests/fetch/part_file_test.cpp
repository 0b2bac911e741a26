#include "limn/fetch/part_file.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::fetch {
namespace {

using testing::TemporaryFolder;

const Edition kEdition{.url = "http://h/x", .etag = "\"e\"", .last_modified = "Sun", .size = 5};

TEST(PartFile, RemembersBytesAndEdition) {
  const TemporaryFolder folder;
  {
    PartFile part(folder / "x");
    part.restart(kEdition);
    part.append(as_bytes("abc"));
  }
  PartFile again(folder / "x");
  EXPECT_EQ(again.size(), 3);
  EXPECT_TRUE(again.edition().may_be(kEdition));
  again.append(as_bytes("de"));
  again.commit();
  EXPECT_EQ(read_text_file(folder / "x"), "abcde");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(PartFile, LeavesNothingWithoutBytes) {
  const TemporaryFolder folder;
  { PartFile part(folder / "x"); }
  {
    PartFile part(folder / "x");
    part.restart(kEdition);
  }
  EXPECT_EQ(folder.entries(), 0);
}

TEST(PartFile, ForgetsOnRestart) {
  const TemporaryFolder folder;
  {
    PartFile part(folder / "x");
    part.restart(kEdition);
    part.append(as_bytes("a long beginning"));
    part.restart({.url = "http://h/x", .etag = "\"f\"", .last_modified = ""});
    part.append(as_bytes("b"));
  }
  PartFile again(folder / "x");
  EXPECT_EQ(again.size(), 1);
  EXPECT_EQ(again.edition().etag, "\"f\"");
}

TEST(PartFile, TakesBytesWithADamagedNoteForUnknown) {
  const TemporaryFolder folder;
  for (const char* note : {"", "{", "[1]", R"({"url": 3, "etag": null, "size": "x"})", "\xff\xfe"}) {
    write_file(folder / "x.part", "abc");
    write_file(folder / "x.part.json", note);
    const PartFile part(folder / "x");
    EXPECT_EQ(part.size(), 3);
    EXPECT_EQ(part.edition().validator(), "");
  }
}

// As a process that is killed between the rename and the end of commit() leaves it.
TEST(PartFile, ANoteBesideAWholeFileGoes) {
  const TemporaryFolder folder;
  write_file(folder / "x", "abcde");
  write_file(folder / "x.part.json", "{}");
  write_file(folder / "x.part", "ab");
  remove_note_of_whole_file(folder / "x");
  EXPECT_EQ(folder.entries(), 3);  // another download of the same file is on its way
  std::filesystem::remove(folder / "x.part");
  remove_note_of_whole_file(folder / "x");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(PartFile, BelongsToOneProcess) {
  const TemporaryFolder folder;
  const PartFile first(folder / "x");
  try {
    const PartFile second(folder / "x");
    FAIL() << "two at once";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("x: another process is downloading it"));
  }
}

TEST(PartFile, NamesAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  EXPECT_THROW(PartFile part(folder / "absent/x"), Error);
}

TEST(Edition, PrefersAStrongTag) {
  EXPECT_EQ((Edition{.url = "", .etag = "\"e\"", .last_modified = "Sun"}).validator(), "\"e\"");
  EXPECT_EQ((Edition{.url = "", .etag = "W/\"e\"", .last_modified = "Sun"}).validator(), "Sun");
  EXPECT_EQ((Edition{.url = "", .etag = "W/\"e\"", .last_modified = ""}).validator(), "");
}

}  // namespace
}  // namespace limn::fetch
