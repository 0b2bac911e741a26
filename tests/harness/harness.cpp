// Not a test of limn: a test that fails, one that skips and one that passes, for the checks in CMakeLists.txt that
// failing, skipping and passing reach ctest as such.
#include <gtest/gtest.h>

TEST(Harness, Fails) { EXPECT_EQ(1 + 1, 3) << "meant to fail"; }
TEST(Harness, Skips) { GTEST_SKIP() << "meant to be skipped"; }
TEST(Harness, Passes) { SUCCEED(); }
