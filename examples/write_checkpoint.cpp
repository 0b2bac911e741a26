// Writes a checkpoint that every limn command reads, from weights that a program has made itself: here random ones, so
// what it draws is scribble. A program that trains elsewhere would fill in its own.
//   write_checkpoint OUT.safetensors
// Prints each tensor's name and shape ("decoder.cell.weight_ih [64, 9]") and at the end how many weights there are.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/contents.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"

namespace {

std::vector<float> random_values(std::size_t count, float deviation, std::uint64_t tensor) {
  limn::RandomStream random(1, limn::Purpose::kInitialWeights, 0, tensor);
  std::vector<float> values(count);
  for (float& value : values) value = deviation * random.normal();
  return values;
}

int write(const char* path) {
  limn::models::SketchRnnContents checkpoint;
  checkpoint.options = {.enc_rnn_size = 8, .dec_rnn_size = 16, .z_size = 4, .num_mixture = 3};
  checkpoint.scale_factor = 20;  // one normalised unit is so many units of the data
  checkpoint.max_seq_len = 30;

  // The one list of what a model with these options consists of.
  std::size_t total = 0;
  for (const auto& spec : limn::models::sketch_rnn_parameters(checkpoint.options)) {
    const float deviation = 1 / std::sqrt(static_cast<float>(spec.shape.back()));
    checkpoint.weights[spec.name] = random_values(spec.count(), deviation, total);
    std::printf("%s %s\n", spec.name.c_str(), limn::shape_text(spec.shape).c_str());
    total += spec.count();
  }
  limn::models::standard_registry().write(path, limn::models::to_checkpoint(checkpoint));
  std::printf("%zu weights in %s\n", total, path);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_checkpoint OUT.safetensors\n");
    return 2;
  }
  try {
    return write(argv[1]);
  } catch (const limn::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
