// How well generated examples lie among real ones, and reach all of them. Around each example lies a ball up to its
// k-th nearest neighbour of the same set; the balls of a set are its manifold. Knows distances alone, so it serves any
// kind of drawing. Values and a plain function.
#pragma once

#include <cstdint>
#include <vector>

namespace limn::models {

// Of n real and n generated examples. A distance is not negative; infinite says that two are in no way alike, and no
// ball reaches so far.
struct PairDistances {
  std::int64_t n = 0;
  std::vector<float> real = {};       // [n, n]; the diagonal is not read
  std::vector<float> generated = {};  // [n, n]; neither is this one's
  std::vector<float> across = {};     // [n, n]: row i is from real example i
};

struct ManifoldFigures {
  double precision = 0;  // share of the generated examples that lie in a real example's ball
  double recall = 0;     // share of the real examples that lie in a generated one's ball
  double density = 0;    // mean number of real balls around a generated example, over k: 1 for more of the real ones
  double coverage = 0;  // share of the real balls with a generated example in them: 1 − 2^−k for more of the real ones
};

// k of precision and recall, as in Kynkäänniemi et al. 2019, and of density and coverage, as in Naeem et al. 2020.
inline constexpr std::int64_t kPrecisionNeighbours = 3;
inline constexpr std::int64_t kCoverageNeighbours = 5;
inline constexpr std::int64_t kFewestCompared = kCoverageNeighbours + 1;

// T. Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models", NeurIPS 2019, eq. 1
// to 3, and M. F. Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020, eq. 3 and
// 5. Throws Error unless n is at least kFewestCompared and the distances are as many as it says.
[[nodiscard]] ManifoldFigures manifold_figures(const PairDistances& distances);

}  // namespace limn::models
