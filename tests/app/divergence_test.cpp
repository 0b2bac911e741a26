// A learning rate of 1, a thousand times too large: a run survives it, or stops with an error that says what to do.
// What it leaves can be read and holds numbers.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "app/run_limn.hpp"
#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr const char* kPlan =
    " --out run --quiet --learning-rate 1 --set min_learning_rate=1 num_steps=60 save_every=7 valid_every=30 "
    "sample_every=0";

void expect_finite(const std::filesystem::path& file) {
  const auto content = SafetensorsFile::read(file);
  ASSERT_FALSE(content.tensors().empty()) << file;
  for (const auto& [name, tensor] : content.tensors()) {
    const auto values = content.read_f32(name, tensor.shape);
    EXPECT_TRUE(std::ranges::all_of(values, [](float v) { return std::isfinite(v); })) << file << ": " << name;
  }
}

class DivergenceTest : public ::testing::TestWithParam<const char*> {};

TEST_P(DivergenceTest, RecoversOrStopsCleanly) {
  const TemporaryFolder folder;
  const RunResult result = run_limn(folder.path(), std::string("train ") + GetParam() + kPlan);
  EXPECT_EQ(result.signal, 0);
  if (result.status == 0) {
    EXPECT_THAT(result.out, HasSubstr("trained 60 steps"));
  } else {
    EXPECT_EQ(result.status, 1);
    // Notices of what was tried, then one line.
    EXPECT_THAT(result.err,
                ContainsRegex("\nlimn: error: run: training diverged: [^\n]*smaller --learning-rate[^\n]*\n$"));
    const std::string log = read_text_file(folder / "run/log.txt");
    EXPECT_THAT(log, HasSubstr("with 0.5 of the learning rate"));
    EXPECT_THAT(log, HasSubstr("is not finite; the step is not applied; batch: "));
  }
  for (const char* name : {"last", "state"})
    expect_finite(folder / "run/checkpoints" / (std::string(name) + ".safetensors"));
}
INSTANTIATE_TEST_SUITE_P(
    Families, DivergenceTest,
    ::testing::Values("sketch-rnn --batch-size 20 --set dec_rnn_size=16 enc_rnn_size=8 z_size=4 max_seq_len=40",
                      "sketch-rnn --batch-size 20 --set dec_rnn_size=16 enc_rnn_size=8 z_size=4 grad_clip_mode=none "
                      "max_seq_len=40",
                      "vae --batch-size 20 --set hidden=8",
                      "vae --batch-size 10 --set arch=conv40 image_size=40 channels=4 hidden=16",
                      "draw --batch-size 20 --set time_steps=3 enc_rnn_size=9 dec_rnn_size=8 z_size=3 "
                      "grad_clip_mode=none"));

}  // namespace
}  // namespace limn::testing
