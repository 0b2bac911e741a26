// Any request to any call: an answer or a refusal in a sentence, never a 500, never an end of the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "limn/core/error.hpp"
#include "models/tiny_images.hpp"
#include "serve/raw_client.hpp"
#include "serve/served_studio.hpp"

namespace limn::testing {
namespace {

using ::testing::HasSubstr;

class Nobody final : public serve::ReplyStream {
 public:
  bool write(std::string_view /*bytes*/) override { return true; }
  [[nodiscard]] bool is_open() const override { return true; }
};

// A studio with models of all three families.
class HostileTest : public ::testing::Test {
 protected:
  HostileTest() {
    models::write_checkpoint(folder_ / "vae.safetensors", tiny_vae());
    models::write_checkpoint(folder_ / "draw.safetensors", tiny_draw());
    serve::StudioOptions options = tiny_studio_options(folder_);
    options.models.push_back(folder_ / "vae.safetensors");
    options.models.push_back(folder_ / "draw.safetensors");
    options.runs = folder_.path();
    options.limits.request_burst = 1e9;
    studio_.emplace(models::standard_registry(), options);
  }

  // The status, after the whole of the answer was made.
  int ask(const std::string& method, const std::string& path, const std::string& body = "") const {
    serve::HttpRequest request{
        .method = method, .path = path, .address = "127.0.0.1", .headers = {{"host", "localhost"}}, .body = body};
    if (method == "POST") {
      request.headers["content-type"] = "application/json";
      request.headers["content-length"] = std::to_string(body.size());
    }
    if (const auto refused = studio_->refuse(request)) return refused->status;
    try {
      serve::HttpReply reply = studio_->answer(request);
      Nobody out;
      while (reply.stream && reply.stream(out)) {
      }
      return reply.status;
    } catch (const serve::Refusal& refusal) {
      EXPECT_STRNE(refusal.what(), "");
      EXPECT_TRUE(nlohmann::json::accept(serve::error_reply(refusal.status(), refusal.what(), refusal.where()).body));
      return refusal.status();
    }
  }

  TemporaryFolder folder_;
  std::optional<serve::Studio> studio_;
};

const std::vector<std::string> kCalls{"/api/models/gen/completions",
                                      "/api/models/my-doodles/completions",
                                      "/api/models/my-doodles/variations",
                                      "/api/models/my-doodles/morphs",
                                      "/api/models/vae/images",
                                      "/api/models/vae/latents",
                                      "/api/models/draw/images",
                                      "/api/models/draw/canvases",
                                      "/api/pictures"};

// Every member that any call knows, each with every value.
TEST_F(HostileTest, CallsBearWrongTypesInEveryMember) {
  const std::vector<std::string> members{"strokes", "from",  "to",          "drawings",    "z",
                                         "pixels",  "frame", "least_frame", "count",       "seed",
                                         "columns", "size",  "format",      "temperature", "word"};
  const std::vector<std::string> values{"null",
                                        "true",
                                        "-1",
                                        "0",
                                        "1e308",
                                        "-1e308",
                                        "1e-320",
                                        "18446744073709551615",
                                        "-9223372036854775808",
                                        R"("")",
                                        R"("\u0000\ud83d\ude00")",
                                        "{}",
                                        "[]",
                                        "[[]]",
                                        "[[[]]]",
                                        "[[[[]]]]",
                                        "[[[null,null]]]",
                                        "[[[1e308,0]]]",
                                        "[[[0,0]]]",
                                        R"({"x":{"y":[]},"size":0})"};
  for (const std::string& call : kCalls)
    for (const std::string& member : members)
      for (const std::string& value : values) {
        const std::string body = fmt::format(R"({{"{}":{}}})", member, value);
        EXPECT_THAT(ask("POST", call, body), ::testing::AnyOf(200, 400, 409, 413)) << call << " " << body;
      }
}

TEST_F(HostileTest, CallsRefuseWhatIsNoJson) {
  const std::string deep(100'000, '['), objects = [] {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += R"({"a":)";
    return text;
  }();
  const std::vector<std::string> bodies{"",
                                        "{",
                                        "nul",
                                        "[]",
                                        "7",
                                        R"("text")",
                                        "NaN",
                                        "{}{}",
                                        "{\"a\":}",
                                        "{'a':1}",
                                        deep,
                                        objects,
                                        "\xff\xfe",
                                        "\xef\xbb\xbf{}x",
                                        R"({"strokes":[[[NaN,0]]]})",
                                        R"({"strokes":[[[Infinity,0]]]})",
                                        R"({"seed":1e999})",
                                        std::string(10, '\0'),
                                        "{\"strokes\":" + deep};
  for (const std::string& call : kCalls)
    for (const std::string& body : bodies) EXPECT_EQ(ask("POST", call, body), 400) << call << " " << body.substr(0, 40);
}

TEST_F(HostileTest, NoMethodAndNoPathBreaksIt) {
  std::vector<std::string> paths = kCalls;
  for (const char* path : {"", "/", "//", "/api", "/api/", "/api//", "/api/models", "/api/models//images",
                           "/api/studio/", "/api/runs/..", "/api/runs/%2e%2e/samples/1", "/api/runs/a/samples/-1",
                           "/api/runs/a/samples/99999999999999999999", "/../VERSION", "/js/../../VERSION", "\xff"})
    paths.emplace_back(path);
  for (const std::string& path : paths)
    for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
      const int status = ask(method, path, "{}");
      EXPECT_TRUE(status == 200 || (status >= 400 && status < 500)) << method << " " << path << ": " << status;
    }
}

TEST_F(HostileTest, AMillionPointsAreRefusedAndTheNextRequestIsAnswered) {
  serve::StudioOptions options = tiny_studio_options(folder_);
  const ServedStudio served(options);
  std::string body = "{\"strokes\":[[";
  for (int i = 0; i < 1'000'000; ++i) body += "[1,2],";
  body += "[1,2]]]}";
  // The refusal may come while the body is still sent.
  RawClient client(served.port());
  client.send(
      "POST /api/models/gen/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("HTTP/1.1 413"));
  (void)client.send(body);
  EXPECT_EQ(request(served.port(), "GET", "/api/studio").status, 200);
}

}  // namespace
}  // namespace limn::testing
