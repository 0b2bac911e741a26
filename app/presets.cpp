#include "app/presets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "limn/core/error.hpp"

namespace limn::app {
namespace {

std::vector<Preset> presets() {
  return {
      {"sketch-rnn", "magenta", "Magenta's defaults, which are limn's", {}},
      // labml_nn/sketch_rnn: its Configs, StrokesDataset and loss. Its 100 epochs are --epochs 100. Its pen
      // loss is a mean over the three pen states too, a third of this; its gradients' norm is clipped for
      // encoder and decoder apart.
      {"sketch-rnn",
       "labml",
       "labml's annotated implementation: nothing annealed or augmented, gradients clipped by norm, 11 to "
       "200 points",
       {"grad_clip_mode=norm", "grad_clip=1", "use_recurrent_dropout=false", "min_seq_len=11",
        "max_seq_len=200", "kl_weight_start=0.5", "kl_tolerance=0", "decay_rate=1", "augment_stroke_prob=0",
        "random_scale_factor=0", "pen_loss_over_padding=true"}},
      // github.com/eyalzk/sketch_rnn_keras: get_default_hparams() are Magenta's. Its 50 epochs are
      // --epochs 50. Keras's LSTM has a hard sigmoid and drops parts of h instead of the candidate, which
      // limn's cells don't.
      {"sketch-rnn",
       "keras",
       "the Keras port, which has Magenta's numbers: the pen loss of training runs over the padding too",
       {"pen_loss_over_padding=true"}},
      {"sketch-rnn",
       "big",
       "the paper's large model: hyper decoder of 2048, layer_norm encoder of 512",
       {"dec_model=hyper", "dec_rnn_size=2048", "enc_model=layer_norm", "enc_rnn_size=512"}},
      {"vae", "mnist", "the dense network of tutorials, which is limn's default: 784-256-2-256-784", {}},
      {"vae",
       "conv40",
       "five convolutions each way, for small colour images of 40x40",
       {"arch=conv40", "image_size=40", "color=rgb", "likelihood=mse", "z_size=32"}},
      {"vae",
       "conv20",
       "the same for the middle 20x20 of such images",
       {"arch=conv20", "center_crop=20", "color=rgb", "likelihood=mse", "z_size=32"}},
      {"draw", "small", "what tutorials train, which is limn's default: 10 glimpses", {}},
      {"draw",
       "mnist",
       "the paper's model of binarised MNIST: 64 glimpses of 2x2, writes of 5x5",
       {"time_steps=64", "enc_rnn_size=256", "dec_rnn_size=256", "z_size=100", "read_size=2", "write_size=5",
        "binarize=fixed"}},
      {"draw",
       "svhn",
       "the paper's model of house numbers: 32 glimpses of 12x12",
       {"time_steps=32", "enc_rnn_size=800", "dec_rnn_size=800", "z_size=100", "read_size=12",
        "write_size=12", "binarize=none"}},
      {"draw",
       "cifar10",
       "the paper's model of CIFAR-10: 64 glimpses of 5x5",
       {"time_steps=64", "enc_rnn_size=400", "dec_rnn_size=400", "z_size=200", "read_size=5", "write_size=5",
        "binarize=none"}},
  };
}

}  // namespace

Preset preset_named(const std::string& family, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& preset : presets()) {
    if (preset.family != family) continue;
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  fail("--preset {}: there is {}", printable(name), fmt::join(names, ", "));
}

std::string presets_help(const std::string& family) {
  std::string text;
  for (const auto& preset : presets())
    if (preset.family == family)
      text += fmt::format("  {:<9} {}\n            {}\n", preset.name, preset.help,
                          preset.settings.empty() ? "changes nothing" : fmt::format("{}", fmt::join(preset.settings, " ")));
  return text;
}

}  // namespace limn::app
