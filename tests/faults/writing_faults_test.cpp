// Commands that write a file or a folder, each with one system call that fails or is the last one before SIGKILL: what
// they write is whole or not there, and nothing else is left. A file that was there before stays as it was.
#include <gtest/gtest.h>

#include <memory>

#include "faults/faults.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  const char* words;  // the target is in the folder out
};
constexpr Case kCases[] = {
    {"sample_svg", "sample sketches.safetensors -n 2 -o out/x.svg"},
    {"sample_png", "sample sketches.safetensors -n 2 -o out/x.png"},
    {"sample_gif", "sample sketches.safetensors -n 2 -o out/x.gif"},
    {"sample_gcode", "sample sketches.safetensors -n 2 -o out/x.gcode"},
    {"sample_npz", "sample sketches.safetensors -n 2 -o out/x.npz"},
    {"sample_image_png", "sample images.safetensors -n 2 -o out/x.png"},
    {"convert_npz", "data convert sketches.ndjson -o out/x.npz --split 80/10/10"},
    {"convert_bin", "data convert sketches.ndjson -o out/x.bin --scale"},
    {"convert_json", "data convert sketches.limn -o out/x.json"},
    {"convert_shards", "data convert sketches.ndjson -o out/x.limn"},
    {"convert_image_shards", "data convert images -o out/x.limn"},
    {"convert_svg_folder", "data convert sketches.ndjson#0 sketches.ndjson#1 -o out/x/"},
    {"export_magenta", "export sketches.safetensors --to magenta-json -o out/x.json"},
    {"import_magenta", "import magenta.json -o out/x.safetensors"},
    {"encode", "encode sketches.safetensors --in sketches.limn:valid -o out/x.npy"},
    // Without text: it looks otherwise where the system's fonts cannot be read.
    {"traverse_folder", "traverse images.safetensors --dims 0,* --grid 3 --bare -o out/x/"},
    {"plot", "plot run -o out/x.svg"},
};

class WritingFaults : public ::testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() {
    prepare_environment();
    reason_ = reason_for_no_faults();
    if (!reason_.empty()) return;
    folder_ = std::make_unique<TemporaryFolder>();
    make_tiny_data(folder());
    expect_success(folder(),
                   "train sketch-rnn --quiet --data sketches.limn --batch-size 4 --out run --set dec_rnn_size=8 "
                   "enc_rnn_size=7 z_size=4 max_seq_len=9 num_steps=2 sample_every=0 fit_prior=false");
    fs::copy(folder() / "run/checkpoints/best.safetensors", folder() / "sketches.safetensors");
    expect_success(folder(),
                   "train vae --quiet --data images --batch-size 4 --out images-run --set hidden=8 z_size=3 "
                   "num_steps=2 sample_every=0");
    fs::copy(folder() / "images-run/checkpoints/best.safetensors", folder() / "images.safetensors");
    expect_success(folder(), "export sketches.safetensors --to magenta-json -o magenta.json");
  }
  static void TearDownTestSuite() {
    folder_.reset();
    if (cases_ == std::size(kCases)) all_.expect_some_of_all();
  }
  void SetUp() override {
    if (!reason_.empty()) GTEST_SKIP() << reason_;
    empty_out();
    expect_success(folder(), GetParam().words);
    expected_ = files_below(out());
    ASSERT_FALSE(expected_.empty());
    is_file_ = expected_.size() == 1;
  }

  [[nodiscard]] static fs::path folder() { return folder_->path(); }
  [[nodiscard]] static fs::path out() { return folder() / "out"; }
  static void empty_out() {
    fs::remove_all(out());
    fs::create_directory(out());
  }

  void try_fault(const Fault& fault) {
    SCOPED_TRACE(fault.text());
    empty_out();
    Files before;
    if (is_file_ && ++tries_ % 2 == 0) {
      before[expected_.begin()->first] = "an older file";
      write_file(out() / expected_.begin()->first, before.begin()->second);
    }
    const FaultedRun result = run_with(fault, folder(), GetParam().words);
    tally_.add(fault, result);
    all_.add(fault, result);
    Files found = files_below(out());
    // What was being written stays where the command is killed.
    if (fault.kills() || fault.may_keep_temporary()) erase_temporaries(found);
    const bool may_be_as_before = fault.kills() || result.status != 0;
    if (!may_be_as_before || found != before) {
      EXPECT_EQ(first_difference(expected_, found), "") << result.err;
    }
  }

  static inline std::string reason_;
  static inline std::unique_ptr<TemporaryFolder> folder_;
  static inline FaultTally all_;
  static inline std::size_t cases_ = 0;
  Files expected_;
  bool is_file_ = false;
  int tries_ = 0;
  FaultTally tally_;
};
INSTANTIATE_TEST_SUITE_P(Commands, WritingFaults, ::testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(WritingFaults, LeaveNothingHalf) {
  constexpr std::size_t kSample = 8;
  empty_out();
  const std::vector<TracedCall> calls = traced_calls(folder(), GetParam().words);
  expect_flushed_before_renamed(calls);
  for (const Fault& fault : chosen_faults(calls, folder(), kSample)) try_fault(fault);
  tally_.print(GetParam().name);
  ++cases_;
}

}  // namespace
}  // namespace limn::testing
