// limn train --nproc: several processes of one run, and what happens when one of them dies.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "app/run_limn.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kPlan = "--set num_steps=40 save_every=5 valid_every=20 sample_every=0 log_every=1";

// The process that has `parent` and this rank in its environment; 0 if there is none yet.
pid_t process_of_rank(pid_t parent, int rank) {
  const std::string wanted = "RANK=" + std::to_string(rank);
  std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", parent));
  for (pid_t child; list >> child;) {
    std::ifstream file(fmt::format("/proc/{}/environ", child), std::ios::binary);
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    if (environment.find('\0' + wanted + '\0') != std::string::npos) return child;
  }
  return 0;
}

std::size_t lines_of(const fs::path& path) {
  if (!fs::exists(path)) return 0;
  const std::string text = read_text_file(path);
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

class Processes : public ::testing::Test {
 protected:
  void SetUp() override {
    // The module of a build with LibTorch lies beside the program.
    if (!fs::exists(fs::path(LIMN_COMMAND).parent_path() / "limn_libtorch.so"))
      GTEST_SKIP() << "several processes need the module on LibTorch, which is not built";
  }
};

TEST_F(Processes, ARankThatDiesIsNamedAndTheRunGoesOnWithAnotherNumber) {
  const TemporaryFolder folder;
  const auto kill_second = [&](pid_t process) {
    for (int i = 0; i < 4000 && lines_of(folder / "run/metrics.jsonl") < 12; ++i) ::usleep(5'000);
    const pid_t second = process_of_rank(process, 1);
    ASSERT_GT(second, 0);
    ::kill(second, SIGKILL);
  };
  const RunResult broken =
      run_limn(folder.path(), tiny_training("run", kPlan) + " --nproc 2", {.seconds = 90, .meanwhile = kill_second});
  EXPECT_EQ(broken.status, 1) << broken.err;
  EXPECT_THAT(broken.err, HasSubstr("process 1"));
  EXPECT_THAT(broken.err, HasSubstr("--resume"));

  expect_success(folder.path(), tiny_training("run", kPlan) + " --nproc 3 --resume");
  expect_success(folder.path(), tiny_training("alone", kPlan));
  const auto last_line = [&](const char* run) {
    const std::string text = read_text_file(folder / run / "metrics.jsonl");
    const std::size_t end = text.rfind("\"split\":\"train\"");
    return std::strtod(text.c_str() + text.find("\"total\":", end) + 8, nullptr);
  };
  EXPECT_NEAR(last_line("run"), last_line("alone"), 1e-4);
}

// The same mistake in all of them.
TEST_F(Processes, AMistakeIsOneLine) {
  const TemporaryFolder folder;
  for (const std::string mistake : {"--batch-size 2", "--set z_size=nine", "--data none.npz"}) {
    const RunResult result =
        run_limn(folder.path(), "train sketch-rnn --out run --steps 3 --nproc 3 --quiet " + mistake, {.seconds = 90});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, ::testing::StartsWith("limn: error: "));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    EXPECT_THAT(result.err, ::testing::Not(HasSubstr("--resume"))) << "there is no run";
    EXPECT_FALSE(fs::exists(folder / "run"));
  }
}

TEST_F(Processes, CtrlCStopsAllOfThemAfterTheSameStep) {
  const TemporaryFolder folder;
  const auto interrupt = [&](pid_t process) {
    for (int i = 0; i < 4000 && lines_of(folder / "run/metrics.jsonl") < 8; ++i) ::usleep(5'000);
    ::kill(process, SIGINT);
  };
  const RunResult stopped =
      run_limn(folder.path(), tiny_training("run", kPlan) + " --nproc 2", {.seconds = 90, .meanwhile = interrupt});
  EXPECT_EQ(stopped.status, 128 + SIGINT) << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("stopped after step"));
}

}  // namespace
}  // namespace limn::testing
