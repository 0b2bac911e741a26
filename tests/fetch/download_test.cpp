// Downloads from a server in this process that behaves as badly as real ones do.
#include "limn/fetch/download.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "fetch/http_server.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/thread_limit.hpp"

namespace limn::fetch {
namespace {

using ::testing::AllOf;
using testing::answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Headers;
using testing::HttpServer;
using testing::ServedRequest;
using testing::TemporaryFolder;

constexpr const char* kMd5OfAbc = "900150983cd24fb0d6963f7d28e17f72";
constexpr const char* kBase64OfAbc = "kAFQmDzST7DWlj99KOF/cg==";

std::string body_of(std::size_t size, char first = 'a') {
  std::string body(size, first);
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(first + static_cast<char>(i * i % 23));
  return body;
}

// What a proper server says to a request for `body`, with at most `most` bytes before it drops the
// connection.
std::string serve(const ServedRequest& request, const std::string& body, Headers headers,
                  std::size_t most = std::string::npos) {
  const std::string edition = headers.contains("ETag") ? headers["ETag"] : headers["Last-Modified"];
  const auto first = request.first_byte();
  const bool is_rest = first >= 0 && request.header("if-range") == edition;
  if (is_rest && static_cast<std::size_t>(first) >= body.size()) return answer(416, {});
  const std::string rest = body.substr(is_rest ? static_cast<std::size_t>(first) : 0);
  headers["Content-Length"] = std::to_string(rest.size());
  if (is_rest)
    headers["Content-Range"] =
        "bytes " + std::to_string(first) + "-" + std::to_string(body.size() - 1) + "/" + std::to_string(body.size());
  return answer(is_rest ? 206 : 200, headers, rest.substr(0, most));
}

class DownloadTest : public ::testing::Test {
 protected:
  DownloadTest() {
    ::setenv("no_proxy", "*", 1);
    options_.first_delay_ms = 1;
    options_.retries = 2;
    options_.on_retry = [this](const std::string& reason) { retries_.push_back(reason); };
  }

  DownloadResult fetch(const HttpServer& server, const RemoteFile& file = {}) { return fetch(server.url("/x"), file); }
  DownloadResult fetch(const std::string& url, RemoteFile file = {}) {
    file.url = url;
    return download(file, target(), options_);
  }
  template <class Server>
  std::string error_of(const Server& server, const RemoteFile& file = {}) {
    try {
      (void)fetch(server, file);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  [[nodiscard]] std::filesystem::path target() const { return folder_ / "x.npz"; }
  [[nodiscard]] std::string content() const { return read_text_file(target()); }

  TemporaryFolder folder_;
  DownloadOptions options_;
  std::vector<std::string> retries_;
};

TEST_F(DownloadTest, FetchesAFile) {
  const std::string body = body_of(100'003);
  const HttpServer server([&](const auto& request) { return serve(request, body, {}); });
  std::int64_t last = 0;
  options_.on_progress = [&](const DownloadProgress& p) {
    EXPECT_GT(p.received, last);
    EXPECT_EQ(p.total, 100'003);
    last = p.received;
  };
  const auto result = fetch(server);
  EXPECT_EQ(content(), body);
  EXPECT_EQ(last, 100'003);
  EXPECT_EQ(result.bytes, 100'003);
  EXPECT_FALSE(result.is_md5_checked);
  EXPECT_EQ(folder_.entries(), 1);
  EXPECT_THAT(server.requests()[0].header("user-agent"), HasSubstr("limn/"));
}

TEST_F(DownloadTest, FetchesAnEmptyFile) {
  const HttpServer server([](const auto&) { return answer(200, {}); });
  EXPECT_EQ(fetch(server).bytes, 0);
  EXPECT_EQ(content(), "");
  EXPECT_EQ(folder_.entries(), 1);
}

TEST_F(DownloadTest, ReplacesAFileOnlyWhenTheNewOneIsWhole) {
  write_file(target(), "old");
  const HttpServer broken([](const auto&) { return answer(200, {{"Content-Length", "9"}}, "new"); });
  EXPECT_NE(error_of(broken), "no error");
  EXPECT_EQ(content(), "old");
  const HttpServer whole([](const auto&) { return answer(200, {}, "new"); });
  fetch(whole);
  EXPECT_EQ(content(), "new");
}

TEST_F(DownloadTest, GoesOnAfterEveryDroppedConnection) {
  const std::string body = body_of(5003);
  const HttpServer server([&](const auto& request) { return serve(request, body, {{"ETag", "\"e\""}}, 1000); });
  EXPECT_EQ(fetch(server).bytes, 5003);
  EXPECT_EQ(content(), body);
  std::vector<std::int64_t> firsts;
  for (const auto& request : server.requests()) firsts.push_back(request.first_byte());
  EXPECT_THAT(firsts, ElementsAre(-1, 1000, 2000, 3000, 4000, 5000));
  EXPECT_EQ(server.requests()[1].header("if-range"), "\"e\"");
  EXPECT_EQ(retries_.size(), 5U);
}

TEST_F(DownloadTest, GoesOnInTheNextRun) {
  const std::string body = body_of(3001);
  options_.retries = 0;
  const HttpServer server([&](const auto& request) { return serve(request, body, {{"Last-Modified", "Sun"}}, 2000); });
  EXPECT_THAT(error_of(server), AllOf(HasSubstr("/x: "), HasSubstr("continues from here")));
  EXPECT_FALSE(std::filesystem::exists(target()));
  const auto result = fetch(server);
  EXPECT_EQ(result.resumed_from, 2000);
  EXPECT_EQ(content(), body);
  EXPECT_EQ(server.requests().back().header("if-range"), "Sun");
  EXPECT_EQ(folder_.entries(), 1);
}

TEST_F(DownloadTest, GivesUpWhereNothingComes) {
  const HttpServer server([](const auto&) { return std::string(); });
  EXPECT_THAT(error_of(server), HasSubstr("3 times in a row; try again later"));
  EXPECT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(folder_.entries(), 0);
}

// The file changed between two attempts: whatever the server makes of the ranges, the two are never spliced.
TEST_F(DownloadTest, StartsAnewWhereTheFileChanged) {
  const std::string old_body = body_of(900, 'a'), new_body = body_of(1000, 'A');
  const auto rest = [&](std::int64_t first, Headers headers) {
    headers["Content-Range"] = "bytes " + std::to_string(first) + "-999/1000";
    return answer(206, headers, new_body.substr(static_cast<std::size_t>(first)));
  };
  const std::vector<HttpServer::Handler> later{
      [&](const auto& request) {
        return serve(request, new_body, {{"ETag", "\"new\""}});
      },
      // Sends the rest of the new file and pays If-Range no heed, but tells …
      [&](const auto& request) {
        return rest(request.first_byte(), {{"ETag", "\"new\""}});
      },
      [&](const auto& request) {
        return rest(request.first_byte(), {{"Last-Modified", "Mon"}});
      },
      // … or only its size gives it away.
      [&](const auto& request) { return rest(request.first_byte(), {}); },
      // Another part than was asked for, or no part at all.
      [&](const auto&) {
        return rest(3, {{"ETag", "\"old\""}});
      },
      [&](const auto&) {
        return answer(206, {{"ETag", "\"old\""}}, "abc");
      },
      [&](const auto&) {
        return answer(206, {{"ETag", "\"old\""}, {"Content-Range", "bytes x-y/z"}}, "abc");
      },
      [&](const auto&) { return answer(416, {}); }};
  for (std::size_t i = 0; i < later.size(); ++i) {
    const HttpServer server([&, n = 0](const auto& request) mutable {
      if (n++ == 0) return serve(request, old_body, {{"ETag", "\"old\""}}, 500);
      if (request.first_byte() < 0) return serve(request, new_body, {{"ETag", "\"new\""}});
      return later[i](request);
    });
    EXPECT_EQ(fetch(server).bytes, 1000) << i;
    EXPECT_EQ(content(), new_body) << i;
    EXPECT_EQ(server.requests()[1].first_byte(), 500) << i;
  }
}

TEST_F(DownloadTest, AsksForAllAgainWithoutAValidator) {
  const std::string body = body_of(700);
  for (const Headers& headers : {Headers{}, Headers{{"ETag", "W/\"weak\""}}}) {
    const HttpServer server(
        [&, n = 0](const auto& request) mutable { return serve(request, body, headers, n++ == 0 ? 300 : 700); });
    fetch(server);
    EXPECT_EQ(content(), body);
    EXPECT_EQ(server.requests()[1].first_byte(), -1);
  }
}

TEST_F(DownloadTest, CopesWithAServerThatIgnoresRanges) {
  const std::string body = body_of(701);
  const HttpServer server([&, n = 0](const auto&) mutable {
    return answer(200, {{"ETag", "\"e\""}, {"Content-Length", "701"}}, body.substr(0, n++ == 0 ? 300 : 701));
  });
  EXPECT_EQ(fetch(server).resumed_from, 0);
  EXPECT_EQ(content(), body);
}

TEST_F(DownloadTest, RefusesAWrongLength) {
  const HttpServer longer([](const auto&) { return answer(200, {{"Content-Length", "9"}}, "abc"); });
  EXPECT_THAT(error_of(longer), HasSubstr("the connection failed, 3 times in a row"));
  const HttpServer three([](const auto&) { return answer(200, {}, "abc"); });
  EXPECT_THAT(error_of(three, {.url = "", .md5 = "", .size = 4}), HasSubstr("3 bytes came, 4 were expected"));
  const HttpServer chunks([](const auto&) {
    return std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");  // and no last chunk
  });
  EXPECT_THAT(error_of(chunks), HasSubstr("times in a row"));
  EXPECT_FALSE(std::filesystem::exists(target()));
}

TEST_F(DownloadTest, ChecksThePublishedMd5) {
  const HttpServer server([](const auto&) { return answer(200, {}, "abc"); });
  EXPECT_TRUE(fetch(server, {.url = "", .md5 = kMd5OfAbc}).is_md5_checked);
  std::filesystem::remove(target());
  EXPECT_THAT(error_of(server, {.url = "", .md5 = std::string(32, '0')}),
              AllOf(HasSubstr(kMd5OfAbc), HasSubstr("damaged on the way")));
  EXPECT_EQ(folder_.entries(), 0);  // wrong bytes are not a beginning
}

TEST_F(DownloadTest, ChecksTheMd5ThatTheServerSends) {
  const std::string hash = "crc32c=NksnHA==,md5=" + std::string(kBase64OfAbc);
  const HttpServer good([&](const auto&) { return answer(200, {{"x-goog-hash", hash}}, "abc"); });
  EXPECT_TRUE(fetch(good).is_md5_checked);
  const HttpServer bad([&](const auto&) { return answer(200, {{"x-goog-hash", hash}}, "abd"); });
  EXPECT_THAT(error_of(bad), HasSubstr("damaged on the way"));
  const HttpServer unpacking([&](const auto&) {
    return answer(200, {{"x-goog-hash", hash}, {"x-goog-stored-content-encoding", "gzip"}}, "abd");
  });
  EXPECT_FALSE(fetch(unpacking).is_md5_checked);
  const HttpServer plain([&](const auto&) { return answer(200, {{"Content-MD5", kBase64OfAbc}}, "abc"); });
  EXPECT_TRUE(fetch(plain).is_md5_checked);
  const HttpServer nonsense([&](const auto&) { return answer(200, {{"Content-MD5", "?"}}, "abc"); });
  EXPECT_FALSE(fetch(nonsense).is_md5_checked);
}

TEST_F(DownloadTest, StartsAnewWhereTheBeginningWasSpoiled) {
  write_file(folder_ / "x.npz.part", "zz");
  const HttpServer server([](const auto& request) { return serve(request, "abc", {{"ETag", "\"e\""}}); });
  write_file(folder_ / "x.npz.part.json",
             R"({"url": ")" + server.url("/x") + R"(", "etag": "\"e\"", "last_modified": "", "size": 3})");
  EXPECT_EQ(fetch(server, {.url = "", .md5 = kMd5OfAbc}).resumed_from, 0);
  EXPECT_EQ(content(), "abc");
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(DownloadTest, TellsRefusalsFromTroubles) {
  for (const int status : {400, 401, 403, 404, 410, 451, 304}) {
    const HttpServer server([&](const auto&) { return answer(status, {}, "a page"); });
    EXPECT_THAT(error_of(server), HasSubstr("answered " + std::to_string(status)));
    EXPECT_EQ(server.requests().size(), 1U) << status;
    EXPECT_EQ(folder_.entries(), 0) << status;
  }
  for (const int status : {408, 429, 500, 502, 503}) {
    const HttpServer server(
        [&, n = 0](const auto&) mutable { return n++ < 2 ? answer(status, {}, "a page") : answer(200, {}, "abc"); });
    EXPECT_EQ(fetch(server).bytes, 3) << status;
  }
  const HttpServer failing([](const auto&) { return answer(500, {}, "a page"); });
  EXPECT_THAT(error_of(failing), HasSubstr("the server answered 500, 3 times in a row"));
}

TEST_F(DownloadTest, FollowsAFewRedirects) {
  const HttpServer server([](const ServedRequest& request) {
    if (request.path == "/x") return answer(302, {{"Location", "/y"}}, "moved");
    if (request.path == "/y") return answer(307, {{"Location", "/z"}});
    return answer(200, {}, "abc");
  });
  fetch(server);
  EXPECT_EQ(content(), "abc");
}

TEST_F(DownloadTest, RefusesRedirectsInCirclesAndAway) {
  const HttpServer circle([](const auto&) { return answer(301, {{"Location", "/x"}}); });
  EXPECT_THAT(error_of(circle), HasSubstr("it redirects more than 5 times"));
  EXPECT_EQ(circle.requests().size(), 6U);
  for (const char* location : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x"}) {
    const HttpServer away([&](const auto&) { return answer(302, {{"Location", location}}); });
    EXPECT_THAT(error_of(away), HasSubstr("not http or https")) << location;
  }
}

TEST_F(DownloadTest, RefusesOtherProtocols) {
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/x", "/etc/passwd", "", "http://", "http:// /x"})
    EXPECT_THAT(error_of(std::string(url)), HasSubstr("not a URL that begins with http")) << url;
  const HttpServer no_http([](const auto&) { return std::string("hello\n"); });
  EXPECT_THAT(error_of(no_http), HasSubstr("not http or https"));
}

TEST_F(DownloadTest, SaysThatTheHostCannotBeReached) {
  options_.connect_timeout_ms = 2000;
  options_.retries = 0;
  EXPECT_THAT(error_of(std::string("http://no-such-host.invalid/x")), HasSubstr("no-such-host.invalid"));
  std::string gone;
  {
    const HttpServer server([](const auto&) { return std::string(); });
    gone = server.url("/x");
  }
  EXPECT_THAT(error_of(gone), HasSubstr("try again later"));
}

// libcurl looks names up in a thread.
TEST_F(DownloadTest, SaysThatNoThreadCanStart) {
  options_.retries = 0;
  const testing::ThreadLimit none(0);
  EXPECT_THAT(error_of(std::string("http://no-such-host.invalid/x")), HasSubstr("x: cannot start a thread"));
}

TEST_F(DownloadTest, TakesAStalledConnectionForADroppedOne) {
  const HttpServer server([n = 0](const auto&) mutable {
    if (n++ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3300));
    return answer(200, {}, "abc");
  });
  // The first request is given up after 2 to 3 s, and the second waits for what is left of the pause: less than 2 s.
  options_.stall_timeout_s = 2;
  fetch(server);
  EXPECT_EQ(retries_.size(), 1U);
}

TEST_F(DownloadTest, BoundsAnEndlessAnswer) {
  options_.max_bytes = 1000;
  const HttpServer told([](const auto&) { return answer(200, {{"Content-Length", "99999999999"}}, "abc"); });
  EXPECT_THAT(error_of(told), HasSubstr("99999999999 bytes are more than a file may have here"));
  const HttpServer untold(
      [](const auto&) { return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(100'000, 'x'); });
  EXPECT_THAT(error_of(untold), HasSubstr("more than 1000 bytes came"));
  EXPECT_FALSE(std::filesystem::exists(target()));
}

TEST_F(DownloadTest, StopsWhenAskedAndKeepsWhatItHas) {
  const std::string body = body_of(4000);
  const HttpServer server([&](const auto& request) { return serve(request, body, {{"ETag", "\"e\""}}, 1500); });
  options_.on_progress = [&](const DownloadProgress&) { options_.should_stop = [] { return true; }; };
  EXPECT_THAT(error_of(server), HasSubstr("interrupted after 1500 bytes"));
  options_.on_progress = {};
  options_.should_stop = {};
  EXPECT_EQ(fetch(server).resumed_from, 1500);
  EXPECT_EQ(content(), body);
}

TEST_F(DownloadTest, NamesAFolderThatIsNotThere) {
  EXPECT_THROW(download({.url = "http://127.0.0.1:1/x", .md5 = ""}, folder_ / "absent/x", options_), Error);
}

}  // namespace
}  // namespace limn::fetch
