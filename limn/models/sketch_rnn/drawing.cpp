#include "limn/models/sketch_rnn/drawing.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn {
namespace {

bool is_finite(std::span<const StrokePoint> points) {
  return std::ranges::all_of(points,
                             [](const StrokePoint& p) { return std::isfinite(p.dx) && std::isfinite(p.dy); });
}

SketchRnnCheckpoint checked(SketchRnnCheckpoint checkpoint) {
  limn::check(checkpoint, "sketch-rnn model");
  return checkpoint;
}

}  // namespace

SketchRnnGenerator::SketchRnnGenerator(SketchRnnCheckpoint checkpoint)
    : checkpoint_(checked(std::move(checkpoint))),
      weights_(sketch_rnn_weights(checkpoint_)),
      decoder_(weights_) {
  if (is_conditional()) encoder_.emplace(weights_);
}

SketchRnnGenerator SketchRnnGenerator::load(const std::filesystem::path& path) {
  return SketchRnnGenerator(load_sketch_rnn(path));
}

Sketch SketchRnnGenerator::normalised(const Sketch& sketch) const {
  return scaled(sketch, 1 / scale_factor(), 1 / scale_factor());
}

Sketch SketchRnnGenerator::in_data_units(const Sketch& sketch) const {
  return scaled(sketch, scale_factor(), scale_factor());
}

LatentPosterior SketchRnnGenerator::encode(std::span<const Sketch> sketches) const {
  require(encoder_.has_value(), "the model is unconditional: it has no encoder, and sketches have no z");
  for (std::size_t i = 0; i < sketches.size(); ++i)
    require(is_finite(sketches[i].points), "encoding: sketch {} holds a value that is not finite", i);
  return encoder_->encode(sketches);
}

void SketchRnnGenerator::check(const DrawRequest& request) const {
  const std::size_t z_size = is_conditional() ? static_cast<std::size_t>(options().z_size) : 0;
  require(request.z.size() == z_size, "drawing: z has {} numbers, {} model expects {}", request.z.size(),
          is_conditional() ? "this" : "an unconditional", z_size);
  require(std::ranges::all_of(request.z, [](float v) { return std::isfinite(v); }),
          "drawing: z holds a value that is not finite");
  require(is_finite(request.prefix), "drawing: the given points hold a value that is not finite");
  require(request.max_points >= 0, "drawing: max_points is {}, expected 0 or more", request.max_points);
  limn::check(request.choice);
}

std::int64_t SketchRnnGenerator::point_limit(const DrawRequest& request) const {
  return request.max_points > 0 ? request.max_points : max_seq_len();
}

std::vector<Drawing> draw_latents(const SketchRnnGenerator& generator, const Latents& z,
                                  const PointChoice& choice, std::uint64_t seed, std::uint64_t first_index) {
  std::vector<DrawRequest> requests;
  for (std::int64_t i = 0; i < z.count(); ++i)
    requests.push_back({.z = z.row(i),
                        .choice = choice,
                        .seed = seed,
                        .index = first_index + static_cast<std::uint64_t>(i)});
  return generator.draw(requests);
}

std::vector<Drawing> reconstruct(const SketchRnnGenerator& generator, std::span<const Sketch> sketches,
                                 const ReconstructionOptions& options) {
  const LatentPosterior posterior = generator.encode(sketches);
  return draw_latents(generator,
                      options.uses_mean ? posterior.mu : posterior_latents(posterior, options.seed),
                      options.choice, options.seed);
}

DrawingSession::DrawingSession(const SketchRnnGenerator& generator, const DrawRequest& request)
    : generator_(&generator),
      choice_(request.choice),
      limit_(generator.point_limit(request)),
      random_(request.seed, Purpose::kSampling, 0, request.index) {
  generator.check(request);
  row_ = generator.decoder().start(ConstMatrix(request.z, 1, static_cast<std::int64_t>(request.z.size())), 1);
  feed(request.prefix);
}

void DrawingSession::advance() {
  if (!is_pending_) return;
  generator_->decoder().step(ConstMatrix(pending_.data(), 1, kStroke5), row_);
  is_pending_ = false;
}

void DrawingSession::feed(std::span<const StrokePoint> points) {
  require(is_finite(points), "drawing: the given points hold a value that is not finite");
  for (const StrokePoint& point : points) {
    advance();
    pending_ = stroke5_row(point);
    is_pending_ = true;
    ++points_;
  }
  if (!points.empty()) has_ended_ = false;
}

std::optional<StrokePoint> DrawingSession::next_point() {
  if (has_ended_ || points_ >= limit_) {
    has_ended_ = true;
    return std::nullopt;
  }
  advance();
  std::vector<float> y(static_cast<std::size_t>(generator_->decoder().output_size()));
  kernels::GemmScratch scratch;
  generator_->decoder().output(row_, Matrix(y, 1, generator_->decoder().output_size()), scratch);
  auto point = draw_next_point(y, choice_, random_);
  if (!point) {
    has_ended_ = true;
    return std::nullopt;
  }
  if (points_ + 1 == limit_) point->is_pen_lifted = true;
  feed({&*point, 1});
  return point;
}

NextPointDistribution DrawingSession::distribution() {
  advance();
  std::vector<float> y(static_cast<std::size_t>(generator_->decoder().output_size()));
  kernels::GemmScratch scratch;
  generator_->decoder().output(row_, Matrix(y, 1, generator_->decoder().output_size()), scratch);
  return next_point_distribution(y, choice_.temperature);
}

void DrawingSession::reseed(std::uint64_t seed, std::uint64_t index) {
  random_ = RandomStream(seed, Purpose::kSampling, 0, index);
}

}  // namespace limn
