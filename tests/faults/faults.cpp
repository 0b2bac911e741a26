#include "faults/faults.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, int> kErrors{
    {"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EINTR", EINTR},   {"EACCES", EACCES},
    {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
};

// What may happen to a call of each kind.
const std::map<std::string, std::vector<std::string>> kHows{
    {"write", {"ENOSPC", "EIO", "EINTR", "short", "full", "EDQUOT", "kill", "torn"}},
    {"read", {"EIO", "EINTR", "short", "kill"}},
    {"open", {"EACCES", "EMFILE", "ENOSPC", "EIO", "kill"}},
    {"rename", {"EIO", "EACCES", "ENOSPC", "kill"}},
    {"fsync", {"EIO", "ENOSPC", "EDQUOT", "EINTR", "kill"}},
    {"close", {"EIO", "ENOSPC", "EINTR", "kill"}},
    {"mmap", {"ENOMEM", "kill"}},
    {"mkdir", {"ENOSPC", "EACCES", "EROFS", "kill"}},
    {"unlink", {"EIO", "EACCES", "kill"}},
    {"truncate", {"EIO", "EINTR", "kill"}},
    {"stat", {"EIO", "EACCES", "kill"}},
    {"list", {"EIO", "kill"}},
};

// A temporary file's or folder's name without what makes it one: ".config.toml.17.3.tmp" is "config.toml".
std::string without_temporary(const std::string& path) {
  static const std::regex kTemporary(R"((^|/)\.([^/]+)\.[0-9]+\.[0-9]+\.tmp)");
  return std::regex_replace(path, kTemporary, "$1$2");
}

bool lies_below(const fs::path& path, const fs::path& folder) {
  return path.string().starts_with(folder.string() + "/");
}

bool changes_files(const std::string& kind) {
  return kind != "read" && kind != "stat" && kind != "list" && kind != "mmap";
}

// LIMN_FAULTS, or "".
std::string wanted() {
  const char* text = std::getenv("LIMN_FAULTS");
  return text == nullptr ? "" : text;
}

std::vector<TracedCall> parse_log(const fs::path& log, const fs::path& folder) {
  std::istringstream lines(fs::exists(log) ? read_text_file(log) : "");
  std::vector<TracedCall> calls;
  const auto absolute = [&](const std::string& text) {
    return text.empty() ? fs::path() : (text.starts_with('/') ? fs::path(text) : folder / text).lexically_normal();
  };
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string call, path, second;
    std::getline(fields, call, '\t');
    std::getline(fields, path, '\t');
    std::getline(fields, second);
    const std::size_t space = call.find(' ');
    calls.push_back({.kind = call.substr(0, space),
                     .number = std::stoull(call.substr(space)),
                     .path = absolute(path),
                     .second = absolute(second)});
  }
  return calls;
}

std::vector<std::string> shim_environment(const fs::path& log) {
  return {std::string("LD_PRELOAD=") + LIMN_FAULT_SHIM, "LIMN_FAULT_LOG=" + log.string()};
}

std::vector<Fault> all_faults(const std::vector<TracedCall>& calls) {
  std::vector<Fault> faults;
  for (const TracedCall& call : calls)
    for (const std::string& how : kHows.at(call.kind)) faults.push_back({call, how});
  return faults;
}

// Whether the calls are the first or the last of their kind on their file.
std::vector<bool> are_first_or_last(const std::vector<TracedCall>& calls) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> ends;
  for (std::size_t i = 0; i < calls.size(); ++i)
    ends.try_emplace(calls[i].kind + calls[i].shown().string(), i, i).first->second.second = i;
  std::vector<bool> are(calls.size(), false);
  for (const auto& [key, pair] : ends) are[pair.first] = are[pair.second] = true;
  return are;
}

void write_images(const fs::path& path, int count) {
  constexpr int kSide = 8;
  std::string text{'\0', '\0', '\x08', '\x03'};
  for (const int size : {count, kSide, kSide}) text += {'\0', '\0', '\0', static_cast<char>(size)};
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < kSide * kSide; ++j) text += static_cast<char>(i * 7 + j * 13);
  write_file(path, text);
}

void write_sketches(const fs::path& path) {
  std::string text;
  for (int i = 0; i < 24; ++i)
    text += fmt::format("{{\"word\":\"tick\",\"drawing\":[[[0,{},{}],[0,9,{}]],[[5,30],[{},40]]]}}\n", 60 + i, 200 - i,
                        3 * i, i);
  write_file(path, text);
}

// What a run that failed says: one line, behind its progress where it shows that, and not that limn is at fault.
bool ends_with_error_line(const std::string& text, bool shows_progress) {
  constexpr std::string_view kError = "limn: error: ";
  const std::size_t at = text.find(kError);
  if (at == std::string::npos || (at > 0 && (!shows_progress || text[at - 1] != '\n'))) return false;
  const std::string line = text.substr(at);
  return std::ranges::count(line, '\n') == 1 && line.ends_with('\n') && line.find("internal:") == std::string::npos;
}

// Whether the line names the file of the call, or a folder that it lies in. Memory has no name; libraries look at files
// that no user knows.
bool names_file_of(const TracedCall& call, const fs::path& folder, const std::string& line) {
  if (!lies_below(call.path, folder)) return true;
  for (fs::path path = call.shown().lexically_relative(folder); !path.empty(); path = path.parent_path())
    for (const char* behind : {":", "/"})
      if (line.find(path.string() + behind) != std::string::npos) return true;
  return false;
}

}  // namespace

fs::path TracedCall::shown() const { return without_temporary(path.string()); }

bool Fault::may_keep_temporary() const {
  return call.kind == "unlink" || call.kind == "open" || call.kind == "list" || call.kind == "stat" ||
         call.kind == "close";
}

bool Fault::is_below(const fs::path& folder) const { return lies_below(call.path, folder); }

std::string Fault::text() const {
  return fmt::format("{} {} {} ({}{}{})", call.kind, call.number, how, call.path.string(),
                     call.second.empty() ? "" : " -> ", call.second.string());
}

std::string reason_for_no_faults() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return "sanitizers want to be the first library of a program";
#else
  const TemporaryFolder folder;
  const RunResult result = run_limn(folder.path(), "--version", {.environment = shim_environment(folder / "log")});
  return result.status == 0 ? "" : result.err.empty() ? "the shim cannot be loaded" : result.err;
#endif
}

void prepare_environment() {
  constexpr const char* kMemory = "/dev/shm";
  if (std::getenv("TMPDIR") == nullptr && ::access(kMemory, W_OK) == 0) ::setenv("TMPDIR", kMemory, 1);
  ::setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
}

void make_tiny_data(const fs::path& folder) {
  fs::create_directory(folder / "images");
  write_images(folder / "images/train-images-idx3-ubyte", 24);
  write_images(folder / "images/t10k-images-idx3-ubyte", 6);
  write_sketches(folder / "sketches.ndjson");
  expect_success(folder, "data convert sketches.ndjson -o sketches.limn --split 70/20/10");
  expect_success(folder, "data convert images -o images.limn");
}

std::vector<TracedCall> traced_calls(const fs::path& folder, const std::string& words) {
  const TemporaryFolder caught;
  const RunResult result = run_limn(folder, words, {.environment = shim_environment(caught / "log")});
  EXPECT_EQ(result.status, 0) << words << "\n" << result.err;
  return parse_log(caught / "log", folder);
}

std::vector<Fault> chosen_faults(const std::vector<TracedCall>& calls, const fs::path& folder, std::size_t sample) {
  std::vector<Fault> all = all_faults(calls);
  if (wanted() == "all") return all;
  if (!wanted().empty()) {
    std::erase_if(all, [](const Fault& fault) { return !fault.text().starts_with(wanted() + " "); });
    return all;
  }
  const std::vector<bool> are_ends = are_first_or_last(calls);
  std::vector<Fault> chosen, rest;
  std::size_t turn = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::vector<std::string>& hows = kHows.at(calls[i].kind);
    const bool is_end = are_ends[i] && lies_below(calls[i].path, folder) && changes_files(calls[i].kind);
    const bool is_output = calls[i].kind == "write" && !lies_below(calls[i].path, folder);  // stdout or stderr
    const bool is_important = is_end || is_output || calls[i].kind == "mmap";
    if (is_important) {
      chosen.push_back({calls[i], hows[turn++ % hows.size()]});
      if (!chosen.back().kills()) chosen.push_back({calls[i], "kill"});
    }
    for (const std::string& how : hows)
      if (!is_important) rest.push_back({calls[i], how});
  }
  constexpr std::uint64_t kSeed = 17;
  RandomStream random(kSeed, Purpose::kTest);
  shuffle(std::span(rest), random);
  rest.resize(std::min(rest.size(), sample));
  std::ranges::move(rest, std::back_inserter(chosen));
  return chosen;
}

FaultedRun run_with(const Fault& fault, const fs::path& folder, const std::string& words) {
  const TemporaryFolder caught;
  std::vector<std::string> environment = shim_environment(caught / "log");
  const auto error = kErrors.find(fault.how);
  environment.push_back(fmt::format("LIMN_FAULT={} {} {}", fault.call.kind, fault.call.number,
                                    error == kErrors.end() ? fault.how : std::to_string(error->second)));
  constexpr double kHangs = 30;
  FaultedRun result{run_limn(folder, words, {.seconds = kHangs, .environment = environment})};
  result.has_happened = !parse_log(caught / "log", folder).empty();
  if (!result.has_happened) {
    EXPECT_EQ(result.status, 0) << "without a fault\n" << result.err;
    return result;
  }
  if (fault.kills()) {
    EXPECT_EQ(result.signal, SIGKILL) << result.err;
    return result;
  }
  EXPECT_EQ(result.signal, 0) << (result.signal == SIGKILL ? "it hangs" : "it crashes") << "\n" << result.err;
  if (result.status == 0) {
    EXPECT_EQ(result.err.find("internal"), std::string::npos) << result.err;
    return result;
  }
  EXPECT_EQ(result.status, 1) << result.err;
  const bool is_silent = result.err.find("limn: error: ") == std::string::npos;
  if (fault.how == "full" && is_silent) return result;  // stderr is a file on the same full disk
  const bool shows_progress = words.starts_with("train ") && words.find("--quiet") == std::string::npos;
  EXPECT_TRUE(ends_with_error_line(result.err, shows_progress)) << result.err;
  EXPECT_TRUE(names_file_of(fault.call, folder, result.err)) << result.err;
  return result;
}

void FaultTally::add(const Fault& fault, const FaultedRun& run) {
  if (!run.has_happened) {
    ++missed_;
    return;
  }
  ++kinds_[fault.call.kind];
  ++(fault.kills() ? kills_ : run.status == 0 ? survived_ : errors_);
}

void FaultTally::print(const std::string& name) const {
  std::string counts;
  for (const auto& [kind, count] : kinds_) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", kind, count);
  std::printf("%s: %d faults (%s): %d killed, %d ended with an error, %d went on; %d not reached\n", name.c_str(),
              kills_ + errors_ + survived_, counts.c_str(), kills_, errors_, survived_, missed_);
}

void FaultTally::expect_some_of_all() const {
  if (!wanted().empty() && wanted() != "all") return;
  for (const char* kind : {"write", "open", "rename", "fsync", "close", "mmap"})
    EXPECT_TRUE(kinds_.contains(kind)) << "no fault of the kind " << kind;
  EXPECT_GT(kills_, 0);
  EXPECT_GT(errors_, 0);
  constexpr int kPercent = 100;
  EXPECT_LE(kPercent * missed_, kills_ + errors_ + survived_);
}

void expect_flushed_before_renamed(const std::vector<TracedCall>& calls) {
  std::map<fs::path, bool> is_flushed;  // of all that was written to
  std::set<fs::path> new_names_in;      // folders that are not flushed since
  for (const TracedCall& call : calls) {
    if (call.kind == "write") is_flushed[call.path] = false;
    if (call.kind == "fsync") {
      is_flushed[call.path] = true;
      new_names_in.erase(call.path);
    }
    if (call.kind != "rename") continue;
    const bool is_temporary = without_temporary(call.second.string()) != call.second.string();
    if (is_temporary) {  // libzip puts its file in the place of ours, which then goes the way of all
      is_flushed[call.second] = is_flushed[call.path];
      continue;
    }
    EXPECT_TRUE(is_flushed[call.path]) << call.path << " was renamed before it was flushed";
    for (const auto& [path, is] : is_flushed)
      EXPECT_TRUE(is || !lies_below(path, call.path)) << path << " was not flushed before its folder was renamed";
    new_names_in.insert(call.second.parent_path());
  }
  for (const fs::path& folder : new_names_in) ADD_FAILURE() << folder << " was not flushed after a rename";
}

void erase_temporaries(Files& files) {
  std::erase_if(files, [](const auto& file) { return without_temporary(file.first) != file.first; });
}

Files files_below(const fs::path& folder) {
  Files files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_directory())
      files[name + "/"] = "";
    else
      files[name] = read_text_file(entry.path());
  }
  return files;
}

std::string first_difference(const Files& expected, const Files& found) {
  for (const auto& [name, content] : expected) {
    const auto other = found.find(name);
    if (other == found.end()) return name + " is missing";
    if (other->second != content) return name + " differs";
  }
  for (const auto& [name, content] : found)
    if (!expected.contains(name)) return name + " was left";
  return "";
}

}  // namespace limn::testing
