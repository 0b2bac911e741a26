#include "limn/train/troubles.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace limn::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Validations every 100 of 2000 steps.
struct WatchedRun {
  std::optional<double> nats = {};
  std::int64_t step = 0;
  TroubleWatch watch = {};

  std::vector<std::string> validate(double valid, double train, double kl = 1) {
    step += 100;
    return watch.look({.step = step,
                       .num_steps = 2000,
                       .valid = {{"total", valid}, {"reconstruction", valid}, {"kl", kl}},
                       .train = {{"total", train}, {"reconstruction", train}},
                       .objective = [](const Metrics& m) { return metric(m, "total"); },
                       .nats_of_latents = [this] { return nats; }});
  }
};

TEST(TroubleWatch, SaysNothingOfARunThatImproves) {
  WatchedRun run{.nats = 9.0};
  for (int i = 0; i < 20; ++i) {
    const double loss = std::exp(-0.2 * i) + (i % 2 == 0 ? 0.002 : 0);
    EXPECT_THAT(run.validate(loss, loss), IsEmpty()) << i;
  }
}

TEST(TroubleWatch, SaysOnceThatTheModelLearnsByHeart) {
  WatchedRun run;
  std::vector<std::string> said;
  for (int i = 0; i < 20; ++i)
    for (const std::string& line : run.validate(1 + 0.05 * std::abs(i - 6), 1 - 0.05 * i)) said.push_back(line);
  EXPECT_THAT(said, ElementsAre(HasSubstr("worse since step 700")));
}

TEST(TroubleWatch, AStandstillIsNotOverfitting) {
  WatchedRun run;
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(run.validate(std::max(0.5, 1 - 0.1 * i), std::max(0.5, 1 - 0.1 * i)), IsEmpty());
}

TEST(TroubleWatch, SaysThatTheDecoderIgnoresZAndAgainAfterItDidNot) {
  WatchedRun run{.nats = 0.1};
  EXPECT_THAT(run.validate(1, 1), IsEmpty());  // young
  for (int i = 0; i < 3; ++i) (void)run.validate(0.9, 0.9);
  WatchedRun old{.nats = 0.1};
  old.step = 900;
  EXPECT_THAT(old.validate(1, 1), ElementsAre(HasSubstr("posterior collapse")));
  EXPECT_THAT(old.validate(1, 1), IsEmpty());
  old.nats = 4;
  EXPECT_THAT(old.validate(1, 1), IsEmpty());
  old.nats = 0.2;
  EXPECT_THAT(old.validate(1, 1), ElementsAre(HasSubstr("posterior collapse")));
}

TEST(TroubleWatch, SaysThatTheKlExplodes) {
  WatchedRun run;
  for (int i = 0; i < 8; ++i) (void)run.validate(1 - 0.05 * i, 1 - 0.05 * i, 1.5);
  EXPECT_THAT(run.validate(900, 900, 1800), ElementsAre(HasSubstr("from 1.5 at step 800 to 1.8e+03")));
}

TEST(TroubleWatch, CountsBlanksOnceTheModelIsNotYoung) {
  TroubleWatch watch;
  const auto at = [](std::int64_t step) { return TroubleWatch::Validation{.step = step, .num_steps = 2000}; };
  EXPECT_THAT(watch.look_at_blanks(at(100), 16, 16), IsEmpty());
  EXPECT_THAT(watch.look_at_blanks(at(500), 4, 16), IsEmpty());
  EXPECT_THAT(watch.look_at_blanks(at(600), 5, 16), ElementsAre(HasSubstr("5 of 16 new drawings are blank")));
  EXPECT_THAT(watch.look_at_blanks(at(700), 0, 0), IsEmpty());
}

}  // namespace
}  // namespace limn::train
