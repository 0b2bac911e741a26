#include "limn/arrays/gzip.hpp"

#include <gtest/gtest.h>

#include "limn/arrays/gunzip.hpp"

namespace limn::arrays {
namespace {

TEST(Gzip, UnpacksToTheSameBytes) {
  // Beyond a piece of the output, so that deflate is called more than once: bytes that do not pack, and some that do.
  for (const std::size_t size : {0UL, 1UL, 7UL, 200'003UL}) {
    Bytes data(size);
    std::uint32_t state = 12345;
    for (std::byte& byte : data) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<std::byte>(state >> 24);
    }
    const Bytes packed = gzipped(data);
    EXPECT_TRUE(is_gzip(packed));
    EXPECT_EQ(packed, gzipped(data));
    EXPECT_EQ(gunzipped(packed, "packed", 1 << 20), data);
    if (size > 1000) {
      EXPECT_LT(packed.size(), size + 1000);
    }
  }
  EXPECT_LT(gzipped(Bytes(100'000)).size(), 300U);
}

}  // namespace
}  // namespace limn::arrays
