#include "limn/fetch/md5.hpp"

#include <gtest/gtest.h>

#include <string>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::fetch {
namespace {

using testing::TemporaryFolder;

std::string md5_of(const std::string& text) {
  Md5 md5;
  md5.update(as_bytes(text));
  return md5.finish();
}

// The test suite of RFC 1321, A.5.
TEST(Md5, AgreesWithTheStandard) {
  EXPECT_EQ(md5_of(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_of("a"), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(md5_of("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(md5_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
            "d174ab98d277d9f5a5611c2c9f419d9f");
  EXPECT_EQ(md5_of("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

// Lengths around the padding's edge and the block's, in pieces of any size.
TEST(Md5, DoesNotDependOnHowTheBytesCome) {
  for (const std::size_t size : {54U, 55U, 56U, 57U, 63U, 64U, 65U, 119U, 120U, 128U, 1000U}) {
    const std::string text(size, 'x');
    Md5 pieces;
    for (std::size_t at = 0; at < size; at += 7) pieces.update(as_bytes(text.substr(at, 7)));
    EXPECT_EQ(pieces.finish(), md5_of(text)) << size;
  }
}

TEST(Md5, ReadsFiles) {
  const TemporaryFolder folder;
  const std::string text(200'001, 'y');
  write_file(folder / "y", text);
  EXPECT_EQ(md5_of_file(folder / "y"), md5_of(text));
  EXPECT_THROW((void)md5_of_file(folder / "absent"), Error);
}

}  // namespace
}  // namespace limn::fetch
