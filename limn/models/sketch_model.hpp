// A model that draws pen sketches, of any family: what the commands and the studio need beyond Model. A family
// implements encoding and drawing; reading, completing and the rest follow from these here. Immutable, for any number
// of threads.
//
// Units: the calls of this class with spans of sketches take and give normalised units (data units over
// scale_factor()); the calls of Model take and give data units.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "limn/models/model.hpp"
#include "limn/models/next_point.hpp"
#include "limn/models/sample_evaluation.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::sketch {
class StrokeDataset;
}

namespace limn::models {

// One drawing that is wanted. The memory of z and prefix must outlive the call.
struct DrawRequest {
  std::span<const float> z = {};                     // [Z]; exactly if the model has a latent space
  std::span<const sketch::StrokePoint> prefix = {};  // what is drawn already; the drawing continues from its end
  PointChoice choice = {};                           // temperature, or greedy
  std::uint64_t seed = 0;
  std::uint64_t index = 0;      // with the seed it determines the drawing, whatever is drawn beside it
  std::int64_t max_points = 0;  // of the whole drawing; 0: the model's max_seq_len
};

struct Drawing {
  // prefix, then what the model added. The last point always lifts the pen.
  sketch::Sketch sketch;
  bool is_finished = false;  // the model said end; false: cut at max_points
};

// A point that a drawing of a loop or stream got.
struct NewPoint {
  std::size_t drawing = 0;
  sketch::StrokePoint point;
};

// Drawings that grow together, point by point. One thread at a time; the model must outlive it.
class StrokeStream {
 public:
  virtual ~StrokeStream() = default;

  // One step: reads a point of the prefixes, or draws one for every drawing that has not ended. Appends what is new,
  // without the prefix. The same points as SketchModel::draw() gives, but for the pen bit of the last one before an
  // end, which is known only after it was given; the point that reaches max_points lifts the pen. Throws Error if the
  // model has diverged.
  virtual void step(std::vector<NewPoint>& points) = 0;
  [[nodiscard]] virtual bool is_done() const = 0;
  [[nodiscard]] virtual bool has_ended(std::size_t drawing) const = 0;
  // The model said so; else the points ran out.
  [[nodiscard]] virtual bool is_finished(std::size_t drawing) const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
};

// After so many points of a beginning, the `kept` heaviest latent vectors stay.
struct WeighingRound {
  std::int64_t points = 0;
  std::int64_t kept = 0;
};
// A beginning, its own log weight, and what each of its points adds beside log p, as for densities in other units.
struct Beginning {
  std::span<const sketch::StrokePoint> points;
  double log_weight = 0;
  double nats_per_point = 0;
};
// The pairs of a beginning and a row of z that stayed, in increasing order, and the log weight of each.
struct WeighedLatents {
  std::vector<std::int64_t> beginnings;
  std::vector<std::int64_t> rows;
  std::vector<double> log_weights;
};

// How often another drawing is tried in the place of one that is blank.
inline constexpr std::uint64_t kMostBlankAttempts = 100;

class SketchModel : public Model {
 public:
  [[nodiscard]] virtual float scale_factor() const = 0;
  [[nodiscard]] virtual std::int64_t max_seq_len() const = 0;  // points of the longest drawing
  [[nodiscard]] bool is_conditional() const { return latent_size() > 0; }
  // With what tolerance the drawings of its data were simplified, in data units; 0: not at all. Throws Error naming the
  // origin for a checkpoint that says nonsense.
  [[nodiscard]] double simplify() const;

  // μ and log variance of each sketch [n, Z]. Throws Error for a model without encoder or values that are not finite.
  [[nodiscard]] virtual LatentPosterior encode(std::span<const sketch::Sketch> sketches) const = 0;
  // One drawing for each request; drawing i depends on request i alone, bit for bit. Throws Error for a request that
  // does not fit, or if the model has diverged.
  [[nodiscard]] virtual std::vector<Drawing> draw(std::span<const DrawRequest> requests) const = 0;
  // log p(S_1 … S_n | z) of each beginning, in nats, added to the log weight of each row of z: how well it explains
  // what is drawn. `rounds`, by points, drop the lightest pairs on the way. Throws Error for a row that does not fit,
  // or if the model has diverged.
  [[nodiscard]] virtual WeighedLatents weigh(std::span<const Beginning> beginnings, const Latents& z,
                                             std::span<const double> log_weights,
                                             std::span<const WeighingRound> rounds) const = 0;
  // The same of one beginning.
  [[nodiscard]] WeighedLatents weigh(const sketch::Sketch& beginning, const Latents& z,
                                     std::span<const double> log_weights, std::span<const WeighingRound> rounds) const;
  // The same of all rows, from log weights of 0.
  [[nodiscard]] std::vector<double> log_likelihoods(const sketch::Sketch& beginning, const Latents& z) const;
  // The same drawings as they grow. z and prefix are copied.
  [[nodiscard]] virtual std::unique_ptr<StrokeStream> stream(std::span<const DrawRequest> requests) const = 0;

  // Data units to normalised units and back.
  [[nodiscard]] sketch::Sketch normalised(const sketch::Sketch& sketch) const;
  [[nodiscard]] sketch::Sketch in_data_units(const sketch::Sketch& sketch) const;

  [[nodiscard]] Content content() const final { return Content::kSketches; }
  [[nodiscard]] const SketchModel* as_sketch_model() const final { return this; }
  [[nodiscard]] Drawings read(const std::vector<std::string>& references, std::int64_t limit) const override;
  [[nodiscard]] Drawings draw(std::int64_t count, const DrawingOptions& options) const override;
  [[nodiscard]] Drawings draw_latents(const Latents& z, const DrawingOptions& options) const override;
  [[nodiscard]] Latents latents_of(const Drawings& drawings, const LatentOptions& options) const override;
  [[nodiscard]] Drawings complete(const Drawings& beginning, const CompletionOptions& options) const override;
  [[nodiscard]] PriorOfData fit_prior(const PriorRequest& request) const override;
  // Figures of the new drawings of draw(), compared with drawings spread over the split. Throws Error where either are
  // fewer than kFewestCompared.
  [[nodiscard]] SampleEvaluation evaluate_samples(const SampleRequest& request) const;

 protected:
  // Data sets as the model reads them: simplified and scaled as its training data, without drawings that are too long.
  [[nodiscard]] sketch::StrokeDataset data_set(std::span<const std::string> data, const std::string& absolute,
                                               const std::string& damaged) const;

 private:
  // Throws Error naming a drawing whose offsets overflow.
  [[nodiscard]] std::vector<sketch::Sketch> normalised(const Drawings& given) const;
  [[nodiscard]] Drawings in_data_units(std::span<const Drawing> drawings) const;
  // Draws others in the place of blank ones, each a function of (seed, its number, attempt).
  void replace_blank(std::vector<Drawing>& drawings, const DrawingOptions& options) const;
};

// A drawing of each row of z, drawing i with index first_index + i.
[[nodiscard]] std::vector<Drawing> draw_latents(const SketchModel& model, const Latents& z, const PointChoice& choice,
                                                std::uint64_t seed, std::uint64_t first_index = 0);
// `count` new drawings: z from the prior where the model has a latent space. Number i depends on (seed, first_index +
// i).
[[nodiscard]] std::vector<Drawing> draw_new(const SketchModel& model, std::int64_t count, const PointChoice& choice,
                                            std::uint64_t seed, std::uint64_t first_index = 0,
                                            PriorKind prior = PriorKind::kUsual);

// Fitted to the posterior means of the training split (fitted_examples()). The data are normalised as the model's.
[[nodiscard]] FittedPrior fit_prior(const SketchModel& model, const sketch::StrokeDataset& data);

struct ReconstructionOptions {
  bool uses_mean = false;  // z = μ; else z is drawn from the posterior
  PointChoice choice = {};
  std::uint64_t seed = 0;
};
// Encodes each sketch and draws from its z.
[[nodiscard]] std::vector<Drawing> reconstruct(const SketchModel& model, std::span<const sketch::Sketch> sketches,
                                               const ReconstructionOptions& options);

}  // namespace limn::models
