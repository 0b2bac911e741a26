// What a user does wrong, and what the machine does: one line that says which file and what to do, exit
// status 1, and nothing half-written left behind.
#include <gmock/gmock.h>

#include "app/run_limn.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/arrays/zip_archive.hpp"
#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"
#include "limn/sketch/npz.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

fs::path fixture(const std::string& name) { return fs::path(LIMN_TEST_DATA_DIR) / "npz" / name; }

// Expects the mistake's line to name `what` and to contain `advice`.
void expect_error(const fs::path& folder, const std::string& words, const std::string& what, const std::string& advice,
                  const RunLimits& limits = {}) {
  SCOPED_TRACE("limn " + words);
  const RunResult result = run_limn(folder, words, limits);
  EXPECT_EQ(result.status, 1) << "signal " << result.signal;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith("limn: error: "));
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr(what));
  EXPECT_THAT(result.err, HasSubstr(advice));
}

std::string train_on(const std::string& data) { return tiny_training("run", "--data " + data); }

class ErrorsTest : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_FALSE(fs::exists(folder_ / "run")) << "a run was begun";
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
      EXPECT_FALSE(entry.path().filename().string().ends_with(".tmp")) << entry.path();
  }
  TemporaryFolder folder_;
};

sketch::Sketch scribble(int length) {
  sketch::Sketch sketch;
  for (int i = 0; i < length; ++i)
    sketch.points.push_back(
        {.dx = static_cast<float>(i % 5 - 2), .dy = static_cast<float>(i % 3 - 1), .is_pen_lifted = i + 1 == length});
  return sketch;
}

TEST_F(ErrorsTest, NamesAMissingFile) {
  expect_error(folder_.path(), train_on("cat.npz"), "cat.npz", "no such file; check the path");
  expect_error(folder_.path(), "sample model.safetensors", "model.safetensors", "no such file");
  expect_error(folder_.path(), "data convert cat.ndjson -o cat.npz", "cat.ndjson", "check the path");
  expect_error(folder_.path(), "plot run", "run", "holds no run");
}

TEST_F(ErrorsTest, SaysWhatAFileIsThatIsNotWanted) {
  expect_success(folder_.path(), "data convert builtin:doodles -o few.npz --max-points 5");
  expect_error(folder_.path(), "data info few.npz:tset", "few.npz:tset", "few.npz is there");
  expect_error(folder_.path(), "reconstruct few.npz --in few.npz", "few.npz", "and no model");
  expect_error(folder_.path(), "encode few.npz --in few.npz -o z.txt", "z.txt", "use .npy");
  expect_error(folder_.path(), "import few.npz -o model.bin", "model.bin", ".safetensors");
}

TEST_F(ErrorsTest, RefusesDamagedData) {
  Bytes whole = read_file(fixture("protocol2.npz"));
  whole.resize(whole.size() / 2);
  write_file(folder_ / "cut.npz", whole);
  expect_error(folder_.path(), train_on("cut.npz"), "cut.npz", "fetch");
  expect_error(folder_.path(), train_on(fixture("no_train.npz").string()), "no_train.npz", "train");
  expect_error(folder_.path(), train_on(fixture("nan.npz").string()), "nan.npz", "sketch");
  write_file(folder_ / "wide.npy",
             arrays::npy_header("|u1", std::vector<std::int64_t>{1, 2, 6}) + "\1\2\1\1\1\1\1\2\1\1\1\1");
  expect_error(folder_.path(), train_on("wide.npy"), "wide.npy: the array has shape 1 x 2 x 6", "expected N x L x 3");
}

TEST_F(ErrorsTest, RunsNothingThatAPickleAsksFor) {
  const std::vector<std::int64_t> shape{1};
  const std::string npy = arrays::npy_header("|O", shape) +
                          "\x80\x02"
                          "cos\nsystem\n(S'touch hacked'\ntR.";
  const auto bytes = as_bytes(npy);
  const std::pair<std::string, Bytes> entry{"train.npy", Bytes(bytes.begin(), bytes.end())};
  write_file(folder_ / "evil.npz", arrays::make_zip(std::span(&entry, 1)));
  expect_error(folder_.path(), train_on("evil.npz"), "evil.npz", "system");
  EXPECT_FALSE(fs::exists(folder_ / "hacked"));
}

TEST_F(ErrorsTest, RefusesTooLittleData) {
  sketch::write_npz(folder_ / "empty.npz", {});
  expect_error(folder_.path(), train_on("empty.npz"), "empty.npz", "train");
  sketch::SketchSplits few;
  few[Split::kTrain] = std::vector<sketch::Sketch>(19, scribble(7));
  sketch::write_npz(folder_ / "few.npz", few);
  expect_error(folder_.path(), train_on("few.npz"), "few.npz", "batch");
}

TEST_F(ErrorsTest, SuggestsTheNearestName) {
  expect_error(folder_.path(), tiny_training("run", "--set dec_rnn_sise=16"), "dec_rnn_sise", "dec_rnn_size");
  expect_error(folder_.path(), tiny_training("run", "--set z_size=many"), "z_size=many", "whole number");
  expect_error(folder_.path(), tiny_training("run", "--preset magneta"), "magneta", "magenta");
  expect_error(folder_.path(), tiny_training("run", "--data builtin:doodle"), "builtin:doodle", "builtin:doodles");
}

TEST_F(ErrorsTest, RefusesACheckpointOfAnotherModel) {
  const float weight = 1;
  const SafetensorsContent other{
      .tensors = {{"w", {.type = DType::kF32, .shape = {1}, .bytes = std::as_bytes(std::span(&weight, 1))}}},
      .metadata = {{"format", "limn"}, {"format_version", "1"}, {"model", "flower"}, {"config", "{}"}, {"step", "0"}}};
  write_safetensors(folder_ / "flower.safetensors", other);
  for (const std::string command : {"sample flower.safetensors", "info flower.safetensors", "eval flower.safetensors"})
    expect_error(folder_.path(), command, "flower.safetensors", "does not know");
  write_file(folder_ / "text.safetensors", "this is no model at all");
  expect_error(folder_.path(), "info text.safetensors", "text.safetensors", "safetensors");
}

TEST_F(ErrorsTest, LeavesNothingOnAFullDisk) {
  expect_error(folder_.path(), "data convert builtin:doodles -o all.ndjson", "all.ndjson", "cannot write",
               {.file_bytes = 100'000});
  expect_error(folder_.path(), "data convert builtin:doodles -o all.npz", "all.npz", "cannot write",
               {.file_bytes = 100'000});
  EXPECT_EQ(folder_.entries(), 0);
}

// Permissions do not hold root back; a path below a file does.
TEST_F(ErrorsTest, SaysThatAFolderCannotBeWritten) {
  write_file(folder_ / "file", "in the way");
  expect_error(folder_.path(), tiny_training("file/run"), "file/run", "choose another place");
  expect_error(folder_.path(), "data convert builtin:doodles:test#0 -o file/x.npz", "file/x.npz", "check the path");
  expect_error(folder_.path(), "data convert builtin:doodles:test#0 -o none/x.npz", "none/x.npz", "create the folder");
}

TEST_F(ErrorsTest, ResumesOnlyWhatIsThere) {
  expect_error(folder_.path(), tiny_training("run", "--resume"), "run", "leave --resume out");
}

TEST_F(ErrorsTest, ARefusedResumeLeavesTheRunAsItWas) {
  ASSERT_EQ(run_limn(folder_.path(), tiny_training("kept")).status, 0);
  const std::string config = read_text_file(folder_ / "kept" / "config.toml");
  expect_error(folder_.path(), "train sketch-rnn --resume --out kept --set z_size=7", "state.safetensors",
               "other options");
  EXPECT_EQ(read_text_file(folder_ / "kept" / "config.toml"), config);
}

// A run that is beyond the steps asked for says so, and its config stays.
TEST_F(ErrorsTest, ResumesNoRunThatHasPassedItsSteps) {
  ASSERT_EQ(run_limn(folder_.path(), tiny_training("done")).status, 0);
  const std::string config = read_text_file(folder_ / "done" / "config.toml");
  expect_error(folder_.path(), "train sketch-rnn --resume --out done --steps 1", "done: the run is at step",
               "more than 1");
  EXPECT_EQ(read_text_file(folder_ / "done" / "config.toml"), config);
}

// Without its state a run would start at step 0 and overwrite what it has learned.
TEST_F(ErrorsTest, ResumesNoRunWhoseStateIsGone) {
  ASSERT_EQ(run_limn(folder_.path(), tiny_training("lost")).status, 0);
  const std::string best = read_text_file(folder_ / "lost" / "checkpoints" / "best.safetensors");
  fs::remove(folder_ / "lost" / "checkpoints" / "state.safetensors");
  expect_error(folder_.path(), "train sketch-rnn --resume --out lost --steps 9", "state.safetensors", "--overwrite");
  EXPECT_EQ(read_text_file(folder_ / "lost" / "checkpoints" / "best.safetensors"), best);
}

TEST_F(ErrorsTest, SaysWhatIsNoModelAndNoSeed) {
  ASSERT_EQ(run_limn(folder_.path(), tiny_training("seen")).status, 0);
  expect_error(folder_.path(), "info seen/checkpoints/state.safetensors", "state.safetensors", "best.safetensors");
  expect_error(folder_.path(), "sample seen --seed -1 -o x.png", "--seed", "a whole number from 0");
  expect_error(folder_.path(), "sample seen --seed abc -o x.png", "--seed", "a whole number from 0");
}

TEST_F(ErrorsTest, RefusesWhatItCannotConvert) {
  const std::string doodles = "data convert builtin:doodles ";
  expect_error(folder_.path(), doodles + "-o x.docx", "x.docx", ".ndjson");
  expect_error(folder_.path(), doodles + "-o x.svg", "x.svg", "FILE#17");
  expect_error(folder_.path(), doodles + "-o x.npz --split 90/5/6", "90/5/6", "100");
  expect_error(folder_.path(), doodles + "-o x.json --split 90/5/5", "x.json", ".npz");
  expect_error(folder_.path(), "data convert builtin:doodles:test#999 -o x.npz", "builtin:doodles", "#599");
  EXPECT_EQ(folder_.entries(), 0);
}

}  // namespace
}  // namespace limn::testing
