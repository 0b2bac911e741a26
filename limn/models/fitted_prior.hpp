// The density of z that a trained model's drawings have, fitted after training to the posterior means of the training
// split (ex-post density estimation: Ghosh et al., "From Variational to Deterministic Autoencoders", ICLR 2020): a
// mixture of Gaussians, of one where the split's likelihood wants no more. Draws from it lie where the decoder was
// trained, those from N(0, I) often do not. The bound on log p(x) is still that of N(0, I). Values and plain functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "limn/models/latent.hpp"

namespace limn::models {

// z = mean_k + scale_k L ε, ε ~ N(0, I), with the probability weight_k. The components have the covariance L Lᵀ in
// common, but for a scale: a few thousand drawings tell no more in a hundred dimensions.
struct FittedPrior {
  std::vector<float> mean;    // [K, Z]
  std::vector<float> factor;  // L [Z, Z], lower triangular with a positive diagonal
  // [K] each; both are empty where K = 1.
  std::vector<float> weight = {};  // above 0, with the sum 1
  std::vector<float> scale = {};   // above 0

  friend bool operator==(const FittedPrior&, const FittedPrior&) = default;
};
// Z and K.
[[nodiscard]] std::int64_t size_of(const FittedPrior& prior);
[[nodiscard]] std::int64_t components_of(const FittedPrior& prior);
// Throws Error naming `origin` unless it is as described above and finite.
void check(const FittedPrior& prior, const std::string& origin);

// Which density new drawings come from.
enum class PriorKind {
  kUsual,     // the fitted one where the model has it
  kFitted,    // only that
  kStandard,  // N(0, I)
};

// Replaces each row ε of `noise` by mean_k + scale_k L ε. choices[r] in [0, 1) says which k row r takes: the first one
// up to which the weights add up to more; all take the first where there are none.
void transform(const FittedPrior& prior, Latents& noise, std::span<const float> choices = {});
// The choices of drawings first_index, first_index + 1, …: pure functions of (seed, number).
[[nodiscard]] std::vector<float> prior_choices(std::int64_t count, std::uint64_t seed, std::uint64_t first_index);

// More dimensions are not fitted: L takes Z² numbers of the checkpoint.
inline constexpr std::int64_t kMostPriorDimensions = 1024;
// Why no prior is fitted to that many dimensions, or "".
[[nodiscard]] std::string prior_inability(std::int64_t z_size);

// At most so many examples are encoded for a fit, so that it takes seconds.
inline constexpr std::int64_t kMostFittedExamples = 4096;
// Numbers of the examples of a split with `size` that a fit takes.
[[nodiscard]] std::vector<std::int64_t> fitted_examples(std::int64_t size);
// Numbers of examples of a split with `size`, in order: all, or `most` spread evenly over it.
[[nodiscard]] std::vector<std::int64_t> spread_examples(std::int64_t size, std::int64_t most);

// The density of latent vectors that come part by part.
class PriorFit {
 public:
  explicit PriorFit(std::int64_t z_size) : means_(0, z_size) {}
  void add(const Latents& means);
  [[nodiscard]] std::int64_t count() const { return means_.count(); }
  // After at least one vector. One Gaussian has their mean and covariance. Mixtures of 4, 16, 64 and 256 components are
  // fitted by expectation-maximisation (Dempster, Laird & Rubin 1977) to four fifths of the vectors, and the number
  // with the highest likelihood of the last fifth is fitted to all; one stays where no mixture is better by more than
  // chance, or Z is above kMostMixtureDimensions. A ten-thousandth of the mean variance is added to that of every
  // dimension: a dimension that never changes, or fewer vectors than dimensions, leave no zero on the diagonal of L.
  // The same vectors give the same bits.
  [[nodiscard]] FittedPrior result() const;

 private:
  Latents means_;
};
inline constexpr std::int64_t kMostMixtureDimensions = 256;

// The logarithm of the density at each row, in nats.
[[nodiscard]] std::vector<double> log_density(const FittedPrior& prior, const Latents& z);

}  // namespace limn::models
