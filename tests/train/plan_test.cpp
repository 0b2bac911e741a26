#include "limn/train/plan.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"

namespace limn::train {
namespace {

using ::testing::HasSubstr;

// A machine whose step takes `seconds(step)`: the plan after each step, until the run ends.
struct Walk {
  std::int64_t steps = 0;
  double seconds = 0;
  std::vector<Plan::Entry> entries;
};
Walk walk(Plan& plan, const std::function<double(std::int64_t)>& seconds_of_step, std::int64_t from = 0,
          double before = 0) {
  Walk w{.steps = from, .seconds = before, .entries = {}};
  for (plan.go_to(from); w.steps < plan.num_steps(); plan.go_to(w.steps)) {
    const auto better = plan.better(w.steps, w.seconds);
    w.seconds += seconds_of_step(w.steps++);
    if (better) plan.adjust({.from = w.steps, .num_steps = *better, .budget = plan.budget()});
  }
  w.entries.assign(plan.entries().begin(), plan.entries().end());
  return w;
}

TEST(Plan, ReadsTimesAsPeopleWriteThem) {
  EXPECT_DOUBLE_EQ(seconds_of("45s"), 45);
  EXPECT_DOUBLE_EQ(seconds_of("30m"), 1800);
  EXPECT_DOUBLE_EQ(seconds_of("2h"), 7200);
  EXPECT_DOUBLE_EQ(seconds_of("1h30m"), 5400);
  EXPECT_DOUBLE_EQ(seconds_of("1.5h"), 5400);
  EXPECT_DOUBLE_EQ(seconds_of("0h1m5s"), 65);
  for (const char* wrong :
       {"", "30", "m", "30 m", "-3m", "0s", "1m2h", "3m4m", "1e3s", "nans", "infh", "99999999h", "30min"})
    EXPECT_THROW((void)seconds_of(wrong), Error) << wrong;
}

TEST(Plan, StepsAreThePlanThemselves) {
  Plan plan({.num_steps = 70});
  EXPECT_FALSE(plan.is_timed());
  const Walk w = walk(plan, [](auto) { return 9.0; });
  EXPECT_EQ(w.steps, 70);
  EXPECT_TRUE(w.entries.empty());
}

TEST(Plan, ATimeBecomesStepsAndIsKept) {
  Plan plan({.train_for = "10m"});
  const Walk w = walk(plan, [](std::int64_t step) { return step < 2 ? 5.0 : 0.5; });
  EXPECT_NEAR(w.seconds, 600, 2);
  ASSERT_EQ(w.entries.size(), 1U);  // an even speed needs no correction
  EXPECT_LT(w.entries.front().from, 30);
}

TEST(Plan, FollowsAMachineThatSlowsDown) {
  Plan plan({.train_for = "10m"});
  const Walk w = walk(plan, [](std::int64_t step) { return step < 400 ? 0.5 : 1.5; });
  EXPECT_NEAR(w.seconds, 600, 10);
  EXPECT_NEAR(w.steps, 400 + 400 / 1.5, 20);
  EXPECT_GT(w.entries.size(), 1U);
  EXPECT_LT(w.entries.size(), 40U);
}

TEST(Plan, FastAndSlowStepsBothFit) {
  Plan fast({.train_for = "5m"}), slow({.train_for = "45s"}), slower({.train_for = "1s"});
  EXPECT_NEAR(walk(fast, [](auto) { return 0.002; }).seconds, 300, 3);
  EXPECT_NEAR(walk(slow, [](auto) { return 4.0; }).seconds, 45, 4);
  EXPECT_EQ(walk(slower, [](auto) { return 4.0; }).steps, 2);  // the time is over after the first one
}

TEST(Plan, AResumedRunMeetsTheSamePlanAtEachStep) {
  Plan plan({.train_for = "10m"});
  const auto speed = [](std::int64_t step) { return 0.3 + 0.002 * static_cast<double>(step % 200); };
  const Walk whole = walk(plan, speed);
  ASSERT_GT(whole.entries.size(), 3U);
  Plan resumed({.train_for = "10m"});
  resumed.set_entries(plan_from_json_lines(plan_to_json_lines(whole.entries), "plan.jsonl"));
  resumed.extend(150, 50);
  // On a machine of another speed.
  const Walk rest = walk(
      resumed, [](auto) { return 0.9; }, 150, 50);
  ASSERT_GE(rest.entries.size(), whole.entries.size());
  for (std::size_t i = 0; i < whole.entries.size(); ++i) {
    EXPECT_EQ(rest.entries[i].from, whole.entries[i].from);
    EXPECT_EQ(rest.entries[i].num_steps, whole.entries[i].num_steps);
  }
}

TEST(Plan, MoreTimeIsPlannedAnew) {
  Plan plan({.train_for = "10m"});
  const Walk first = walk(plan, [](auto) { return 0.5; });
  Plan longer({.train_for = "20m"});
  longer.set_entries(first.entries);
  longer.extend(first.steps, first.seconds);
  const Walk second = walk(
      longer, [](auto) { return 0.5; }, first.steps, first.seconds);
  EXPECT_NEAR(second.seconds, 1200, 3);
  EXPECT_NEAR(second.steps, 2 * first.steps, 12);
  Plan shorter({.train_for = "5m"});
  shorter.set_entries(first.entries);
  EXPECT_THROW(shorter.extend(first.steps, first.seconds), Error);
}

TEST(Plan, ADamagedFileIsRefused) {
  for (const char* text : {"{\"step\":3}", "[]", "x", "{\"step\":-1,\"num_steps\":3,\"seconds\":1}"}) {
    try {
      (void)plan_from_json_lines(text, "runs/a/plan.jsonl");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("runs/a/plan.jsonl: line 1"));
    }
  }
}

}  // namespace
}  // namespace limn::train
