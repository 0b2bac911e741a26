// The checks of limn doctor: they agree on every instruction set, and one that does not is an error.
#include "app/self_checks.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "limn/core/error.hpp"
#include "testing/simd_targets.hpp"

namespace limn::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

TEST(SelfChecks, AgreeOnEveryInstructionSet) {
  testing::for_each_simd_target([] {
    const std::vector<SelfCheck> checks = run_self_checks();
    EXPECT_GE(checks.size(), 8u);
    for (const SelfCheck& check : checks) {
      EXPECT_TRUE(check.agrees()) << check.name << ": " << check.error << " of " << check.bound;
      // The bound is no excuse for a wrong digit.
      EXPECT_LT(check.bound, check.name.ends_with("bf16") ? 1e-2 : 1e-4) << check.name;
      EXPECT_GT(check.error, 0) << check.name;
    }
  });
}

TEST(SelfChecks, OneThatDoesNotAgreeIsAnErrorThatNamesIt) {
  require_agreement(std::vector<SelfCheck>{{"this", 1e-7, 1e-6}, {"that", 1e-6, 1e-6}});
  for (const double error : {2e-6, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THAT(
        [&] {
          require_agreement(std::vector<SelfCheck>{{"this", error, 1e-6}, {"that", 0, 1e-6}});
        },
        ThrowsMessage<Error>(AllOf(HasSubstr("this by"), HasSubstr("report"), Not(HasSubstr("that by")))));
}

}  // namespace
}  // namespace limn::app
