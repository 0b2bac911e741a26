// main() of every test program. GoogleTest counts a program as passed even if it skipped all its tests, and ctest
// shows no output of a program that passed; so a program that did nothing ends with 77, which ctest reports as
// skipped, and each skipped test is repeated with its reason on a line that scripts/test.sh collects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

constexpr int kSkipped = 77;

class SkipReporter : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo& test) override {
    if (!test.result()->Skipped()) return;
    std::string reason;
    for (int i = 0; i < test.result()->total_part_count(); ++i) {
      const auto& part = test.result()->GetTestPartResult(i);
      if (part.skipped()) reason = part.message();
    }
    std::printf("SKIPPED %s.%s: %s\n", test.test_suite_name(), test.name(), reason.c_str());
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  auto& unit_test = *testing::UnitTest::GetInstance();
  unit_test.listeners().Append(new SkipReporter);  // GoogleTest owns it
  const int status = RUN_ALL_TESTS();
  const bool has_only_skipped = unit_test.successful_test_count() == 0 && unit_test.skipped_test_count() > 0;
  return status == 0 && has_only_skipped ? kSkipped : status;
}
