#include "limn/core/atomic_folder.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(AtomicFolder, AppearsWhole) {
  const testing::TemporaryFolder folder;
  AtomicFolder made(folder / "made");
  AtomicFolder::File file = made.create("a");
  file.write(as_bytes("some "));
  file.write(as_bytes("text"));
  file.close();
  EXPECT_FALSE(fs::exists(folder / "made"));
  made.commit();
  EXPECT_EQ(read_text_file(folder / "made/a"), "some text");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFolder, LeavesNothingUnlessCommitted) {
  const testing::TemporaryFolder folder;
  {
    AtomicFolder made(folder / "made");
    AtomicFolder::File file = made.create("a");
    file.write(as_bytes("text"));
    EXPECT_THAT([&] { (void)made.create("a"); }, ThrowsMessage<Error>(HasSubstr("made/a: cannot write: File exists")));
    EXPECT_EQ(folder.entries(), 1);
  }
  EXPECT_EQ(folder.entries(), 0);
}

TEST(AtomicFolder, ClearsWhatAKilledWriterLeft) {
  const testing::TemporaryFolder folder;
  const pid_t writer = ::fork();
  if (writer == 0) {
    AtomicFolder made(folder / "made");
    made.create("a").write(as_bytes("half of it"));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(writer, nullptr, 0);
  ASSERT_EQ(folder.entries(), 1);
  AtomicFolder(folder / "made").commit();
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_TRUE(fs::is_empty(folder / "made"));
}

TEST(AtomicFolder, ReplacesAWholeFolderWhereItMay) {
  const testing::TemporaryFolder folder;
  for (const char* text : {"first", "second"}) {
    AtomicFolder made(folder / "parent/made", AtomicFolder::Target::kReplaced);
    made.write(std::string("a-") + text, as_bytes(text));
    if (text == std::string("second")) {
      EXPECT_EQ(read_text_file(folder / "parent/made/a-first"), "first");  // until the last moment
    }
    made.commit();
  }
  EXPECT_EQ(read_text_file(folder / "parent/made/a-second"), "second");
  EXPECT_FALSE(fs::exists(folder / "parent/made/a-first"));
  { AtomicFolder(folder / "parent/made", AtomicFolder::Target::kReplaced).write("b", as_bytes("never committed")); }
  EXPECT_EQ(read_text_file(folder / "parent/made/a-second"), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "parent"), {}), 1);
  write_file(folder / "file", "text");
  EXPECT_THAT([&] { AtomicFolder(folder / "file", AtomicFolder::Target::kReplaced); },
              ThrowsMessage<Error>(HasSubstr("file: is not a folder")));
}

TEST(AtomicFolder, ReplacesNothing) {
  const testing::TemporaryFolder folder;
  write_file(folder / "file", "old");
  fs::create_directory(folder / "folder");
  for (const char* name : {"file", "folder"})
    EXPECT_THAT([&] { AtomicFolder(folder / name); },
                ThrowsMessage<Error>(HasSubstr("exists; remove it or choose another name")));
  EXPECT_THAT([&] { AtomicFolder(folder / "no/such/x"); }, ThrowsMessage<Error>(HasSubstr("create the folder first")));
  AtomicFolder late(folder / "late");
  fs::create_directory(folder / "late");
  write_file(folder / "late/x", "");
  EXPECT_THAT([&] { late.commit(); }, ThrowsMessage<Error>(HasSubstr("late: cannot write: Directory not empty")));
}

constexpr auto kFilled = AtomicFolder::Target::kFilled;
constexpr auto kScratch = AtomicFolder::Target::kScratch;

// The names of what is there, hidden names too.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

TEST(AtomicFolder, FillsAFolderAtTheEnd) {
  const testing::TemporaryFolder folder;
  fs::create_directory(folder / "there");
  fs::create_directory_symlink("there", folder / "link");
  write_file(folder / "there/b", "old");
  write_file(folder / "there/notes", "mine");
  for (const char* name : {"there", "there/", "link"}) {
    write_file(folder / "there/b", "old");
    AtomicFolder filled(folder / name, kFilled);
    filled.write("a", as_bytes("new a"));
    filled.write("b", as_bytes("new b"));
    EXPECT_EQ(read_text_file(folder / "there/b"), "old");
    filled.commit();
    EXPECT_EQ(read_text_file(folder / "there/a"), "new a");
    EXPECT_EQ(read_text_file(folder / "there/b"), "new b");
  }
  EXPECT_EQ(names_in(folder / "there"), (std::vector<std::string>{"a", "b", "notes"}));
}

TEST(AtomicFolder, LeavesAFolderThatIsThereAsItWas) {
  const testing::TemporaryFolder folder;
  fs::create_directories(folder / "there/b");
  {
    AtomicFolder filled(folder / "there", kFilled);
    filled.write("a", as_bytes("text"));
  }
  EXPECT_EQ(names_in(folder / "there"), std::vector<std::string>{"b"});
  {
    AtomicFolder filled(folder / "there", kFilled);
    filled.write("a", as_bytes("text"));
    filled.write("b", as_bytes("a folder is in the way"));
    EXPECT_THAT([&] { filled.commit(); }, ThrowsMessage<Error>(HasSubstr("there/b: cannot write: Is a directory")));
  }
  EXPECT_EQ(names_in(folder / "there"), std::vector<std::string>{"b"});
}

TEST(AtomicFolder, MakesTheParentsOfAFolderThatMayBeThere) {
  const testing::TemporaryFolder folder;
  write_file(folder / "file", "in the way");
  { AtomicFolder(folder / "a/b/made", kFilled).write("x", as_bytes("lost")); }
  EXPECT_EQ(folder.entries(), 1);
  for (const char* name : {"file", "file/below", "file/deep/below"})
    EXPECT_THAT([&] { AtomicFolder(folder / name, kFilled); },
                ThrowsMessage<Error>(HasSubstr(": cannot create the folder: ")));
  EXPECT_EQ(folder.entries(), 1);
  AtomicFolder made(folder / "a/b/made", kFilled);
  made.write("x", as_bytes("kept"));
  made.commit();
  EXPECT_EQ(read_text_file(folder / "a/b/made/x"), "kept");
  EXPECT_EQ(names_in(folder / "a/b"), std::vector<std::string>{"made"});
}

TEST(AtomicFolder, ClearsWhatAKilledWriterLeftInAFolderThatIsThere) {
  const testing::TemporaryFolder folder;
  fs::create_directory(folder / "there");
  const pid_t writer = ::fork();
  if (writer == 0) {
    AtomicFolder filled(folder / "there", kFilled);
    filled.write("a", as_bytes("half of it"));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(writer, nullptr, 0);
  ASSERT_FALSE(fs::is_empty(folder / "there"));
  AtomicFolder(folder / "there", kFilled).commit();
  EXPECT_TRUE(fs::is_empty(folder / "there"));
}

TEST(AtomicFolder, OfScratchIsCalledByTheNameOfItsFile) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a.npz", "old");
  {
    AtomicFolder scratch(folder / "a.npz", kScratch);
    scratch.write("x", as_bytes("text"));
    EXPECT_EQ(folder.entries(), 2);
    EXPECT_THAT([&] { scratch.write("x", {}); },
                ThrowsMessage<Error>(::testing::StartsWith((folder / "a.npz").string() + ": cannot write: ")));
  }
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"a.npz"});
  EXPECT_THAT([&] { AtomicFolder(folder.path(), kScratch); }, ThrowsMessage<Error>(HasSubstr("is a folder")));
}

}  // namespace
}  // namespace limn
