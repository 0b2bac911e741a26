#include "wasm/src/call.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "limn/core/error.hpp"
#include "limn/core/version.hpp"

namespace limn::wasm {
namespace {

template <class T>
T member(const Json& options, const char* name, T otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->get<T>();
}

}  // namespace

Result& result() {
  static Result all;
  return all;
}

void give(const models::Drawings& drawings) {
  Result& r = result();
  r.numbers.clear();
  r.counts.clear();
  if (drawings.content == models::Content::kImages) {
    r.numbers = drawings.pixels;
    return;
  }
  for (const sketch::Sketch& sketch : drawings.sketches) {
    r.counts.push_back(static_cast<std::int32_t>(sketch.points.size()));
    for (const sketch::StrokePoint& p : sketch.points)
      r.numbers.insert(r.numbers.end(), {p.dx, p.dy, p.is_pen_lifted ? 1.0F : 0.0F});
  }
}

void give(const models::Latents& latents) { result().numbers = latents.values; }

models::Drawings sketches_of(const float* rows, const std::int32_t* counts, std::int32_t count) {
  models::Drawings drawings;
  for (std::int32_t i = 0; i < count; ++i) {
    sketch::Sketch& sketch = drawings.sketches.emplace_back();
    for (std::int32_t k = 0; k < counts[i]; ++k, rows += 3) {
      require(std::isfinite(rows[0]) && std::isfinite(rows[1]), "drawing {}: point {} is not finite", i, k);
      require(rows[2] == 0 || rows[2] == 1, "drawing {}: the pen state of point {} is {}, expected 0 or 1", i, k,
              rows[2]);
      sketch.points.push_back({rows[0], rows[1], rows[2] == 1});
    }
  }
  return drawings;
}

models::Latents latents_of(const models::Model& model, const float* values, std::int32_t count) {
  models::Latents z(count, model.latent_size());
  std::copy_n(values, z.values.size(), z.values.begin());
  require(std::ranges::all_of(z.values, [](float v) { return std::isfinite(v); }),
          "{}: the latent vector that is given holds a value that is not finite", model.checkpoint().origin);
  return z;
}

models::DrawingOptions drawing_options(const Json& options) {
  const auto prior = member<std::string>(options, "prior", "");
  return {.temperature = member(options, "temperature", 0.4),
          .sigma_temperature = member<std::string>(options, "sigmaTemperature", "sqrt") == "linear"
                                   ? models::SigmaTemperature::kLinear
                                   : models::SigmaTemperature::kSqrt,
          .is_greedy = member(options, "greedy", false),
          .seed = std::strtoull(member<std::string>(options, "seed", "1").c_str(), nullptr, 10),
          .first = member(options, "first", std::uint32_t{0}),
          .prior = prior == "fitted"     ? models::PriorKind::kFitted
                   : prior == "standard" ? models::PriorKind::kStandard
                                         : models::PriorKind::kUsual,
          .skips_blank = member(options, "skipBlank", false)};
}

Json parse_options(const char* text, std::int32_t size) {
  Json options = parse_json({text, static_cast<std::size_t>(size)});
  require(options.is_object(), "options: expected a JSON object");
  return options;
}

LIMN_CALL(limn_allocate) void* limn_allocate(std::uint32_t size) { return std::malloc(std::max(size, 1U)); }
LIMN_CALL(limn_free) void limn_free(void* memory) { std::free(memory); }

LIMN_CALL(limn_version) const char* limn_version() { return kVersion; }

LIMN_CALL(limn_error) const char* limn_error() { return result().error.data(); }
LIMN_CALL(limn_error_size) std::int32_t limn_error_size() { return static_cast<std::int32_t>(result().error.size()); }
LIMN_CALL(limn_text) const char* limn_text() { return result().text.data(); }
LIMN_CALL(limn_text_size) std::int32_t limn_text_size() { return static_cast<std::int32_t>(result().text.size()); }
LIMN_CALL(limn_numbers) const float* limn_numbers() { return result().numbers.data(); }
LIMN_CALL(limn_numbers_size) std::int32_t limn_numbers_size() {
  return static_cast<std::int32_t>(result().numbers.size());
}
LIMN_CALL(limn_counts) const std::int32_t* limn_counts() { return result().counts.data(); }
LIMN_CALL(limn_counts_size) std::int32_t limn_counts_size() {
  return static_cast<std::int32_t>(result().counts.size());
}

}  // namespace limn::wasm
