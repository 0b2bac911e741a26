#include "limn/models/sketch_rnn/encoder.hpp"

#include <algorithm>
#include <numeric>

#include "limn/kernels/aligned_buffer.hpp"
#include "limn/models/sketch_rnn/encoder_pass.hpp"

namespace limn::models {
namespace {

constexpr std::size_t kSketchesAtOnce = 256;  // bounds the memory that encoding a large set takes

}  // namespace

LatentPosterior SketchRnnEncoder::encode(std::span<const sketch::Sketch> sketches) const {
  const auto n = static_cast<std::int64_t>(sketches.size());
  LatentPosterior all{.mu = Latents(n, weights_.options.z_size), .log_variance = Latents(n, weights_.options.z_size)};
  SketchRnnEncoderPass pass(weights_.options);
  kernels::MatrixBuffer latent;
  for (std::size_t first = 0; first < sketches.size(); first += kSketchesAtOnce) {
    std::vector<const sketch::Sketch*> some;
    for (std::size_t i = first; i < std::min(sketches.size(), first + kSketchesAtOnce); ++i)
      some.push_back(&sketches[i]);
    std::vector<std::int64_t> indices(some.size());
    std::iota(indices.begin(), indices.end(), static_cast<std::int64_t>(first));
    const sketch::StrokeBatch batch = sketch::make_batch(some, indices);
    latent.resize(batch.batch_size(), 2 * weights_.options.z_size);
    pass.forward(weights_, {.batch = batch}, latent.view());
    const LatentPosterior part = posterior_of(latent.view());
    for (std::int64_t b = 0; b < batch.batch_size(); ++b) {
      const std::int64_t i = batch.indices[static_cast<std::size_t>(b)];
      std::ranges::copy(part.mu.row(b), all.mu.row(i).begin());
      std::ranges::copy(part.log_variance.row(b), all.log_variance.row(i).begin());
    }
  }
  return all;
}

}  // namespace limn::models
