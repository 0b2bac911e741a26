// One system call of a run of limn fails, or is the last one: which calls a command makes, which of them to try, and
// the run with one fault. fault_shim.cpp is the library that does it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "app/run_limn.hpp"

namespace limn::testing {

// Call number `number` of its kind, from 1 on. Paths are absolute; a rename has two.
struct TracedCall {
  std::string kind;
  std::uint64_t number = 0;
  std::filesystem::path path = {};
  std::filesystem::path second = {};

  // The file that a user knows: the target of a temporary one.
  [[nodiscard]] std::filesystem::path shown() const;
};

struct Fault {
  TracedCall call;
  std::string how;  // the name of an error, or short, full, kill, torn: see fault_shim.cpp

  [[nodiscard]] bool kills() const { return how == "kill" || how == "torn"; }
  // Whether a temporary file or folder may stay because of it: its removal failed, or the look into its folder.
  [[nodiscard]] bool may_keep_temporary() const;
  // Whether it is about a file below the folder, and not about one that a library looks for, as fonts.
  [[nodiscard]] bool is_below(const std::filesystem::path& folder) const;
  // "write 12 ENOSPC (run/metrics.jsonl)"; its first three words as LIMN_FAULTS repeat it.
  [[nodiscard]] std::string text() const;
};

// Why this machine cannot inject faults, or "" if it can.
[[nodiscard]] std::string reason_for_no_faults();

// For this process and those that it starts. Temporary folders lie in memory where there is such a file system: the
// runs are many. oneDNN is left out of the products, as on a CPU with AVX2 only: Debian's crashes when it gets no
// memory for its code.
void prepare_environment();

// Data sets of a few small drawings and pictures in `folder`: sketches.ndjson, sketches.limn, images (a folder of IDX
// files) and images.limn.
void make_tiny_data(const std::filesystem::path& folder);

// All counted calls of `limn words` in `folder`. Expects success.
[[nodiscard]] std::vector<TracedCall> traced_calls(const std::filesystem::path& folder, const std::string& words);

// The faults to try. The environment's LIMN_FAULTS may be `all`: every call with everything that may happen to it; or
// the beginning of their texts, as "read" or "write 12 ENOSPC". Otherwise every mmap, the first and the last call of
// each kind that changes a file below `folder`, with one error and with a kill, and of the rest a sample of `sample`,
// always the same.
[[nodiscard]] std::vector<Fault> chosen_faults(const std::vector<TracedCall>& calls,
                                               const std::filesystem::path& folder, std::size_t sample);

// A run with a fault. The last calls of a run depend a little on what it finds: a fault may not be reached.
struct FaultedRun : RunResult {
  bool has_happened = true;
};

// Runs `limn words` with the fault. Expects that the run ends by SIGKILL if the fault kills, else with status 0, or
// with status 1 and one line on stderr that names the file. If the fault is not reached, expects status 0.
[[nodiscard]] FaultedRun run_with(const Fault& fault, const std::filesystem::path& folder, const std::string& words);

// How many faults of each kind a test injected, and how the runs ended.
class FaultTally {
 public:
  void add(const Fault& fault, const FaultedRun& run);
  void print(const std::string& name) const;
  // Kinds, kills and errors, and that nearly all were reached; nothing where LIMN_FAULTS names some faults only.
  void expect_some_of_all() const;

 private:
  std::map<std::string, int> kinds_;
  int survived_ = 0, errors_ = 0, kills_ = 0, missed_ = 0;
};

// Expects of every file and folder that was renamed that all of it had been flushed to the disk before, and its new
// folder after: a machine that loses its power then has the old one or the whole new one.
void expect_flushed_before_renamed(const std::vector<TracedCall>& calls);

// Files below `folder` by their path in it, hidden ones too; folders end in a slash and are empty.
using Files = std::map<std::string, std::string>;
[[nodiscard]] Files files_below(const std::filesystem::path& folder);
// Takes away temporary files and folders and what is in these.
void erase_temporaries(Files& files);
// "" if they are the same, else the first that differs or is missing on one side.
[[nodiscard]] std::string first_difference(const Files& expected, const Files& found);

}  // namespace limn::testing
