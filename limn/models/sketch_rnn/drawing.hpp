// A trained Sketch-RNN: encode, draw many sketches at once, complete, redraw. A SketchRnnModel is immutable: all its
// calls may run at once from any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "limn/models/sketch_model.hpp"
#include "limn/models/sketch_rnn/contents.hpp"
#include "limn/models/sketch_rnn/decoder.hpp"
#include "limn/models/sketch_rnn/encoder.hpp"

namespace limn::models {

class SketchRnnModel final : public SketchModel {
 public:
  // Throws Error naming the checkpoint's origin for options, metadata or weights that do not fit.
  explicit SketchRnnModel(Checkpoint checkpoint);
  // The same of typed contents.
  explicit SketchRnnModel(const SketchRnnContents& contents) : SketchRnnModel(to_checkpoint(contents)) {}

  [[nodiscard]] const SketchRnnOptions& options() const { return contents_.options; }
  [[nodiscard]] const SketchRnnContents& contents() const { return contents_; }
  [[nodiscard]] const SketchRnnWeights& weights() const { return weights_; }
  [[nodiscard]] const SketchRnnDecoder& decoder() const { return decoder_; }

  [[nodiscard]] float scale_factor() const override { return contents_.scale_factor; }
  [[nodiscard]] std::int64_t max_seq_len() const override { return contents_.max_seq_len; }
  [[nodiscard]] std::int64_t latent_size() const override { return options().conditional ? options().z_size : 0; }
  [[nodiscard]] const Checkpoint& checkpoint() const override { return checkpoint_; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> facts() const override;
  [[nodiscard]] std::string inability(Ability ability) const override;
  void set_precision(std::string_view name) override;

  using SketchModel::draw;
  [[nodiscard]] LatentPosterior encode(std::span<const sketch::Sketch> sketches) const override;
  // Groups of drawings run on the pool of kernels/threads/parallel.hpp.
  [[nodiscard]] std::vector<Drawing> draw(std::span<const DrawRequest> requests) const override;
  using SketchModel::weigh;
  [[nodiscard]] WeighedLatents weigh(std::span<const Beginning> beginnings, const Latents& z,
                                     std::span<const double> log_weights,
                                     std::span<const WeighingRound> rounds) const override;
  // The decoder's outputs while it reads a whole drawing (teacher forcing), normalised: y [n + 1, 3 + 6M], row i the
  // distribution of point i + 1, in the order of kernels/losses/mixture_density.hpp. z is [Z], as in DrawRequest.
  [[nodiscard]] std::vector<float> outputs(const sketch::Sketch& sketch, std::span<const float> z) const;
  [[nodiscard]] std::unique_ptr<StrokeStream> stream(std::span<const DrawRequest> requests) const override;
  [[nodiscard]] Evaluation evaluate(const EvaluationRequest& request) const override;

  // Throws Error saying what does not fit: z, prefix, temperature or max_points.
  void check(const DrawRequest& request) const;
  // How many points the drawing may have.
  [[nodiscard]] std::int64_t point_limit(const DrawRequest& request) const;

 private:
  Checkpoint checkpoint_;  // without the weights, which are in contents_
  SketchRnnContents contents_;
  SketchRnnWeights weights_;  // views of contents_
  SketchRnnDecoder decoder_;
  std::optional<SketchRnnEncoder> encoder_;
};

}  // namespace limn::models
