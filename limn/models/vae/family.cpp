#include "limn/models/vae/family.hpp"

#include "limn/core/error.hpp"
#include "limn/models/pytorch_tensors.hpp"
#include "limn/models/vae/drawing.hpp"
#include "limn/models/vae/pytorch_import.hpp"
#include "limn/models/vae/training.hpp"

namespace limn::models {

namespace {

Checkpoint read_pytorch_vae(const std::filesystem::path& path, const ForeignOptions& options) {
  require(options.scale_factor == 0 && options.max_seq_len == 0,
          "{}: --scale-factor and --max-seq-len are for models of sketches; leave them out", path.string());
  return import_pytorch_vae(read_state_dict(path));
}

}  // namespace

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
      // No clipping: what the papers and tutorials do for VAEs.
      .training_defaults = {"train_for=5m", "num_steps=50000", "schedule=plan", "average_weights=true",
                            "batch_size=128", "learning_rate=0.004", "decay_rate=1", "grad_clip_mode=none",
                            "sample_every=2500"},
      .foreign_formats = {{.name = "pytorch-vae",
                           .read = read_pytorch_vae,
                           .recognises = is_pytorch_vae,
                           .note = "the file does not tell its activations; ReLU behind hidden layers and a sigmoid at "
                                   "the end are taken, or the layers of conv40 and conv20"}},
      .make_model = [](Checkpoint checkpoint) -> std::unique_ptr<Model> {
        return make_vae_model(std::move(checkpoint));
      },
      .make_setup = make_vae_setup,
  };
}

}  // namespace limn::models
