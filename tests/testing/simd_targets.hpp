// Runs a check once under every Highway instruction set that this machine has and the kernels were built for.
#pragma once

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cstdint>
#include <vector>

namespace limn::testing {

// `check` takes no argument and may use EXPECT_ and ASSERT_; a failure names the instruction set. Afterwards
// the best one is chosen again. Not while other threads call kernels.
template <class Check>
void for_each_simd_target(const Check& check) {
  const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace limn::testing
