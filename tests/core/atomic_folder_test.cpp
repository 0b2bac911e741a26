#include "limn/core/atomic_folder.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/mapped_file.hpp"
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
    const AtomicFolder made(folder / "made");
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
    const AtomicFolder made(folder / "made");
    made.create("a").write(as_bytes("half of it"));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(writer, nullptr, 0);
  ASSERT_EQ(folder.entries(), 1);
  AtomicFolder(folder / "made").commit();
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_TRUE(fs::is_empty(folder / "made"));
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

TEST(MappedFile, HasTheBytesOfAFileAndNothingElse) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", "text");
  write_file(folder / "empty", "");
  MappedFile file(folder / "a");
  const MappedFile moved = std::move(file);
  ASSERT_EQ(moved.bytes().size(), 4U);
  EXPECT_EQ(moved.bytes()[3], std::byte{'t'});
  moved.expect_random_access();
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
  EXPECT_THAT([&] { MappedFile(folder / "none"); }, ThrowsMessage<Error>(HasSubstr("none: cannot open: No such file")));
  EXPECT_THAT([&] { MappedFile{folder.path()}; }, ThrowsMessage<Error>(HasSubstr("is not a file")));
}

}  // namespace
}  // namespace limn
