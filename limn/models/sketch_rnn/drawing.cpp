#include "limn/models/sketch_rnn/drawing.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/sketch_rnn/drawing_loop.hpp"

namespace limn::models {
namespace {

// Rows that are multiplied together: enough to use each weight read from memory many times, few enough that
// their states stay in the cache.
constexpr std::size_t kLargestGroup = 128;

bool is_finite(std::span<const sketch::StrokePoint> points) {
  return std::ranges::all_of(points,
                             [](const sketch::StrokePoint& p) { return std::isfinite(p.dx) && std::isfinite(p.dy); });
}

// The requests that no group has taken yet. For any number of threads.
class Queue {
 public:
  Queue(const SketchRnnModel& model, std::span<const DrawRequest> requests, std::span<Drawing> drawings)
      : model_(model), requests_(requests), drawings_(drawings) {}

  // The next one, or nothing. Those whose prefix fills the drawing are done at once.
  std::optional<DrawingLoop::Row> take() {
    while (true) {
      const std::size_t i = next_.fetch_add(1);
      if (i >= requests_.size()) return std::nullopt;
      const DrawRequest& request = requests_[i];
      drawings_[i].sketch.points.assign(request.prefix.begin(), request.prefix.end());
      const std::int64_t limit = model_.point_limit(request);
      if (std::ssize(request.prefix) < limit)
        return DrawingLoop::Row{.drawing = i, .request = &request, .max_points = limit};
    }
  }

 private:
  const SketchRnnModel& model_;
  std::span<const DrawRequest> requests_;
  std::span<Drawing> drawings_;
  std::atomic<std::size_t> next_{0};
};

// At most `size` drawings of the queue at a time, until the queue is empty and all have ended.
void draw_group(const SketchRnnDecoder& decoder, Queue& queue, std::size_t size, std::span<Drawing> drawings) {
  DrawingLoop loop(decoder);
  std::vector<DrawingLoop::Row> joining;
  std::vector<NewPoint> points;
  std::vector<DrawingLoop::Ended> ended;
  while (true) {
    // A few at a time: each refill starts with products of its own.
    if (loop.size() <= size - size / 8) {
      joining.clear();
      while (loop.size() + joining.size() < size) {
        const auto row = queue.take();
        if (!row) break;
        joining.push_back(*row);
      }
      loop.add(joining);
    }
    if (loop.size() == 0) return;
    points.clear();
    ended.clear();
    loop.step(points, ended);
    for (const auto& [drawing, point] : points) drawings[drawing].sketch.points.push_back(point);
    for (const auto& [drawing, is_finished] : ended) drawings[drawing].is_finished = is_finished;
  }
}

class Stream final : public StrokeStream {
 public:
  Stream(const SketchRnnModel& model, std::span<const DrawRequest> requests)
      : z_(requests.size()),
        prefixes_(requests.size()),
        requests_(requests.begin(), requests.end()),
        state_(requests.size(), State::kGrowing),
        origin_(model.checkpoint().origin),
        loop_(model.decoder()) {
    require(!requests.empty(), "drawing: no drawing is asked for");
    std::vector<DrawingLoop::Row> rows;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      DrawRequest& request = requests_[i];
      model.check(request);
      z_[i].assign(request.z.begin(), request.z.end());
      prefixes_[i].assign(request.prefix.begin(), request.prefix.end());
      request.z = z_[i];
      request.prefix = prefixes_[i];
      const std::int64_t limit = model.point_limit(request);
      if (std::ssize(request.prefix) < limit)
        rows.push_back({.drawing = i, .request = &request, .max_points = limit});
      else
        state_[i] = State::kCut;
    }
    loop_.add(rows);
  }

  void step(std::vector<NewPoint>& points) override {
    if (is_done()) return;
    ended_.clear();
    naming(origin_, [&] { loop_.step(points, ended_); });
    for (const auto& [drawing, is_finished] : ended_) state_[drawing] = is_finished ? State::kFinished : State::kCut;
  }
  bool is_done() const override { return loop_.size() == 0; }
  bool has_ended(std::size_t drawing) const override { return state_[drawing] != State::kGrowing; }
  bool is_finished(std::size_t drawing) const override { return state_[drawing] == State::kFinished; }
  std::size_t size() const override { return requests_.size(); }

 private:
  enum class State { kGrowing, kFinished, kCut };

  std::vector<std::vector<float>> z_;
  std::vector<std::vector<sketch::StrokePoint>> prefixes_;
  std::vector<DrawRequest> requests_;  // point into the two
  std::vector<State> state_;
  std::string origin_;
  DrawingLoop loop_;
  std::vector<DrawingLoop::Ended> ended_;
};

// The checkpoint without its weights, which it keeps.
Checkpoint without_weights(Checkpoint& checkpoint) {
  auto weights = std::exchange(checkpoint.weights, {});
  Checkpoint bare = checkpoint;
  checkpoint.weights = std::move(weights);
  return bare;
}

}  // namespace

SketchRnnModel::SketchRnnModel(Checkpoint checkpoint)
    : checkpoint_(without_weights(checkpoint)),
      contents_(sketch_rnn_contents(std::move(checkpoint))),
      weights_(sketch_rnn_weights(contents_)),
      decoder_(weights_) {
  if (options().conditional) encoder_.emplace(weights_);
}

std::vector<std::pair<std::string, std::string>> SketchRnnModel::facts() const {
  return {{"scale_factor", fmt::format("{}", scale_factor())}, {"max_seq_len", std::to_string(max_seq_len())}};
}

std::string SketchRnnModel::inability(Ability ability) const {
  switch (ability) {
    case Ability::kEncode:
      return options().conditional ? "" : "it has no encoder and no latent space (conditional=false)";
    case Ability::kDecode:
      return options().conditional ? "" : "it reads no latent vector (conditional=false)";
    case Ability::kFitPrior:
      return prior_inability(latent_size());
    case Ability::kComplete:
    case Ability::kTemperature:
    case Ability::kEvaluateMean:  // without a latent space either is the same
      return "";
    case Ability::kSteps:
      return "it draws strokes, not an image step by step";
    case Ability::kImportanceSamples:
      return "its losses are those of one draw of z, without an importance-weighted estimate";
  }
  return "it cannot do that";
}

void SketchRnnModel::set_precision(std::string_view name) {
  SketchModel::set_precision(name);
  decoder_ =
      SketchRnnDecoder(weights_, name == "bf16" ? kernels::Precision::kBFloat16Weights : kernels::Precision::kFloat32);
}

LatentPosterior SketchRnnModel::encode(std::span<const sketch::Sketch> sketches) const {
  need(Ability::kEncode, "use a model that was trained with conditional=true");
  for (std::size_t i = 0; i < sketches.size(); ++i)
    require(is_finite(sketches[i].points), "{}: sketch {} of those given holds a value that is not finite",
            checkpoint_.origin, i);
  LatentPosterior posterior = encoder_->encode(sketches);
  require_finite(posterior.mu.values, "a latent vector");
  require_finite(posterior.log_variance.values, "the variance of a latent vector");
  return posterior;
}

void SketchRnnModel::check(const DrawRequest& request) const {
  const auto z_size = static_cast<std::size_t>(latent_size());
  require(request.z.size() == z_size, "drawing: z has {} numbers, {} model expects {}", request.z.size(),
          options().conditional ? "this" : "an unconditional", z_size);
  require(std::ranges::all_of(request.z, [](float v) { return std::isfinite(v); }),
          "{}: the latent vector that is given holds a value that is not finite", checkpoint_.origin);
  require(is_finite(request.prefix), "{}: the points that are given hold a value that is not finite",
          checkpoint_.origin);
  require(request.max_points >= 0, "drawing: max_points is {}, expected 0 or more", request.max_points);
  models::check(request.choice);
}

std::int64_t SketchRnnModel::point_limit(const DrawRequest& request) const {
  return request.max_points > 0 ? request.max_points : max_seq_len();
}

std::vector<Drawing> SketchRnnModel::draw(std::span<const DrawRequest> requests) const {
  for (const DrawRequest& request : requests) check(request);
  std::vector<Drawing> drawings(requests.size());
  const std::size_t n = requests.size(), threads = static_cast<std::size_t>(kernels::usable_threads());
  const std::size_t groups = std::min(n, threads);
  Queue queue(*this, requests, drawings);
  kernels::parallel_for(static_cast<std::int64_t>(groups), [&](std::int64_t) {
    naming(checkpoint_.origin,
           [&] { draw_group(decoder_, queue, std::min((n + groups - 1) / groups, kLargestGroup), drawings); });
  });
  for (Drawing& drawing : drawings)
    if (!drawing.sketch.points.empty()) drawing.sketch.points.back().is_pen_lifted = true;
  return drawings;
}

std::unique_ptr<StrokeStream> SketchRnnModel::stream(std::span<const DrawRequest> requests) const {
  return std::make_unique<Stream>(*this, requests);
}

}  // namespace limn::models
