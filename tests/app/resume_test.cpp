// A run that was stopped - by Ctrl-C, or killed at any moment - goes on to the same weights, bit for bit, as
// one that was left alone.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "app/run_limn.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "limn/core/safetensors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kPlan =
    "--set num_steps=60 save_every=7 valid_every=25 sample_every=0 log_every=1 --data small.npz";

class ResumeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder;
    expect_success(shared_->path(), "data convert builtin:doodles:test -o small.npz --split 80/10/10");
    expect_success(shared_->path(), tiny_training("whole", kPlan));
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  [[nodiscard]] static fs::path folder() { return shared_->path(); }

  // Both runs ended with the same tensors.
  static void expect_same_end(const std::string& run) {
    for (const char* name : {"last.safetensors", "best.safetensors", "state.safetensors"}) {
      const auto a = SafetensorsFile::read(folder() / "whole/checkpoints" / name);
      const auto b = SafetensorsFile::read(folder() / run / "checkpoints" / name);
      EXPECT_EQ(a.metadata("step"), b.metadata("step")) << name;
      ASSERT_EQ(a.tensors().size(), b.tensors().size()) << name;
      for (const auto& [tensor, data] : a.tensors())
        EXPECT_TRUE(std::ranges::equal(data.bytes, b.tensors().at(tensor).bytes)) << name << ": " << tensor;
    }
  }
  static TemporaryFolder* shared_;
};
TemporaryFolder* ResumeTest::shared_ = nullptr;

// Waits until the run has logged `step`, at most ten seconds.
void wait_for_step(const fs::path& run, int step) {
  for (int i = 0; i < 2000; ++i) {
    if (fs::exists(run / "metrics.jsonl") &&
        read_text_file(run / "metrics.jsonl").find(fmt::format("{{\"step\":{},", step)) != std::string::npos)
      return;
    ::usleep(5'000);
  }
}

TEST_F(ResumeTest, GoesOnAfterCtrlC) {
  const auto stop = [](pid_t process) {
    wait_for_step(folder() / "stopped", 9);
    ::kill(process, SIGINT);
  };
  const RunResult result = run_limn(folder(), tiny_training("stopped", kPlan), {.meanwhile = stop});
  EXPECT_EQ(result.signal, 0);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("stopped after step"));
  // What it says to type works.
  const std::string advice = "continue with: limn ";
  const std::size_t at = result.out.find(advice);
  ASSERT_NE(at, std::string::npos) << result.out;
  expect_success(folder(), result.out.substr(at + advice.size()));
  expect_same_end("stopped");
}

TEST_F(ResumeTest, GoesOnAfterAKillAtAnyMoment) {
  RandomStream random(20261122, Purpose::kTest);
  for (int round = 0; round < 3; ++round) {
    const std::string run = fmt::format("killed-{}", round);
    std::string words = tiny_training(run, kPlan);
    for (int kills = 0; kills < 2; ++kills) {
      const auto microseconds = static_cast<useconds_t>(random.below(40'000));
      const int step = 1 + static_cast<int>(random.below(25)) + 25 * kills;
      const auto kill_it = [&](pid_t process) {
        wait_for_step(folder() / run, step);
        ::usleep(microseconds);
        ::kill(process, SIGKILL);
      };
      EXPECT_NE(run_limn(folder(), words, {.meanwhile = kill_it}).status, 1);
      words = "train sketch-rnn --quiet --resume --out " + run;
    }
    expect_success(folder(), words);
    expect_same_end(run);
  }
}

}  // namespace
}  // namespace limn::testing
