// A trained VAE (Kingma & Welling 2014, arXiv 1312.6114) that encodes, decodes and is evaluated: an ImageModel over
// network.hpp. Immutable once made. Its working memory is bounded whatever the number of images.
#pragma once

#include <memory>

#include "limn/models/image_model.hpp"
#include "limn/models/vae/options.hpp"

namespace limn::models {

// Throws Error naming the checkpoint's origin for options, tensors or values that do not fit.
[[nodiscard]] std::unique_ptr<ImageModel> make_vae_model(Checkpoint checkpoint);

}  // namespace limn::models
