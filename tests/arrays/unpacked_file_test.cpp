#include "limn/arrays/unpacked_file.hpp"

#include <gmock/gmock.h>

#include <iterator>

#include "testing/gzip.hpp"
#include "testing/hostile.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::arrays {
namespace {

using ::testing::HasSubstr;

std::string content_of(const std::filesystem::path& path) {
  UnpackedFile file(path);
  std::streambuf& buffer = *file.stream().rdbuf();
  std::string text;
  for (int c = buffer.sbumpc(); c != std::char_traits<char>::eof(); c = buffer.sbumpc()) text += static_cast<char>(c);
  return text;
}

TEST(UnpackedFile, GivesPlainAndPackedFilesOfAnySize) {
  const testing::TemporaryFolder folder;
  for (const std::size_t size : {0U, 1U, 2U, 65'535U, 65'536U, 65'537U, 300'001U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * i % 23);
    write_file(folder / "plain", text);
    EXPECT_EQ(content_of(folder / "plain"), text) << size;
    write_file(folder / "packed", testing::gzip_file(as_bytes(text)));
    EXPECT_EQ(content_of(folder / "packed"), text) << size;
  }
}

TEST(UnpackedFile, ReadsSeveralPackedFilesInOne) {
  const testing::TemporaryFolder folder;
  Bytes two = testing::gzip_file(bytes_of("one "));
  const Bytes more = testing::gzip_file(bytes_of("two"));
  two.insert(two.end(), more.begin(), more.end());
  write_file(folder / "two.gz", two);
  EXPECT_EQ(content_of(folder / "two.gz"), "one two");
}

TEST(UnpackedFile, SaysWhatIsWrong) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { return content_of(folder / "none"); }), HasSubstr("none: cannot open"));
  EXPECT_THAT(error_of([&] { return content_of(folder.path()); }), HasSubstr("is a folder"));
  Bytes packed = testing::gzip_file(bytes_of(std::string(1000, 'x') + "yz"));
  packed.resize(packed.size() - 3);
  write_file(folder / "cut.gz", packed);
  EXPECT_THAT(error_of([&] { return content_of(folder / "cut.gz"); }), HasSubstr("ends too early"));
  packed[12] ^= std::byte{0xff};
  write_file(folder / "bad.gz", packed);
  EXPECT_THAT(error_of([&] { return content_of(folder / "bad.gz"); }), HasSubstr("bad.gz: "));
}

}  // namespace
}  // namespace limn::arrays
