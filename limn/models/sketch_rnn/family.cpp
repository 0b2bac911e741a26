#include "limn/models/sketch_rnn/family.hpp"

#include <cmath>
#include <cstdlib>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/pytorch_tensors.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/magenta_json.hpp"
#include "limn/models/sketch_rnn/pytorch_import.hpp"
#include "limn/models/sketch_rnn/training.hpp"

namespace limn::models {
namespace {

// Magenta masks the pen loss beyond the end only outside of training.
constexpr const char* kMagentaPenLoss = "pen_loss_over_padding=true";
// The presets are what those programs do: new drawings come from N(0, I) and the last weights, schedules follow the
// step, and a run ends when it is stopped.
std::vector<std::string> as_there(std::vector<std::string> settings) {
  settings.insert(settings.begin(), {"fit_prior=false", "average_weights=false", "schedule=exponential",
                                     "num_steps=10000000", "batch_size=100", "learning_rate=0.001"});
  return settings;
}

std::vector<Preset> presets() {
  return {
      {"magenta", "Magenta's training: its pen loss runs over the padding too",
       as_there({kMagentaPenLoss, "grad_clip_mode=value"})},
      // labml_nn/sketch_rnn: its Configs, StrokesDataset and losses. Its 100 epochs are --epochs 100.
      {"labml",
       "labml's annotated implementation: nothing annealed or augmented, its divisors, encoder and decoder clipped "
       "apart",
       as_there({"grad_clip_mode=norm", "grad_clip=1", "grad_clip_scope=module", "use_recurrent_dropout=false",
                 "min_seq_len=11", "max_seq_len=200", "kl_weight_start=0.5", "kl_tolerance=0", "decay_rate=1",
                 "augment_stroke_prob=0", "random_scale_factor=0", "pen_loss_over_padding=true", "pen_reduction=mean",
                 "offset_loss_at_end=true", "density_floor=1e-5", "loss_steps=longest"})},
      {"keras", "the Keras port: KL summed over z with a constant weight, no decay, no pen loss for the end",
       as_there({"kl_reduction=sum", "kl_weight=0.01", "kl_weight_start=0.01", "pen_loss_at_end=false", "decay_rate=1",
                 "grad_clip_mode=value", "grad_clip=1"})},
      {"big", "the paper's large model, as Magenta trains it: hyper decoder of 2048, layer_norm encoder of 512",
       as_there({"dec_model=hyper", "dec_rnn_size=2048", "enc_model=layer_norm", "enc_rnn_size=512",
                 "use_recurrent_dropout=false", "save_every=5000", kMagentaPenLoss, "grad_clip_mode=value"})},
  };
}

Checkpoint read_magenta(const std::filesystem::path& path, const ForeignOptions& options) {
  Checkpoint checkpoint = to_checkpoint(
      read_magenta_json(path, {.scale_factor = options.scale_factor, .max_seq_len = options.max_seq_len}));
  checkpoint.origin = path.string();
  return checkpoint;
}

std::string write_magenta(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  const std::string name = std::filesystem::path(checkpoint.origin).stem().string();
  const SketchRnnContents contents = sketch_rnn_contents(checkpoint);
  const auto exported = naming(checkpoint.origin, [&] { return to_magenta_json(contents, name); });
  write_file(path, exported.json);
  std::vector<std::string> notes;
  if (exported.saturated > 0)
    notes.push_back(fmt::format("{} weights beyond ±10 were cut to what the format can hold", exported.saturated));
  if (checkpoint.prior)
    notes.emplace_back("the format has no fitted prior: other programs draw new sketches from N(0, I)");
  return fmt::format("{}", fmt::join(notes, "; "));
}

// The divisor of the training data, where the file holds it; an option wins.
float scale_factor_of(const SafetensorsFile& file, const ForeignOptions& options) {
  if (options.scale_factor > 0) return options.scale_factor;
  const auto found = file.metadata().find("scale_factor");
  require(
      found != file.metadata().end(),
      "{}: it does not tell what its training data were divided by; say it with --scale-factor (for their data set, "
      "limn data info prints it)",
      file.origin());
  const float value = std::strtof(found->second.c_str(), nullptr);
  require(std::isfinite(value) && value > 0, "{}: its scale_factor is '{}'; say the right one with --scale-factor",
          file.origin(), printable(found->second));
  return value;
}

template <PytorchModel model>
Checkpoint read_pytorch(const std::filesystem::path& path, const ForeignOptions& options) {
  const SafetensorsFile file = read_state_dict(path);
  Checkpoint checkpoint = to_checkpoint(import_pytorch(
      file, {.model = model, .scale_factor = scale_factor_of(file, options), .max_seq_len = options.max_seq_len}));
  checkpoint.origin = path.string();
  return checkpoint;
}

template <PytorchModel model>
bool recognises(const SafetensorsFile& file) {
  return is_pytorch_model(file, model);
}

}  // namespace

Family sketch_rnn_family() {
  return {
      .name = kSketchRnnModel,
      .command = "sketch-rnn",
      .title = "Sketch-RNN",
      .help = "Sketch-RNN on strokes (Ha & Eck 2017)",
      .content = Content::kSketches,
      .built_in_data = "builtin:doodles",
      .examples =
          "  limn train sketch-rnn --out runs/doodles --steps 1500\n"
          "  limn train sketch-rnn --data sheep.npz --out runs/sheep --set dec_model=layer_norm --set "
          "enc_model=layer_norm\n"
          "  limn train sketch-rnn --out runs/doodles --resume --steps 3000\n",
      .presets = presets(),
      .training_defaults = {"train_for=30m", "schedule=plan", "average_weights=true", "batch_size=32",
                            "learning_rate=0.003", "grad_clip_mode=norm"},
      .foreign_formats =
          {{.name = "magenta", .endings = {".json", ".js", ".mjs"}, .read = read_magenta, .write = write_magenta},
           {.name = "labml",
            .read = read_pytorch<PytorchModel::kLabml>,
            .recognises = recognises<PytorchModel::kLabml>},
           {.name = "rfeinman",
            .read = read_pytorch<PytorchModel::kRfeinman>,
            .recognises = recognises<PytorchModel::kRfeinman>}},
      .make_model = [](Checkpoint checkpoint) -> std::unique_ptr<Model> {
        return std::make_unique<SketchRnnModel>(std::move(checkpoint));
      },
      .make_setup = make_sketch_rnn_setup,
  };
}

}  // namespace limn::models
