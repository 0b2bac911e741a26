// Calls to models that draw images: latent vectors to pictures and back.
#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/render/png.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/json_body.hpp"

namespace limn::serve {
namespace {

// Standard normal variables beyond this do not occur.
constexpr double kFarthestLatent = 20;
constexpr std::size_t kMostImages = 625;

// Images side by side, row after row, without gaps.
image::Raster sheet_of(std::span<const float> pixels, const image::ImageShape& shape, std::int64_t count,
                       std::int64_t columns) {
  const auto width = static_cast<int>(shape.width), height = static_cast<int>(shape.height);
  const auto rows = static_cast<int>((count + columns - 1) / columns);
  image::Raster sheet =
      image::make_raster(width * static_cast<int>(columns), height * rows, static_cast<int>(shape.channels));
  const auto size = static_cast<std::size_t>(shape.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const image::Raster image = image::to_raster(pixels.subspan(static_cast<std::size_t>(i) * size, size), shape);
    const int left = static_cast<int>(i % columns) * width, top = static_cast<int>(i / columns) * height;
    for (int y = 0; y < height; ++y) std::copy_n(image.at(0, y), width * image.channels, sheet.at(left, top + y));
  }
  return sheet;
}

}  // namespace

HttpReply decode(const ApiContext& context, const StudioModel& studio_model, std::string_view text) {
  const models::ImageModel& model = studio_model.image_model();
  studio_model.need(models::Ability::kDecode);
  const JsonObject body(text, {"z", "columns"});
  const std::int64_t z_size = model.latent_size();
  const auto lists =
      body.number_lists("z", -kFarthestLatent, kFarthestLatent, static_cast<std::size_t>(z_size), kMostImages);
  const auto count = static_cast<std::int64_t>(lists.size());
  models::Latents z(count, z_size);
  for (std::int64_t i = 0; i < count; ++i)
    std::ranges::transform(lists[static_cast<std::size_t>(i)], z.row(i).begin(),
                           [](double v) { return static_cast<float>(v); });
  const auto columns = body.integer("columns", 1, count, static_cast<std::int64_t>(std::ceil(std::sqrt(count))));
  const auto place = context.gate.admit();
  const WorkGate::Turn turn(context.gate);
  const Bytes png = render::encode_png(sheet_of(model.draw_latents(z, {}).pixels, model.shape(), count, columns));
  return {.type = "image/png", .body = {reinterpret_cast<const char*>(png.data()), png.size()}};
}

HttpReply encode(const ApiContext& context, const StudioModel& studio_model, std::string_view text) {
  const models::ImageModel& model = studio_model.image_model();
  studio_model.need(models::Ability::kEncode);
  const JsonObject body(text, {"pixels", "seed"});
  if (!body.has("pixels")) {
    const std::uint64_t seed = seed_of(body);
    const auto place = context.gate.admit();
    const WorkGate::Turn turn(context.gate);
    return json_reply({{"seed", seed}, {"z", model.prior_latents(1, seed).values}});
  }
  const auto size = static_cast<std::size_t>(model.shape().size());
  const auto numbers = body.numbers("pixels", 0, 1, size, size);
  const models::Drawings given{
      .content = models::Content::kImages, .shape = model.shape(), .pixels = {numbers.begin(), numbers.end()}};
  const auto place = context.gate.admit();
  const WorkGate::Turn turn(context.gate);
  const models::Latents z = model.latents_of(given, {.uses_mean = true});
  return json_reply({{"z", z.values}});
}

}  // namespace limn::serve
