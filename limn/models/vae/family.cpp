#include "limn/models/vae/family.hpp"

#include "limn/models/vae/drawing.hpp"
#include "limn/models/vae/training.hpp"

namespace limn::models {

Family vae_family() {
  return {
      .name = kVaeModel,
      .command = "vae",
      .title = "VAE",
      .help = "variational autoencoder on images, dense or convolutional (Kingma & Welling 2014)",
      .content = Content::kImages,
      .built_in_data = "builtin:shapes",
      .examples =
          "  limn train vae --out runs/shapes --epochs 20\n"
          "  limn train vae --preset mnist --data data/mnist --out runs/digits --epochs 100\n"
          "  limn train vae --preset conv40 --data pictures --out runs/pictures --batch-size 512 --steps 2000\n"
          "  limn train vae --data photos --out runs/photos --set image_size=40 --set arch=conv40 --set "
          "likelihood=mse\n",
      .presets = {{"mnist", "the dense network of tutorials, which is limn's default: 784-256-2-256-784", {}},
                  {"conv40",
                   "five convolutions each way, for small colour images of 40x40",
                   {"arch=conv40", "image_size=40", "color=rgb", "likelihood=mse", "z_size=32"}},
                  {"conv20",
                   "the same for the middle 20x20 of such images",
                   {"arch=conv20", "center_crop=20", "color=rgb", "likelihood=mse", "z_size=32"}}},
      // Constant rate, no clipping: what the papers and tutorials do for VAEs.
      .training_defaults = {"num_steps=50000", "batch_size=128", "decay_rate=1", "grad_clip_mode=none",
                            "sample_every=2500"},
      .foreign_formats = {},
      .make_model = [](Checkpoint checkpoint) -> std::unique_ptr<Model> {
        return make_vae_model(std::move(checkpoint));
      },
      .make_setup = make_vae_setup,
  };
}

}  // namespace limn::models
