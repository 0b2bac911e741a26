// The part of a model of sketches that reads files: the drawings that commands name, and data sets.
#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/models/sketch_model.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/sketch_file.hpp"

namespace limn::models {
namespace {

// Drawings whose means are in memory at once.
constexpr std::size_t kEncodedAtOnce = 256;

}  // namespace

double SketchModel::simplify() const {
  sketch::StrokeDataOptions options;
  auto known = fields(options);
  std::erase_if(known, [](const OptionField& field) { return field.name != "simplify"; });
  options_from_json(known, checkpoint().training_config, checkpoint().origin, UnknownNames::kPassedOver);
  return options.simplify;
}

Drawings SketchModel::read(const std::vector<std::string>& references, std::int64_t limit) const {
  Drawings all;
  for (const auto& text : references) {
    if (all.count() == limit) return all;
    // A few drawings to look at: files that cannot be read are left out, which a note says.
    const sketch::SketchReadOptions options{.max_sketches = limit - all.count(),
                                            .damaged = "skip",
                                            .note = [&all](const std::string& note) { all.notes.push_back(note); }};
    for (auto& sketch : sketch::read_sketches(sketch::parse_sketch_reference(text), options)) {
      require(!sketch.points.empty(), "{}: holds a sketch without points; choose another with FILE#N", text);
      all.sketches.push_back(std::move(sketch));
      all.labels.push_back(text);
    }
  }
  return all;
}

sketch::StrokeDataset SketchModel::data_set(std::span<const std::string> data, const std::string& absolute,
                                            const std::string& damaged) const {
  sketch::StrokeDataOptions options;
  options.max_seq_len = max_seq_len();
  options.simplify = simplify();
  if (!damaged.empty()) options.damaged = damaged;
  options.absolute = absolute;
  return sketch::StrokeDataset::load(data, options, scale_factor());
}

PriorOfData SketchModel::fit_prior(const PriorRequest& request) const {
  need(Ability::kFitPrior, "its new drawings need no prior");
  const auto data = data_set(request.data, request.absolute, request.damaged);
  data.require_sketches(Split::kTrain);
  return {.prior = models::fit_prior(*this, data),
          .n = std::min(data.size(Split::kTrain), kMostFittedExamples),
          .notes = data.notes({Split::kTrain})};
}

FittedPrior fit_prior(const SketchModel& model, const sketch::StrokeDataset& data) {
  const auto numbers = fitted_examples(data.size(Split::kTrain));
  std::vector<std::uint32_t> order(numbers.begin(), numbers.end());
  data.sort_longest_first(Split::kTrain, order);  // batches of like lengths take the least time
  PriorFit fit(model.latent_size());
  std::vector<sketch::Sketch> some;
  for (const std::uint32_t number : order) {
    some.push_back(data.sketch(Split::kTrain, number));
    if (some.size() < kEncodedAtOnce && number != order.back()) continue;
    fit.add(model.encode(some).mu);
    some.clear();
  }
  return fit.result();
}

}  // namespace limn::models
