#include "limn/core/random_access_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <string>
#include <utility>

#include "limn/core/file.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;

std::string bytes_of(const RandomAccessFile& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '?');
  file.read(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

TEST(RandomAccessFile, ReadsAnyPart) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", "some text");
  write_file(folder / "empty", "");
  RandomAccessFile file(folder / "a");
  RandomAccessFile moved = std::move(file);
  moved.expect_random_access();
  EXPECT_EQ(moved.size(), 9U);
  EXPECT_EQ(bytes_of(moved, 5, 4), "text");
  EXPECT_EQ(bytes_of(moved, 0, 9), "some text");
  EXPECT_EQ(bytes_of(moved, 9, 0), "");
  EXPECT_EQ(RandomAccessFile(folder / "empty").size(), 0U);
  moved = RandomAccessFile(folder / "empty");
  EXPECT_EQ(moved.size(), 0U);
}

TEST(RandomAccessFile, RefusesWhatIsNoFile) {
  const testing::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { (void)RandomAccessFile(folder / "none"); }), HasSubstr("none: cannot open: No such file"));
  EXPECT_THAT(error_of([&] { (void)RandomAccessFile(folder.path()); }), HasSubstr("is not a file"));
  EXPECT_THAT(error_of([&] { (void)RandomAccessFile(folder / "pipe", "shown"); }), HasSubstr("shown: is not a file"));
}

TEST(RandomAccessFile, SaysThatItWasCut) {
  const testing::TemporaryFolder folder;
  write_file(folder / "a", std::string(20'000, 'x'));
  const RandomAccessFile file(folder / "a", "shown");
  EXPECT_EQ(bytes_of(file, 19'000, 1000), std::string(1000, 'x'));
  fs::resize_file(folder / "a", 19'500);
  EXPECT_EQ(bytes_of(file, 19'000, 500), std::string(500, 'x'));
  EXPECT_EQ(error_of([&] { return bytes_of(file, 19'000, 501); }),
            "shown: was made shorter while it is in use; fetch or convert the data again");
  // The old file lives on as long as it is open.
  write_file(folder / "a", "new");
  EXPECT_EQ(bytes_of(file, 0, 5), "xxxxx");
}

}  // namespace
}  // namespace limn
