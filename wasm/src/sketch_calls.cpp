// Models of sketches: encoding, completing, drawings that grow point by point, and what the decoder says of the next
// point. Sketches come and go in data units.
#include <memory>

#include "limn/core/error.hpp"
#include "limn/models/endings.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "wasm/src/call.hpp"

namespace limn::wasm {
namespace {

const models::SketchModel& sketches_only(const models::Model& model) {
  const models::SketchModel* const sketches = model.as_sketch_model();
  require(sketches != nullptr, "{}: it draws images; this is for models that draw strokes", model.checkpoint().origin);
  return *sketches;
}

sketch::Sketch normalised(const models::SketchModel& model, const float* rows, std::int32_t points) {
  const sketch::Sketch given = sketches_of(rows, &points, 1).sketches.front();
  sketch::Sketch scaled = model.normalised(given);
  for (const sketch::StrokePoint& p : scaled.points)
    require(std::isfinite(p.dx) && std::isfinite(p.dy),
            "drawing: an offset is too large for the model, which divides by {}", model.scale_factor());
  return scaled;
}

// Drawings that grow: the stream with what it reads, and which have said their end.
struct Growing {
  const models::SketchModel* model;
  std::unique_ptr<models::StrokeStream> stream;
  std::vector<models::NewPoint> points;
};

}  // namespace

// The result's numbers: μ of each sketch [n, Z], then log σ² [n, Z].
LIMN_CALL(limn_encode_sketches)
bool limn_encode_sketches(const models::Model* model, const float* rows, const std::int32_t* counts,
                          std::int32_t count) {
  return guarded([&] {
    const models::SketchModel& sketches = sketches_only(*model);
    std::vector<sketch::Sketch> given;
    for (std::int32_t i = 0; i < count; rows += 3 * counts[i++]) given.push_back(normalised(sketches, rows, counts[i]));
    const models::LatentPosterior posterior = sketches.encode(given);
    give(posterior.mu);
    auto& numbers = result().numbers;
    numbers.insert(numbers.end(), posterior.log_variance.values.begin(), posterior.log_variance.values.end());
    return true;
  });
}

// A draw from the posterior of each sketch [n, Z], of numbers as limn_encode_sketches() gives.
LIMN_CALL(limn_draw_posterior)
bool limn_draw_posterior(const float* posterior, std::int32_t count, std::int32_t z_size, const char* options,
                         std::int32_t options_size) {
  return guarded([&] {
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(count) * z_size;
    models::LatentPosterior p{.mu = {count, z_size}, .log_variance = {count, z_size}};
    std::copy_n(posterior, size, p.mu.values.begin());
    std::copy_n(posterior + size, size, p.log_variance.values.begin());
    give(models::posterior_latents(p, drawing_options(parse_options(options, options_size)).seed));
    return true;
  });
}

// Endings of a sketch, or new sketches where `points` is -1, that grow step by step: a handle. The same drawings as
// limn complete and limn sample give for the seed.
LIMN_CALL(limn_grow)
Growing* limn_grow(const models::Model* model, const float* rows, std::int32_t points, std::int32_t count,
                   bool uses_prior, std::int32_t most_points, const char* options, std::int32_t options_size) {
  return guarded([&] {
    const models::SketchModel& sketches = sketches_only(*model);
    const models::DrawingOptions o = drawing_options(parse_options(options, options_size));
    require(count >= 1, "count is {}, expected 1 or more", count);
    sketch::Sketch given;
    if (points >= 0) given = normalised(sketches, rows, points);
    const models::Latents z =
        points < 0 ? sketches.prior_latents(sketches.is_conditional() ? count : 0, o.seed, 0, o.prior)
                   : models::ending_latents(
                         sketches, given, {.count = count, .uses_prior = uses_prior, .prior = o.prior, .seed = o.seed});
    std::vector<models::DrawRequest> requests;
    for (std::int32_t i = 0; i < count; ++i)
      requests.push_back({.z = sketches.is_conditional() ? z.row(i) : std::span<const float>(),
                          .prefix = given.points,
                          .choice = {.temperature = static_cast<float>(o.temperature),
                                     .is_greedy = o.is_greedy,
                                     .sigma_temperature = o.sigma_temperature},
                          .seed = o.seed,
                          .index = static_cast<std::uint64_t>(i),
                          .max_points = most_points});
    return new Growing{.model = &sketches, .stream = sketches.stream(requests), .points = {}};
  });
}

// Steps until at least `wanted` points are there or all drawings have ended. The result's numbers: a row (drawing, dx,
// dy, pen lifted) for each. counts: of each drawing 0 growing, 1 ended by the model, 2 cut at the most points.
LIMN_CALL(limn_grow_step) bool limn_grow_step(Growing* growing, std::int32_t wanted) {
  return guarded([&] {
    growing->points.clear();
    while (!growing->stream->is_done() && static_cast<std::int32_t>(growing->points.size()) < wanted)
      growing->stream->step(growing->points);
    Result& r = result();
    r.numbers.clear();
    const float scale = growing->model->scale_factor();
    for (const auto& [drawing, p] : growing->points)
      r.numbers.insert(r.numbers.end(),
                       {static_cast<float>(drawing), p.dx * scale, p.dy * scale, p.is_pen_lifted ? 1.0F : 0.0F});
    r.counts.clear();
    for (std::size_t i = 0; i < growing->stream->size(); ++i)
      r.counts.push_back(!growing->stream->has_ended(i) ? 0 : growing->stream->is_finished(i) ? 1 : 2);
    return true;
  });
}

LIMN_CALL(limn_grow_end) void limn_grow_end(Growing* growing) { delete growing; }

// The outputs of the decoder after each point of a sketch (teacher forcing): rows [Ns + 1, 3 + 6M], of which the first
// is for the first point, in the order of limn/kernels/losses/mixture_density.hpp.
LIMN_CALL(limn_outputs)
bool limn_outputs(const models::Model* model, const float* rows, std::int32_t points, const float* z) {
  return guarded([&] {
    const auto& network = static_cast<const models::SketchRnnModel&>(sketches_only(*model));
    const models::SketchRnnDecoder& decoder = network.decoder();
    const sketch::Sketch given = normalised(network, rows, points);
    const ConstMatrix latent = network.is_conditional() ? ConstMatrix(z, 1, network.latent_size()) : ConstMatrix();
    models::DecoderRows state = decoder.start(latent, 1);
    kernels::GemmScratch scratch;
    auto& numbers = result().numbers;
    const std::int64_t size = decoder.output_size();
    numbers.assign(static_cast<std::size_t>((points + 1) * size), 0.0F);
    for (std::int64_t i = 0; i <= points; ++i) {
      const auto row = i == 0 ? models::kStartRow : models::stroke5_row(given.points[static_cast<std::size_t>(i - 1)]);
      decoder.step(ConstMatrix(row.data(), 1, sketch::kStroke5), state);
      decoder.output(state, Matrix(numbers.data() + i * size, 1, size), scratch);
    }
    return true;
  });
}

}  // namespace limn::wasm
