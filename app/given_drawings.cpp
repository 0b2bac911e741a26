#include "app/given_drawings.hpp"

#include <algorithm>
#include <set>

#include "app/drawing_output.hpp"
#include "app/printing.hpp"
#include "limn/core/data_reference.hpp"
#include "limn/core/error.hpp"
#include "limn/sketch/simplify.hpp"

namespace limn::app {
namespace {

const std::vector<std::string> kScales{"fit", "keep"};
// Data that are so many times as large as the model's drawings are hardly in its units. Parts of drawings are small.
constexpr double kTooSmall = 0.25, kTooLarge = 2;

bool is_fitted(const models::Model& model, const std::string& reference, GivenScale scale) {
  if (scale != GivenScale::kUsual) return scale == GivenScale::kFit;
  return !models::is_in_data_units(model.checkpoint(), parse_data_reference(reference).path);
}

class Fitter {
 public:
  Fitter(const models::SketchModel& model, const GivenRequest& request) : model_(model), request_(request) {}

  void fit(GivenDrawings& given, std::size_t i) {
    const std::int64_t longest = model_.max_seq_len();
    const models::FittedDrawing fitted = naming(given.originals.labels[i], [&] {
      const sketch::Sketch& own = given.originals.sketches[i];
      return request_.is_continued ? models::fitted_beginning(model_, typical(), own, request_.points,
                                                              std::max<std::int64_t>(1, longest * 3 / 4))
                                   : models::fitted(model_, typical(), own, request_.points, longest);
    });
    given.drawings.sketches[i] = fitted.sketch;
    given.maps[i] = fitted.map;
    if (request_.scale == GivenScale::kUsual && said_.insert(given.originals.labels[i]).second)
      say("limn: note: {}: simplified and brought to the size of the model's drawings ({:.3g} times as large); "
          "--scale keep leaves its size\n",
          given.originals.labels[i], 1 / fitted.map.scale);
  }

  // Of what is kept.
  void compare(const models::Drawings& kept, const std::string& name) {
    // Both measures: a model that was hardly trained draws small, and dense points lie near each other.
    const double offsets = models::relative_offsets(model_, kept);
    if (offsets >= kTooSmall && offsets <= kTooLarge) return;
    const double size = models::relative_size(model_, typical(), kept);
    if (size >= kTooSmall && size <= kTooLarge) return;
    say("limn: note: {}: its drawings are {:.3g} times as large as the model's; --scale fit brings them to its size\n",
        name, size);
  }

 private:
  const models::TypicalDrawing& typical() {
    if (!typical_) typical_ = models::measure_typical_drawing(model_);
    return *typical_;
  }

  const models::SketchModel& model_;
  const GivenRequest& request_;
  std::optional<models::TypicalDrawing> typical_;
  std::set<std::string> said_;
};

}  // namespace

void add_scale(const Command& command, GivenScale& scale) {
  command
      .add(
          "--scale", [&](const std::string& name) { scale = name == "fit" ? GivenScale::kFit : GivenScale::kKeep; },
          "of sketches: bring them to the size that the model knows and simplify them, or read them as training does "
          "[keep for data sets and what the model was trained on, else fit]")
      .one_of(kScales);
}

namespace {

models::Drawings read(const models::Model& model, const GivenRequest& request) {
  if (!request.is_one_each) return model.read(request.references, request.limit);
  models::Drawings all;
  for (const std::string& reference : request.references) append(all, model.read_one(reference));
  return all;
}

}  // namespace

GivenDrawings read_given(const models::Model& model, const GivenRequest& request) {
  const models::SketchModel* sketches = model.as_sketch_model();
  require(sketches != nullptr || request.scale == GivenScale::kUsual,
          "--scale: is for models that draw strokes; leave it out");
  GivenDrawings given{.originals = read(model, request), .drawings = {}, .maps = {}};
  say_notes(given.originals.notes);
  given.drawings = given.originals;
  given.maps.resize(static_cast<std::size_t>(given.originals.count()));
  if (sketches == nullptr) return given;
  const double epsilon = sketches->simplify();
  Fitter fitter(*sketches, request);
  models::Drawings kept;
  std::string kept_name;
  for (std::size_t i = 0; i < given.originals.sketches.size(); ++i) {
    sketch::Sketch& original = given.originals.sketches[i];
    auto& points = original.points;
    const std::string& label = given.originals.labels[i];
    const bool fits = is_fitted(model, label, request.scale);
    if (!fits && epsilon > 0) given.drawings.sketches[i] = original = sketch::simplified(original, epsilon);
    require(request.points <= points.size(),
            "--points {}: {} has {} points; use as many at most, or leave --points out", request.points, label,
            points.size());
    if (fits) {
      fitter.fit(given, i);
    } else if (request.scale == GivenScale::kUsual &&
               !models::is_training_data(model.checkpoint(), parse_data_reference(label).path)) {
      kept.sketches.push_back(given.originals.sketches[i]);
      kept_name = label;
    }
    if (request.points > 0) {
      points.resize(request.points);
      if (!given.maps[i]) given.drawings.sketches[i].points.resize(request.points);
    }
  }
  if (!kept.sketches.empty()) fitter.compare(kept, kept_name);
  return given;
}

}  // namespace limn::app
