// Drawing with a Sketch-RNN, without LibTorch: encode, draw many sketches at once, complete, reconstruct, and
// draw point by point. A SketchRnnGenerator is immutable: all its calls may run at once from any number of
// threads. A DrawingSession belongs to one thread at a time and needs its generator to outlive it.
//
// Units: everything here is normalised (data units over scale_factor()), as StrokeDataset keeps its sketches.
// normalised() and in_data_units() convert.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "limn/models/sketch_rnn/checkpoint.hpp"
#include "limn/models/sketch_rnn/decoder.hpp"
#include "limn/models/sketch_rnn/encoder.hpp"
#include "limn/models/latent.hpp"
#include "limn/models/sketch_rnn/next_point.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn {

// One drawing that is wanted. What z and prefix point to must outlive the call.
struct DrawRequest {
  std::span<const float> z = {};             // [Z]; exactly if the model is conditional
  std::span<const StrokePoint> prefix = {};  // what is drawn already; the drawing goes on from its end
  PointChoice choice = {};                   // temperature, or greedy
  std::uint64_t seed = 0;
  std::uint64_t index = 0;      // with the seed it determines the drawing, whatever is drawn beside it
  std::int64_t max_points = 0;  // of the whole drawing; 0: the model's max_seq_len
};

struct Drawing {
  // prefix, then what the model added. The last point always lifts the pen.
  Sketch sketch;
  bool is_finished = false;  // the model said end; false: cut at max_points
};

class SketchRnnGenerator {
 public:
  // Throws Error if check(checkpoint) does.
  explicit SketchRnnGenerator(SketchRnnCheckpoint checkpoint);
  // load_sketch_rnn(path).
  [[nodiscard]] static SketchRnnGenerator load(const std::filesystem::path& path);
  SketchRnnGenerator(SketchRnnGenerator&&) noexcept = default;
  SketchRnnGenerator& operator=(SketchRnnGenerator&&) noexcept = default;

  [[nodiscard]] const SketchRnnOptions& options() const { return checkpoint_.options; }
  [[nodiscard]] bool is_conditional() const { return checkpoint_.options.conditional; }
  [[nodiscard]] float scale_factor() const { return checkpoint_.scale_factor; }
  [[nodiscard]] std::int64_t max_seq_len() const { return checkpoint_.max_seq_len; }
  [[nodiscard]] const SketchRnnCheckpoint& checkpoint() const { return checkpoint_; }
  [[nodiscard]] const SketchRnnWeights& weights() const { return weights_; }
  [[nodiscard]] const SketchRnnDecoder& decoder() const { return decoder_; }

  // Data units to normalised units and back.
  [[nodiscard]] Sketch normalised(const Sketch& sketch) const;
  [[nodiscard]] Sketch in_data_units(const Sketch& sketch) const;

  // μ and σ̂ of each sketch [n, Z]. Throws Error for an unconditional model or values that are not finite.
  [[nodiscard]] LatentPosterior encode(std::span<const Sketch> sketches) const;

  // One drawing for each request. Drawing i depends on request i alone, bit for bit. Groups of drawings run on the
  // pool of kernels/parallel.hpp. Throws Error for a request that does not fit, or if the model has diverged.
  [[nodiscard]] std::vector<Drawing> draw(std::span<const DrawRequest> requests) const;

  // Throws Error saying what does not fit: z, prefix, temperature or max_points.
  void check(const DrawRequest& request) const;
  // How many points the drawing may have.
  [[nodiscard]] std::int64_t point_limit(const DrawRequest& request) const;

 private:
  SketchRnnCheckpoint checkpoint_;
  SketchRnnWeights weights_;  // views of checkpoint_
  SketchRnnDecoder decoder_;
  std::optional<SketchRnnEncoder> encoder_;
};

struct ReconstructionOptions {
  bool uses_mean = false;  // z = μ; else z is drawn from the posterior
  PointChoice choice = {};
  std::uint64_t seed = 0;
};
// Encodes each sketch and draws from its z.
[[nodiscard]] std::vector<Drawing> reconstruct(const SketchRnnGenerator& generator,
                                               std::span<const Sketch> sketches,
                                               const ReconstructionOptions& options);
// A drawing of each row of z, drawing i with index first_index + i.
[[nodiscard]] std::vector<Drawing> draw_latents(const SketchRnnGenerator& generator, const Latents& z,
                                                const PointChoice& choice, std::uint64_t seed,
                                                std::uint64_t first_index = 0);

// One drawing, point by point: for the studio, where points are shown as they come. A copy goes on from the
// same place on its own; with reseed() it becomes another ending.
class DrawingSession {
 public:
  // The request's z is copied and its prefix fed.
  DrawingSession(const SketchRnnGenerator& generator, const DrawRequest& request);

  // Points that a hand drew. Throws Error for values that are not finite.
  void feed(std::span<const StrokePoint> points);
  // The next point, already fed back; nothing once the drawing has ended. The same points as draw() gives,
  // but for the pen bit of the last one before an end, which is known only after it was given. The point that
  // reaches max_points lifts the pen.
  [[nodiscard]] std::optional<StrokePoint> next_point();
  // What next_point() draws from.
  [[nodiscard]] NextPointDistribution distribution();
  void reseed(std::uint64_t seed, std::uint64_t index);
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  [[nodiscard]] std::int64_t points() const { return points_; }

 private:
  void advance();  // reads pending_ unless that is done

  const SketchRnnGenerator* generator_;
  PointChoice choice_;
  std::int64_t limit_;
  RandomStream random_;
  DecoderRows row_;
  std::array<float, kStroke5> pending_ = kStartRow;  // the row to be read next
  bool is_pending_ = true;
  bool has_ended_ = false;
  std::int64_t points_ = 0;
};

}  // namespace limn
