#include "limn/models/sketch_rnn/prior.hpp"

namespace limn {

std::vector<Drawing> draw_new(const SketchRnnGenerator& generator, std::int64_t count, const PointChoice& choice,
                              std::uint64_t seed, std::uint64_t first_index) {
  if (generator.is_conditional())
    return draw_latents(generator, prior_latents(count, generator.options().z_size, seed, first_index), choice, seed,
                        first_index);
  std::vector<DrawRequest> requests(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < requests.size(); ++i)
    requests[i] = {.choice = choice, .seed = seed, .index = first_index + i};
  return generator.draw(requests);
}

}  // namespace limn
