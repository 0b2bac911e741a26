// A run that was stopped - by Ctrl-C, or killed at any moment - continues to the same weights, bit for bit, as
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

constexpr const char* kPlan = " --quiet --set num_steps=60 save_every=7 valid_every=25 sample_every=0 log_every=1";

struct Family {
  const char* name;
  const char* model;  // the smallest worth the name, with everything random that the family has
};
constexpr Family kFamilies[] = {
    {"sketch-rnn",
     "--data small.npz --batch-size 20 --set dec_rnn_size=16 enc_rnn_size=8 z_size=4 num_mixture=3 "
     "use_input_dropout=true use_output_dropout=true"},
    {"vae", "--batch-size 20 --set hidden=8"},
    {"draw",
     "--batch-size 20 --set time_steps=3 enc_rnn_size=9 dec_rnn_size=8 z_size=3 read_size=2 write_size=3 "
     "binarize=dynamic"},
};

class ResumeTest : public ::testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    expect_success(folder_.path(), "data convert builtin:doodles:test -o small.npz --split 80/10/10");
    expect_success(folder_.path(), training("whole"));
  }
  [[nodiscard]] fs::path folder() const { return folder_.path(); }
  [[nodiscard]] static std::string training(const std::string& run) {
    return fmt::format("train {} {} --out {}{}", GetParam().name, GetParam().model, run, kPlan);
  }

  void expect_stops_and_goes_on(int signal) const;

  // Both runs ended with the same tensors.
  void expect_same_end(const std::string& run) const {
    for (const char* name : {"last.safetensors", "best.safetensors", "state.safetensors"}) {
      const auto a = SafetensorsFile::read(folder() / "whole/checkpoints" / name);
      const auto b = SafetensorsFile::read(folder() / run / "checkpoints" / name);
      EXPECT_EQ(a.metadata(), b.metadata()) << name;
      ASSERT_EQ(a.tensors().size(), b.tensors().size()) << name;
      for (const auto& [tensor, data] : a.tensors())
        EXPECT_TRUE(std::ranges::equal(data.bytes, b.tensors().at(tensor).bytes)) << name << ": " << tensor;
    }
  }

 private:
  TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Families, ResumeTest, ::testing::ValuesIn(kFamilies), [](const auto& family) {
  std::string name = family.param.name;
  std::erase(name, '-');
  return name;
});

// Waits until the run has logged `step`, at most ten seconds.
void wait_for_step(const fs::path& run, int step) {
  for (int i = 0; i < 2000; ++i) {
    if (fs::exists(run / "metrics.jsonl") &&
        read_text_file(run / "metrics.jsonl").find(fmt::format("{{\"step\":{},", step)) != std::string::npos)
      return;
    ::usleep(5'000);
  }
}

void ResumeTest::expect_stops_and_goes_on(int signal) const {
  const std::string run = fmt::format("stopped-{}", signal);
  const auto stop = [&](pid_t process) {
    wait_for_step(folder() / run, 9);
    ::kill(process, signal);
  };
  const RunResult result = run_limn(folder(), training(run), {.meanwhile = stop});
  EXPECT_EQ(result.signal, 0);
  EXPECT_EQ(result.status, 128 + signal) << result.err;
  EXPECT_THAT(result.out, HasSubstr("stopped after step"));
  // What it says to type works.
  const std::string advice = "continue with: limn ";
  const std::size_t at = result.out.find(advice);
  ASSERT_NE(at, std::string::npos) << result.out;
  expect_success(folder(), result.out.substr(at + advice.size()));
  expect_same_end(run);
}

// Ctrl-C in a terminal, the end of a session, the end of the terminal itself.
TEST_P(ResumeTest, GoesOnAfterASignalThatAsksItToStop) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) expect_stops_and_goes_on(signal);
}

TEST_P(ResumeTest, TrainsOnWhereHangingUpIsIgnored) {
  const auto hang_up = [this](pid_t process) {
    wait_for_step(folder() / "kept", 9);
    ::kill(process, SIGHUP);
  };
  const RunResult result = run_limn(folder(), training("kept"), {.ignores_hang_up = true, .meanwhile = hang_up});
  EXPECT_EQ(result.status, 0) << result.err;
  expect_same_end("kept");
}

// Two data sets would be mixed without a word, and the best model would stay the other's.
TEST_P(ResumeTest, RefusesOtherDataUnlessTheyAreMeant) {
  const std::string more = fmt::format("train {} --quiet --resume --out whole --steps 66 ", GetParam().name);
  std::string images("\0\0\x08\x03\0\0\0\xC8\0\0\0\x1C\0\0\0\x1C", 16);  // IDX: 200 of 28 x 28
  for (int i = 0; i < 200 * 28 * 28; ++i) images += static_cast<char>(i % 251);
  write_file(folder() / "other-idx3-ubyte", images);
  const std::string data =
      std::string(GetParam().name) == "sketch-rnn" ? "--data builtin:doodles" : "--data other-idx3-ubyte";
  const std::string before = read_text_file(folder() / "whole/config.toml");
  const RunResult refused = run_limn(folder(), more + data);
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("state.safetensors: was trained on other data"));
  EXPECT_EQ(read_text_file(folder() / "whole/config.toml"), before);
  expect_success(folder(), more + data + " --new-data");
  EXPECT_THAT(read_text_file(folder() / "whole/log.txt"), HasSubstr("the best model is judged anew"));
  const auto best = SafetensorsFile::read(folder() / "whole/checkpoints/best.safetensors");
  EXPECT_EQ(best.metadata("step"), "66") << "no model of the other data stays";
}

// 21 kills over the three families.
TEST_P(ResumeTest, GoesOnAfterAKillAtAnyMoment) {
  RandomStream random(20261122, Purpose::kTest);
  constexpr int kKills = 7;
  int killed = 0;
  for (int round = 0, done = 0; done < kKills; ++round) {
    const std::string run = fmt::format("killed-{}", round);
    std::string words = training(run);
    for (int kills = 0; kills < 2 && done < kKills; ++kills, ++done) {
      const auto microseconds = static_cast<useconds_t>(random.below(40'000));
      const int step = 1 + static_cast<int>(random.below(25)) + 25 * kills;
      const auto kill_it = [&](pid_t process) {
        wait_for_step(folder() / run, step);
        ::usleep(microseconds);
        ::kill(process, SIGKILL);
      };
      const RunResult result = run_limn(folder(), words, {.meanwhile = kill_it});
      EXPECT_NE(result.status, 1) << result.err;
      if (result.signal == SIGKILL) ++killed;
      words = fmt::format("train {} --quiet --resume --out {}", GetParam().name, run);
    }
    expect_success(folder(), words);
    expect_same_end(run);
  }
  EXPECT_GE(killed, kKills - 2) << "most runs had ended before they were killed";
}

}  // namespace
}  // namespace limn::testing
