// Calls to models that draw strokes: continue a beginning, redraw, morph. Their replies grow as the drawings do.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/endings.hpp"
#include "limn/models/readings.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/json_body.hpp"

namespace limn::serve {
namespace {

constexpr double kLowestTemperature = 0.01, kHighestTemperature = 2;
constexpr double kUsualTemperature = 0.4;
constexpr std::int64_t kMostSafeInteger = (std::int64_t{1} << 53) - 1;
// Where no other is named, whole drawings fill a square as large as Quick, Draw!'s.
constexpr double kPaperSize = 255;

std::string event(std::string_view name, const OrderedJson& more) {
  OrderedJson line{{"event", name}};
  line.update(more);
  return json_text(line) + "\n";
}

// Drawing as a reply: computes in turns, writes what is new after each, ends when the drawings or the time end.
class GrowingReply {
 public:
  GrowingReply(const ApiContext& context, std::shared_ptr<void> place, std::unique_ptr<models::StrokeStream> drawings)
      : gate_(context.gate),
        limits_(context.limits),
        place_(std::move(place)),
        drawings_(std::move(drawings)),
        deadline_(Clock::now() + limits_.generation_time) {}
  virtual ~GrowingReply() = default;
  GrowingReply(const GrowingReply&) = delete;
  GrowingReply& operator=(const GrowingReply&) = delete;

  // False when nothing more will come.
  bool write_more(ReplyStream& out) {
    std::string text;
    try {
      text = compute();
    } catch (const std::exception& error) {
      out.write(event("error", {{"message", error.what()}}));
      return false;
    }
    if (!out.write(text)) return false;
    if (!out.is_open()) return false;
    if (drawings_->is_done()) {
      out.write(event("done", OrderedJson::object()));
      return false;
    }
    if (Clock::now() < deadline_) return true;
    out.write(event("error", {{"message", "the time for one reply is over; ask for fewer or shorter drawings"}}));
    return false;
  }

 protected:
  [[nodiscard]] virtual std::string describe(std::span<const models::NewPoint> points) = 0;
  [[nodiscard]] const models::StrokeStream& drawings() const { return *drawings_; }

 private:
  std::string compute() {
    std::vector<models::NewPoint> points;
    {
      const WorkGate::Turn turn(gate_);
      const kernels::FlushDenormals flush;
      const auto end = Clock::now() + limits_.slice_time;
      do drawings_->step(points);
      while (!drawings_->is_done() && Clock::now() < end);
    }
    return describe(points);
  }

  WorkGate& gate_;
  const Limits& limits_;
  std::shared_ptr<void> place_;
  std::unique_ptr<models::StrokeStream> drawings_;
  Clock::time_point deadline_;
};

// The new points of each ending, on the paper.
class EndingsReply final : public GrowingReply {
 public:
  EndingsReply(const ApiContext& context, std::shared_ptr<void> place, std::unique_ptr<models::StrokeStream> drawings,
               const models::PreparedDrawing& given, std::uint64_t seed)
      : GrowingReply(context, std::move(place), std::move(drawings)),
        map_(given.map),
        pens_(this->drawings().size(), {given.pen.x, given.pen.y}),
        has_ended_(pens_.size()),
        opening_(event("start",
                       {{"endings", pens_.size()}, {"seed", seed}, {"given_points", given.sketch.points.size()}})) {}

 private:
  struct Pen {
    double x, y;
  };

  std::string describe(std::span<const models::NewPoint> points) override {
    std::string text = std::exchange(opening_, {});
    std::string list;
    for (const auto& [drawing, point] : points) {
      Pen& pen = pens_[drawing];
      pen = {pen.x + double{point.dx}, pen.y + double{point.dy}};
      const sketch::Position p = map_.to_paper(pen.x, pen.y);
      list += fmt::format("{}[{},{:.6g},{:.6g},{}]", list.empty() ? "" : ",", drawing, p.x, p.y,
                          point.is_pen_lifted ? 1 : 0);
    }
    if (!list.empty()) text += fmt::format("{{\"event\":\"points\",\"points\":[{}]}}\n", list);
    for (std::size_t i = 0; i < pens_.size(); ++i) {
      if (has_ended_[i] || !drawings().has_ended(i)) continue;
      has_ended_[i] = true;
      text += event("end", {{"ending", i}, {"finished", drawings().is_finished(i)}});
    }
    return text;
  }

  models::PaperMap map_;
  std::vector<Pen> pens_;
  std::vector<bool> has_ended_;
  std::string opening_;
};

// Each drawing whole, once it has ended.
class WholeDrawingsReply final : public GrowingReply {
 public:
  WholeDrawingsReply(const ApiContext& context, std::shared_ptr<void> place,
                     std::unique_ptr<models::StrokeStream> drawings, double size, OrderedJson opening)
      : GrowingReply(context, std::move(place), std::move(drawings)),
        size_(size),
        sketches_(this->drawings().size()),
        is_told_(sketches_.size()),
        opening_(event("start", opening)) {}

 private:
  std::string describe(std::span<const models::NewPoint> points) override {
    std::string text = std::exchange(opening_, {});
    for (const auto& [drawing, point] : points) sketches_[drawing].points.push_back(point);
    for (std::size_t i = 0; i < sketches_.size(); ++i) {
      if (is_told_[i] || !drawings().has_ended(i)) continue;
      is_told_[i] = true;
      text += fmt::format("{{\"event\":\"drawing\",\"index\":{},\"finished\":{},\"strokes\":{}}}\n", i,
                          drawings().is_finished(i),
                          strokes_json(models::placed(sketches_[i], {.x = 0, .y = 0, .size = size_})));
    }
    return text;
  }

  double size_;
  std::vector<sketch::Sketch> sketches_;
  std::vector<bool> is_told_;
  std::string opening_;
};

HttpReply streamed(std::shared_ptr<GrowingReply> reply) {
  return {.type = "application/x-ndjson", .stream = [reply](ReplyStream& out) { return reply->write_more(out); }};
}

float temperature_of(const JsonObject& body, double otherwise) {
  return static_cast<float>(body.number("temperature", kLowestTemperature, kHighestTemperature, otherwise));
}

models::SigmaTemperature sigma_temperature_of(const JsonObject& body) {
  const bool is_linear = body.choice("sigma_temperature", {"sqrt", "linear"}, "sqrt") == "linear";
  return is_linear ? models::SigmaTemperature::kLinear : models::SigmaTemperature::kSqrt;
}

models::PaperFrame frame_in(const JsonObject& body, std::string_view name) {
  const JsonObject frame = body.object(name, {"x", "y", "size"});
  constexpr double kFar = 1e6, kSmallest = 1e-3;
  return {.x = frame.number("x", -kFar, kFar, 0.0),
          .y = frame.number("y", -kFar, kFar, 0.0),
          .size = frame.number("size", kSmallest, kFar)};
}

models::PreparedDrawing prepare_in_turn(const ApiContext& context, const StudioModel& model,
                                        std::span<const sketch::Stroke> strokes, const models::PaperFrame& frame,
                                        std::int64_t max_points) {
  const models::TypicalDrawing& typical = model.typical_drawing();
  const WorkGate::Turn turn(context.gate);
  return models::prepare(strokes, frame, typical, max_points);
}

// Of a request with `frame`, which a finished drawing fills, or `least_frame`, which is a part of it or all.
models::PreparedDrawing beginning_in_turn(const ApiContext& context, const StudioModel& model, const JsonObject& body,
                                          std::span<const sketch::Stroke> strokes, std::int64_t max_points) {
  const bool is_exact = body.has("frame");
  if (is_exact && body.has("least_frame"))
    throw Refusal(400, "least_frame: name either frame or least_frame", "least_frame");
  const models::PaperFrame frame = is_exact                  ? frame_in(body, "frame")
                                   : body.has("least_frame") ? frame_in(body, "least_frame")
                                                             : models::frame_around(strokes);
  const models::TypicalDrawing& typical = model.typical_drawing();
  const WorkGate::Turn turn(context.gate);
  return models::prepare_as_likeliest(model.sketch_model(), strokes, frame,
                                      is_exact ? models::FrameSize::kExact : models::FrameSize::kLeast, typical,
                                      max_points);
}

// A whole drawing as the model's data were.
sketch::Sketch whole_drawing(const ApiContext& context, const StudioModel& model, const JsonObject& body,
                             std::string_view name) {
  const auto strokes = body.strokes(name, context.limits);
  const std::string where = body.path_of(name);
  if (strokes.empty()) throw Refusal(400, fmt::format("{} has no points; draw something first", where), where);
  const std::int64_t longest = model.sketch_model().max_seq_len();
  return prepare_in_turn(context, model, strokes, models::frame_around(strokes), longest).sketch;
}

models::LatentPosterior encode_in_turn(const ApiContext& context, const models::SketchModel& model,
                                       std::span<const sketch::Sketch> sketches) {
  const WorkGate::Turn turn(context.gate);
  return model.encode(sketches);
}

models::Latents ending_latents_in_turn(const ApiContext& context, const models::SketchModel& model,
                                       const sketch::Sketch& given, std::int64_t count, std::uint64_t seed) {
  const WorkGate::Turn turn(context.gate);
  return models::ending_latents(model, given, {.count = count, .seed = seed});
}

}  // namespace

std::uint64_t seed_of(const JsonObject& body) {
  if (body.has("seed")) return static_cast<std::uint64_t>(body.integer("seed", 0, kMostSafeInteger));
  std::uint64_t seed = 0;
  if (getentropy(&seed, sizeof seed) != 0) seed = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
  return seed & static_cast<std::uint64_t>(kMostSafeInteger);
}

HttpReply complete(const ApiContext& context, const StudioModel& studio_model, std::string_view text) {
  const models::SketchModel& model = studio_model.sketch_model();
  studio_model.need(models::Ability::kComplete);
  const JsonObject body(text, {"strokes", "frame", "least_frame", "count", "temperature", "sigma_temperature", "greedy",
                               "seed", "max_points"});
  const auto strokes = body.strokes("strokes", context.limits);
  const std::int64_t count = body.integer("count", 1, context.limits.max_drawings, 1);
  const models::PointChoice choice{.temperature = temperature_of(body, kUsualTemperature),
                                   .is_greedy = body.truth("greedy", false),
                                   .sigma_temperature = sigma_temperature_of(body)};
  const std::uint64_t seed = seed_of(body);
  const std::int64_t longest = model.max_seq_len();
  const std::int64_t limit = body.integer("max_points", 1, longest, longest);
  auto place = context.gate.admit();

  // A quarter of the points is left for the ending.
  const models::PreparedDrawing given =
      beginning_in_turn(context, studio_model, body, strokes, std::max<std::int64_t>(1, longest * 3 / 4));
  const models::Latents z = ending_latents_in_turn(context, model, given.sketch, count, seed);
  std::vector<models::DrawRequest> requests;
  for (std::int64_t i = 0; i < count; ++i)
    requests.push_back({.z = z.row(i),
                        .prefix = given.sketch.points,
                        .choice = choice,
                        .seed = seed,
                        .index = static_cast<std::uint64_t>(i),
                        .max_points = std::max<std::int64_t>(limit, std::ssize(given.sketch.points) + 1)});
  return streamed(std::make_shared<EndingsReply>(context, std::move(place), model.stream(requests), given, seed));
}

HttpReply vary(const ApiContext& context, const StudioModel& studio_model, std::string_view text) {
  const models::SketchModel& model = studio_model.sketch_model();
  studio_model.need(models::Ability::kEncode);
  const JsonObject body(text, {"strokes", "temperatures", "sigma_temperature", "count", "seed", "size"});
  const std::vector<double> temperatures =
      body.has("temperatures") ? body.numbers("temperatures", kLowestTemperature, kHighestTemperature, 1, 8)
                               : std::vector<double>{0.1, 0.4, 0.7, 1.0};
  const auto rows = static_cast<std::int64_t>(temperatures.size());
  const std::int64_t count = body.integer("count", 1, std::max<std::int64_t>(1, context.limits.max_drawings / rows), 3);
  const double size = body.number("size", 1, 1e6, kPaperSize);
  const std::uint64_t seed = seed_of(body);
  const models::SigmaTemperature sigma_temperature = sigma_temperature_of(body);
  const sketch::Sketch sketch = whole_drawing(context, studio_model, body, "strokes");
  auto place = context.gate.admit();
  const models::LatentPosterior posterior = encode_in_turn(context, model, std::span(&sketch, 1));
  std::vector<models::DrawRequest> requests;
  for (std::int64_t i = 0; i < rows * count; ++i) {
    // z is the posterior's mean: what differs is the temperature, and chance.
    requests.push_back({.z = posterior.mu.row(0),
                        .choice = {.temperature = static_cast<float>(temperatures[static_cast<std::size_t>(i / count)]),
                                   .sigma_temperature = sigma_temperature},
                        .seed = seed,
                        .index = static_cast<std::uint64_t>(i)});
  }
  return streamed(std::make_shared<WholeDrawingsReply>(
      context, std::move(place), model.stream(requests), size,
      OrderedJson{{"temperatures", temperatures}, {"count", count}, {"seed", seed}}));
}

HttpReply morph(const ApiContext& context, const StudioModel& studio_model, std::string_view text) {
  const models::SketchModel& model = studio_model.sketch_model();
  studio_model.need(models::Ability::kEncode);
  const JsonObject body(text, {"from", "to", "steps", "temperature", "sigma_temperature", "seed", "size"});
  const std::int64_t steps = body.integer("steps", 2, context.limits.max_drawings, 11);
  const models::PointChoice choice{.temperature = temperature_of(body, 0.1),
                                   .sigma_temperature = sigma_temperature_of(body)};
  const double size = body.number("size", 1, 1e6, kPaperSize);
  const std::uint64_t seed = seed_of(body);
  const std::array sketches{whole_drawing(context, studio_model, body, "from"),
                            whole_drawing(context, studio_model, body, "to")};
  auto place = context.gate.admit();
  const models::LatentPosterior posterior = encode_in_turn(context, model, sketches);
  const models::Latents path = models::interpolate_latents(posterior.mu.row(0), posterior.mu.row(1), steps);
  std::vector<models::DrawRequest> requests;
  // The same random numbers for all, so that what changes is z alone.
  for (std::int64_t i = 0; i < steps; ++i) requests.push_back({.z = path.row(i), .choice = choice, .seed = seed});
  return streamed(std::make_shared<WholeDrawingsReply>(context, std::move(place), model.stream(requests), size,
                                                       OrderedJson{{"steps", steps}, {"seed", seed}}));
}

}  // namespace limn::serve
