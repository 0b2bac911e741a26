// Models of images: encoding, DRAW's canvases step by step, and planes through a VAE's latent space.
#include "limn/core/error.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/latent_planes.hpp"
#include "wasm/src/call.hpp"

namespace limn::wasm {
namespace {

models::Drawings images_of(const models::Model& model, const float* pixels, std::int32_t count) {
  const models::ImageModel* const images = model.as_image_model();
  require(images != nullptr, "{}: it draws strokes; this is for models that draw images", model.checkpoint().origin);
  models::Drawings given{.content = models::Content::kImages, .shape = images->shape()};
  given.pixels.assign(pixels, pixels + count * given.shape.size());
  for (const float value : given.pixels)
    require(value >= 0 && value <= 1, "images: a pixel is {}, expected 0 to 1", value);
  return given;
}

models::LatentOptions latent_options(const Json& options) {
  return {.uses_mean = options.value("mean", true), .seed = drawing_options(options).seed};
}

// The canvases [n, T, C, H, W], then the windows: rows (x, y, side, σ), of what is read before of what is written.
// counts: n, T, windows of reads, windows of writes.
void give(const image::DrawingSteps& steps) {
  Result& r = result();
  r.numbers = steps.canvases;
  for (const auto* windows : {&steps.reads, &steps.writes})
    for (const image::WindowBox& w : *windows)
      r.numbers.insert(r.numbers.end(), {w.center_x, w.center_y, w.side, w.sigma});
  r.counts = {static_cast<std::int32_t>(steps.count), static_cast<std::int32_t>(steps.steps),
              static_cast<std::int32_t>(steps.reads.size()), static_cast<std::int32_t>(steps.writes.size())};
}

}  // namespace

// A latent vector of each image, pixels [n, C, H, W].
LIMN_CALL(limn_encode_images)
bool limn_encode_images(const models::Model* model, const float* pixels, std::int32_t count, const char* options,
                        std::int32_t options_size) {
  return guarded([&] {
    wasm::give(
        model->latents_of(images_of(*model, pixels, count), latent_options(parse_options(options, options_size))));
    return true;
  });
}

LIMN_CALL(limn_steps_from) bool limn_steps_from(const models::Model* model, const float* z, std::int32_t count) {
  return guarded([&] {
    model->need(models::Ability::kSteps, "use decode()");
    give(model->steps_from(latents_of(*model, z, count)));
    return true;
  });
}

LIMN_CALL(limn_steps_redrawing)
bool limn_steps_redrawing(const models::Model* model, const float* pixels, std::int32_t count, const char* options,
                          std::int32_t options_size) {
  return guarded([&] {
    model->need(models::Ability::kSteps, "use encode() and decode()");
    give(
        model->steps_redrawing(images_of(*model, pixels, count), latent_options(parse_options(options, options_size))));
    return true;
  });
}

// side × side vectors over dimensions 0 and 1 of the prior, row after row; the others are those of `base`.
LIMN_CALL(limn_manifold_latents)
bool limn_manifold_latents(const models::Model* model, std::int32_t side, const float* base) {
  return guarded([&] {
    require(side >= 1, "manifold: side is {}, expected 1 or more", side);
    const models::PlaneAxes axes = models::plane_axes(0, 1, side, model->prior());
    wasm::give(models::traversal_latents(axes, {base, static_cast<std::size_t>(model->latent_size())}));
    return true;
  });
}

}  // namespace limn::wasm
