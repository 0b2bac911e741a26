// Options of limn train as people bring them from other programs: epochs for steps, Magenta's hyperparameters, numbered
// checkpoints, grids of drawings.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "app/run_limn.hpp"
#include "image/picture_files.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kTinyVae = "train vae --quiet --batch-size 20 --set hidden=4 z_size=2 --out run ";

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

class TrainOptionsTest : public ::testing::Test {
 protected:
  std::string run(const std::string& words) { return expect_success(folder_.path(), words); }
  std::string config() { return read_text_file(folder_ / "run/config.toml"); }
  std::string refusal(const std::vector<std::string>& words) {
    const RunResult result = run_limn(folder_.path(), words);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, StartsWith("limn: error: "));
    EXPECT_FALSE(fs::exists(folder_ / "run"));
    return result.err;
  }
  TemporaryFolder folder_;
};

// The built-in shapes have 6,000 images to train on: 300 steps of 20 an epoch.
TEST_F(TrainOptionsTest, StepsMayBeGivenInEpochs) {
  run(kTinyVae + std::string("--steps 0.01epochs --valid-every epoch --save-every 1epoch --sample-every 0.5epoch"));
  EXPECT_THAT(config(), AllOf(HasSubstr("num_steps = 3 "), HasSubstr("valid_every = 300 "),
                              HasSubstr("save_every = 300 "), HasSubstr("sample_every = 150 ")));
  write_file(folder_ / "epochs.toml", "valid_every = \"2 epochs\"\nsave_every = \"1epoch\"\n");
  run(kTinyVae + std::string("--overwrite --steps 2 --config epochs.toml --valid-every 7"));
  EXPECT_THAT(config(), HasSubstr("save_every = 300 "));
  EXPECT_THAT(config(), HasSubstr("valid_every = 7 "));
}

TEST_F(TrainOptionsTest, OnlyStepsAreCountedInEpochs) {
  for (const char* value : {"0epoch", "-1epoch", "nanepochs", "1e300epochs", "1 2epochs"})
    EXPECT_THAT(refusal({"train", "vae", "--out", "run", "--valid-every", value}),
                HasSubstr(fmt::format("--valid-every {}: expected a number of epochs above 0", value)));
  EXPECT_THAT(refusal({"train", "vae", "--out", "run", "--set", "batch_size=1epoch"}),
              HasSubstr("batch_size=1epoch: expected a whole number"));
}

TEST_F(TrainOptionsTest, KeepsTheLastNumberedCheckpoints) {
  run(kTinyVae + std::string("--steps 11 --save-every 2 --keep-checkpoints 2 --sample-every 0"));
  EXPECT_THAT(names_in(folder_ / "run/checkpoints"),
              ElementsAre("best.safetensors", "last.safetensors", "state.safetensors", "step-10.safetensors",
                          "step-11.safetensors"));
  EXPECT_EQ(read_text_file(folder_ / "run/checkpoints/step-11.safetensors"),
            read_text_file(folder_ / "run/checkpoints/last.safetensors"));
  // More of them, after a stop.
  run("train vae --quiet --out run --resume --steps 15 --keep-checkpoints 3");
  for (const char* name : {"step-12.safetensors", "step-14.safetensors", "step-15.safetensors"})
    EXPECT_TRUE(names_in(folder_ / "run/checkpoints").contains(name)) << name;
  EXPECT_EQ(names_in(folder_ / "run/checkpoints").size(), 6U);
  EXPECT_THAT(run("info run/checkpoints/step-14.safetensors --json"), HasSubstr("\"step\":14"));
}

TEST_F(TrainOptionsTest, TakesMagentasHyperparameters) {
  const std::string small = "enc_rnn_size=4,dec_rnn_size=4,z_size=3,num_steps=2,batch_size=10";
  expect_success(folder_.path(), "train sketch-rnn --quiet --out run --hparams " + small +
                                     ",data_set=[builtin:doodles],is_training=True");
  EXPECT_THAT(config(), AllOf(HasSubstr("z_size = 3 "), HasSubstr("data = [\"builtin:doodles-30\"]")));
  write_file(folder_ / "model_config.json",
             R"({"enc_rnn_size": 4, "dec_rnn_size": 4, "num_steps": 2, "batch_size": 10, "z_size": 5,
                 "data_set": ["elsewhere.npz"], "is_training": true})");
  // A file's data are its own run's: --data stands over them.
  expect_success(folder_.path(),
                 "train sketch-rnn --quiet --out run --overwrite --hparams model_config.json --data builtin:doodles "
                 "--set z_size=6");
  EXPECT_THAT(config(), AllOf(HasSubstr("z_size = 6 "), HasSubstr("data = [\"builtin:doodles-30\"]")));
  fs::remove_all(folder_ / "run");
  EXPECT_THAT(refusal({"train", "sketch-rnn", "--out", "run", "--hparams", "dec_modl=lstm"}),
              AllOf(HasSubstr("--hparams: unknown option 'dec_modl'"), HasSubstr("dec_model")));
  EXPECT_THAT(refusal({"train", "sketch-rnn", "--out", "run", "--hparams", "model_config.json"}),
              HasSubstr("model_config.json: names the data elsewhere.npz, which are not there"));
}

TEST_F(TrainOptionsTest, RefusesTwoNamesForTheData) {
  for (const char* option : {"--set", "--hparams"})
    EXPECT_THAT(refusal({"train", "sketch-rnn", "--out", "run", "--data", "builtin:doodles", option, "data_set=a.npz"}),
                HasSubstr(fmt::format("{} data_set=a.npz: --data names other data, builtin:doodles", option)));
  expect_success(folder_.path(), tiny_training("run", "--data builtin:doodles --set data_set=builtin:doodles"));
}

TEST_F(TrainOptionsTest, StartsFromAModelOnItsDataOnlyWhereTheyAreNamed) {
  const fs::path start = folder_ / "start";
  expect_success(folder_.path(), "data convert builtin:doodles:test -o mine.npz --split 80/10/10");
  expect_success(folder_.path(), tiny_training("start", "--data mine.npz"));
  EXPECT_THAT(refusal({"train", "sketch-rnn", "--out", "run", "--init-from", start.string()}),
              AllOf(HasSubstr("was trained on other data than builtin:doodles"), HasSubstr("--data mine.npz")));
  EXPECT_THAT(refusal({"train", "sketch-rnn", "--out", "run", "--new-data"}), HasSubstr("--new-data: is for --resume"));
  const RunResult itself = run_limn(
      folder_.path(),
      "train sketch-rnn --data mine.npz --out start --overwrite --init-from start/checkpoints/best.safetensors");
  EXPECT_THAT(itself.err, HasSubstr("lies in the run that --overwrite replaces"));
  EXPECT_TRUE(fs::exists(start / "config.toml"));
}

TEST_F(TrainOptionsTest, SavesGridsBesideTheSamplePicture) {
  run(kTinyVae + std::string("--steps 2 --sample-every 2 --set sample_grid=3"));
  EXPECT_THAT(names_in(folder_ / "run/samples"),
              ElementsAre("step-2-given.png", "step-2-new.png", "step-2-redrawn.png", "step-2.png"));
}

// 60 of 66 images to train on, as 55,000 of 60,000 are.
TEST_F(TrainOptionsTest, TheTutorialsDrawKeepsATwelfthAndSavesAGridForEachGlimpse) {
  fs::create_directory(folder_ / "digits");
  write_file(folder_ / "digits/train-images-idx3-ubyte", idx_file({72, 6, 6}, ramp(72 * 36)));
  write_file(folder_ / "digits/t10k-images-idx3-ubyte", idx_file({3, 6, 6}, ramp(3 * 36)));
  run("train draw --preset tutorial --quiet --data digits --out run --steps 2 --sample-every 2 --set enc_rnn_size=4 "
      "dec_rnn_size=4 z_size=2");
  EXPECT_THAT(config(), AllOf(HasSubstr("batch_size = 64 "), HasSubstr("binarize = \"none\""),
                              HasSubstr("grad_clip_scope = \"tensor\""), HasSubstr("time_steps = 10 ")));
  const std::set<std::string> samples = names_in(folder_ / "run/samples");
  EXPECT_EQ(samples.size(), 12U);  // the picture, the originals and ten glimpses
  EXPECT_TRUE(samples.contains("step-2-t01.png") && samples.contains("step-2-t10.png"));
  EXPECT_THAT(expect_success(folder_.path(), "train draw --help"), HasSubstr("num_steps=20000"));
  // Six of 72 are held out: an epoch of 66 is one batch of 64, of 60 it would be none.
  run("eval run --data digits --split valid --json");
  EXPECT_THAT(run("eval run --data digits --split valid --json"), HasSubstr("\"n\":6"));
}

TEST_F(TrainOptionsTest, EvaluatesVaesAtTheMeanOfZ) {
  run(kTinyVae + std::string("--steps 2"));
  const std::string mean = run("eval run --latent mean --json"), drawn = run("eval run --json");
  EXPECT_NE(mean, drawn);
  EXPECT_EQ(mean, run("eval run --latent mean --seed 7 --json"));
}

}  // namespace
}  // namespace limn::testing
