// The studio on a real socket, with clients that mean no good: wrong heads, slow bytes, sudden ends, many at
// once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "limn/core/error.hpp"
#include "serve/raw_client.hpp"
#include "serve/served_studio.hpp"
#include "testing/thread_limit.hpp"

namespace limn::testing {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::HasSubstr;

constexpr const char* kSquare = "[[[0,0],[100,0],[100,100],[0,100],[0,0]]]";
const std::string kCompletion = std::string(R"({"strokes":)") + kSquare + R"(,"frame":{"size":300},"count":2})";

class ServerTest : public ::testing::Test {
 protected:
  // Serves until the test ends.
  ServedStudio& serve(const std::function<void(serve::StudioOptions&)>& change = {}) {
    serve::StudioOptions options = tiny_studio_options(folder_);
    if (change) change(options);
    return served_.emplace(options);
  }
  std::string head(std::string_view more = "") {
    return "GET /api/studio HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) + "\r\n";
  }

  TemporaryFolder folder_;
  std::optional<ServedStudio> served_;
};

TEST_F(ServerTest, AnswersWithSecurityHeaders) {
  const int port = serve().port();
  for (const char* path : {"/", "/api/studio", "/nothing", "/js/app.js"}) {
    const RawReply reply = request(port, "GET", path);
    EXPECT_TRUE(reply.has("content-security-policy: default-src 'none'; script-src 'self'")) << path;
    EXPECT_TRUE(reply.has("x-content-type-options: nosniff")) << path;
    EXPECT_TRUE(reply.has("referrer-policy: no-referrer"));
    EXPECT_FALSE(reply.has("access-control-allow")) << path;
  }
  EXPECT_EQ(request(port, "HEAD", "/api/studio").body, "");
  EXPECT_EQ(request(port, "HEAD", "/api/studio").status, 200);
}

TEST_F(ServerTest, StreamsACompletion) {
  const RawReply reply = request(serve().port(), "POST", "/api/models/gen/completions", kCompletion);
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has("content-type: application/x-ndjson"));
  EXPECT_THAT(reply.body, HasSubstr("{\"event\":\"done\"}"));
}

TEST_F(ServerTest, RefusesForeignHostsAndOrigins) {
  const int port = serve().port();
  EXPECT_EQ(request(port, "GET", "/api/studio", "", "", "evil.example").status, 421);
  EXPECT_EQ(request(port, "GET", "/", "", "", "evil.example").status, 421);
  EXPECT_EQ(
      request(port, "POST", "/api/pictures", "{}", "Origin: http://evil.example\r\nContent-Type: application/json\r\n")
          .status,
      403);
  EXPECT_EQ(request(port, "OPTIONS", "/api/pictures", "", "Origin: http://127.0.0.1\r\n").status, 405);
  RawClient two(port);
  two.send("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(parse_reply(two.read_all()).status, 421);
}

TEST_F(ServerTest, AsksForItsToken) {
  const int port = serve([](auto& options) { options.token = "correct horse battery"; }).port();
  EXPECT_EQ(request(port, "GET", "/").status, 200);
  EXPECT_EQ(request(port, "GET", "/api/studio").status, 401);
  EXPECT_EQ(request(port, "POST", "/api/pictures", "{}").status, 401);
  EXPECT_EQ(request(port, "GET", "/api/studio", "", "Authorization: Bearer correct horse battery\r\n").status, 200);
}

TEST_F(ServerTest, RefusesWrongHeads) {
  const int port = serve().port();
  const auto status = [&](const std::string& bytes) {
    RawClient client(port);
    client.send(bytes);
    return parse_reply(client.read_all(3s)).status;
  };
  EXPECT_EQ(status("nonsense\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: localhost\r\nA: b\nC: d\r\n\r\n"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: localhost\r\nA: \0\r\n\r\n"s), 400);
  EXPECT_EQ(status("POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: "
                   "3\r\n\r\n{}"),
            400);
  EXPECT_EQ(status("POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: -2\r\n\r\n{}"), 400);
  EXPECT_EQ(status("POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                   "2\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
            400);
  EXPECT_EQ(status("POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                   "application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
            411);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: localhost\r\nA: " + std::string(20000, 'a')), 431);
  EXPECT_EQ(status(std::string(100000, 'a')), 431);
  std::string many = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  EXPECT_EQ(status(many + "\r\n"), 431);
  EXPECT_EQ(status("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), 431);
  EXPECT_EQ(status("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400);
  EXPECT_EQ(status("BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 400);
}

// Headers on which the library below would run recursive expressions or slow compression.
TEST_F(ServerTest, IgnoresRangesAndEncodings) {
  std::string ranges = "Range: bytes=0-0";
  for (int i = 0; i < 1500; ++i) ranges += ",0-0";
  const RawReply reply = request(serve().port(), "GET", "/js/app.js", "",
                                 ranges + "\r\nAccept-Encoding: br, gzip\r\nExpect: 100-continue\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.has("content-encoding"));
}

TEST_F(ServerTest, RefusesLargeBodiesWithoutReadingThem) {
  const int port = serve().port();
  RawClient client(port);
  client.send(
      "POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "900000000\r\n\r\n");
  EXPECT_EQ(parse_reply(client.read_all(3s)).status, 413);
  std::string million = "{\"strokes\":[[";
  for (int i = 0; i < 30000; ++i) million += "[1,2],";
  million += "[1,2]]]}";
  const RawReply points = request(port, "POST", "/api/models/gen/completions", million);
  EXPECT_EQ(points.status, 413);
  EXPECT_THAT(points.body, HasSubstr("20000 points"));
  EXPECT_EQ(request(port, "POST", "/api/models/gen/completions", std::string(1 << 20, '[')).status, 413);
}

// What follows a body that was not read must not become a request.
TEST_F(ServerTest, DoesNotReadARefusedBodyAsARequest) {
  RawClient client(serve().port());
  const std::string hidden = head();
  client.send("POST /api/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(hidden.size()) +
              "\r\n\r\n" + hidden);
  const std::string all = client.read_all(3s);
  EXPECT_EQ(parse_reply(all).status, 404);
  EXPECT_EQ(all.find("HTTP/1.1", 8), std::string::npos);
}

TEST_F(ServerTest, KeepsConnectionsOpenBetweenRequests) {
  RawClient client(serve().port());
  for (int i = 0; i < 3; ++i) {
    client.send(head());
    EXPECT_THAT(client.read_until("max_body_bytes"), HasSubstr("200 OK"));
  }
  client.send(head() + head("Connection: close\r\n"));  // both at once
  const std::string rest = client.read_all(3s);
  EXPECT_NE(rest.find("HTTP/1.1 200", 20), std::string::npos);
  EXPECT_TRUE(client.has_closed());
}

TEST_F(ServerTest, EndsSlowHeadsAndBodies) {
  const int port = serve([](auto& options) {
                     options.limits.head_time = 200ms;
                     options.limits.body_time = 300ms;
                     options.limits.idle_time = 250ms;
                   }).port();
  RawClient slow_head(port), slow_body(port), silent(port);
  const auto start = std::chrono::steady_clock::now();
  slow_body.send(
      "POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "400\r\n\r\n{");
  const std::string text = head();
  std::string answer;
  for (std::size_t i = 0; i < text.size() && answer.empty(); ++i) {
    slow_head.send(text.substr(i, 1));  // a byte now and then
    answer = slow_head.read_until("408", 20ms);
  }
  EXPECT_THAT(answer, HasSubstr("408"));
  EXPECT_THAT(slow_body.read_all(3s), HasSubstr("408"));
  EXPECT_EQ(silent.read_all(3s), "");
  EXPECT_TRUE(silent.has_closed());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
}

TEST_F(ServerTest, LetsIdleConnectionsGiveWay) {
  auto& studio = serve([](auto& options) { options.limits.max_connections = 4; });
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 12; ++i) {
    idle.push_back(std::make_unique<RawClient>(studio.port()));
    idle.back()->send("GET /api/stud");
    std::this_thread::sleep_for(5ms);
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(request(studio.port(), "GET", "/api/studio").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
  const auto deadline = start + 5s;  // those that give way need a moment to end
  while (studio.open_connections() > 5 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
  EXPECT_LE(studio.open_connections(), 5);
}

TEST_F(ServerTest, OutlivesThatNoThreadCanStart) {
  const int port = serve().port();
  {
    const ThreadLimit none(0);
    RawClient client(port);
    EXPECT_THAT(client.read_all(), HasSubstr("503"));
  }
  EXPECT_EQ(request(port, "GET", "/api/studio").status, 200);
}

TEST_F(ServerTest, RefusesWorkBeyondItsPlaces) {
  const int port = serve([](auto& options) { options.limits.max_admitted = 0; }).port();
  const RawReply reply = request(port, "POST", "/api/models/gen/completions", kCompletion);
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.has("retry-after"));
}

TEST_F(ServerTest, RefusesTooManyRequestsOfOneAddress) {
  const int port = serve([](auto& options) {
                     options.limits.requests_per_second = 0.1;
                     options.limits.request_burst = 3;
                   }).port();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(request(port, "GET", "/api/studio").status, 200);
  EXPECT_EQ(request(port, "GET", "/api/studio").status, 429);
}

TEST_F(ServerTest, StopsWorkingForClientsThatLeave) {
  // No time for a reply: what is measured is that leaving ends it, not the time.
  auto& studio = serve([](auto& options) { options.limits.slice_time = 0ms; });
  {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(std::make_unique<RawClient>(studio.port()));
      clients.back()->send(
          "POST /api/models/my-doodles/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
          "application/json\r\nContent-Length: " +
          std::to_string(kCompletion.size()) + "\r\n\r\n" + kCompletion);
    }
  }
  const auto deadline = std::chrono::steady_clock::now() + 3s;
  while (studio.open_connections() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(studio.open_connections(), 0);
}

TEST_F(ServerTest, StopsAtOnceWithClientsOfEveryKind) {
  auto& studio = serve();
  EXPECT_EQ(request(studio.port(), "GET", "/api/studio").status, 200);
  RawClient idle(studio.port()), half(studio.port()), busy(studio.port());
  half.send("POST /api/pictures HTTP/1.1\r\nHost: lo");
  busy.send(
      "POST /api/models/gen/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: " +
      std::to_string(kCompletion.size()) + "\r\n\r\n" + kCompletion);
  EXPECT_LT(studio.stop(), 1s);
}

TEST_F(ServerTest, StopsBeforeItHasBegun) {
  for (int i = 0; i < 20; ++i) {
    ServedStudio studio(tiny_studio_options(folder_));
    EXPECT_LT(studio.stop(), 2s);
  }
}

TEST(HttpServer, SaysThatAPortIsTaken) {
  const TemporaryFolder folder;
  ServedStudio first(tiny_studio_options(folder));
  EXPECT_EQ(request(first.port(), "GET", "/api/studio").status, 200);
  const serve::Studio studio(models::standard_registry(), tiny_studio_options(folder));
  serve::HttpServer second(studio.handlers(), studio.limits());
  EXPECT_THROW(second.bind("127.0.0.1", first.port()), Error);
}

}  // namespace
}  // namespace limn::testing
