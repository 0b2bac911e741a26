// Inputs that hold nothing, models whose training diverged, and references that do not name what is wanted: each
// command says so in one line that names the file, and writes nothing.
#include <gmock/gmock.h>

#include <functional>
#include <sstream>

#include "app/run_in_process.hpp"
#include "limn/core/file.hpp"
#include "limn/models/checkpoint.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Runs of 0.1.0.
fs::path released(const std::string& family) {
  return fs::path(LIMN_TEST_DATA_DIR) / "runs" / "0.1.0" / family / "checkpoints" / "best.safetensors";
}

class BadInputsTest : public ::testing::Test {
 protected:
  // Words that begin with '@' are names in the test's folder; $sketch, $vae and $draw are models.
  Said run(const std::string& words) const {
    std::vector<std::string> arguments;
    std::istringstream stream(words);
    for (std::string word; stream >> word;) {
      if (word == "$sketch") word = released("sketch-rnn").string();
      if (word == "$vae" || word == "$draw") word = released(word.substr(1)).string();
      arguments.push_back(word.starts_with('@') ? (folder_ / word.substr(1)).string() : word);
    }
    return run_in_process(arguments, registry_);
  }
  // One line that names `what`, and nothing written that was not there.
  void expect_error(const std::string& words, const std::string& what, const std::string& advice = "") const {
    const int before = folder_.entries();
    const Said said = run(words);
    SCOPED_TRACE("limn " + words + "\n" + said.err);
    EXPECT_EQ(said.status, 1);
    EXPECT_EQ(said.out, "");
    EXPECT_THAT(said.err, StartsWith("limn: error: "));
    EXPECT_EQ(said.err.find('\n'), said.err.size() - 1);
    EXPECT_THAT(said.err, HasSubstr(what));
    EXPECT_THAT(said.err, HasSubstr(advice));
    EXPECT_EQ(folder_.entries(), before);
  }
  // The model of 0.1.0 with all weights changed.
  void write_model(const std::string& family, const std::string& name,
                   const std::function<float(float)>& change) const {
    models::Checkpoint checkpoint = models::read_checkpoint(released(family));
    for (auto& [tensor, values] : checkpoint.weights)
      for (float& value : values) value = change(value);
    models::write_checkpoint(folder_ / name, checkpoint);
  }
  void write_two_sketches() const {
    write_file(folder_ / "two.json", "[[[[0, 0], [9, 5], [3, 9], [2, 2]]], [[[0, 0], [4, 4], [8, 0], [1, 7]]]]\n");
  }

  TemporaryFolder folder_;
  const models::Registry registry_ = models::standard_registry();
};

TEST_F(BadInputsTest, FilesThatHoldNothingAreNamed) {
  for (const char* name : {"a.npz", "a.ndjson", "a.bin", "a.json", "a.svg", "a.npy", "a.png", "a.jpg", "a.gz",
                           "train-images-idx3-ubyte", "a.safetensors", "a.gen.json", "svgs/a.svg", "pngs/a.png"}) {
    make_directories((folder_ / name).parent_path());
    write_file(folder_ / name, "");
  }
  write_file(folder_ / "line.ndjson", "\n");
  write_file(folder_ / "list.json", "[]\n");
  write_file(folder_ / "object.json", "{}\n");
  make_directories(folder_ / "folder");
  make_directories(folder_ / "folder.limn");
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    const std::string name = entry.path().filename().string();
    for (const std::string command : {"data info @",
                                      "data info --json @",
                                      "data convert -o @out.npz @",
                                      "data convert -o @out.limn @",
                                      "train sketch-rnn --out @run --data @",
                                      "train vae --out @run --data @",
                                      "train draw --out @run --data @",
                                      "eval $sketch --data @",
                                      "eval $vae --data @",
                                      "encode $sketch -o @out.npy --in @",
                                      "encode $vae -o @out.npy --in @",
                                      "decode $sketch -o @out.svg --z @",
                                      "complete $sketch -o @out.svg --in @",
                                      "reconstruct $draw -o @out.svg --in @",
                                      "interpolate $vae -o @out.svg --to builtin:shapes#1 --from @",
                                      "traverse $vae --dims 0,1 -o @out.png --base @",
                                      "sample -o @out.svg @",
                                      "info @",
                                      "export -o @out.json @",
                                      "import -o @out.safetensors @",
                                      "import --from labml -o @out.safetensors @",
                                      "plot -o @out.svg @",
                                      "watch @",
                                      "serve @",
                                      "bench --data @"})
      // Images go to .limn only, which is said first.
      expect_error(command + name, command.starts_with("data convert -o @out.npz") ? "" : name);
  }
}

TEST_F(BadInputsTest, AModelThatDivergedIsNamed) {
  write_two_sketches();
  for (const char* family : {"sketch-rnn", "vae", "draw"}) {
    const std::string model = std::string(family) + ".safetensors";
    write_model(family, model, [](float value) { return value > 0 ? 1e38F : -1e38F; });
    const std::string data = family == std::string("sketch-rnn") ? "@two.json" : "builtin:shapes";
    const std::string advice = "take an earlier checkpoint";
    expect_error("eval --json --split train @" + model + " --data " + data, model, advice);
    expect_error("encode -o @z.npy --in " + data + "#1 @" + model, model, advice);
    expect_error("reconstruct -o @x.png --in " + data + "#1 @" + model, model, advice);
    expect_error("interpolate -o @x.png --from " + data + "#0 --to " + data + "#1 @" + model, model, advice);
  }
  for (const char* words : {"sample -o @x.svg", "sample -o @x.npz", "complete --points 2 -o @x.svg --in @two.json#1"})
    expect_error(std::string(words) + " @sketch-rnn.safetensors", "sketch-rnn.safetensors",
                 "take an earlier checkpoint");
}

TEST_F(BadInputsTest, OneDrawingIsWantedAndNotTheFirstOfMany) {
  write_two_sketches();
  for (const std::string reference : {"two.json", "two.json:train"}) {
    for (const char* words : {"complete $sketch --in @", "interpolate $sketch --to @two.json#1 --from @",
                              "interpolate $sketch --from @two.json#1 --to @"})
      expect_error(words + reference + " -o @x.svg", reference + ": names more than one drawing", reference + "#0");
  }
  expect_error("traverse $vae --dims 0,1 --base builtin:shapes:test -o @x.png", "builtin:shapes:test#0");
}

TEST_F(BadInputsTest, PointsBeyondTheSketchAreRefused) {
  write_two_sketches();
  expect_error("complete $sketch --in @two.json#1 --points 5 -o @x.svg", "--points 5", "points; use as many at most");
}

TEST_F(BadInputsTest, AFormatThatCannotHoldAModelNamesIt) {
  expect_error("export $sketch -o @x.json", released("sketch-rnn").string(), "mixture components");
}

TEST_F(BadInputsTest, WhatCannotBeWrittenNamesTheFile) {
  const std::string far = R"(<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L1e9 0"/></svg>)";
  write_file(folder_ / "far.svg", far);
  expect_error("data convert @far.svg -o @x.npz --resample 1e-9", "far.svg", "use a larger spacing");
  expect_error("manifold $vae --grid 60 --scale 100 -o @x.png", "x.png", "pixels");
}

TEST_F(BadInputsTest, TheSameDimensionTwiceIsNoPlane) {
  expect_error("traverse $vae --dims 0,0 -o @x.png", "--dims 0,0", "two different dimensions");
}

TEST_F(BadInputsTest, APathThatNoFileSystemTakesIsNoInternalError) {
  const std::string name(300, 'a');
  for (const std::string command : {"data info ", "sample -o @x.svg ", "plot -o @x.svg ", "watch ", "serve --runs ",
                                    "train sketch-rnn --out ", "train sketch-rnn --out @run --data "})
    expect_error(command + name, "error: " + name);
}

// Nothing opens a file because a file names it.
TEST_F(BadInputsTest, EvaluatesOnOtherDataThanTheModelsOnlyWhereTheyAreGiven) {
  models::Checkpoint checkpoint = models::read_checkpoint(released("sketch-rnn"));
  checkpoint.training_config = models::training_config_of({}, std::vector<std::string>{"my cats.npz", "dogs.npz"});
  models::write_checkpoint(folder_ / "cats.safetensors", checkpoint);
  expect_error("eval @cats.safetensors", "cats.safetensors: was trained on other data than builtin:doodles",
               "--data 'my cats.npz' dogs.npz");
  const Said said = run("eval @cats.safetensors --data builtin:doodles");
  EXPECT_EQ(said.status, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("builtin:doodles\n"));

  make_directories(folder_ / "run" / "checkpoints");
  fs::copy_file(released("sketch-rnn"), folder_ / "run" / "checkpoints" / "best.safetensors");
  write_file(folder_ / "run" / "config.toml", "data = [\"birds.npz\"]\n");
  expect_error("eval @run", "run: was trained on other data", "--data birds.npz");
  write_file(folder_ / "run" / "config.toml", "data = [\"builtin:doodles\"]\n");
  EXPECT_EQ(run("eval @run").status, 0);
}

}  // namespace
}  // namespace limn::testing
