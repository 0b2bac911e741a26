#include "limn/core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace limn {
namespace {

TEST(Fail, ThrowsTheFormattedText) {
  try {
    fail("{}: truncated, {} bytes missing", "cat.npz", 17);
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "cat.npz: truncated, 17 bytes missing");
  }
}

TEST(Require, ThrowsOnlyWhereTheConditionFails) {
  EXPECT_NO_THROW(require(true, "not {}", "this"));
  try {
    require(false, "lstm: h is {}, expected {}", "[4, 256]", "[8, 256]");
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "lstm: h is [4, 256], expected [8, 256]");
  }
}

TEST(Printable, KeepsOneLineOfAscii) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("decoder.cell ~!"), "decoder.cell ~!");
  EXPECT_EQ(printable("a\nb\tc\x1b[31m\x7f\xff"), "a?b?c?[31m??");
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "?x");
}

TEST(Printable, CutsWhatIsLongerThanItsLimit) {
  EXPECT_EQ(printable("12345", 5), "12345");
  EXPECT_EQ(printable("123456", 5), "12345...");
  EXPECT_EQ(printable(std::string(1000, 'x')).size(), 83u);
}

TEST(EditDistance, CountsInsertionsDeletionsAndSubstitutions) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("sitting", "kitten"), 3u);
  EXPECT_EQ(edit_distance("z_size", "z_sise"), 1u);
}

TEST(NearestName, SuggestsWhatIsNearAndNothingElse) {
  const std::vector<std::string> names{"dec_rnn_size", "enc_rnn_size", "z_size"};
  EXPECT_EQ(nearest_name("dec_rn_size", names), "dec_rnn_size");
  EXPECT_EQ(nearest_name("z_sise", names), "z_size");
  EXPECT_EQ(nearest_name("learning_rate", names), "");
  EXPECT_EQ(nearest_name("z_size", std::vector<std::string>{}), "");
}

}  // namespace
}  // namespace limn
