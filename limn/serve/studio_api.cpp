// The description of the studio, the table of the calls to models, and what all replies share.
#include <algorithm>
#include <array>

#include "limn/core/json.hpp"
#include "limn/core/version.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/routes.hpp"

namespace limn::serve {
namespace {

OrderedJson describe(const StudioModel& studio_model) {
  const models::Model& model = studio_model.model();
  OrderedJson json{{"id", studio_model.id()},
                   {"name", studio_model.name()},
                   {"kind", model.checkpoint().model},
                   {"step", model.checkpoint().step}};
  json["draws"] = model.content() == models::Content::kSketches ? "strokes" : "images";
  json["steps"] = model.can(models::Ability::kSteps);
  if (const models::SketchModel* sketches = model.as_sketch_model()) {
    json["conditional"] = model.can(models::Ability::kEncode);
    json["max_points"] = sketches->max_seq_len();
  }
  if (const models::ImageModel* images = model.as_image_model()) {
    const image::ImageShape shape = images->shape();
    json["latent_size"] = model.latent_size();
    json["image"] = {{"channels", shape.channels}, {"height", shape.height}, {"width", shape.width}};
  }
  return json;
}

constexpr std::array kModelRoutes{
    Route{"GET", "/api/studio",
          [](const ApiContext& c, const PathParts&, const HttpRequest&) { return describe_studio(c); }},
    Route{"POST", "/api/models/*/completions",
          [](const ApiContext& c, const PathParts& p, const HttpRequest& r) {
            return complete(c, c.models.find(p[2]), r.body);
          }},
    Route{"POST", "/api/models/*/variations",
          [](const ApiContext& c, const PathParts& p, const HttpRequest& r) {
            return vary(c, c.models.find(p[2]), r.body);
          }},
    Route{"POST", "/api/models/*/morphs",
          [](const ApiContext& c, const PathParts& p, const HttpRequest& r) {
            return morph(c, c.models.find(p[2]), r.body);
          }},
    Route{"POST", "/api/models/*/images",
          [](const ApiContext& c, const PathParts& p, const HttpRequest& r) {
            return decode(c, c.models.find(p[2]), r.body);
          }},
    Route{"POST", "/api/models/*/latents",
          [](const ApiContext& c, const PathParts& p, const HttpRequest& r) {
            return encode(c, c.models.find(p[2]), r.body);
          }},
    Route{"POST", "/api/models/*/canvases",
          [](const ApiContext& c, const PathParts& p, const HttpRequest& r) {
            return show_canvases(c, c.models.find(p[2]), r.body);
          }},
    Route{"POST", "/api/pictures",
          [](const ApiContext& c, const PathParts&, const HttpRequest& r) { return save_picture(c, r.body); }},
};

}  // namespace

PathParts split_path(std::string_view path) {
  PathParts parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

bool matches(const Route& route, const PathParts& parts) {
  return std::ranges::equal(split_path(route.pattern), parts,
                            [](auto a, auto b) { return a == "*" ? !b.empty() : a == b; });
}

std::span<const Route> model_routes() { return kModelRoutes; }

OrderedJson studio_json(const StudioModels& all, const Limits& limits, bool watches_runs) {
  auto models = OrderedJson::array();
  for (const auto& model : all.all()) models.push_back(describe(*model));
  return {{"name", "limn"},
          {"version", kVersion},
          {"models", models},
          {"watches_runs", watches_runs},
          {"limits",
           {{"max_points", limits.max_points},
            {"max_strokes", limits.max_strokes},
            {"max_drawings", limits.max_drawings},
            {"max_saved_drawings", limits.max_saved_drawings},
            {"max_body_bytes", limits.max_body_bytes}}}};
}

HttpReply describe_studio(const ApiContext& context) {
  return json_reply(studio_json(context.models, context.limits, context.runs != nullptr));
}

HttpReply json_reply(const OrderedJson& value) { return {.body = json_text(value) + "\n"}; }

std::string strokes_json(std::span<const sketch::Stroke> strokes) {
  std::string text = "[";
  for (const sketch::Stroke& stroke : strokes) {
    text += text.size() > 1 ? ",[" : "[";
    for (std::size_t i = 0; i < stroke.size(); ++i)
      text += fmt::format("{}[{:.6g},{:.6g}]", i == 0 ? "" : ",", stroke[i].x, stroke[i].y);
    text += "]";
  }
  return text + "]";
}

}  // namespace limn::serve
