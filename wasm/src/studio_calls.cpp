// The studio's calls, as limn serve answers them over HTTP: the same code on the same bodies, with the same replies
// (web/openapi.json). A reply's text is its type, a line end and its body; counts holds the status.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "limn/core/error.hpp"
#include "limn/core/version.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/routes.hpp"
#include "limn/serve/work_gate.hpp"
#include "wasm/src/call.hpp"
#include "wasm/src/model_file.hpp"

namespace limn::wasm {
namespace {

// limn serve --export looks for this text in the module's bytes.
constexpr std::string_view kName = "limn-studio-module ", kOfVersion = kVersion;
constexpr auto kMark = [] {
  std::array<char, kName.size() + kOfVersion.size() + 1> text{};
  std::ranges::copy(kOfVersion, std::ranges::copy(kName, text.begin()).out);
  return text;
}();

struct Studio {
  // A phone may be ten times slower than a server.
  serve::Limits limits{.generation_time = std::chrono::minutes(5)};
  serve::StudioModels models;
  serve::WorkGate gate{1, limits.max_admitted};
};

// A reply that is not whole yet.
struct GrowingReply final : serve::ReplyStream {
  std::function<bool(serve::ReplyStream&)> write_more;
  bool write(std::string_view bytes) override {
    result().text += bytes;
    return true;
  }
  [[nodiscard]] bool is_open() const override { return true; }
};

std::string text_of(const char* text, std::int32_t size) { return {text, static_cast<std::size_t>(size)}; }

serve::HttpReply answer(Studio& studio, const serve::HttpRequest& request) {
  const serve::ApiContext context{
      .limits = studio.limits, .models = studio.models, .runs = nullptr, .gate = studio.gate};
  try {
    const serve::PathParts parts = serve::split_path(request.path);
    for (const serve::Route& route : serve::model_routes())
      if (route.method == request.method && serve::matches(route, parts)) return route.answer(context, parts, request);
    throw serve::Refusal(404, "this needs limn serve");
  } catch (const serve::Refusal& refusal) {
    return serve::error_reply(refusal.status(), refusal.what(), refusal.where());
  } catch (const Error& error) {
    return serve::error_reply(400, error.what());
  }
}

}  // namespace

LIMN_CALL(limn_studio_mark) const char* limn_studio_mark() { return kMark.data(); }

LIMN_CALL(limn_studio_open) Studio* limn_studio_open() {
  return guarded([] { return new Studio; });
}

// Adds a model of a .safetensors file's bytes under the id that paths name.
LIMN_CALL(limn_studio_add)
bool limn_studio_add(Studio* studio, const char* id, std::int32_t id_size, const char* name, std::int32_t name_size,
                     const std::byte* bytes, std::uint32_t size) {
  return guarded([&] {
    const std::string title = text_of(name, name_size);
    studio->models.add(text_of(id, id_size), title, read_model(Bytes(bytes, bytes + size), title, false));
    return true;
  });
}

// Answers a request. A handle where more of the body follows from limn_studio_more(), otherwise 0.
LIMN_CALL(limn_studio_ask)
GrowingReply* limn_studio_ask(Studio* studio, const char* path, std::int32_t path_size, const char* body,
                              std::int32_t body_size) {
  return guarded([&]() -> GrowingReply* {
    serve::HttpRequest request;
    request.method = "POST";
    request.path = text_of(path, path_size);
    request.body = text_of(body, body_size);
    serve::HttpReply reply = answer(*studio, request);
    result().counts = {reply.status};
    result().text = reply.type + "\n" + reply.body;
    if (!reply.stream) return nullptr;
    auto growing = std::make_unique<GrowingReply>();
    growing->write_more = std::move(reply.stream);
    return growing.release();
  });
}

// Computes for some milliseconds. The result's text is what has come; false once nothing more will.
LIMN_CALL(limn_studio_more) bool limn_studio_more(GrowingReply* reply) {
  return guarded([&] {
    result().text.clear();
    return reply->write_more(*reply);
  });
}

LIMN_CALL(limn_studio_end) void limn_studio_end(GrowingReply* reply) { delete reply; }

}  // namespace limn::wasm
