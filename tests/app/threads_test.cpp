// The whole command where the system allows it few threads or processes, or none: it works with those there are, or
// says so in one line; it never hangs and never aborts.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "app/run_limn.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

RunLimits allowing(int threads) {
  return {
      .environment = {std::string("LD_PRELOAD=") + LIMN_THREAD_LIMIT, "LIMN_TEST_THREADS=" + std::to_string(threads)}};
}

void expect_one_line(const RunResult& result, const std::string& text) {
  EXPECT_EQ(result.status, 1) << "signal " << result.signal;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr(text));
  EXPECT_THAT(result.err, HasSubstr("raise the limit on processes"));
}

TEST(Threads, TrainingUsesThoseThereAreAndSaysSo) {
  const TemporaryFolder folder;
  for (const int allowed : {0, 2}) {
    const RunResult result =
        run_limn(folder.path(), tiny_training("run", "--overwrite --threads 4"), allowing(allowed));
    EXPECT_EQ(result.status, 0) << "signal " << result.signal << "\n" << result.err;
    EXPECT_THAT(result.err, HasSubstr("note: computes on " + std::to_string(allowed + 1) + " of 4 threads"));
  }
}

TEST(Threads, ServingNeedsTwoAndWorksWithThem) {
  const TemporaryFolder folder;
  expect_success(folder.path(), tiny_training("run"));
  for (const int allowed : {0, 1})
    expect_one_line(run_limn(folder.path(), "serve run --port 0", allowing(allowed)), "serve: cannot start a thread");
  RunLimits limits = allowing(3);  // two are tried and one is kept; none is left to warm the models up
  limits.out_to = folder / "out";
  limits.meanwhile = [&](pid_t process) {
    for (int i = 0; i < 4000 && (!fs::exists(limits.out_to) || fs::file_size(limits.out_to) == 0); ++i) ::usleep(5'000);
    EXPECT_THAT(read_text_file(limits.out_to), HasSubstr("http://"));
    ::kill(process, SIGTERM);
  };
  const RunResult served = run_limn(folder.path(), "serve run --port 0", limits);
  EXPECT_EQ(served.signal, 0);
  EXPECT_THAT(served.err, HasSubstr("limn: stopped"));
}

// LibTorch waits for ever for a thread that cannot start.
TEST(Threads, WhatNeedsLibtorchSaysThatItCannotStart) {
  if (!fs::exists(fs::path(LIMN_COMMAND).parent_path() / "limn_libtorch.so"))
    GTEST_SKIP() << "the module on LibTorch is not built";
  const TemporaryFolder folder;
  const RunResult bench = run_limn(folder.path(), "bench --quick --only Adam", allowing(0));
  EXPECT_EQ(bench.status, 1) << "signal " << bench.signal;
  EXPECT_THAT(bench.err, HasSubstr("LibTorch: cannot start a thread"));
  expect_one_line(run_limn(folder.path(), tiny_training("run", "--nproc 2"), allowing(0)),
                  "--nproc: cannot start process 0");
}

}  // namespace
}  // namespace limn::testing
