#include "app/presets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "limn/core/error.hpp"

namespace limn::app {
namespace {

std::vector<Preset> presets() {
  return {
      {"sketch-rnn", "magenta", "Magenta's defaults, which are limn's", {}},
      {"sketch-rnn",
       "labml",
       "labml's annotated implementation: gradients clipped by norm, no recurrent dropout, no sketch under 11 points",
       {"grad_clip_mode=norm", "grad_clip=1", "use_recurrent_dropout=false", "min_seq_len=11", "max_seq_len=200",
        "kl_weight_start=0.5", "decay_rate=1", "kl_tolerance=0", "augment_stroke_prob=0", "random_scale_factor=0"}},
      {"sketch-rnn",
       "keras",
       "the Keras port: its sizes and schedule; its KL is a sum over z where ours stays the paper's mean",
       {"enc_rnn_size=256", "dec_rnn_size=512", "z_size=128", "batch_size=100", "recurrent_dropout_prob=0.9",
        "kl_weight_start=0.01", "kl_decay_rate=0.99995", "augment_stroke_prob=0.1", "random_scale_factor=0.1"}},
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
       {"time_steps=32", "enc_rnn_size=800", "dec_rnn_size=800", "z_size=100", "read_size=12", "write_size=12",
        "binarize=none"}},
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
