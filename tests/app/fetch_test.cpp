// limn data fetch as a user runs it, from a server in this process.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "app/run_limn.hpp"
#include "fetch/http_server.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FetchCommandTest : public ::testing::Test {
 protected:
  FetchCommandTest()
      : server_([](const ServedRequest& request) {
          return request.path == "/alarm%20clock.npz" || request.path == "/cat.npz" ? answer(200, {}, "abc")
                                                                                    : answer(404, {});
        }) {
    ::setenv("no_proxy", "*", 1);
  }
  RunResult fetch(std::vector<std::string> words) {
    words.insert(words.begin(), {"data", "fetch", "--from", server_.url("")});
    return run_limn(folder_.path(), words);
  }

  TemporaryFolder folder_;
  HttpServer server_;
};

TEST_F(FetchCommandTest, PrintsWhereTheFilesAre) {
  const RunResult result = fetch({"quickdraw:cat", "quickdraw:alarm clock"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "data/quickdraw/cat.npz\ndata/quickdraw/alarm clock.npz\n");
  EXPECT_EQ(read_text_file(folder_ / "data/quickdraw/alarm clock.npz"), "abc");
}

TEST_F(FetchCommandTest, KeepsWhatIsThere) {
  EXPECT_EQ(fetch({"quickdraw:cat", "--to", "here"}).status, 0);
  const RunResult again = fetch({"quickdraw:cat", "--to", "here", "--json"});
  const auto file = nlohmann::json::parse(again.out).at("files").at(0);
  EXPECT_EQ(file.at("status"), "kept");
  EXPECT_EQ(file.at("bytes"), 3);
  EXPECT_EQ(server_.requests().size(), 1U);
  EXPECT_EQ(fetch({"quickdraw:cat", "--to", "here", "--overwrite"}).status, 0);
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(FetchCommandTest, SaysWhatIsWrongInOneLine) {
  const auto expect_error = [&](const std::vector<std::string>& words, const std::string& part) {
    const RunResult result = fetch(words);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, AllOf(StartsWith("limn: error: "), HasSubstr(part), EndsWith("\n")));
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  };
  expect_error({"quickdraw:unicorn"}, "the server answered 404: the file does not exist; check its name");
  expect_error({"quickdraw:../cat"}, "not a CATEGORY");
  expect_error({"quickdraw:cat", "--format", "gif"}, "no format gif; there is npz");
  expect_error({}, "SOURCE: is missing; expected: quickdraw:CATEGORY");
  // An address that is none is found before a folder is made.
  EXPECT_EQ(run_limn(folder_.path(), "data fetch mnist --to none --from ftp://x").status, 1);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
  // MNIST's MD5 is known, and what lies there already is not it.
  write_file(folder_ / "train-images-idx3-ubyte.gz", "abc");
  expect_error({"mnist", "--to", "."}, "--overwrite fetches it anew");
}

}  // namespace
}  // namespace limn::testing
