// A loaded model of any family: what commands, the studio and programs ask of it. What it cannot do it says itself, and
// need() refuses it with one message. Immutable once made, but for its precision: all calls may run at once from any
// number of threads.
// Families derive from SketchModel (sketch_model.hpp) or ImageModel (image_model.hpp), which implement most of this.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/core/metrics.hpp"
#include "limn/core/split.hpp"
#include "limn/image/drawing_steps.hpp"
#include "limn/models/checkpoint.hpp"
#include "limn/models/drawings.hpp"
#include "limn/models/latent.hpp"
#include "limn/models/sigma_temperature.hpp"

namespace limn::models {

class ImageModel;
class NetworkPasses;
class SketchModel;

// What a model computed is not finite: its training diverged.
class NotFinite : public Error {
 public:
  using Error::Error;
};

enum class Ability {
  kEncode,             // a latent vector of a drawing that is given
  kDecode,             // a drawing of a latent vector that is given
  kComplete,           // continue a drawing
  kTemperature,        // more or less varied drawings
  kSteps,              // show a drawing as it comes into being, step by step
  kImportanceSamples,  // losses over several draws of z, and the importance-weighted estimate of log p(x)
  kEvaluateMean,       // losses with the mean of z in place of a draw
  kFitPrior,           // a density fitted to the means of z of drawings, from which new ones come
};

// Of the weights that strokes are drawn with: as the file has them, or rounded to half the memory. Another precision,
// other drawings of a seed.
inline constexpr std::array<std::string_view, 2> kPrecisionNames{"f32", "bf16"};

struct DrawingOptions {
  double temperature = 0.4;
  SigmaTemperature sigma_temperature = SigmaTemperature::kSqrt;
  bool is_greedy = false;
  std::uint64_t seed = 1;
  std::uint64_t first = 0;              // the number of the first drawing: i depends on (seed, first + i)
  PriorKind prior = PriorKind::kUsual;  // where z is not given
  bool skips_blank = false;             // of new sketches: draws others in the place of blank ones
};

struct LatentOptions {
  bool uses_mean = false;  // the mean of z; else z is drawn from the posterior
  std::uint64_t seed = 1;
};

struct CompletionOptions {
  std::int64_t count = 1;   // endings
  bool uses_prior = false;  // z from the prior; else from the encoding of what is given
  DrawingOptions drawing = {};
};

struct EvaluationRequest {
  std::vector<std::string> data = {};  // data sets; none: the family's built-in one
  Split split = Split::kTest;
  std::uint64_t seed = 0;
  bool uses_mean = false;               // z = μ instead of a draw
  std::int64_t samples = 1;             // draws of z for the bound
  std::int64_t importance_samples = 0;  // K, 0: not estimated
  std::string absolute = "auto";        // of sketches, as StrokeArrayOptions::absolute
  std::string damaged = {};             // files of a folder: refuse, skip, or "": of images as the model was trained
  NetworkPasses* passes = nullptr;      // of this model, in place of limn's kernels
};

struct Evaluation {
  std::int64_t n = 0;  // drawings
  Metrics losses;      // means over them
  std::vector<std::pair<std::string, std::int64_t>> counts = {};
  std::vector<std::string> notes = {};  // what of the data was read otherwise than the files say, or left out
};

struct PriorRequest {
  std::vector<std::string> data = {};  // data sets, whose training split is encoded
  std::string absolute = "auto";       // as in EvaluationRequest
  std::string damaged = {};
};

struct PriorOfData {
  FittedPrior prior;
  std::int64_t n = 0;  // drawings that it was fitted to
  std::vector<std::string> notes = {};
};

class Model {
 public:
  virtual ~Model() = default;

  [[nodiscard]] virtual const Checkpoint& checkpoint() const = 0;
  [[nodiscard]] virtual Content content() const = 0;
  // Numbers that say everything about a drawing: Z of a VAE, T · Z of DRAW (step after step); 0: no latent space.
  [[nodiscard]] virtual std::int64_t latent_size() const = 0;
  // Facts about the model besides its options, as name and JSON value: ("scale_factor", "43.2").
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> facts() const = 0;

  // Why the model cannot do it ("it has no encoder (conditional=false)"), or "" where it can.
  [[nodiscard]] virtual std::string inability(Ability ability) const = 0;
  [[nodiscard]] bool can(Ability ability) const { return inability(ability).empty(); }
  // Throws Error "ORIGIN: why it cannot; advice" unless it can.
  void need(Ability ability, std::string_view advice) const;

  // The precision of the weights that strokes are drawn with from now on, by a name of kPrecisionNames; an encoder's
  // stay as they are. Before anyone shares the model. Throws Error for another name, and for bf16 where it draws
  // images.
  virtual void set_precision(std::string_view name);

  // The drawings that references (FILE, FILE#17, FILE:test#17) name, at most `limit` in all, prepared as the training
  // data were. Throws Error for one that is not there or does not fit.
  [[nodiscard]] virtual Drawings read(const std::vector<std::string>& references, std::int64_t limit) const = 0;
  // The drawing that the reference names. Throws Error if it names several.
  [[nodiscard]] Drawings read_one(const std::string& reference) const;

  // `count` new drawings; number i is a function of (seed, i) and the options alone. With skips_blank Error after
  // kMostBlankAttempts.
  [[nodiscard]] virtual Drawings draw(std::int64_t count, const DrawingOptions& options) const = 0;
  // A drawing of each latent vector.
  [[nodiscard]] virtual Drawings draw_latents(const Latents& z, const DrawingOptions& options) const = 0;
  // A latent vector of each drawing.
  [[nodiscard]] virtual Latents latents_of(const Drawings& drawings, const LatentOptions& options) const = 0;
  // Several endings of one drawing.
  [[nodiscard]] virtual Drawings complete(const Drawings& beginning, const CompletionOptions& options) const;
  // Every canvas on the way from z, or of redrawing what is given.
  [[nodiscard]] virtual image::DrawingSteps steps_from(const Latents& z) const;
  [[nodiscard]] virtual image::DrawingSteps steps_redrawing(const Drawings& given, const LatentOptions& options) const;
  // The prior that the checkpoint holds, null where new drawings come from N(0, I). Throws Error where the fitted one
  // is asked for and there is none, or where it does not fit the model.
  [[nodiscard]] const FittedPrior* prior(PriorKind kind = PriorKind::kUsual) const;
  // z of new drawings: row i is a pure function of (seed, first_index + i).
  [[nodiscard]] Latents prior_latents(std::int64_t count, std::uint64_t seed, std::uint64_t first_index = 0,
                                      PriorKind kind = PriorKind::kUsual) const;
  // What the posterior means of data say of z. Throws Error unless the model can Ability::kFitPrior.
  [[nodiscard]] virtual PriorOfData fit_prior(const PriorRequest& request) const;
  // Throws Error if a loss is not finite.
  [[nodiscard]] virtual Evaluation evaluate(const EvaluationRequest& request) const = 0;

  // This model as one that draws pen sketches, or images; null where it draws the other.
  [[nodiscard]] virtual const SketchModel* as_sketch_model() const { return nullptr; }
  [[nodiscard]] virtual const ImageModel* as_image_model() const { return nullptr; }

 protected:
  // Throws NotFinite naming the model unless what it computed is finite: a model with weights so large that they
  // overflow is of a training that diverged. `what` is "its latent vector".
  void require_finite(std::span<const float> values, std::string_view what) const;
  void require_finite(const Metrics& losses) const;
};

}  // namespace limn::models
