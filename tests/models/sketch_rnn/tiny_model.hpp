// Small random Sketch-RNNs and sketches for tests. Sizes are pairwise different and awkward.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/models/sketch_rnn/contents.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::testing {

inline models::SketchRnnOptions tiny_options(bool conditional) {
  return {.conditional = conditional, .enc_rnn_size = 6, .dec_rnn_size = 9, .z_size = 5, .num_mixture = 3};
}

// Weights uniform in ±spread, from the seed.
inline models::SketchRnnContents random_checkpoint(const models::SketchRnnOptions& options, std::uint64_t seed,
                                                   float spread) {
  models::SketchRnnContents checkpoint;
  checkpoint.options = options;
  checkpoint.scale_factor = 2.5F;
  checkpoint.max_seq_len = 24;
  checkpoint.step = 17;
  std::uint64_t index = 0;
  for (const auto& spec : models::sketch_rnn_parameters(checkpoint.options)) {
    RandomStream random(seed, Purpose::kTest, 0, index++);
    auto& values = checkpoint.weights[spec.name];
    for (std::size_t i = 0; i < spec.count(); ++i) values.push_back(random.uniform(-spread, spread));
  }
  // Drawings of some length: the end is made unlikely.
  checkpoint.weights["decoder.output.bias"][2] -= 1.5F;
  return checkpoint;
}

inline models::SketchRnnContents tiny_checkpoint(bool conditional) {
  return random_checkpoint(tiny_options(conditional), 1, 0.6F);
}

// The decoder's weights rounded to the 8 significant bits of bf16; biases, gains and the encoder as they are.
inline models::SketchRnnContents with_rounded_decoder(models::SketchRnnContents checkpoint) {
  for (auto& [name, values] : checkpoint.weights) {
    if (!name.starts_with("decoder.") || name.find("weight") == std::string::npos) continue;
    for (float& value : values) {
      int exponent = 0;
      const double mantissa = std::frexp(static_cast<double>(value), &exponent);
      value = static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8));
    }
  }
  return checkpoint;
}

inline sketch::Sketch random_sketch(std::int64_t points, std::uint64_t index) {
  RandomStream random(3, Purpose::kTest, 1, index);
  sketch::Sketch sketch;
  for (std::int64_t i = 0; i < points; ++i) {
    const float dx = random.normal(), dy = random.normal();
    sketch.points.push_back({dx, dy, random.uniform() < 0.3F || i + 1 == points});
  }
  return sketch;
}

}  // namespace limn::testing
