// Variational autoencoders (Kingma & Welling 2014; MODELS.md §4) for inference, without LibTorch: an ImageModel whose
// dense layers and convolutions are products of kernels/gemm.hpp. Batch normalisation is folded into the convolution
// before it. Immutable once made; memory while it works is bounded whatever the number of images.
#pragma once

#include <memory>

#include "limn/models/image_model.hpp"
#include "limn/models/vae/options.hpp"

namespace limn {

// Throws Error naming the checkpoint's origin for options, tensors or values that do not fit.
[[nodiscard]] std::unique_ptr<ImageModel> make_vae_model(ImageCheckpoint checkpoint);

}  // namespace limn
