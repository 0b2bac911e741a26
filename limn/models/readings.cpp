#include "limn/models/readings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "limn/models/stroke_orders.hpp"

namespace limn::models {
namespace {

// Sizes of a frame, of the given one's, and where the strokes lie in it, as shares of the room from the left and from
// the top.
constexpr std::array kFrameSizes{1.0, 1.25, 1.6, 2.0, 2.5, 3.2};
constexpr std::array<sketch::Position, 5> kFramePlaces{{{0.5, 0.5}, {0.5, 0}, {0.5, 1}, {0, 0.5}, {1, 0.5}}};

// How often the first line of a doodle is as large as the whole: of 132 drawings of builtin:doodles in 82.
constexpr double kWholeShare = 0.6;

// Draws of z. Each of them weighs every reading by its first point; the rounds leave fewer pairs of both.
constexpr std::int64_t kReadingDraws = 96;
constexpr std::array kReadingRounds{WeighingRound{.points = 1, .kept = 512}, WeighingRound{.points = 2, .kept = 256},
                                    WeighingRound{.points = 4, .kept = 128}, WeighingRound{.points = 8, .kept = 48}};

PaperFrame around(const sketch::Bounds& box, double size, const sketch::Position& place) {
  return {
      .x = box.min_x - place.x * (size - box.width()), .y = box.min_y - place.y * (size - box.height()), .size = size};
}

// A model whose drawings begin at (0, 0) does not see where they are on the page.
std::vector<PaperFrame> frames_of(std::span<const sketch::Stroke> strokes, double least, bool has_page_position) {
  const sketch::Bounds box = sketch::bounds(sketch::from_strokes(strokes)).value_or(sketch::Bounds{});
  std::vector<PaperFrame> frames;
  for (const double times : kFrameSizes)
    for (const sketch::Position& place : std::span(kFramePlaces).first(has_page_position ? kFramePlaces.size() : 1))
      frames.push_back(around(box, times * least, place));
  return frames;
}

// By log Σ exp of the weights of its pairs per point; the first of equal ones. -1 without pairs.
std::int64_t likeliest(const WeighedLatents& weighed, std::span<const PreparedDrawing> readings) {
  std::int64_t best = -1;
  double best_nats = -std::numeric_limits<double>::infinity();
  for (std::size_t from = 0, to = 0; from < weighed.beginnings.size(); from = to) {
    const std::int64_t reading = weighed.beginnings[from];
    double largest = weighed.log_weights[from], sum = 0;
    for (to = from; to < weighed.beginnings.size() && weighed.beginnings[to] == reading; ++to)
      largest = std::max(largest, weighed.log_weights[to]);
    for (std::size_t k = from; k < to; ++k) sum += std::exp(weighed.log_weights[k] - largest);
    const double nats = (largest + std::log(sum / static_cast<double>(kReadingDraws))) /
                        static_cast<double>(readings[static_cast<std::size_t>(reading)].sketch.points.size());
    if (nats > best_nats) {
      best = reading;
      best_nats = nats;
    }
  }
  return best;
}

}  // namespace

PreparedDrawing prepare_as_likeliest(const SketchModel& model, std::span<const sketch::Stroke> strokes,
                                     const PaperFrame& frame, FrameSize size, const TypicalDrawing& typical,
                                     std::int64_t max_points) {
  PreparedDrawing as_drawn = prepare(strokes, frame, typical, max_points);
  if (strokes.empty() || !model.is_conditional() || model.prior(PriorKind::kUsual) == nullptr) return as_drawn;
  std::vector<PreparedDrawing> readings;
  std::vector<sketch::Stroke> read(strokes.begin(), strokes.end());
  const std::vector<PaperFrame> frames =
      size == FrameSize::kExact ? std::vector{frame} : frames_of(strokes, frame.size, typical.has_page_position);
  for (const PaperFrame& place : frames) {
    for (const sketch::Stroke& order : stroke_orders(strokes.front())) {
      read.front() = order;
      PreparedDrawing reading = prepare(read, place, typical, max_points);
      if (!reading.sketch.points.empty()) readings.push_back(std::move(reading));
    }
  }
  // A density in the model's units becomes one on the paper through the scale of both axes.
  std::vector<Beginning> beginnings;
  const double favour = size == FrameSize::kExact
                            ? 0
                            : std::log(kWholeShare / (1 - kWholeShare) * static_cast<double>(kFrameSizes.size() - 1));
  for (const PreparedDrawing& reading : readings)
    beginnings.push_back({.points = reading.sketch.points,
                          .log_weight = reading.map.scale == as_drawn.map.scale ? favour : 0,
                          .nats_per_point = -2 * std::log(reading.map.scale)});
  const Latents z = model.prior_latents(kReadingDraws, 0, 0, PriorKind::kUsual);
  const std::vector<double> even(static_cast<std::size_t>(kReadingDraws), 0.0);
  const std::int64_t best = likeliest(model.weigh(beginnings, z, even, kReadingRounds), readings);
  return best < 0 ? as_drawn : std::move(readings[static_cast<std::size_t>(best)]);
}

}  // namespace limn::models
