// A download in which one system call fails or is the last one before SIGKILL: the file is whole or not there, and the
// same command then brings it and leaves nothing else.
#include <gtest/gtest.h>

#include <cstdlib>

#include "faults/faults.hpp"
#include "fetch/http_server.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;

TEST(FetchFaults, fetch) {
  prepare_environment();
  ::setenv("no_proxy", "*", 1);
  if (const std::string reason = reason_for_no_faults(); !reason.empty()) GTEST_SKIP() << reason;
  const std::string content(5000, 'x');
  const HttpServer server([&](const ServedRequest& request) {
    const auto first = static_cast<std::size_t>(std::max<std::int64_t>(0, request.first_byte()));
    if (first == 0 || first >= content.size()) return answer(200, {{"ETag", "\"1\""}}, content);
    const std::string range = "bytes " + std::to_string(first) + "-4999/5000";
    return answer(206, {{"ETag", "\"1\""}, {"Content-Range", range}}, content.substr(first));
  });
  const TemporaryFolder folder;
  const std::string words = "data fetch quickdraw:cat --quiet --to out --from " + server.url("");
  const Files expected{{"cat.npz", content}};
  const std::vector<TracedCall> calls = traced_calls(folder.path(), words);
  EXPECT_EQ(first_difference(expected, files_below(folder / "out")), "");
  expect_flushed_before_renamed(calls);

  FaultTally tally;
  constexpr std::size_t kSample = 20;
  for (const Fault& fault : chosen_faults(calls, folder.path(), kSample)) {
    SCOPED_TRACE(fault.text());
    fs::remove_all(folder / "out");
    const FaultedRun result = run_with(fault, folder.path(), words);
    tally.add(fault, result);
    const Files found = files_below(folder / "out");
    const bool is_done = result.signal == 0 && result.status == 0;
    if (const auto file = found.find("cat.npz"); is_done || file != found.end()) {
      ASSERT_NE(file, found.end());
      EXPECT_TRUE(file->second == content);
    }
    if (!is_done) expect_success(folder.path(), words);
    if (fault.call.kind == "unlink") expect_success(folder.path(), words);  // what could not be removed goes now
    EXPECT_EQ(first_difference(expected, files_below(folder / "out")), "") << result.err;
  }
  tally.print("fetch");
}

}  // namespace
}  // namespace limn::testing
