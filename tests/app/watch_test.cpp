// limn watch, of runs that trained, train and are not to be believed; and what limn info says of such a model.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

#include "app/run_limn.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What could move a terminal's cursor, change its colours or its title; line ends are limn's own.
bool has_control_characters(const std::string& text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7f;
  });
}

TEST(Watch, ShowsATrainedRun) {
  const TemporaryFolder folder;
  expect_success(folder.path(), tiny_training("run", "--set log_every=1 valid_every=3 sample_every=6"));
  const std::string shown = expect_success(folder.path(), "watch run");  // stdout is no terminal: once
  EXPECT_THAT(shown, AllOf(HasSubstr("run  sketch-rnn  step 6 of 6  finished\n"), HasSubstr(" s per step, "),
                           HasSubstr(" examples/s, learning rate "), HasSubstr("best on validation: total ")));
  for (const char* loss : {"total", "reconstruction", "kl"}) {
    for (const char* split : {"train", "valid"})
      EXPECT_THAT(shown, HasSubstr(fmt::format("\n{:<30} {:<6} ", loss, split)));
  }
  EXPECT_THAT(shown, AllOf(HasSubstr("▁"), HasSubstr("█"), HasSubstr("last picture: run/samples/step-6")));
  EXPECT_FALSE(has_control_characters(shown)) << "beyond a terminal's";
}

TEST(Watch, ShowsARunThatTrains) {
  const TemporaryFolder folder;
  std::string shown;
  const auto look = [&](pid_t) {
    for (int i = 0; i < 300 && shown.find(" left\n") == std::string::npos; ++i) {  // at first nothing is known
      ::usleep(100'000);
      shown = run_limn(folder.path(), "watch run --once").out;
    }
  };
  // Longer than any look: it is killed when its time is over.
  (void)run_limn(folder.path(), tiny_training("run", "--steps 1000000 --set log_every=1 sample_every=0"),
                 {.seconds = 5, .meanwhile = look});
  EXPECT_THAT(shown, AllOf(HasSubstr(" of 1000000  training\n"), HasSubstr(" left\n")));
}

TEST(Watch, SaysWhatIsNoRun) {
  const TemporaryFolder folder;
  const RunResult result = run_limn(folder.path(), "watch nothing");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("nothing"));
}

constexpr const char* kHostile = "\x1b]0;owned\x07\x1b[2Jshown";

TEST(Watch, ShowsNoControlCharactersOfARun) {
  const TemporaryFolder folder;
  const auto run = folder / "run";
  make_directories(run / "samples");
  write_file(run / "config.toml", "family = \"\\u001b[2Jshown\"\nnum_steps = 9\n");
  write_file(run / "metrics.jsonl",
             "{\"step\":1,\"split\":\"train\\u001b[2J\",\"total\\u001b]0;x\\u0007shown\":1.5,\"seconds\":0.5}\n");
  write_file(run / "log.txt", fmt::format("2026-01-01T00:00:00Z {}\n", kHostile));
  write_file(run / "samples" / fmt::format("step-1{}.png", kHostile), "");
  const std::string shown = expect_success(folder.path(), "watch run");
  EXPECT_THAT(shown, AllOf(HasSubstr("shown"), HasSubstr("1.5000")));
  EXPECT_FALSE(has_control_characters(shown)) << shown;
}

TEST(Info, ShowsNoControlCharactersOfAModel) {
  const TemporaryFolder folder;
  expect_success(folder.path(), tiny_training("run"));
  const auto trained = SafetensorsFile::read(folder / "run/checkpoints/last.safetensors");
  SafetensorsContent content{trained.tensors(), trained.metadata()};
  content.metadata["metrics"] = R"({"total\u001b[2Jshown":1,"text":"\u001b]0;x\u0007shown"})";
  content.metadata["training_config"] = R"({"seed\u009b":"a\nb","deep":{"\u001b":{"\u0007":"shown\u007f"}}})";
  write_safetensors(folder / "hostile.safetensors", content);
  const std::string shown = expect_success(folder.path(), "info hostile.safetensors");
  EXPECT_THAT(shown, AllOf(HasSubstr("shown"), Not(HasSubstr("a\nb"))));
  EXPECT_FALSE(has_control_characters(shown)) << shown;
  EXPECT_FALSE(has_control_characters(expect_success(folder.path(), "info --json hostile.safetensors")));
}

}  // namespace
}  // namespace limn::testing
