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
