// Reading whole and replacing whole: what a user sees of missing, huge and unreadable files, and that no failure
// (a full disk, a file size limit, a folder in the way) touches the old file or leaves a temporary one.
#include "limn/core/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "limn/core/error.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

using limn::testing::error_of;
using limn::testing::TemporaryFolder;

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of_reading(const fs::path& path, std::uint64_t max_bytes = 1000) {
  return error_of([&] { (void)read_text_file(path, max_bytes); });
}

TEST(ReadFile, GivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  std::string text = "first\nsecond";
  text += '\0';
  text += "\xff end";
  for (const std::string& content : {std::string(), std::string("x"), text, std::string(3'000'001, 'y')}) {
    write_file(folder / "a.bin", content);
    EXPECT_EQ(read_text_file(folder / "a.bin"), content);
    const Bytes bytes = read_file(folder / "a.bin");
    ASSERT_EQ(bytes.size(), content.size());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), as_bytes(content).begin()));
  }
}

TEST(ReadFile, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const fs::path missing = folder / "missing.npz";
  EXPECT_EQ(error_of_reading(missing), missing.string() + ": no such file; check the path");
  EXPECT_EQ(error_of_reading(folder.path()), folder.path().string() + ": is a folder; name a file in it");
  const fs::path below_a_file = folder / "file" / "below";
  write_file(folder / "file", "x");
  EXPECT_THAT(error_of_reading(below_a_file), StartsWith(below_a_file.string() + ": cannot open: "));
}

TEST(ReadFile, RefusesWhatIsLargerThanItsBound) {
  const TemporaryFolder folder;
  write_file(folder / "a", std::string(101, 'x'));
  EXPECT_EQ(read_text_file(folder / "a", 101).size(), 101u);
  EXPECT_THAT(error_of_reading(folder / "a", 100), HasSubstr("101 bytes is more than the 100"));
  EXPECT_THAT(error_of_reading("/dev/zero"), HasSubstr("more than the 1000 bytes"));
}

TEST(ReadFile, RefusesADeviceWithoutAnEnd) {
  EXPECT_EQ(error_of_reading("/dev/zero", 1 << 30), "/dev/zero: is a device without an end; name a file");
  EXPECT_TRUE(read_file("/dev/null").empty());
}

TEST(ReadFile, ReadsAPipe) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string sent(70'001, 'p');  // more than a pipe holds
  std::thread writer([&] {
    std::FILE* pipe = std::fopen((folder / "pipe").c_str(), "w");
    std::fwrite(sent.data(), 1, sent.size(), pipe);
    std::fclose(pipe);
  });
  EXPECT_EQ(read_text_file(folder / "pipe"), sent);
  writer.join();
}

TEST(WriteFile, ReplacesTheOldFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old and longer");
  write_file(folder / "a", "new");
  EXPECT_EQ(read_text_file(folder / "a"), "new");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(WriteFile, WritesToANameWithoutAFolder) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  write_file("plain", "here");
  fs::current_path(before);
  EXPECT_EQ(read_text_file(folder / "plain"), "here");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(WriteFile, RefusesAFolderOfThatNameAndAMissingFolder) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "taken");
  EXPECT_EQ(error_of([&] { write_file(folder / "taken", "x"); }),
            (folder / "taken").string() + ": is a folder; name a file");
  EXPECT_THAT(error_of([&] { write_file(folder / "no" / "where", "x"); }),
              AllOf(StartsWith((folder / "no" / "where").string()), HasSubstr("create the folder first")));
  EXPECT_EQ(folder.entries(), 1);
}

TEST(WriteFile, SaysWhereAFolderTakesNoFiles) {
  if (!fs::exists("/proc/self")) GTEST_SKIP() << "there is no /proc here";
  EXPECT_EQ(error_of([] { write_file("/proc/x.png", "x"); }),
            "/proc/x.png: cannot write: No such file or directory; no file can be made in this folder; choose another "
            "one");
}

// A small file system of its own over a folder, where this user may mount one.
class SmallDisk {
 public:
  SmallDisk(const fs::path& folder, unsigned long flags)
      : folder_(folder), is_mounted_(::mount("limn-test", folder.c_str(), "tmpfs", flags, "size=64k") == 0) {}
  ~SmallDisk() {
    if (is_mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool is_mounted() const { return is_mounted_; }

 private:
  fs::path folder_;
  bool is_mounted_;
};

TEST(WriteFile, RefusesAFolderThatMayNotBeWrittenTo) {
  const TemporaryFolder folder;
  const bool is_root = ::geteuid() == 0;  // permissions do not stop root, a read-only file system does
  const SmallDisk disk(is_root ? folder.path() : fs::path(), MS_RDONLY);
  if (is_root && !disk.is_mounted()) GTEST_SKIP() << "root may write everywhere, and may not mount here";
  if (!is_root) fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT(error_of([&] { write_file(folder / "a", "x"); }), HasSubstr("a folder that you may write to"));
  if (!is_root) fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST(WriteFile, SaysThatANameIsTooLong) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { write_file(folder / std::string(300, 'n'), "x"); }), HasSubstr("cannot write: "));
}

// The file size limit makes write() fail in the middle, as a full disk does, without needing a disk to fill.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &saved_);
    rlimit limit = saved_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &saved_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit saved_{};
  sighandler_t handler_;
};

TEST(WriteFile, KeepsTheOldFileWhereTheNewOneDoesNotFit) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  std::string message;
  {
    const SizeLimit limit(100'000);
    message = error_of([&] { write_file(folder / "a", std::string(100'001, 'x')); });
  }
  EXPECT_THAT(message, AllOf(StartsWith((folder / "a").string() + ": cannot write: "), HasSubstr("limit")));
  EXPECT_EQ(read_text_file(folder / "a"), "old");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(WriteFile, KeepsTheOldFileOnAFullDisk) {
  const TemporaryFolder folder;
  const SmallDisk disk(folder.path(), 0);
  if (!disk.is_mounted()) GTEST_SKIP() << "this user may not mount a small file system to fill";
  write_file(folder / "a", "old");
  const std::string message = error_of([&] { write_file(folder / "a", std::string(200'000, 'x')); });
  EXPECT_THAT(message, AllOf(StartsWith((folder / "a").string() + ": cannot write: "), HasSubstr("free some space")));
  EXPECT_EQ(read_text_file(folder / "a"), "old");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, AppearsOnlyAtCommit) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "a");
    file.write("one ");
    file.write("two");
    EXPECT_FALSE(fs::exists(folder / "a"));
    EXPECT_EQ(file.temporary_path().parent_path(), folder.path());
    file.commit();
  }
  EXPECT_EQ(read_text_file(folder / "a"), "one two");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  { AtomicFile(folder / "a").write("lost"); }
  EXPECT_EQ(folder.entries(), 0);
}

TEST(AtomicFile, SaysThatTheUnfinishedFileIsGone) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  fs::remove(file.temporary_path());
  EXPECT_EQ(error_of([&] { file.commit(); }),
            (folder / "a").string() + ": cannot write: another program removed the unfinished file; try again");
}

TEST(AtomicFile, TwoForOneTargetDoNotMeet) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  first.write("first");
  second.write("second");
  first.commit();
  second.commit();
  EXPECT_EQ(read_text_file(folder / "a"), "second");
  EXPECT_EQ(folder.entries(), 1);
}

// A process killed while writing leaves its temporary file, and in a container the next one has the same number.
TEST(AtomicFile, PassesOverWhatAKilledProcessLeft) {
  const TemporaryFolder folder;
  std::string name = AtomicFile(folder / "a").temporary_path().filename();
  const std::string end = ".tmp";
  name.resize(name.size() - end.size());
  const auto dot = name.rfind('.');
  const unsigned count = static_cast<unsigned>(std::stoul(name.substr(dot + 1)));
  for (unsigned next = count + 1; next < count + 4; ++next)
    append_line(folder / (name.substr(0, dot + 1) + std::to_string(next) + end), "left behind");
  write_file(folder / "a", "new");
  EXPECT_EQ(read_text_file(folder / "a"), "new");
  EXPECT_EQ(folder.entries(), 4);
}

// The number of a process that has ended.
pid_t ended_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

std::string left_by(pid_t process, const std::string& target, unsigned number = 0) {
  return fmt::format(".{}.{}.{}.tmp", target, process, number);
}

TEST(Leftovers, OfEndedProcessesAreRemovedForThisTargetOnly) {
  const TemporaryFolder folder;
  const pid_t ended = ended_process();
  append_line(folder / left_by(ended, "a.b"), "a file");
  append_line(folder / left_by(ended, "a.b", 12), "another");
  fs::create_directories(folder / left_by(ended, "a.b", 13) / "with");
  append_line(folder / left_by(ended, "a.b", 13) / "with" / "files", "in it");
  fs::create_symlink("nowhere", folder / left_by(ended, "a.b", 14));
  const std::vector<std::string> kept = {left_by(ended, "a"),
                                         left_by(ended, "b"),
                                         left_by(ended, "x.a.b"),
                                         left_by(::getppid(), "a.b"),
                                         left_by(1, "a.b"),
                                         ".a.b.tmp",
                                         ".a.b.1x.0.tmp",
                                         ".a.b.-1.0.tmp",
                                         ".a.b.0.0.tmp",
                                         ".a.b.99999999999.0.tmp",
                                         left_by(ended, "a.b") + "x",
                                         left_by(ended, "a.b").substr(1)};
  for (const std::string& name : kept) append_line(folder / name, "not to be touched");
  remove_leftovers(folder / "a.b");
  for (const std::string& name : kept) EXPECT_TRUE(fs::exists(folder / name)) << name;
  EXPECT_EQ(folder.entries(), std::ssize(kept));
}

// In a container each process may have the number of the one before.
TEST(Leftovers, OfAProcessOfTheSameNumberAreRemoved) {
  const TemporaryFolder folder;
  append_line(folder / left_by(::getpid(), "a", 4'000'000'000), "from a former life");
  AtomicFile file(folder / "a");
  EXPECT_EQ(folder.entries(), 1);
  remove_leftovers(folder / "a");
  EXPECT_TRUE(fs::exists(file.temporary_path()));
}

// Another container numbers its processes otherwise, but the kernel knows who holds the file.
TEST(Leftovers, ThatAnotherContainerStillWritesAreKept) {
  const TemporaryFolder folder;
  const fs::path file = folder / left_by(ended_process(), "a");
  std::FILE* owner = std::fopen(file.c_str(), "w");
  ASSERT_EQ(::flock(::fileno(owner), LOCK_EX), 0);
  remove_leftovers(folder / "a");
  EXPECT_TRUE(fs::exists(file));
  std::fclose(owner);
  remove_leftovers(folder / "a");
  EXPECT_EQ(folder.entries(), 0);
}

TEST(Leftovers, OfWhatDoesNotExistAreNone) {
  const TemporaryFolder folder;
  remove_leftovers(folder / "no" / "such" / "file");
  remove_leftovers("");
  EXPECT_EQ(folder.entries(), 0);
}

TEST(Leftovers, OfAKilledWriterGoWithTheNextWrite) {
  const TemporaryFolder folder;
  const pid_t writer = ::fork();
  if (writer == 0) {
    AtomicFile file(folder / "a");
    file.write("half of it");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(writer, nullptr, 0);
  ASSERT_EQ(folder.entries(), 1);
  write_file(folder / "b", "another target");
  EXPECT_EQ(folder.entries(), 2);
  write_file(folder / "a", "whole");
  EXPECT_EQ(folder.entries(), 2);
  EXPECT_EQ(read_text_file(folder / "a"), "whole");
}

TEST(AppendLine, MakesTheFileAndAddsWholeLines) {
  const TemporaryFolder folder;
  append_line(folder / "log", "one");
  append_line(folder / "log", "");
  append_line(folder / "log", "three");
  EXPECT_EQ(read_text_file(folder / "log"), "one\n\nthree\n");
}

TEST(AppendLine, SaysThatTheDiskIsFull) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full here";
  EXPECT_THAT(error_of([] { append_line("/dev/full", "x"); }),
              AllOf(StartsWith("/dev/full: cannot write: "), HasSubstr("free some space")));
}

TEST(MakeDirectories, MakesParentsAndAcceptsWhatIsThere) {
  const TemporaryFolder folder;
  make_directories(folder / "a" / "b" / "c");
  make_directories(folder / "a" / "b");
  EXPECT_TRUE(fs::is_directory(folder / "a" / "b" / "c"));
}

TEST(MakeDirectories, NamesTheFileInTheWay) {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  for (const fs::path& path : {folder / "file", folder / "file" / "below"})
    EXPECT_THAT(error_of([&] { make_directories(path); }),
                AllOf(StartsWith(path.string() + ": cannot create the folder: "), HasSubstr("choose another place")));
}

TEST(MayBeFile, IsTrueForWhatCannotBeLookedAt) {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  fs::create_symlink("circle", folder / "circle");
  fs::create_symlink("nowhere", folder / "dangling");
  EXPECT_TRUE(may_be_file(folder / "file"));
  EXPECT_TRUE(may_be_file(folder / "circle"));
  EXPECT_FALSE(may_be_file(folder / "dangling"));
  EXPECT_FALSE(may_be_file(folder / "nowhere"));
  EXPECT_FALSE(may_be_file(folder.path()));
}

TEST(EndingOf, IsInLowerCaseWithItsDot) {
  EXPECT_EQ(ending_of("folder.x/a.b.PNG"), ".png");
  EXPECT_EQ(ending_of("cat.Ndjson"), ".ndjson");
  EXPECT_EQ(ending_of("cat.ÄB"), ".Äb");
  EXPECT_EQ(ending_of("folder.x/"), "");
  EXPECT_EQ(ending_of(".hidden"), "");
}

}  // namespace
}  // namespace limn
