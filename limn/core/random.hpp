// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
// SC 2011). A number is a pure function of (seed, purpose, step, index, position): nothing has to be saved to
// resume a run, and no result depends on the number of threads or processes. All of it is reentrant.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace limn {

// The purpose of a stream of numbers. Values are part of reproducibility: never renumber, only append.
enum class Purpose : std::uint32_t {
  kInitialWeights = 1,
  kShuffle = 2,
  kAugmentation = 3,
  kLatentTraining = 4,
  kLatentEvaluation = 5,
  kSampling = 6,
  kRecurrentDropout = 7,
  kInputDropout = 9,
  kOutputDropout = 10,
  kDoodles = 11,
  kShapes = 12,
  kBinarize = 13,
  kSplit = 14,
  kRecurrentDropoutBackward = 15,
  kLatentPrior = 16,
  kCompose = 17,
  kRecurrentDropoutDecoder = 18,
  kTest = 1000,
};

// Philox4x32-10: four 32-bit outputs of a 128-bit counter under a 64-bit key.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key);

// A stream of numbers of its own for each (seed, purpose, step, index): the key is the seed, the counter is
// (position, index, step, purpose) where step also takes 16 bits of overflow into the purpose word.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t step = 0, std::uint64_t index = 0);

  [[nodiscard]] std::uint32_t next_u32();
  // Uniform in [0, 1), 24 random bits.
  [[nodiscard]] float uniform();
  [[nodiscard]] float uniform(float low, float high) { return low + (high - low) * uniform(); }
  // Uniform integer in [0, bound), bound > 0, without bias.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  // Standard normal (Box-Muller).
  [[nodiscard]] float normal();
  void fill_normal(std::span<float> out);

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;
  bool has_spare_ = false;
  float spare_ = 0;
};

// Fisher-Yates, from the stream. The same for every standard library.
template <class T>
void shuffle(std::span<T> values, RandomStream& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

}  // namespace limn
