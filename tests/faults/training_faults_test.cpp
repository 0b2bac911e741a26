// A run of each family in which one system call fails, or is the last one before SIGKILL, for each call that the run
// makes: it continues, or ends with one line that names the file. Continued without a fault, it leaves the files of a
// run that met none, byte by byte.
#include <gtest/gtest.h>

#include <cstring>
#include <regex>

#include "faults/faults.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlan = "num_steps=6 save_every=2 valid_every=3 sample_every=3 log_every=1";

struct Case {
  const char* name;
  const char* words;        // of the command, without --out
  bool is_resumed = false;  // the run with the fault is one that continues a killed one
};
constexpr Case kCases[] = {
    {"sketch_rnn",
     "sketch-rnn --quiet --data sketches.limn --batch-size 4 --set dec_rnn_size=8 enc_rnn_size=7 z_size=4 "
     "num_mixture=2 use_input_dropout=true"},
    {"vae", "vae --quiet --data images --batch-size 4 --set hidden=8"},
    {"draw",
     "draw --quiet --data images.limn --batch-size 4 --set time_steps=2 enc_rnn_size=9 dec_rnn_size=8 z_size=3 "
     "read_size=2 write_size=3 binarize=dynamic"},
    {"resumed", "vae --quiet --data images --batch-size 4 --set hidden=8", true},
};

// What a run leaves, without the times in it and without the logs.
Files outcome_of(const fs::path& run) {
  static const std::regex kTimes(R"re(,"(seconds|examples_per_second)":[^,}]*)re");
  Files files = files_below(run);
  std::erase_if(files, [](const auto& file) {
    return file.first == "log.txt" || file.first.starts_with("events.out.tfevents.");
  });
  if (const auto metrics = files.find("metrics.jsonl"); metrics != files.end())
    metrics->second = std::regex_replace(metrics->second, kTimes, "");
  return files;
}

class TrainingFaults : public ::testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() {
    prepare_environment();
    reason_ = reason_for_no_faults();
  }
  void SetUp() override {
    if (!reason_.empty()) GTEST_SKIP() << reason_;
    folder_ = std::make_unique<TemporaryFolder>();
    make_tiny_data(folder());
    expect_success(folder(), fresh());
    expected_ = outcome_of(run());
    ASSERT_EQ(expected_.count("samples/step-3.png"), 1U);
  }

  [[nodiscard]] fs::path folder() const { return folder_->path(); }
  [[nodiscard]] fs::path run() const { return folder() / "run"; }
  [[nodiscard]] static std::string fresh() { return fmt::format("train {} {} --out run", GetParam().words, kPlan); }
  [[nodiscard]] static std::string resume() {
    return "train " + std::string(GetParam().words).substr(0, std::string(GetParam().words).find(' ')) +
           " --quiet --resume --out run";
  }

  // The folder as the run with the fault finds it.
  void prepare() const {
    fs::remove_all(run());
    if (GetParam().is_resumed) fs::copy(folder() / "killed", run(), fs::copy_options::recursive);
  }

  // Continues, or starts anew where limn says that nothing was saved.
  void expect_continues(const RunResult& failed) const {
    RunResult result = run_limn(folder(), resume());
    if (result.status == 1 && result.err.find("leave --resume out") != std::string::npos)
      result = run_limn(folder(), fresh());
    EXPECT_EQ(result.status, 0) << "continued after:\n" << failed.err << result.err;
    EXPECT_EQ(first_difference(expected_, outcome_of(run())), "") << "continued after:\n" << failed.err;
  }

  // What only shows may have failed, if the log says so: a picture may then be missing at the end. A validation that
  // failed changes the figures and what counts as best, but not what was trained. Without its fonts a picture looks
  // different.
  void expect_same_files(const Fault& fault) const {
    Files expected = expected_, found = outcome_of(run());
    if (fault.may_keep_temporary()) erase_temporaries(found);  // that of the killed run
    const std::string log = fs::exists(run() / "log.txt") ? read_text_file(run() / "log.txt") : "";
    for (const char* step : {"step-3", "step-6"}) {
      const std::string picture = fmt::format("samples/{}.png", step);
      const bool is_told = log.find(fmt::format("step {}: the sample picture failed", step[5])) != std::string::npos;
      const bool may_differ = found.contains(picture) && !fault.is_below(folder());
      if (!is_told && !may_differ) continue;
      expected.erase(picture);
      found.erase(picture);
    }
    if (log.find("validation failed, and training continues") != std::string::npos)
      for (Files* files : {&expected, &found}) keep_only_what_was_trained(*files);
    EXPECT_EQ(first_difference(expected, found), "");
  }

  // The weights and moments, without the figures beside them.
  static void keep_only_what_was_trained(Files& files) {
    files.erase("metrics.jsonl");
    files.erase("checkpoints/best.safetensors");
    for (const char* name : {"checkpoints/last.safetensors", "checkpoints/state.safetensors"}) {
      std::string& file = files[name];
      std::uint64_t header = 0;
      ASSERT_GT(file.size(), sizeof header);
      std::memcpy(&header, file.data(), sizeof header);
      file.erase(0, sizeof header + header);
    }
  }

  void try_fault(const Fault& fault) {
    SCOPED_TRACE(fault.text());
    prepare();
    const FaultedRun result = run_with(fault, folder(), GetParam().is_resumed ? resume() : fresh());
    tally_.add(fault, result);
    if (result.signal == 0 && result.status == 0)
      expect_same_files(fault);
    else
      expect_continues(result);
  }

  // A run that a kill ended before its second state was in place.
  void make_killed_run() const {
    const std::vector<TracedCall> calls = traced_calls(folder(), fresh() + " --overwrite");
    int states = 0;
    for (const TracedCall& call : calls) {
      if (call.kind != "rename" || call.second.filename() != "state.safetensors" || ++states < 2) continue;
      fs::remove_all(run());
      (void)run_with({call, "kill"}, folder(), fresh());
      fs::remove_all(folder() / "killed");
      fs::rename(run(), folder() / "killed");
      return;
    }
    FAIL() << "the run has saved no second state";
  }

  static inline std::string reason_;
  std::unique_ptr<TemporaryFolder> folder_;
  Files expected_;
  FaultTally tally_;
};
INSTANTIATE_TEST_SUITE_P(Runs, TrainingFaults, ::testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(TrainingFaults, LoseNothing) {
  constexpr std::size_t kSample = 50;
  if (GetParam().is_resumed) make_killed_run();
  prepare();
  const std::vector<TracedCall> calls = traced_calls(folder(), GetParam().is_resumed ? resume() : fresh());
  expect_flushed_before_renamed(calls);
  for (const Fault& fault : chosen_faults(calls, folder(), kSample)) try_fault(fault);
  tally_.print(GetParam().name);
  tally_.expect_some_of_all();
}

// A run that shows its progress loses the terminal or the file that it goes to, and trains on.
class OutputFaults : public TrainingFaults {};
INSTANTIATE_TEST_SUITE_P(Runs, OutputFaults,
                         ::testing::Values(Case{"output", "vae --data images --batch-size 4 --set hidden=8"}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(OutputFaults, LoseNothing) {
  prepare();
  std::vector<TracedCall> calls = traced_calls(folder(), fresh());
  std::erase_if(calls, [&](const TracedCall& call) {
    return call.kind != "write" || call.path.string().starts_with(folder().string());
  });
  EXPECT_FALSE(calls.empty());
  for (const Fault& fault : chosen_faults(calls, folder(), 0)) try_fault(fault);
  tally_.print(GetParam().name);
}

}  // namespace
}  // namespace limn::testing
