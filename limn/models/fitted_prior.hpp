// The density of z that a trained model's drawings have: a Gaussian with full covariance, fitted after training to the
// posterior means of the training split (ex-post density estimation: Ghosh et al., "From Variational to Deterministic
// Autoencoders", ICLR 2020). Draws from it lie where the decoder was trained, those from N(0, I) often do not. The
// bound on log p(x) is still that of N(0, I). A value and plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limn/models/latent.hpp"

namespace limn::models {

// z = mean + L ε, ε ~ N(0, I).
struct FittedPrior {
  std::vector<float> mean;    // [Z]
  std::vector<float> factor;  // L [Z, Z], lower triangular with a positive diagonal: L Lᵀ is the covariance

  friend bool operator==(const FittedPrior&, const FittedPrior&) = default;
};
[[nodiscard]] std::int64_t size_of(const FittedPrior& prior);
// Throws Error naming `origin` unless it is as described above and finite.
void check(const FittedPrior& prior, const std::string& origin);

// Which density new drawings come from.
enum class PriorKind {
  kUsual,     // the fitted one where the model has it
  kFitted,    // only that
  kStandard,  // N(0, I)
};

// Replaces each row ε of `noise` by mean + L ε.
void transform(const FittedPrior& prior, Latents& noise);

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

// Mean and covariance of latent vectors that come part by part (Welford 1962), in double.
class PriorFit {
 public:
  explicit PriorFit(std::int64_t z_size);
  void add(const Latents& means);
  [[nodiscard]] std::int64_t count() const { return count_; }
  // After at least one vector. A ten-thousandth of the mean variance is added to that of every dimension: a dimension
  // that never changes, or fewer vectors than dimensions, leave no zero on the diagonal of L.
  [[nodiscard]] FittedPrior result() const;

 private:
  std::int64_t count_ = 0;
  std::vector<double> mean_;     // [Z]
  std::vector<double> squares_;  // [Z, Z], lower triangle: Σ (z − mean) (z − mean)ᵀ
  std::vector<double> before_;   // scratch: z − the mean before z
};

}  // namespace limn::models
