// Part of each test program whose results depend on the CPU: it heeds LIMN_SIMD and LIMN_GEMM as the command does.
#include "limn/kernels/cpu_settings.hpp"

#include <gtest/gtest.h>

namespace limn::testing {
namespace {

class CpuSettings : public ::testing::Environment {
  void SetUp() override { kernels::heed_cpu_settings(); }
};

// GoogleTest owns it, and runs it before the first test.
[[maybe_unused]] const auto* const settings = ::testing::AddGlobalTestEnvironment(new CpuSettings);

}  // namespace
}  // namespace limn::testing
