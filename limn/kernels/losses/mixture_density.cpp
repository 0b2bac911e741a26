// One row at a time, lanes along the mixture components. The bivariate normal is written without the
// cancellation of the textbook form: with u = z_x - z_y, v = z_x + z_y, a = 1 + exp(2 rho_hat) and
// b = 1 + exp(-2 rho_hat),
//   (z_x² + z_y² - 2 rho z_x z_y) / (2 (1 - rho²)) = (a u² + b v²) / 8,
//   -½ log(1 - rho²) = log cosh rho_hat,
// so nothing is lost where rho = tanh rho_hat rounds to ±1.
#include "limn/kernels/losses/mixture_density.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/aligned_buffer.hpp"
#include "limn/kernels/threads/parallel.hpp"

// Highway compiles the rest of this file once for each instruction set; foreach_target.h comes first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/losses/mixture_density.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace limn::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr float kLog2 = 0.693147181f;
constexpr float kLog2Pi = 1.83787707f;
// Stands for log 0: exp of it is 0, and differences of two such stay finite.
constexpr float kLogZero = -1e30f;
// |rho_hat| and -log sigma count as at most this inside exp(), which keeps every intermediate and every
// gradient finite. No real model is near it: sigma = exp(-20) is 2e-9 of the data's deviation, 1 - tanh² 20 is
// 2e-17.
constexpr float kExponentLimit = 20.0f;
// The largest standardised distance; beyond it densities are 0 in float32.
constexpr float kFarthest = 1e18f;

// The column blocks of a mixture, in the order of the output row.
enum Block : std::size_t { kPi, kMuX, kMuY, kLogSigmaX, kLogSigmaY, kRhoHat };
static_assert(kRhoHat + 1 == kMixtureColumns);

// Memory for one row, each block padded to whole vectors. Padding has pi logit kLogZero: no weight.
class RowScratch {
 public:
  explicit RowScratch(std::size_t mixtures)
      : mixtures_(mixtures),
        padded_(hwy::RoundUpTo(mixtures, hn::Lanes(D()))),
        pen_padded_(hwy::RoundUpTo(kPenColumns, hn::Lanes(D()))),
        memory_((2 * kMixtureColumns + 1) * padded_ + 3 * pen_padded_) {
    for (float& value : memory_.span()) value = 0;
    for (std::size_t j = mixtures; j < padded_; ++j) value(kPi)[j] = kLogZero;
    for (std::size_t k = kPenColumns; k < pen_padded_; ++k) pen()[k] = kLogZero;
  }

  [[nodiscard]] std::size_t padded() const { return padded_; }
  [[nodiscard]] std::size_t pen_padded() const { return pen_padded_; }
  // The row's values; after density(), value(kPi) holds pi.
  [[nodiscard]] float* value(Block block) { return memory_.data() + block * padded_; }
  // d log N_j / d value, later d loss / d value.
  [[nodiscard]] float* slope(Block block) { return memory_.data() + (kMixtureColumns + block) * padded_; }
  // log(pi_j N_j), later the share of component j in density + floor.
  [[nodiscard]] float* joint() { return memory_.data() + 2 * kMixtureColumns * padded_; }
  [[nodiscard]] float* pen() { return joint() + padded_; }
  [[nodiscard]] float* pen_target() { return pen() + pen_padded_; }
  [[nodiscard]] float* pen_slope() { return pen() + 2 * pen_padded_; }

  void load_mixture(const float* row) {
    for (std::size_t block = kPi; block <= kRhoHat; ++block) {
      std::memcpy(value(static_cast<Block>(block)), row + kPenColumns + block * mixtures_, mixtures_ * sizeof(float));
    }
  }
  void store_mixture(float* row) {
    for (std::size_t block = kPi; block <= kRhoHat; ++block) {
      std::memcpy(row + kPenColumns + block * mixtures_, slope(static_cast<Block>(block)), mixtures_ * sizeof(float));
    }
  }
  void clear_mixture(float* row) const {
    std::memset(row + kPenColumns, 0, kMixtureColumns * mixtures_ * sizeof(float));
  }

 private:
  std::size_t mixtures_, padded_, pen_padded_;
  AlignedBuffer<float> memory_;
};

// Replaces x by exp(x) / sum and returns log(sum), sum = Σ exp(x), in every lane. x is finite.
HWY_INLINE V softmax(D d, float* HWY_RESTRICT x, std::size_t padded) {
  const std::size_t lanes = hn::Lanes(d);
  V largest = hn::Load(d, x);
  for (std::size_t j = lanes; j < padded; j += lanes) largest = hn::Max(largest, hn::Load(d, x + j));
  largest = hn::MaxOfLanes(d, largest);
  V sum = hn::Zero(d);
  for (std::size_t j = 0; j < padded; j += lanes) {
    const V e = hn::Exp(d, hn::Sub(hn::Load(d, x + j), largest));
    sum = hn::Add(sum, e);
    hn::Store(e, d, x + j);
  }
  sum = hn::SumOfLanes(d, sum);
  const V share = hn::Div(hn::Set(d, 1.0f), sum);
  for (std::size_t j = 0; j < padded; j += lanes) hn::Store(hn::Mul(hn::Load(d, x + j), share), d, x + j);
  return hn::Add(largest, hn::Log(d, sum));
}

// 0 if every value of a block is finite, else NaN. Highway's exp and log turn a NaN into a number, and a broken model
// must not look like a trained one.
HWY_INLINE V poison(D d, const float* x, std::size_t padded) {
  V sum = hn::Zero(d);
  for (std::size_t j = 0; j < padded; j += hn::Lanes(d)) {
    const V value = hn::Load(d, x + j);
    sum = hn::Add(sum, hn::Sub(value, value));
  }
  return hn::SumOfLanes(d, sum);
}

// Graves 2013 (arXiv 1308.0850), eq. 24 and 25: log N(dx, dy | component) for the lanes from j on, and its
// derivatives with respect to the values into slope(). slope(kPi) is left alone.
template <bool kWithSlopes>
HWY_INLINE V log_normal(D d, RowScratch& scratch, std::size_t j, V dx, V dy) {
  const V one = hn::Set(d, 1.0f), limit = hn::Set(d, kExponentLimit), farthest = hn::Set(d, kFarthest);
  const V log_sigma_x = hn::Load(d, scratch.value(kLogSigmaX) + j);
  const V log_sigma_y = hn::Load(d, scratch.value(kLogSigmaY) + j);
  const V rho_hat = hn::Load(d, scratch.value(kRhoHat) + j);
  const V precision_x = hn::Exp(d, hn::Min(hn::Neg(log_sigma_x), limit));
  const V precision_y = hn::Exp(d, hn::Min(hn::Neg(log_sigma_y), limit));
  const V off_x = hn::Mul(hn::Sub(dx, hn::Load(d, scratch.value(kMuX) + j)), precision_x);
  const V off_y = hn::Mul(hn::Sub(dy, hn::Load(d, scratch.value(kMuY) + j)), precision_y);
  const V z_x = hn::Max(hn::Min(off_x, farthest), hn::Neg(farthest));
  const V z_y = hn::Max(hn::Min(off_y, farthest), hn::Neg(farthest));

  const V steepness = hn::Abs(rho_hat);
  const V twice = hn::Min(hn::Add(steepness, steepness), hn::Add(limit, limit));
  const V grown = hn::Exp(d, twice), shrunk = hn::Div(one, grown);
  const auto is_negative = hn::Lt(rho_hat, hn::Zero(d));
  const V exp_plus = hn::IfThenElse(is_negative, shrunk, grown);   // exp(2 rho_hat)
  const V exp_minus = hn::IfThenElse(is_negative, grown, shrunk);  // exp(-2 rho_hat)
  const V log_cosh = hn::Add(hn::Sub(steepness, hn::Set(d, kLog2)), hn::Log1p(d, shrunk));

  const V u = hn::Sub(z_x, z_y), v = hn::Add(z_x, z_y);
  const V uu = hn::Mul(u, u), vv = hn::Mul(v, v);
  const V a = hn::Add(one, exp_plus), b = hn::Add(one, exp_minus);
  const V exponent = hn::Mul(hn::Set(d, 0.125f), hn::MulAdd(a, uu, hn::Mul(b, vv)));
  if constexpr (kWithSlopes) {
    const V quarter = hn::Set(d, 0.25f);
    const V au = hn::Mul(a, u), bv = hn::Mul(b, v);
    const V pull_x = hn::Mul(quarter, hn::Add(au, bv));  // -d log N / d z_x
    const V pull_y = hn::Mul(quarter, hn::Sub(bv, au));
    const V tanh_abs = hn::Div(hn::Sub(one, shrunk), hn::Add(one, shrunk));
    const V twist = hn::Mul(quarter, hn::Sub(hn::Mul(exp_plus, uu), hn::Mul(exp_minus, vv)));
    hn::Store(hn::Mul(pull_x, precision_x), d, scratch.slope(kMuX) + j);
    hn::Store(hn::Mul(pull_y, precision_y), d, scratch.slope(kMuY) + j);
    hn::Store(hn::MulSub(z_x, pull_x, one), d, scratch.slope(kLogSigmaX) + j);
    hn::Store(hn::MulSub(z_y, pull_y, one), d, scratch.slope(kLogSigmaY) + j);
    hn::Store(hn::Sub(hn::CopySign(tanh_abs, rho_hat), twist), d, scratch.slope(kRhoHat) + j);
  }
  const V log_sigmas = hn::Add(log_sigma_x, log_sigma_y);
  return hn::Sub(hn::Sub(hn::Sub(log_cosh, hn::Set(d, kLog2Pi)), log_sigmas), exponent);
}

// joint() = log(pi_j N_j), never below kLogZero; value(kPi) = pi.
template <bool kWithSlopes>
HWY_INLINE void log_joint(D d, RowScratch& scratch, float dx, float dy) {
  const std::size_t padded = scratch.padded(), lanes = hn::Lanes(d);
  float* const joint = scratch.joint();
  std::memcpy(joint, scratch.value(kPi), padded * sizeof(float));
  const V log_total = softmax(d, scratch.value(kPi), padded);
  const V target_x = hn::Set(d, dx), target_y = hn::Set(d, dy);
  for (std::size_t j = 0; j < padded; j += lanes) {
    const V log_pi = hn::Sub(hn::Load(d, joint + j), log_total);
    const V log_n = log_normal<kWithSlopes>(d, scratch, j, target_x, target_y);
    hn::Store(hn::Max(hn::Add(log_pi, log_n), hn::Set(d, kLogZero)), d, joint + j);
  }
}

// Eq. 9 for one offset: -log(Σ_j pi_j N_j + floor) = -logaddexp(log density, log floor), which needs no
// exponential of a log density. With slopes, slope() receives scale times its gradient.
template <bool kWithSlopes>
HWY_INLINE float offset_loss(D d, RowScratch& scratch, float dx, float dy, float floor_logarithm, float scale) {
  const std::size_t padded = scratch.padded(), lanes = hn::Lanes(d);
  V trap = hn::Set(d, (dx - dx) + (dy - dy));
  for (std::size_t block = kPi; block <= kRhoHat; ++block) {
    trap = hn::Add(trap, poison(d, scratch.value(static_cast<Block>(block)), padded));
  }
  log_joint<kWithSlopes>(d, scratch, dx, dy);
  const V log_density = softmax(d, scratch.joint(), padded);
  const V log_floor = hn::Set(d, floor_logarithm);
  const V larger = hn::Max(log_density, log_floor), smaller = hn::Min(log_density, log_floor);
  const V log_sum = hn::Add(larger, hn::Log1p(d, hn::Exp(d, hn::Sub(smaller, larger))));
  if constexpr (kWithSlopes) {
    // d loss / d log(pi_j N_j) = -weight_j, weight_j = pi_j N_j / (density + floor).
    const V factor = hn::Add(hn::Mul(hn::Set(d, scale), hn::Exp(d, hn::Sub(log_density, log_sum))), trap);
    for (std::size_t j = 0; j < padded; j += lanes) {
      const V weight = hn::Mul(factor, hn::Load(d, scratch.joint() + j));
      const V pi_slope = hn::MulSub(factor, hn::Load(d, scratch.value(kPi) + j), weight);
      hn::Store(pi_slope, d, scratch.slope(kPi) + j);
      // A component without weight may have slopes beyond float32.
      const auto counts = hn::Ne(weight, hn::Zero(d));
      for (std::size_t block = kMuX; block <= kRhoHat; ++block) {
        float* const slope = scratch.slope(static_cast<Block>(block)) + j;
        hn::Store(hn::IfThenElseZero(counts, hn::NegMulAdd(weight, hn::Load(d, slope), hn::Zero(d))), d, slope);
      }
    }
  }
  return -hn::GetLane(hn::Add(log_sum, trap));
}

// Eq. 9 for the pen at one point: -Σ_k p_k log q_k. With slopes, pen_slope() receives scale times its
// gradient.
template <bool kWithSlopes>
HWY_INLINE float pen_loss(D d, RowScratch& scratch, const float* row, const float* target, float scale) {
  const std::size_t padded = scratch.pen_padded(), lanes = hn::Lanes(d);
  std::memcpy(scratch.pen(), row, kPenColumns * sizeof(float));
  std::memcpy(scratch.pen_target(), target, kPenColumns * sizeof(float));
  const V trap = hn::Add(poison(d, scratch.pen(), padded), poison(d, scratch.pen_target(), padded));
  V dot = hn::Zero(d), mass = hn::Zero(d);
  for (std::size_t k = 0; k < padded; k += lanes) {
    const V p = hn::Load(d, scratch.pen_target() + k);
    dot = hn::MulAdd(p, hn::Load(d, scratch.pen() + k), dot);
    mass = hn::Add(mass, p);
  }
  dot = hn::SumOfLanes(d, dot);
  mass = hn::SumOfLanes(d, mass);
  const V log_total = softmax(d, scratch.pen(), padded);
  if constexpr (kWithSlopes) {
    for (std::size_t k = 0; k < padded; k += lanes) {
      const V expected = hn::Mul(mass, hn::Load(d, scratch.pen() + k));
      const V slope = hn::Mul(hn::Set(d, scale), hn::Sub(expected, hn::Load(d, scratch.pen_target() + k)));
      hn::Store(hn::Add(slope, trap), d, scratch.pen_slope() + k);
    }
  }
  // softmax() leaves the padding of pen() at 0; the next row wants no weight there.
  for (std::size_t k = kPenColumns; k < padded; ++k) scratch.pen()[k] = kLogZero;
  return hn::GetLane(hn::Add(hn::MulSub(mass, log_total, dot), trap));
}

template <bool kWithSlopes>
MixtureDensitySums all_rows(ConstMatrix outputs, ConstMatrix targets, float scale, Matrix gradient,
                            const MixtureDensityTerms& terms) {
  const D d;
  const auto mixtures = static_cast<std::size_t>((outputs.columns - kPenColumns) / kMixtureColumns);
  const auto log_floor = static_cast<float>(std::log(terms.density_floor));
  RowScratch scratch(mixtures);
  MixtureDensitySums sums;
  for (std::int64_t r = 0; r < outputs.rows; ++r) {
    const float* const row = outputs.row(r);
    const float* const target = targets.row(r);
    const bool is_end = target[4] == 1.0f;
    const bool is_weighted = terms.weights.data != nullptr;
    const float offset_weight = is_weighted ? terms.weights.row(r)[0] : is_end ? 0.0f : 1.0f;
    const float pen_weight = is_weighted ? terms.weights.row(r)[1] : 1.0f;
    const double pen = pen_loss<kWithSlopes>(d, scratch, row, target + 2, pen_weight * scale);
    sums.pen += static_cast<double>(pen_weight) * pen;
    if (!is_end) sums.pen_drawing += pen;
    if (offset_weight != 0) {
      scratch.load_mixture(row);
      sums.offset += static_cast<double>(offset_weight) *
                     offset_loss<kWithSlopes>(d, scratch, target[0], target[1], log_floor, offset_weight * scale);
      for (std::size_t j = mixtures; j < scratch.padded(); ++j) scratch.value(kPi)[j] = kLogZero;
    }
    if constexpr (kWithSlopes) {
      float* const slope = gradient.row(r);
      std::memcpy(slope, scratch.pen_slope(), kPenColumns * sizeof(float));
      offset_weight == 0 ? scratch.clear_mixture(slope) : scratch.store_mixture(slope);
    }
  }
  return sums;
}

MixtureDensitySums density_rows(ConstMatrix outputs, ConstMatrix targets, float scale, Matrix gradient,
                                const MixtureDensityTerms& terms) {
  return gradient.data == nullptr ? all_rows<false>(outputs, targets, scale, gradient, terms)
                                  : all_rows<true>(outputs, targets, scale, gradient, terms);
}

}  // namespace
}  // namespace limn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
namespace {

HWY_EXPORT(density_rows);

constexpr std::int64_t kRowsInChunk = 128;  // fixed, so that sums never depend on the number of threads

void check_shapes(ConstMatrix outputs, ConstMatrix targets, Matrix gradient) {
  const std::int64_t mixture_columns = outputs.columns - kPenColumns;
  require(mixture_columns >= kMixtureColumns && mixture_columns % kMixtureColumns == 0,
          "mixture_density_loss: outputs are [{}, {}], expected 3 + 6M columns", outputs.rows, outputs.columns);
  require(targets.rows == outputs.rows && targets.columns == 5,
          "mixture_density_loss: targets are [{}, {}], expected [{}, 5]", targets.rows, targets.columns, outputs.rows);
  require(gradient.data == nullptr || (gradient.rows == outputs.rows && gradient.columns == outputs.columns),
          "mixture_density_loss: gradient is [{}, {}], expected [{}, {}]", gradient.rows, gradient.columns,
          outputs.rows, outputs.columns);
}

}  // namespace

MixtureDensitySums mixture_density_loss(ConstMatrix outputs, ConstMatrix targets, float scale, Matrix gradient,
                                        const MixtureDensityTerms& terms) {
  check_shapes(outputs, targets, gradient);
  require(terms.weights.data == nullptr || (terms.weights.rows == outputs.rows && terms.weights.columns == 2),
          "mixture_density_loss: weights are [{}, {}], expected [{}, 2]", terms.weights.rows, terms.weights.columns,
          outputs.rows);
  const std::int64_t chunks = (outputs.rows + kRowsInChunk - 1) / kRowsInChunk;
  std::vector<MixtureDensitySums> partial(static_cast<std::size_t>(chunks));
  const auto density_of_chunk = [&](std::int64_t chunk) {
    const std::int64_t first = chunk * kRowsInChunk;
    const std::int64_t count = std::min(kRowsInChunk, outputs.rows - first);
    const Matrix slopes = gradient.data == nullptr ? Matrix{} : gradient.slice_rows(first, count);
    MixtureDensityTerms own = terms;
    if (own.weights.data != nullptr) own.weights = own.weights.slice_rows(first, count);
    partial[static_cast<std::size_t>(chunk)] = HWY_DYNAMIC_DISPATCH(density_rows)(
        outputs.slice_rows(first, count), targets.slice_rows(first, count), scale, slopes, own);
  };
  // Six exponentials and logarithms for six values: about 200 operations a value.
  parallel_for(chunks, density_of_chunk, 200.0 * static_cast<double>(outputs.rows * outputs.columns));
  MixtureDensitySums sums;
  for (const auto& part : partial) {
    sums.offset += part.offset;
    sums.pen += part.pen;
    sums.pen_drawing += part.pen_drawing;
  }
  return sums;
}

}  // namespace limn::kernels
#endif  // HWY_ONCE
