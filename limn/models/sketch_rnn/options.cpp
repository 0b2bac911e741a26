#include "limn/models/sketch_rnn/options.hpp"

#include <algorithm>
#include <cmath>

namespace limn::models {

std::vector<OptionField> fields(SketchRnnOptions& o) {
  const std::vector<std::string> cells{"lstm", "layer_norm", "hyper"};
  return {
      {"conditional", &o.conditional, "encode sketches to z; false trains a decoder alone"},
      {"enc_model", &o.enc_model, "cell of the encoder", cells},
      {"enc_rnn_size", &o.enc_rnn_size, "units of each encoder direction", {}, 1, 65536},
      {"dec_model", &o.dec_model, "cell of the decoder", cells},
      {"dec_rnn_size", &o.dec_rnn_size, "units of the decoder", {}, 1, 65536},
      {"z_size", &o.z_size, "latent dimensions", {}, 1, 65536},
      {"num_mixture", &o.num_mixture, "components of the offset's mixture", {}, 1, 1024},
      {"hyper_num_units", &o.hyper_num_units, "units of the small cell inside a hyper cell", {}, 1, 65536},
      {"hyper_embedding_size", &o.hyper_embedding_size, "embedding of a hyper cell", {}, 1, 65536},
      {"kl_weight", &o.kl_weight, "weight of the KL term after annealing", {}, 0, 1e6},
      {"kl_weight_start", &o.kl_weight_start, "weight of the KL term at step 0", {}, 0, 1e6},
      {"kl_decay_rate", &o.kl_decay_rate, "annealing per step; nearer 1 is slower", {}, 0, 1},
      {"kl_tolerance", &o.kl_tolerance, "KL below this is not pushed further down", {}, 0, 1e6},
      {"use_recurrent_dropout", &o.use_recurrent_dropout, "drop candidate units of the cells in training"},
      {"recurrent_dropout_prob", &o.recurrent_dropout_prob, "probability of keeping a unit", {}, 0.01, 1},
      {"use_input_dropout", &o.use_input_dropout, "drop inputs of the decoder in training"},
      {"input_dropout_prob", &o.input_dropout_prob, "probability of keeping an input", {}, 0.01, 1},
      {"use_output_dropout", &o.use_output_dropout, "drop outputs of the decoder cell in training"},
      {"output_dropout_prob", &o.output_dropout_prob, "probability of keeping an output", {}, 0.01, 1},
      {"pen_loss_over_padding", &o.pen_loss_over_padding, "sum the pen loss over all max_seq_len steps, as Magenta"},
      {"kl_reduction", &o.kl_reduction, "KL over the latent dimensions", {"mean", "sum"}},
      {"pen_reduction", &o.pen_reduction, "pen loss over the three pen states", {"sum", "mean"}},
      {"pen_loss_at_end", &o.pen_loss_at_end, "the step that must say end counts in the pen loss"},
      {"offset_loss_at_end", &o.offset_loss_at_end, "the step that must say end counts in the offset loss, as (0, 0)"},
      {"density_floor", &o.density_floor, "added to the density before its logarithm", {}, 1e-30, 1},
      {"loss_steps",
       &o.loss_steps,
       "what losses are divided by: max_seq_len, or the split's longest sketch + 1",
       {"max_seq_len", "longest"}},
  };
}

double kl_weight_at(const SketchRnnOptions& o, std::int64_t step, std::int64_t planned_steps) {
  const auto steps = static_cast<double>(step);
  const double missing = planned_steps > 0 ? std::max(0.0, 1 - 1.5 * steps / static_cast<double>(planned_steps))
                                           : std::pow(o.kl_decay_rate, steps);
  return o.kl_weight - (o.kl_weight - o.kl_weight_start) * missing;
}

double kl_term(const SketchRnnOptions& o, double weight, double kl) { return weight * std::max(kl, o.kl_tolerance); }

double kl_divisor(const SketchRnnOptions& o) { return o.kl_reduction == "mean" ? static_cast<double>(o.z_size) : 1.0; }

double pen_divisor(const SketchRnnOptions& o) { return o.pen_reduction == "mean" ? 3.0 : 1.0; }

}  // namespace limn::models
