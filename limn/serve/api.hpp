// The studio's calls, by what they are about, and what they share. web/openapi.json describes them for users. Each
// throws Refusal for what it, or the model, cannot do. The calls to models know neither sockets nor threads nor files,
// so that the WebAssembly module answers the same ones (wasm/src/studio_calls.cpp).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "limn/serve/http.hpp"
#include "limn/serve/limits.hpp"
#include "limn/serve/studio_models.hpp"
#include "limn/serve/work_gate.hpp"

namespace limn::serve {

class JsonObject;
class RunWatch;

struct ApiContext {
  const Limits& limits;
  const StudioModels& models;
  const RunWatch* runs;  // null where --runs was not given
  WorkGate& gate;
};

[[nodiscard]] HttpReply json_reply(const nlohmann::ordered_json& value);
// `strokes` as JSON lists with as many digits as screens and plotters need.
[[nodiscard]] std::string strokes_json(std::span<const sketch::Stroke> strokes);
// The request's seed, or a random one that JavaScript's numbers hold exactly.
[[nodiscard]] std::uint64_t seed_of(const JsonObject& body);

// sketch_api.cpp. Replies that grow with the drawings, one JSON object per line (application/x-ndjson).
[[nodiscard]] HttpReply complete(const ApiContext& context, const StudioModel& model, std::string_view body);
[[nodiscard]] HttpReply vary(const ApiContext& context, const StudioModel& model, std::string_view body);
[[nodiscard]] HttpReply morph(const ApiContext& context, const StudioModel& model, std::string_view body);

// image_api.cpp.
[[nodiscard]] HttpReply decode(const ApiContext& context, const StudioModel& model, std::string_view body);
[[nodiscard]] HttpReply encode(const ApiContext& context, const StudioModel& model, std::string_view body);

// canvas_api.cpp: an image step by step, as JSON or GIF.
[[nodiscard]] HttpReply show_canvases(const ApiContext& context, const StudioModel& model, std::string_view body);

// picture_api.cpp: drawings as a file to save.
[[nodiscard]] HttpReply save_picture(const ApiContext& context, std::string_view body);

// studio_api.cpp: the models and the limits.
[[nodiscard]] nlohmann::ordered_json studio_json(const StudioModels& all, const Limits& limits, bool watches_runs);
[[nodiscard]] HttpReply describe_studio(const ApiContext& context);

// run_api.cpp.
[[nodiscard]] HttpReply list_runs(const ApiContext& context);
[[nodiscard]] HttpReply show_run(const ApiContext& context, std::string_view id, const HttpRequest& request);
[[nodiscard]] HttpReply show_sample(const ApiContext& context, std::string_view id, std::string_view step);

}  // namespace limn::serve
