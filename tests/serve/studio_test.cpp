// The calls of the API, without a socket: what they answer and what they refuse.
#include "limn/serve/studio.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "limn/serve/page.hpp"
#include "limn/sketch/json.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/svg_reader.hpp"
#include "models/tiny_images.hpp"
#include "serve/served_studio.hpp"

namespace limn::serve {
namespace {

using ::limn::testing::TemporaryFolder;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr const char* kSquare = "[[[0,0],[100,0],[100,100],[0,100],[0,0]]]";

class Collector final : public ReplyStream {
 public:
  bool write(std::string_view bytes) override {
    text += bytes;
    return true;
  }
  [[nodiscard]] bool is_open() const override { return true; }
  std::string text;
};

class StudioTest : public ::testing::Test {
 protected:
  HttpReply call(const std::string& method, const std::string& path, const std::string& body = "",
                 HeaderMap headers = {}) const {
    headers.try_emplace("host", "127.0.0.1");
    if (method == "POST") {
      headers.try_emplace("content-type", "application/json");
      headers.try_emplace("content-length", std::to_string(body.size()));
    }
    const HttpRequest request{.method = method, .path = path, .address = "127.0.0.1", .headers = headers, .body = body};
    if (auto refused = studio_.refuse(request)) return *refused;
    try {
      return studio_.answer(request);
    } catch (const Refusal& refusal) {
      return error_reply(refusal.status(), refusal.what(), refusal.where());
    }
  }
  // The lines of a streamed answer.
  std::vector<json> events(const std::string& path, const std::string& body) const {
    HttpReply reply = call("POST", path, body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    if (!reply.stream) return {};
    Collector out;
    while (reply.stream(out)) {
    }
    std::vector<json> all;
    std::istringstream lines(out.text);
    for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
    return all;
  }

  static StudioOptions without_rate(StudioOptions options) {
    options.limits.request_burst = 1e9;
    return options;
  }

  TemporaryFolder folder_;
  Studio studio_{models::standard_registry(), without_rate(testing::tiny_studio_options(folder_))};
};

TEST_F(StudioTest, TellsItsModels) {
  const json studio = json::parse(call("GET", "/api/studio").body);
  ASSERT_EQ(studio["models"].size(), 2U);
  EXPECT_EQ(studio["models"][0]["id"], "gen");
  EXPECT_EQ(studio["models"][0]["conditional"], false);
  EXPECT_EQ(studio["models"][0]["draws"], "strokes");
  EXPECT_EQ(studio["models"][0]["steps"], false);
  EXPECT_EQ(studio["models"][1]["id"], "my-doodles");
  EXPECT_EQ(studio["models"][1]["conditional"], true);
  EXPECT_EQ(studio["models"][1]["name"], "My Doodles!");
  EXPECT_EQ(studio["watches_runs"], false);
}

TEST_F(StudioTest, CompletesWhereThePenWas) {
  for (const char* model : {"gen", "my-doodles"}) {
    const auto all = events(std::string("/api/models/") + model + "/completions",
                            std::string(R"({"frame":{"size":300},"count":3,"seed":5,"strokes":)") + kSquare + "}");
    ASSERT_GE(all.size(), 3U);
    EXPECT_EQ(all.front()["event"], "start");
    EXPECT_EQ(all.front()["endings"], 3);
    EXPECT_EQ(all.back()["event"], "done");
    std::set<int> ended;
    int points = 0;
    for (const auto& event : all) {
      if (event["event"] == "end") ended.insert(event["ending"].get<int>());
      if (event["event"] == "points") points += static_cast<int>(event["points"].size());
    }
    EXPECT_EQ(ended, (std::set<int>{0, 1, 2}));
    EXPECT_GT(points, 3);
    // The same seed, the same endings.
    EXPECT_EQ(all, events(std::string("/api/models/") + model + "/completions",
                          std::string(R"({"frame":{"size":300},"count":3,"seed":5,"strokes":)") + kSquare + "}"));
  }
}

TEST_F(StudioTest, TakesAFrameOrTheLeastOfIt) {
  const auto drawn = [&](const std::string& more) {
    return events("/api/models/my-doodles/completions", R"({"seed":5,)" + more + R"("strokes":)" + kSquare + "}");
  };
  // Without either, the square around the strokes is the least.
  EXPECT_EQ(drawn(""), drawn(R"("least_frame":{"x":0,"y":0,"size":100},)"));
  EXPECT_NE(drawn(R"("frame":{"x":10,"y":10,"size":80},)"), drawn(R"("frame":{"x":10,"y":10,"size":160},)"));
  const auto both = call("POST", "/api/models/my-doodles/completions",
                         R"({"strokes":[],"frame":{"size":9},"least_frame":{"size":9}})");
  EXPECT_EQ(both.status, 400);
  EXPECT_NE(both.body.find("least_frame: name either frame or least_frame"), std::string::npos) << both.body;
}

TEST_F(StudioTest, TakesBothFormsOfTemperature) {
  const auto drawn = [&](const std::string& more) {
    return events("/api/models/gen/completions",
                  R"({"frame":{"size":300},"seed":5,)" + more + R"("strokes":)" + kSquare + "}");
  };
  EXPECT_EQ(drawn(""), drawn(R"("sigma_temperature":"sqrt",)"));
  EXPECT_NE(drawn(""), drawn(R"("sigma_temperature":"linear",)"));
  EXPECT_EQ(call("POST", "/api/models/gen/completions", R"({"strokes":[],"sigma_temperature":"cubic"})").status, 400);
}

TEST_F(StudioTest, BeginsADrawingFromNothing) {
  for (const char* model : {"gen", "my-doodles"}) {
    const auto all = events(std::string("/api/models/") + model + "/completions",
                            R"({"strokes":[],"frame":{"x":5,"y":5,"size":100}})");
    EXPECT_EQ(all.front()["given_points"], 0);
    EXPECT_EQ(all.back()["event"], "done");
  }
}

// A new drawing begins where the model's prior says.
TEST_F(StudioTest, DrawsLatentVectorsFromTheModelsPrior) {
  models::Checkpoint vae = testing::tiny_vae();
  vae.prior = models::FittedPrior{.mean = {5, -3}, .factor = {0.1F, 0, 0.2F, 0.3F}};
  models::write_checkpoint(folder_ / "vae.safetensors", vae);
  StudioOptions options;
  options.models = {folder_ / "vae.safetensors"};
  const Studio studio(models::standard_registry(), without_rate(std::move(options)));
  const auto latents = [&](const std::string& body) {
    return json::parse(studio
                           .answer({.method = "POST",
                                    .path = "/api/models/vae/latents",
                                    .address = "127.0.0.1",
                                    .headers = {{"host", "localhost"}},
                                    .body = body})
                           .body);
  };
  const json one = latents(R"({"seed":7})");
  models::Latents z = models::prior_latents(1, 2, 7);
  models::transform(*vae.prior, z);
  EXPECT_EQ(one["z"].get<std::vector<float>>(), z.values);
  EXPECT_EQ(one["seed"], 7);
  EXPECT_NE(latents("{}")["z"], latents("{}")["z"]);
}

TEST_F(StudioTest, VariesAndMorphs) {
  const auto varied =
      events("/api/models/my-doodles/variations",
             std::string(R"({"temperatures":[0.2,0.9],"count":3,"size":50,"strokes":)") + kSquare + "}");
  std::set<int> indices;
  for (const auto& event : varied) {
    if (event["event"] != "drawing") continue;
    indices.insert(event["index"].get<int>());
    for (const auto& stroke : event["strokes"])
      for (const auto& point : stroke) {
        EXPECT_GE(point[0].get<double>(), -0.01);
        EXPECT_LE(point[1].get<double>(), 50.01);
      }
  }
  EXPECT_EQ(indices.size(), 6U);
  const auto morphed = events("/api/models/my-doodles/morphs",
                              std::string(R"({"steps":4,"from":)") + kSquare + R"(,"to":[[[0,0],[50,80],[100,0]]]})");
  EXPECT_EQ(std::ranges::count_if(morphed, [](const json& e) { return e["event"] == "drawing"; }), 4);
  const HttpReply refused = call("POST", "/api/models/gen/variations", R"({"strokes":[[[0,0],[1,1]]]})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("Gen cannot do this: it has no encoder"));
  EXPECT_EQ(call("POST", "/api/models/my-doodles/variations", R"({"strokes":[]})").status, 400);
}

TEST_F(StudioTest, SavesDrawingsThatReadBack) {
  const auto save = [&](const std::string& format, const std::string& drawings = std::string("[") + kSquare + "]") {
    return call("POST", "/api/pictures", R"({"format":")" + format + R"(","drawings":)" + drawings + "}");
  };
  const auto svg = sketch::parse_svg(save("svg").body, "saved.svg").drawings.at(0);
  ASSERT_EQ(svg.size(), 1U);
  EXPECT_THAT(save("png").body, ::testing::StartsWith("\x89PNG"));
  EXPECT_THAT(save("gif").body, ::testing::StartsWith("GIF89a"));
  EXPECT_THAT(save("gcode").body, HasSubstr("G21"));
  EXPECT_EQ(sketch::parse_sketches_json(save("json").body, "saved.json")[Split::kTrain].at(0).points.size(), 5U);
  EXPECT_EQ(json::parse(save("ndjson").body)["drawing"][0][0].size(), 5U);
  // One line a drawing and no blank one; simplified as data sets are, if asked for.
  EXPECT_THAT(save("ndjson").body, ::testing::EndsWith("]}\n"));
  EXPECT_THAT(save("ndjson").body, ::testing::Not(HasSubstr("\n\n")));
  const std::string dense = R"([[[[0,0],[10,0.1],[20,0],[30,0.2],[40,0],[100,0],[100,50],[100,100]]]])";
  EXPECT_EQ(json::parse(save("ndjson", dense).body)["drawing"][0][0].size(), 8U);
  const HttpReply simplified =
      call("POST", "/api/pictures", R"({"format":"ndjson","simplify":true,"drawings":)" + dense + "}");
  EXPECT_EQ(json::parse(simplified.body)["drawing"][0][0].size(), 3U);
  const std::string npz = save("npz", std::string("[") + kSquare + "," + kSquare + "]").body;
  EXPECT_EQ(sketch::parse_npz(as_bytes(npz), "saved.npz")[Split::kTrain].size(), 2U);
  EXPECT_EQ(save("bmp").status, 400);
  EXPECT_EQ(save("svg", "[[]]").status, 400);
  EXPECT_EQ(save("svg", "[]").status, 400);
}

TEST_F(StudioTest, RefusesWrongPathsMethodsAndBodies) {
  EXPECT_EQ(call("GET", "/nothing").status, 404);
  EXPECT_EQ(call("GET", "/../../etc/passwd").status, 404);
  EXPECT_EQ(call("GET", "/api").status, 404);
  EXPECT_EQ(call("GET", "/api/models//completions").status, 404);
  EXPECT_EQ(call("POST", "/api/models/none/completions", "{}").status, 404);
  EXPECT_EQ(call("GET", "/api/models/gen/completions").status, 405);
  EXPECT_EQ(call("DELETE", "/api/studio").status, 405);
  EXPECT_EQ(call("OPTIONS", "/api/studio").status, 405);
  EXPECT_EQ(call("POST", "/").status, 405);
  EXPECT_EQ(call("POST", "/api/pictures", "{}", {{"content-type", "text/plain"}}).status, 415);
  EXPECT_EQ(call("POST", "/api/pictures", "{}", {{"content-encoding", "gzip"}}).status, 415);
  EXPECT_EQ(call("POST", "/api/pictures", "{}", {{"transfer-encoding", "chunked"}}).status, 411);
  EXPECT_EQ(call("POST", "/api/pictures", "{}", {{"content-length", "999999999999"}}).status, 413);
  EXPECT_EQ(call("GET", "/api/runs").status, 404);
  EXPECT_EQ(call("POST", "/api/models/gen/images", "{\"z\":[1]}").status, 409);
  const HttpReply refused = call("POST", "/api/models/gen/canvases", "{}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("not an image step by step"));
}

TEST_F(StudioTest, ServesThePageWithTags) {
  const HttpReply page = call("GET", "/");
  EXPECT_EQ(page.type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("limn"));
  for (const auto& file : page_files()) {
    if (file.path.starts_with(kOfExport)) {
      EXPECT_EQ(call("GET", std::string(file.path)).status, 404) << file.path;
      continue;
    }
    const HttpReply reply = call("GET", std::string(file.path));
    EXPECT_EQ(reply.status, 200) << file.path;
    EXPECT_EQ(call("GET", std::string(file.path), "", {{"if-none-match", std::string(file.tag)}}).status, 304);
  }
}

// Every call is described, and every description is of a call.
TEST_F(StudioTest, IsDescribedByItsOpenApiFile) {
  const json description = json::parse(call("GET", "/openapi.json").body);
  EXPECT_THAT(description["openapi"].get<std::string>(), ::testing::StartsWith("3."));
  int calls = 0;
  for (const auto& [path, methods] : description["paths"].items()) {
    std::string real = path;
    while (real.find('{') != std::string::npos) real.replace(real.find('{'), real.find('}') - real.find('{') + 1, "x");
    for (const auto& [method, operation] : methods.items()) {
      ++calls;
      EXPECT_TRUE(operation.contains("summary")) << path;
      std::string name = method;
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      const HttpReply reply = call(name, real, "{}");
      EXPECT_NE(reply.status, 405) << name << " " << path;
      EXPECT_THAT(reply.body, ::testing::Not(HasSubstr("there is nothing here"))) << path;
    }
  }
  EXPECT_EQ(calls, 12);
}

// Anything at all: an answer or a refusal, never an exception of another kind.
TEST_F(StudioTest, AnswersRandomBodiesWithRefusals) {
  const std::vector<std::string> good{
      std::string(R"({"strokes":)") + kSquare +
          R"(,"count":2,"temperature":0.5,"frame":{"x":1,"y":2,"size":99},"max_points":9})",
      std::string(R"({"from":)") + kSquare + R"(,"to":)" + kSquare + R"(,"steps":3})",
      std::string(R"({"drawings":[)") + kSquare + R"(],"format":"svg","given_strokes":1})"};
  const std::vector<std::string> paths{"/api/models/gen/completions", "/api/models/my-doodles/morphs", "/api/pictures"};
  const std::string pieces = "[]{},:\"0123456789-.eE+ntf\\u\n\xff \0x";
  std::set<int> seen;
  for (std::uint64_t i = 0; i < 1500; ++i) {
    RandomStream random(11, Purpose::kTest, 0, i);
    std::string body = good[i % good.size()];
    const auto changes = 1 + random.below(4);
    for (std::uint64_t c = 0; c < changes; ++c) {
      const auto at = random.below(body.size());
      if (random.uniform() < 0.3F)
        body.erase(at, 1 + random.below(8));
      else
        body[at] = pieces[random.below(pieces.size())];
      if (body.empty()) body = "0";
    }
    HttpReply reply = call("POST", paths[i % paths.size()], body);
    seen.insert(reply.status);
    if (reply.stream) {
      Collector out;
      while (reply.stream(out)) {
      }
      EXPECT_THAT(out.text, HasSubstr("\"done\"")) << body;
    }
    ASSERT_TRUE(reply.status == 200 || reply.status == 400 || reply.status == 413) << reply.status << " " << body;
    if (reply.status != 200) {
      EXPECT_THAT(reply.body, HasSubstr("\"message\""));
    }
  }
  EXPECT_TRUE(seen.contains(200) && seen.contains(400));
}

}  // namespace
}  // namespace limn::serve
