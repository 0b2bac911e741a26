// An image that grows on the canvas step by step, with the windows through which the model reads and writes.
#include "limn/core/base64.hpp"
#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/render/gif.hpp"
#include "limn/render/png.hpp"
#include "limn/render/sheet.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/json_body.hpp"

namespace limn::serve {
namespace {

constexpr int kFrameMs = 60, kHoldMs = 1500;
constexpr double kGifSide = 280;  // pixels

OrderedJson boxes_json(std::span<const image::WindowBox> boxes) {
  auto list = OrderedJson::array();
  for (const auto& box : boxes) list.push_back({box.center_x, box.center_y, box.side, box.sigma});
  return list;
}

HttpReply as_json(const image::DrawingSteps& drawn, std::uint64_t seed) {
  const image::ImageShape& shape = drawn.shape;
  Bytes frames;
  frames.reserve(static_cast<std::size_t>(drawn.steps * shape.size()));
  for (std::int64_t t = 0; t < drawn.steps; ++t) {
    const image::Raster frame = image::to_raster(drawn.canvas(0, t), drawn.shape);
    const auto bytes = std::as_bytes(std::span(frame.pixels));
    frames.insert(frames.end(), bytes.begin(), bytes.end());
  }
  return json_reply({{"seed", seed},
                     {"steps", drawn.steps},
                     {"channels", shape.channels},
                     {"height", shape.height},
                     {"width", shape.width},
                     {"frames", encode_base64(frames)},
                     {"reads", boxes_json(drawn.reads)},
                     {"writes", boxes_json(drawn.writes)}});
}

HttpReply as_gif(const image::DrawingSteps& drawn) {
  std::vector<render::GifFrame> frames;
  for (std::int64_t t = 0; t < drawn.steps; ++t) {
    render::Sheet sheet;
    sheet.cells.push_back(render::cell_of(image::to_raster(drawn.canvas(0, t), drawn.shape)));
    frames.push_back(
        {.image = render::paint(render::lay_out(sheet, {.cell_size = kGifSide})), .duration_ms = kFrameMs});
  }
  frames.back().duration_ms = kHoldMs;
  const Bytes gif = render::encode_gif(frames);
  return {.type = "image/gif",
          .body = {reinterpret_cast<const char*>(gif.data()), gif.size()},
          .headers = {{"Content-Disposition", "attachment; filename=\"canvas.gif\""}}};
}

}  // namespace

HttpReply show_canvases(const ApiContext& context, const StudioModel& studio_model, std::string_view text) {
  studio_model.need(models::Ability::kSteps);
  const models::ImageModel& model = studio_model.image_model();
  const JsonObject body(text, {"seed", "pixels", "format"});
  const std::string format = body.choice("format", {"json", "gif"}, "json");
  const std::uint64_t seed = seed_of(body);
  const auto size = static_cast<std::size_t>(model.shape().size());
  models::Drawings given{.content = models::Content::kImages, .shape = model.shape()};
  if (body.has("pixels")) {
    const auto numbers = body.numbers("pixels", 0, 1, size, size);
    given.pixels.assign(numbers.begin(), numbers.end());
  }
  const auto place = context.gate.admit();
  const WorkGate::Turn turn(context.gate);
  const image::DrawingSteps drawn = given.pixels.empty() ? model.steps_from(model.prior_latents(1, seed))
                                                         : model.steps_redrawing(given, {.seed = seed});
  return format == "gif" ? as_gif(drawn) : as_json(drawn, seed);
}

}  // namespace limn::serve
