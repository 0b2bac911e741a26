#include "limn/arrays/gunzip.hpp"

#include <gmock/gmock.h>

#include "testing/gzip.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::arrays {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

TEST(Gunzip, LeavesPlainFilesAsTheyAre) {
  EXPECT_EQ(string_of(gunzipped(bytes_of("plain"), "x", kMost)), "plain");
  EXPECT_TRUE(gunzipped({}, "x", kMost).empty());
}

TEST(Gunzip, UnpacksWholeFilesOfAnySize) {
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 100'000U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 23);
    EXPECT_EQ(string_of(gunzipped(testing::gzip_file(as_bytes(text)), "x.gz", kMost)), text) << size;
  }
}

TEST(Gunzip, RefusesBombsAndDamagedFiles) {
  const Bytes zeros(std::size_t{8} << 20);
  const Bytes bomb = testing::gzip_file(zeros);
  EXPECT_THAT(error_of([&] { return gunzipped(bomb, "x.gz", kMost); }), HasSubstr("x.gz: unpacks to more than"));
  const Bytes small = testing::gzip_file(std::span(zeros).first(1000));
  EXPECT_THAT(error_of([&] { return gunzipped(small, "x.gz", 999); }), HasSubstr("unpacks to more than 999 bytes"));
  EXPECT_EQ(gunzipped(small, "x.gz", 1000).size(), 1000U);
  const Bytes cut(small.begin(), small.end() - 5);
  EXPECT_THAT(error_of([&] { return gunzipped(cut, "x.gz", kMost); }), HasSubstr("truncated"));
}

TEST(Gunzip, ShowsTheBeginningOfFiles) {
  const testing::TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  write_file(folder / "plain", as_bytes(text));
  write_file(folder / "packed", testing::gzip_file(as_bytes(text)));
  write_file(folder / "short", as_bytes("ab"));
  EXPECT_EQ(beginning_of(folder / "plain", 100), text.substr(0, 100));
  EXPECT_EQ(beginning_of(folder / "packed", 100), text.substr(0, 100));
  EXPECT_EQ(beginning_of(folder / "short", 100), "ab");
  EXPECT_EQ(beginning_of(folder / "none", 100), "");
  EXPECT_EQ(beginning_of(folder / ".", 100), "");
}

}  // namespace
}  // namespace limn::arrays
