#include "limn/runs/run_record.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/runs/run_directory.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::runs {
namespace {

using ::testing::ElementsAre;

RunDirectory example(const std::filesystem::path& root) {
  RunDirectory run(root, RunDirectory::Mode::kFresh);
  write_file(run.config(), "family = \"draw\"\ndata = [\"a.npz\"]\nnum_steps = 50\nseed = 3\n");
  run.append_metrics(10, "train", {{"total", 4.0}, {"kl", 1.0}, {"learning_rate", 0.5}, {"seconds", 2.0}});
  run.append_metrics(10, "valid", {{"total", 3.5}});
  run.append_metrics(20, "train", {{"total", 3.0}, {"kl", std::nan("")}, {"seconds", 1.5}});
  run.append_metrics(20, "valid", {{"total", 3.75}});
  append_line(run.metrics(), "{\"step\": 30, \"split\": \"tr");
  return run;
}

TEST(RunRecord, TellsWhatARunHasWritten) {
  const testing::TemporaryFolder folder;
  const auto run = example(folder / "run");
  write_file(run.root() / "samples" / "step-20.png", "picture");
  run.log("resumed at step 10");
  const RunRecord record = read_run(run.root());
  EXPECT_EQ(record.family, "draw");
  EXPECT_EQ(record.num_steps, 50);
  EXPECT_EQ(record.step, 20);
  EXPECT_THAT(record.curves.at({"total", "train"}).values, ElementsAre(4.0, 3.0));
  EXPECT_THAT(record.curves.at({"kl", "train"}).steps, ElementsAre(10.0));
  EXPECT_FALSE(record.curves.contains({"learning_rate", "train"}));
  EXPECT_EQ(record.best_total, 3.5);
  EXPECT_EQ(record.best_step, 10);
  EXPECT_EQ(record.last_sample.filename(), "step-20.png");
  EXPECT_TRUE(record.last_message.ends_with("resumed at step 10"));
  EXPECT_DOUBLE_EQ(record.seconds_left(), 45);
  EXPECT_FALSE(record.is_finished());
  EXPECT_TRUE(record.seems_to_run());
}

// num_steps of config.toml is a number beyond reach where a time is given; the newest plan has what is meant.
TEST(RunRecord, StepsAreThoseOfTheNewestPlanWhereTheRunHasATime) {
  const testing::TemporaryFolder folder;
  const auto run = example(folder / "run");
  write_file(run.config(), "family = \"draw\"\ndata = [\"a.npz\"]\nnum_steps = 10000000\ntrain_for = \"30m\"\n");
  EXPECT_EQ(read_run(run.root()).num_steps, 0);
  append_line(run.plan(), R"({"num_steps":400.0,"seconds":1800.0,"step":5.0})");
  append_line(run.plan(), R"({"num_steps":20.0,"seconds":1800.0,"step":18.0})");
  append_line(run.plan(), R"({"num_ste)");
  const RunRecord record = read_run(run.root());
  EXPECT_EQ(record.num_steps, 20);
  EXPECT_TRUE(record.is_finished());
  write_file(run.config(), "family = \"draw\"\ndata = [\"a.npz\"]\nnum_steps = 50\ntrain_for = \"\"\n");
  EXPECT_EQ(read_run(run.root()).num_steps, 50);
}

// Which model is the best is weighed as training weighs it, so the least total need not be it.
TEST(RunRecord, TheBestIsWhatValidationSaysIsTheBest) {
  const testing::TemporaryFolder folder;
  const auto run = example(folder / "run");
  run.append_metrics(40, "valid", {{"total", 3.9}, {"best_step", 40}});
  run.append_metrics(50, "valid", {{"total", 4.1}, {"best_step", 40}});
  const RunRecord record = read_run(run.root());
  EXPECT_EQ(record.best_step, 40);
  EXPECT_EQ(record.best_total, 3.9);
  EXPECT_FALSE(record.curves.contains({"best_step", "valid"}));
}

// The lock of the folder says it at once, however lately the run has written.
TEST(RunRecord, SeemsToRunAsLongAsAProcessHoldsTheRun) {
  const testing::TemporaryFolder folder;
  {
    const auto run = example(folder / "run");
    std::filesystem::last_write_time(run.metrics(),
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(9));
    EXPECT_TRUE(read_run(run.root()).seems_to_run());
  }
  EXPECT_FALSE(read_run(folder / "run").seems_to_run());
  std::filesystem::last_write_time(folder / "run" / "metrics.jsonl", std::filesystem::file_time_type::clock::now());
  EXPECT_FALSE(read_run(folder / "run").seems_to_run());
  RunRecord unknown;
  unknown.idle_seconds = 1;
  EXPECT_TRUE(unknown.seems_to_run());
  unknown.idle_seconds = 3600;
  EXPECT_FALSE(unknown.seems_to_run());
}

// A reader has the lock for a moment, which must not refuse a training that starts.
TEST(RunRecord, LookingKeepsNoTrainingFromStarting) {
  const testing::TemporaryFolder folder;
  (void)example(folder / "run");
  const int reader = ::open((folder / "run").c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(reader, LOCK_SH | LOCK_NB), 0);
  std::thread looking([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ::close(reader);
  });
  EXPECT_NO_THROW((void)RunDirectory(folder / "run", RunDirectory::Mode::kResume));
  looking.join();
  EXPECT_EQ(RunDirectory::is_in_use(folder / "run"), false);
}

TEST(RunRecord, ARunThatHasNotWrittenYetIsEmptyAndAFolderWithoutOneIsAnError) {
  const testing::TemporaryFolder folder;
  const RunDirectory run(folder / "run", RunDirectory::Mode::kFresh);
  write_file(run.config(), "family = \"vae\"\n");
  const RunRecord record = read_run(run.root());
  EXPECT_EQ(record.step, 0);
  EXPECT_TRUE(record.curves.empty());
  EXPECT_TRUE(std::isnan(record.seconds_left()));
  EXPECT_THROW((void)read_run(folder / "nothing"), Error);
}

TEST(RunRecord, PassesOverStepsThatNoRunMakes) {
  const testing::TemporaryFolder folder;
  const auto run = example(folder / "run");
  for (const char* step : {"1e300", "-1e300", "-1", "1e16", "18446744073709551615", "null", "\"30\"", "[30]"})
    append_line(run.metrics(), fmt::format(R"({{"step":{},"split":"train","total":1}})", step));
  append_line(run.metrics(), R"([{"step":30,"split":"train","total":1}])");
  append_line(run.metrics(), R"({"more":{"step":30,"split":"train"},"total":1})");
  append_line(run.metrics(), std::string(100'000, '['));
  write_file(run.config(), "num_steps = -9223372036854775808\n");
  const RunRecord record = read_run(run.root());
  EXPECT_EQ(record.step, 20);
  EXPECT_EQ(record.num_steps, 0);
  EXPECT_EQ(record.seconds_left(), 0);
  EXPECT_THAT(record.curves.at({"total", "train"}).values, ElementsAre(4.0, 3.0));
}

// Looking each member up among those before it took a minute.
TEST(RunRecord, ReadsLinesOfManyMembers) {
  const testing::TemporaryFolder folder;
  const auto run = example(folder / "run");
  std::string line = R"({"step":40,"split":"train")";
  constexpr int kMembers = 50'000;
  for (int i = 0; i < kMembers; ++i) line += fmt::format(R"(,"loss {}":{})", i, i);
  append_line(run.metrics(), line + "}");
  EXPECT_EQ(read_run(run.root()).last_train.size(), kMembers + 1U);
}

TEST(RunRecord, ThinningAveragesNeighbours) {
  const LossCurve curve{.steps = {1, 2, 3, 4, 5}, .values = {1, 3, 5, 7, 20}};
  const LossCurve thin = thinned(curve, 3);
  EXPECT_THAT(thin.steps, ElementsAre(1.5, 3.5, 5));
  EXPECT_THAT(thin.values, ElementsAre(2, 6, 20));
  EXPECT_THAT(thinned(curve, 5).values, ElementsAre(1, 3, 5, 7, 20));
  EXPECT_TRUE(thinned({}, 3).steps.empty());
}

}  // namespace
}  // namespace limn::runs
