// Sketches in arrays of numbers through the commands: what is said of them.
#include <gmock/gmock.h>

#include "app/run_limn.hpp"
#include "arrays/pytorch_files.hpp"  // memory_of
#include "limn/arrays/npy.hpp"
#include "limn/core/file.hpp"
#include "limn/sketch/npz.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// Two sketches of five positions each.
void write_positions(const fs::path& path) {
  const std::vector<float> one{10, 20, 0, 13, 24, 0, 20, 24, 1, 30, 40, 0, 31, 50, 1};
  write_file(path, arrays::npy_header("<f4", std::vector<std::int64_t>{2, 5, 3}) + memory_of(one) + memory_of(one));
}

// As many sketches of so many points, all different.
std::vector<sketch::Sketch> zigzags(int count, int points) {
  std::vector<sketch::Sketch> sketches(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    for (int k = 0; k < points; ++k)
      sketches[static_cast<std::size_t>(i)].points.push_back({.dx = static_cast<float>((i + 7 * k) % 9 - 4),
                                                              .dy = static_cast<float>((3 * i + 5 * k) % 11 - 5),
                                                              .is_pen_lifted = k + 1 == points});
  return sketches;
}

TEST(ArrayData, PositionsAreReadWhenAsked) {
  const TemporaryFolder folder;
  write_positions(folder / "x.npy");
  const RunResult guessed = run_limn(folder.path(), "data convert x.npy -o guessed.json");
  EXPECT_EQ(guessed.status, 0);
  EXPECT_THAT(guessed.err, HasSubstr("limn: note: x.npy: no offset is negative, all lie from 13 to 50"));
  const std::string strokes = "[[[10,20],[13,24],[20,24]],[[30,40],[31,50]]]";
  for (const char* option : {"--absolute", "--set absolute=true"}) {
    const RunResult told = run_limn(folder.path(), std::string("data convert x.npy -o told.json ") + option);
    EXPECT_EQ(told.err, "");
    EXPECT_EQ(read_text_file(folder / "told.json"), "[\n" + strokes + ",\n" + strokes + "\n]\n");
  }
  EXPECT_THAT(run_limn(folder.path(), "data info x.npy").err, HasSubstr("limn: note: x.npy: no offset"));
  EXPECT_EQ(run_limn(folder.path(), "data info x.npy --absolute").err, "");
}

TEST(ArrayData, SketchesThatAFilterDropsAreSaid) {
  const TemporaryFolder folder;
  sketch::SketchSplits splits;
  splits[Split::kTrain] = zigzags(8, 6);
  splits[Split::kTest] = zigzags(7, 6);
  for (const sketch::Sketch& longer : zigzags(3, 9)) splits[Split::kTest].push_back(longer);
  sketch::write_npz(folder / "x.npz", splits);
  const std::string note =
      "limn: note: x.npz: 3 of 10 test sketches are longer than max_seq_len = 7 and were left out\n";
  const RunResult shown = run_limn(folder.path(), "data info x.npz --set max_seq_len=7 --json");
  EXPECT_EQ(shown.err, note);
  EXPECT_THAT(shown.out, HasSubstr("\"sketches\":7"));
  EXPECT_EQ(run_limn(folder.path(), "data info x.npz --json").err, "");
  EXPECT_THAT(run_limn(folder.path(), "data info x.npz --set max_seq_len=3").err,
              HasSubstr("limn: error: x.npz: nothing is left of the train split: all its 8 sketches are longer"));
  const RunResult trained = run_limn(folder.path(),
                                     "train sketch-rnn --data x.npz --out run --quiet --steps 1 --batch-size 4 --set "
                                     "max_seq_len=7 enc_rnn_size=8 dec_rnn_size=8 z_size=2");
  EXPECT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr(note));
  const RunResult evaluated = run_limn(folder.path(), "eval run --data x.npz --json");
  EXPECT_EQ(evaluated.err, note);
  EXPECT_THAT(evaluated.out, HasSubstr("\"n\":7"));

  splits[Split::kTest] = zigzags(1, 9);
  sketch::write_npz(folder / "x.npz", splits);
  EXPECT_EQ(
      run_limn(folder.path(), "eval run --data x.npz").err,
      "limn: error: x.npz: nothing is left of the test split: its 1 sketch is longer than max_seq_len = 7; change the "
      "option or the data\n");
}

}  // namespace
}  // namespace limn::testing
