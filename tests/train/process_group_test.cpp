#include "limn/train/process_group.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "limn/core/error.hpp"

namespace limn::train {
namespace {

TEST(ProcessGroup, TheEnvironmentSaysWhoIsWho) {
  const auto set = [](const char* size, const char* rank, const char* port) {
    for (const auto& [name, value] : {std::pair{"WORLD_SIZE", size}, {"RANK", rank}, {"MASTER_PORT", port}}) {
      if (value)
        setenv(name, value, 1);
      else
        unsetenv(name);
    }
  };
  set(nullptr, nullptr, nullptr);
  EXPECT_FALSE(process_group_from_environment());
  set("1", "0", nullptr);
  EXPECT_FALSE(process_group_from_environment());
  set("4", "3", "1234");
  const auto options = process_group_from_environment();
  ASSERT_TRUE(options);
  EXPECT_EQ(options->world_size, 4);
  EXPECT_EQ(options->rank, 3);
  EXPECT_EQ(options->master_port, 1234);
  set("4", "4", nullptr);
  EXPECT_THROW((void)process_group_from_environment(), Error);
  set("4", nullptr, nullptr);
  EXPECT_THROW((void)process_group_from_environment(), Error);
  set("four", "0", nullptr);
  EXPECT_THROW((void)process_group_from_environment(), Error);
  set(nullptr, nullptr, nullptr);
}

}  // namespace
}  // namespace limn::train
