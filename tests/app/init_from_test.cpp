// limn train --init-from: a new run that starts from the weights of a model.
#include <gmock/gmock.h>

#include <cmath>

#include "app/run_limn.hpp"
#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

using ::testing::HasSubstr;

// The largest difference between the weights of two runs' last models. Running means move at any learning rate, and the
// prior with them.
float difference(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto one = SafetensorsFile::read(a / "checkpoints/last.safetensors");
  const auto other = SafetensorsFile::read(b / "checkpoints/last.safetensors");
  EXPECT_EQ(one.tensors().size(), other.tensors().size());
  float largest = 0;
  for (const auto& [name, tensor] : one.tensors()) {
    if (name.find("running") != std::string::npos || name.starts_with("prior.")) continue;
    const auto x = one.read_f32(name, tensor.shape), y = other.read_f32(name, tensor.shape);
    for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
  }
  return largest;
}

class InitFrom : public ::testing::TestWithParam<const char*> {};

TEST_P(InitFrom, StartsAtTheModelsWeights) {
  const TemporaryFolder folder;
  const std::string family(GetParam(), std::string(GetParam()).find(' '));
  expect_success(folder.path(), std::string("train ") + GetParam() + " num_steps=8 --batch-size 20 --quiet --out old");
  // The layers' options are the model's; so small a rate moves nothing.
  const std::string start = "train " + family + " --batch-size 20 --quiet --set sample_every=0 min_learning_rate=0 ";
  expect_success(folder.path(), start +
                                    "--init-from old/checkpoints/last.safetensors --learning-rate 1e-9 --steps 1 "
                                    "--seed 5 --out new");
  EXPECT_LT(difference(folder / "old", folder / "new"), 1e-6f);
  EXPECT_THAT(read_text_file(folder / "new/config.toml"), HasSubstr("init_from = \"old/checkpoints/last"));
  // A run that had saved nothing yet begins with them too.
  std::filesystem::remove_all(folder / "new/checkpoints");
  expect_success(folder.path(), "train " + family + " --resume --quiet --out new");
  EXPECT_LT(difference(folder / "old", folder / "new"), 1e-6f);
  // The run trains, with an optimiser of its own.
  expect_success(folder.path(), start + "--init-from old --steps 3 --out moved");
  EXPECT_GT(difference(folder / "old", folder / "moved"), 1e-5f);
}
INSTANTIATE_TEST_SUITE_P(Families, InitFrom,
                         ::testing::Values("sketch-rnn --set dec_rnn_size=16 enc_rnn_size=8 z_size=4 num_mixture=3",
                                           "vae --set arch=conv40 image_size=40 channels=2 hidden=8",
                                           "draw --set time_steps=3 enc_rnn_size=9 dec_rnn_size=8 z_size=3"));

TEST(InitFromMistakes, AreOneLine) {
  const TemporaryFolder folder;
  expect_success(folder.path(), tiny_training("old"));
  const auto expect_error = [&](const std::string& words, const std::string& part) {
    const RunResult result = run_limn(folder.path(), "train " + words + " --quiet --out new --steps 1");
    EXPECT_EQ(result.status, 1) << words;
    EXPECT_THAT(result.err, HasSubstr(part));
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "new")) << "a run was begun";
  };
  expect_error("vae --init-from old", "use limn train sketch-rnn");
  expect_error("sketch-rnn --init-from none.safetensors", "none.safetensors: no such file");
  expect_error("sketch-rnn --init-from old --set z_size=5", "old/checkpoints/best.safetensors: ");
  expect_error("sketch-rnn --init-from old --resume", "--init-from");
}

}  // namespace
}  // namespace limn::testing
