#include "limn/models/draw/family.hpp"

#include "limn/models/draw/drawing.hpp"
#include "limn/models/draw/training.hpp"

namespace limn::models {

Family draw_family() {
  return {
      .name = kDrawModel,
      .command = "draw",
      .title = "DRAW",
      .help = "DRAW on images (Gregor et al. 2015)",
      .content = Content::kImages,
      .built_in_data = "builtin:shapes",
      .examples =
          "  limn train draw --out runs/shapes --steps 2000\n"
          "  limn train draw --preset mnist --data data/mnist --out runs/digits --epochs 20\n"
          "  limn train draw --data photos --out runs/photos --set image_size=40 --set binarize=none --set "
          "read_size=8\n",
      .presets = {{"small", "what tutorials train, which is limn's default: 10 glimpses", {}},
                  {"mnist",
                   "the paper's model of binarised MNIST: 64 glimpses of 2x2, writes of 5x5",
                   {"time_steps=64", "enc_rnn_size=256", "dec_rnn_size=256", "z_size=100", "read_size=2",
                    "write_size=5", "binarize=fixed"}},
                  {"tutorial",
                   "the TensorFlow tutorial: grey digits, tensors clipped apart, grids of 8x8 after each step",
                   {"schedule=exponential", "average_weights=false", "batch_size=64", "num_steps=20000",
                    "binarize=none", "valid_share=0.08333333333333333", "grad_clip_scope=tensor", "valid_every=500",
                    "sample_every=500", "sample_grid=8"}},
                  {"svhn",
                   "the paper's model of house numbers: 32 glimpses of 12x12",
                   {"time_steps=32", "enc_rnn_size=800", "dec_rnn_size=800", "z_size=100", "read_size=12",
                    "write_size=12", "binarize=none"}},
                  {"cifar10",
                   "the paper's model of CIFAR-10: 64 glimpses of 5x5",
                   {"time_steps=64", "enc_rnn_size=400", "dec_rnn_size=400", "z_size=200", "read_size=5",
                    "write_size=5", "binarize=none"}}},
      .training_defaults = {"train_for=30m", "num_steps=50000", "schedule=plan", "average_weights=true", "decay_rate=1",
                            "adam_beta1=0.5", "grad_clip=5", "grad_clip_mode=norm"},
      .foreign_formats = {},
      .make_model = [](Checkpoint checkpoint) -> std::unique_ptr<Model> {
        return make_draw_model(std::move(checkpoint));
      },
      .make_setup = make_draw_setup,
  };
}

}  // namespace limn::models
