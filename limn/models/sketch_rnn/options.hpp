// The options of a Sketch-RNN (Ha & Eck 2017, arXiv 1704.03477) and its schedule of the KL weight. A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/core/options.hpp"

namespace limn::models {

// Names and defaults are Magenta's where Magenta has one.
struct SketchRnnOptions {
  bool conditional = true;                 // false: decoder only, no encoder, no z, no KL term
  std::string enc_model = "lstm";          // cell of the encoder: lstm, layer_norm or hyper
  std::int64_t enc_rnn_size = 256;         // units of each encoder direction
  std::string dec_model = "lstm";          // cell of the decoder
  std::int64_t dec_rnn_size = 512;         // H, units of the decoder
  std::int64_t z_size = 128;               // Z, latent dimensions
  std::int64_t num_mixture = 20;           // M, mixture components
  std::int64_t hyper_num_units = 256;      // units of the small cell inside a hyper cell
  std::int64_t hyper_embedding_size = 32;  // its embedding
  double kl_weight = 0.5;                  // weight of the KL term at the end of annealing
  double kl_weight_start = 0.01;           // and at its start
  double kl_decay_rate = 0.99995;          // how it approaches kl_weight, a step
  double kl_tolerance = 0.2;               // KL below this costs nothing more
  bool use_recurrent_dropout = true;
  double recurrent_dropout_prob = 0.9;  // probability of keeping a candidate unit
  bool use_input_dropout = false;
  double input_dropout_prob = 0.9;  // probability of keeping an input of the decoder
  bool use_output_dropout = false;
  double output_dropout_prob = 0.9;    // probability of keeping an output of the decoder cell
  bool pen_loss_over_padding = false;  // Magenta's training sum over all N_max steps
  // How other programs write the losses (docs/moving.md).
  std::string kl_reduction = "mean";       // L_KL over the latent dimensions: mean or sum
  std::string pen_reduction = "sum";       // L_p over the three pen states: sum or mean
  bool pen_loss_at_end = true;             // the row that must say *end* counts in L_p
  bool offset_loss_at_end = false;         // and in L_s, with the offset (0, 0)
  double density_floor = 1e-6;             // added to the density in L_s
  std::string loss_steps = "max_seq_len";  // N of the divisor N · B: max_seq_len, or longest, the split's longest + 1
};
[[nodiscard]] std::vector<OptionField> fields(SketchRnnOptions& options);

// w_KL of a step, 0, 1, …: kl_weight - (kl_weight - kl_weight_start) · kl_decay_rate^step (eq. 11). In a run that is
// planned for `planned_steps` > 0 it rises in a straight line instead and reaches kl_weight at two thirds of them.
[[nodiscard]] double kl_weight_at(const SketchRnnOptions& options, std::int64_t step, std::int64_t planned_steps = 0);

// The KL term of the loss with that weight (eq. 11): weight · max(kl, kl_tolerance).
[[nodiscard]] double kl_term(const SketchRnnOptions& options, double weight, double kl);

// The divisor of Σ KL over the latent dimensions.
[[nodiscard]] double kl_divisor(const SketchRnnOptions& options);
// The divisor of Σ_k p_k log q_k over the pen states.
[[nodiscard]] double pen_divisor(const SketchRnnOptions& options);

inline constexpr const char* kSketchRnnModel = "sketch_rnn";

}  // namespace limn::models
