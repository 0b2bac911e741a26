// A terminal that goes away: what cannot be printed neither ends a command nor lands in a file.
#include <gmock/gmock.h>
#include <unistd.h>

#include "app/run_limn.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Talks as much as it can.
std::string talking(const std::string& run) {
  return "train sketch-rnn --out " + run +
         " --set dec_rnn_size=16 enc_rnn_size=8 z_size=4 num_mixture=3 num_steps=6 valid_every=2 --batch-size 20";
}

TEST(Printing, TrainingNeedsNobodyWhoReads) {
  const TemporaryFolder folder;
  expect_success(folder.path(), talking("heard"));
  const std::string end = run_outcome(folder / "heard");

  EXPECT_EQ(run_limn(folder.path(), talking("full"), {.err_to = "/dev/full"}).status, 0);
  EXPECT_EQ(run_outcome(folder / "full"), end);
  EXPECT_EQ(run_limn(folder.path(), talking("closed"), {.closed = {STDIN_FILENO, STDERR_FILENO}}).status, 0);
  EXPECT_EQ(run_outcome(folder / "closed"), end);
  for (const char* file : {"config.toml", "log.txt", "metrics.jsonl"})
    EXPECT_THAT(read_text_file(folder / "closed" / file), Not(HasSubstr("examples/s"))) << file;

  const RunResult piped = run_limn(folder.path(), talking("piped"), {.has_deaf_pipe = true});
  EXPECT_EQ(piped.signal, 0);
  EXPECT_EQ(piped.status, 0);
  EXPECT_EQ(run_outcome(folder / "piped"), end);
}

TEST(Printing, ProgressNamesNoNumberOfStepsThatIsAGuess) {
  const TemporaryFolder folder;
  const std::string small = " --set dec_rnn_size=16 enc_rnn_size=8 z_size=4 num_mixture=3 valid_every=10000";
  const RunResult timed = run_limn(folder.path(), "train sketch-rnn --for 5s --out timed --batch-size 20" + small);
  EXPECT_EQ(timed.status, 0) << timed.err;
  EXPECT_THAT(timed.err, ::testing::ContainsRegex("step 1  total [^\n]* left\n"));
  const RunResult counted = run_limn(folder.path(), "train sketch-rnn --steps 3 --out counted --batch-size 20" + small);
  EXPECT_THAT(counted.err, ::testing::ContainsRegex("step 1/3  total [^\n]* left\n"));
}

TEST(Printing, AMessageIsOneLineWhateverTheNameOfTheFile) {
  const TemporaryFolder folder;
  const RunResult run = run_limn(folder.path(), "data info a\x1b[1mb\x07.npz");
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("a?[1mb?.npz: no such file"));
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 1);
}

TEST(Printing, AnErrorThatNobodyReadsIsStillAStatus) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_limn(folder.path(), "info none.safetensors", {.err_to = "/dev/full"}).status, 1);
  EXPECT_EQ(run_limn(folder.path(), "info none.safetensors", {.closed = {0, 1, 2}}).status, 1);
}

TEST(Printing, OutputThatIsLostIsAnError) {
  const TemporaryFolder folder;
  const auto expect_lost = [&](const RunLimits& limits) {
    const RunResult result = run_limn(folder.path(), "data info builtin:doodles", limits);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, ::testing::StartsWith("limn: error: standard output: cannot write: "));
  };
  expect_lost({.out_to = "/dev/full"});
  expect_lost({.closed = {STDOUT_FILENO}});
}

}  // namespace
}  // namespace limn::testing
