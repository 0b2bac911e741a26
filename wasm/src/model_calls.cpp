// Models: made of a file's bytes, described, given back. A handle is a pointer to a models::Model.
#include <memory>

#include "limn/core/error.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/sketch_model.hpp"
#include "wasm/src/call.hpp"
#include "wasm/src/model_file.hpp"

namespace limn::wasm {
namespace {

using models::Ability;
using models::Checkpoint;

Json abilities(const models::Model& model) {
  constexpr std::pair<const char*, Ability> kAsked[] = {{"encode", Ability::kEncode},
                                                        {"decode", Ability::kDecode},
                                                        {"complete", Ability::kComplete},
                                                        {"temperature", Ability::kTemperature},
                                                        {"steps", Ability::kSteps}};
  Json all = Json::object();
  for (const auto& [name, ability] : kAsked) all[name] = model.inability(ability);
  return all;
}

}  // namespace

LIMN_CALL(limn_load)
models::Model* limn_load(const std::byte* bytes, std::uint32_t size, const char* name, std::int32_t name_size,
                         bool is_magenta, const char* precision, std::int32_t precision_size) {
  return guarded([&] {
    auto model =
        read_model(Bytes(bytes, bytes + size), std::string(name, static_cast<std::size_t>(name_size)), is_magenta);
    model->set_precision({precision, static_cast<std::size_t>(precision_size)});
    return model.release();
  });
}

LIMN_CALL(limn_unload) void limn_unload(models::Model* model) { delete model; }

// The result's text: a JSON object.
LIMN_CALL(limn_describe) bool limn_describe(const models::Model* model) {
  return guarded([&] {
    const Checkpoint& file = model->checkpoint();
    Json all{{"family", file.model},
             {"step", file.step},
             {"latentSize", model->latent_size()},
             {"hasFittedPrior", file.prior.has_value()},
             {"inability", abilities(*model)},
             {"options", parse_json(file.config)},
             {"metrics", parse_json(file.metrics)}};
    if (const auto* sketches = model->as_sketch_model()) {
      all["content"] = "sketches";
      all["scaleFactor"] = sketches->scale_factor();
      all["maxPoints"] = sketches->max_seq_len();
    } else {
      const image::ImageShape shape = model->as_image_model()->shape();
      all["content"] = "images";
      all["shape"] = {shape.channels, shape.height, shape.width};
    }
    result().text = json_text(all);
    return true;
  });
}

LIMN_CALL(limn_sample)
bool limn_sample(const models::Model* model, std::int32_t count, const char* options, std::int32_t options_size) {
  return guarded([&] {
    give(model->draw(count, drawing_options(parse_options(options, options_size))));
    return true;
  });
}

// Latent vectors of new drawings, from the prior.
LIMN_CALL(limn_prior_latents)
bool limn_prior_latents(const models::Model* model, std::int32_t count, const char* options,
                        std::int32_t options_size) {
  return guarded([&] {
    const models::DrawingOptions o = drawing_options(parse_options(options, options_size));
    give(model->prior_latents(count, o.seed, 0, o.prior));
    return true;
  });
}

LIMN_CALL(limn_decode)
bool limn_decode(const models::Model* model, const float* z, std::int32_t count, const char* options,
                 std::int32_t options_size) {
  return guarded([&] {
    model->need(Ability::kDecode, "use sample()");
    give(model->draw_latents(latents_of(*model, z, count), drawing_options(parse_options(options, options_size))));
    return true;
  });
}

// `steps` vectors of Z numbers from a to b on the great arc.
LIMN_CALL(limn_interpolate)
bool limn_interpolate(const float* a, const float* b, std::int32_t z_size, std::int32_t steps) {
  return guarded([&] {
    const auto size = static_cast<std::size_t>(z_size);
    give(models::interpolate_latents({a, size}, {b, size}, steps));
    return true;
  });
}

}  // namespace limn::wasm
