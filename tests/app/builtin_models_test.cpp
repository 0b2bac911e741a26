// builtin:NAME as a model, and the built-in data that a command takes where it is given none.
#include <gmock/gmock.h>

#include "app/run_in_process.hpp"
#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/models/checkpoint.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A model of 0.1.0 as one that was trained on `data`.
Bytes model_of(const std::string& family, const std::string& data) {
  models::Checkpoint checkpoint = models::read_checkpoint(fs::path(LIMN_TEST_DATA_DIR) / "runs" / "0.1.0" / family /
                                                          "checkpoints" / "best.safetensors");
  checkpoint.training_config = models::training_config_of({}, std::vector{data});
  return models::serialize_checkpoint(checkpoint);
}

class BuiltinModelsTest : public ::testing::Test {
 protected:
  // Words that begin with '@' are names in the test's folder.
  Said run(const std::string& words) const { return run_in_process(words_of(words, folder_.path()), registry_); }
  std::string succeed(const std::string& words) const {
    const Said said = run(words);
    EXPECT_EQ(said.status, 0) << "limn " << words << "\n" << said.err;
    return said.out;
  }
  void expect_error(const std::string& words, const std::string& message) const {
    const int before = folder_.entries();
    const Said said = run(words);
    EXPECT_EQ(said.status, 1) << words;
    EXPECT_THAT(said.err, HasSubstr(message)) << words;
    EXPECT_EQ(folder_.entries(), before) << words;
  }
  Bytes contents(const std::string& name) const { return read_file(folder_ / name); }

  TemporaryFolder folder_;
  const Bytes doodles_ = model_of("sketch-rnn", "builtin:doodles");
  const Bytes pictures_ = model_of("vae", "data/pictures");
  const models::Registry registry_ = models::standard_registry({{.name = "builtin:doodles", .bytes = doodles_},
                                                                {.name = "builtin:pictures", .bytes = pictures_},
                                                                {.name = "builtin:absent"}});
};

TEST_F(BuiltinModelsTest, EveryCommandThatReadsAModelTakesThem) {
  for (const char* words : {
           "sample builtin:doodles -n 2 -o @new.svg",
           "complete builtin:doodles -n 2 -o @endings.svg",
           "interpolate builtin:doodles --steps 3 -o @path.svg",
           "reconstruct builtin:doodles -n 3 -o @redrawn.svg",
           "encode builtin:doodles --in builtin:doodles:test#0 -o @z.npy",
           "decode builtin:doodles --z @z.npy -o @decoded.svg",
           "traverse builtin:doodles --dims 0,1 --grid 2 -o @plane.svg",
           "manifold builtin:doodles --grid 2 -o @manifold.svg",
           "manifold builtin:pictures --grid 2 -o @manifold.png",
           "export builtin:doodles -o @doodles.safetensors --half",
           "fit-prior builtin:doodles -o @fitted.safetensors",
           "train sketch-rnn --init-from builtin:doodles --steps 1 --batch-size 2 --quiet --out @run",
       })
    succeed(words);
  EXPECT_THAT(succeed("info builtin:doodles"), HasSubstr("builtin:doodles"));
  EXPECT_THAT(succeed("eval builtin:doodles --split test"), HasSubstr("builtin:doodles-30\n"));
  EXPECT_THAT(read_text_file(folder_ / "run" / "config.toml"),
              AllOf(HasSubstr("init_from = \"builtin:doodles\""), HasSubstr("data = [\"builtin:doodles-30\"]")));
}

TEST_F(BuiltinModelsTest, DrawingsThatNobodyNamesAreThoseOfTheTestSplit) {
  const auto expect_same = [&](const std::string& words, const std::string& named) {
    succeed(words + " -o @a.json");
    succeed(words + named + " -o @b.json");
    EXPECT_EQ(contents("a.json"), contents("b.json")) << words;
  };
  expect_same("complete builtin:doodles -n 2", " --in builtin:doodles:test#0 --points 6");
  expect_same("complete builtin:doodles -n 2 --points 5", " --in builtin:doodles:test#0");
  expect_same("interpolate builtin:doodles --steps 3", " --from builtin:doodles:test#0 --to builtin:doodles:test#1");
  expect_same("reconstruct builtin:doodles -n 3", " --in builtin:doodles:test");
  succeed("encode builtin:doodles -o @a.npy");
  succeed("encode builtin:doodles --in builtin:doodles:test -o @b.npy");
  EXPECT_EQ(contents("a.npy"), contents("b.npy"));
}

TEST_F(BuiltinModelsTest, AModelOfOtherDataAsksForDrawings) {
  for (const char* command : {"reconstruct builtin:pictures -o @x.png", "encode builtin:pictures -o @x.npy"})
    expect_error(command,
                 "builtin:pictures: was trained on other data than builtin:shapes; --in is needed, as in --in "
                 "data/pictures:test\n");
  expect_error("interpolate builtin:pictures -o @x.png", "as in --from 'data/pictures:test#0'\n");
  expect_error("interpolate builtin:doodles --from builtin:doodles#0 -o @x.svg", "give --from and --to");
  expect_error("fit-prior builtin:pictures -o @x.safetensors", "--data is needed, as in --data data/pictures\n");
  // An imported model: nothing says that it knows doodles.
  models::Checkpoint imported = registry_.read("builtin:doodles");
  imported.training_config = "{}";
  models::write_checkpoint(folder_ / "imported.safetensors", imported);
  for (const std::string command : {"complete", "reconstruct", "interpolate"})
    expect_error(command + " @imported.safetensors -o @x.svg",
                 "imported.safetensors: does not say on what it was trained");
  expect_error("fit-prior @imported.safetensors", "does not say on what it was trained; --data is needed");
}

TEST_F(BuiltinModelsTest, SaysWhatThereIs) {
  for (const std::string command : {"sample", "info", "eval", "encode", "serve"}) {
    expect_error(
        command + " builtin:cats",
        "builtin:cats: no such model is built in; there are builtin:doodles, builtin:pictures, builtin:absent");
    expect_error(command + " builtin:absent", "builtin:absent: this limn was built without it");
  }
  expect_error("fit-prior builtin:doodles", "builtin:doodles: is part of limn; say with -o where to write");
  expect_error("sample builtin:doodles --checkpoint last", "builtin:doodles: is not a run directory");
}

TEST_F(BuiltinModelsTest, ExportsFloat16) {
  succeed("export builtin:doodles -o @whole.safetensors");
  succeed("export builtin:doodles -o @half.safetensors --half");
  succeed("export builtin:doodles --to safetensors --half -o @same.safetensors");
  EXPECT_EQ(contents("half.safetensors"), contents("same.safetensors"));
  const SafetensorsFile half = SafetensorsFile::read(folder_ / "half.safetensors");
  for (const auto& [name, tensor] : half.tensors()) EXPECT_EQ(tensor.type, DType::kF16) << name;
  EXPECT_EQ(models::read_checkpoint(folder_ / "whole.safetensors").weights, registry_.read("builtin:doodles").weights);
  succeed("sample @half.safetensors -n 2 -o @new.svg");

  expect_error("export builtin:doodles -o @x.gen.json --half", "--half: is for .safetensors; leave it out");
  expect_error("export builtin:doodles --to safetensors -o @x.json", "safetensors files end in .safetensors");
  expect_error("export builtin:doodles --to magenta-json -o @x.safetensors", "magenta-json files end in .json");
  expect_error("export builtin:doodles -o @x.npz", "x.npz: a Sketch-RNN model goes to safetensors, magenta-json");
  expect_error("export builtin:pictures -o @x.json", "x.json: a VAE model goes to safetensors");
}

}  // namespace
}  // namespace limn::testing
