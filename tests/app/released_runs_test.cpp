// Runs that released versions wrote, kept in tests/data/runs/VERSION/FAMILY: today's limn reads them, finds the losses
// that the version found, and trains on. A new version adds a folder; none is ever made anew.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "app/run_limn.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct ReleasedRun {
  const char* version;
  const char* family;
  double test_total;  // `limn eval RUN --json` as that version printed it; on the family's built-in data
};

class ReleasedRunTest : public ::testing::TestWithParam<ReleasedRun> {};

TEST_P(ReleasedRunTest, IsReadAndTrainsOn) {
  const auto& [version, family, test_total] = GetParam();
  const TemporaryFolder folder;
  fs::copy(fs::path(LIMN_TEST_DATA_DIR) / "runs" / version / family, folder / "run", fs::copy_options::recursive);
  const auto losses = nlohmann::json::parse(expect_success(folder.path(), "eval run --split test --json"));
  EXPECT_NEAR(losses.at("total").get<double>(), test_total, 1e-4 * test_total);
  expect_success(folder.path(), "sample run -n 2 -o new.png");
  expect_success(folder.path(), "plot run -o curves.svg");
  const auto said =
      expect_success(folder.path(), std::string("train ") + family + " --resume --out run --steps 8 --quiet");
  EXPECT_THAT(said, HasSubstr("trained 8 steps"));
}
INSTANTIATE_TEST_SUITE_P(All, ReleasedRunTest,
                         ::testing::Values(ReleasedRun{"0.1.0", "sketch-rnn", 3.2330324726110784},
                                           ReleasedRun{"0.1.0", "vae", 25.677501678064466},
                                           ReleasedRun{"0.1.0", "draw", 24.829991743969615}));

// "builtin:doodles" was a set of ten kinds then. Today's name for it comes out of whatever 0.1.0 left.
TEST(ReleasedRuns, TheirDoodlesAreThoseOfTheirVersion) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run";
  fs::copy(fs::path(LIMN_TEST_DATA_DIR) / "runs" / "0.1.0" / "sketch-rnn", run, fs::copy_options::recursive);
  const auto data_of = [&](const std::string& model) {
    return nlohmann::json::parse(expect_success(folder.path(), "eval " + model + " --json"))["data"];
  };
  const nlohmann::json ten{"builtin:doodles-10"}, thirty{"builtin:doodles-30"};
  EXPECT_EQ(data_of("run"), ten);
  fs::copy_file(run / "checkpoints" / "best.safetensors", folder / "alone.safetensors");
  EXPECT_EQ(data_of("alone.safetensors"), ten);

  const std::string train = "train sketch-rnn --quiet --out ";
  const auto config_of = [&](const std::string& made) { return read_text_file(folder / made / "config.toml"); };
  expect_success(folder.path(), train + "repeated --config run/config.toml --steps 1");
  EXPECT_THAT(config_of("repeated"), HasSubstr("data = [\"builtin:doodles-10\"]"));
  expect_success(folder.path(), train + "next --init-from alone.safetensors --steps 1 --batch-size 4");
  EXPECT_THAT(config_of("next"), HasSubstr("data = [\"builtin:doodles-10\"]"));
  expect_success(folder.path(), train + "run --resume --steps 7");
  EXPECT_THAT(config_of("run"), HasSubstr("data = [\"builtin:doodles-10\"]"));
  EXPECT_EQ(data_of("run"), ten);

  // A plan that somebody wrote means the doodles of today.
  write_file(folder / "plan.toml", "data = ['builtin:doodles']\ndec_rnn_size = 4\nenc_rnn_size = 3\nz_size = 2\n");
  expect_success(folder.path(), train + "new --config plan.toml --steps 1 --batch-size 2");
  EXPECT_THAT(config_of("new"), HasSubstr("data = [\"builtin:doodles-30\"]"));
  EXPECT_EQ(data_of("new"), thirty);
  expect_success(folder.path(), train + "new --resume --steps 2");
  EXPECT_EQ(data_of("new"), thirty);
}

TEST(ReleasedRuns, EachOneKeptIsTested) {
  int kept = 0;
  for (const auto& version : fs::directory_iterator(fs::path(LIMN_TEST_DATA_DIR) / "runs"))
    for ([[maybe_unused]] const auto& family : fs::directory_iterator(version)) ++kept;
  EXPECT_EQ(kept, 3);
}

}  // namespace
}  // namespace limn::testing
