// Every parameter of a model is cut into chunks of a fixed size, whatever tensor it lies in, and the chunks
// are spread over the threads. One pass reads gradient, moments and value once: the least that memory allows.
#include "limn/kernels/optimiser/adam.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"

// Highway compiles the rest of this file once for each instruction set; foreach_target.h comes first.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "limn/kernels/optimiser/adam.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace limn::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Σ g², in double: no float32 gradient can overflow it.
double sum_of_squares(std::span<const float> gradient) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d), size = gradient.size();
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    const auto g0 = hn::PromoteTo(d, hn::LoadU(narrow, gradient.data() + i));
    const auto g1 = hn::PromoteTo(d, hn::LoadU(narrow, gradient.data() + i + lanes));
    sum0 = hn::MulAdd(g0, g0, sum0);
    sum1 = hn::MulAdd(g1, g1, sum1);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < size; ++i) sum += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
  return sum;
}

// The body of the loop of algorithm 1 for the elements of one slot, with clamp(gradient_scale · g, ±limit) as
// their gradient. One that is not a number stays so: the caller sees it in the weights if nowhere else.
class Update {
 public:
  Update(const AdamOptions& options, double correction1, double correction2, float gradient_scale, float limit)
      : beta1_(static_cast<float>(options.beta1)),
        rest1_(static_cast<float>(1.0 - options.beta1)),
        beta2_(static_cast<float>(options.beta2)),
        rest2_(static_cast<float>(1.0 - options.beta2)),
        // value -= rate · (m / correction1) / (√(v / correction2) + ε)
        rate_(static_cast<float>(options.learning_rate / correction1)),
        root_scale_(static_cast<float>(1.0 / std::sqrt(correction2))),
        epsilon_(static_cast<float>(options.epsilon)),
        gradient_scale_(gradient_scale),
        limit_(limit) {}

  // The elements i … i + Lanes(d) - 1.
  template <class D>
  HWY_INLINE void apply(D d, const AdamSlot& slot, std::size_t i) const {
    const auto limit = hn::Set(d, limit_);
    const auto scaled = hn::Mul(hn::LoadU(d, slot.gradient.data() + i), hn::Set(d, gradient_scale_));
    const auto clamped = hn::Max(hn::Min(scaled, limit), hn::Neg(limit));
    const auto g = hn::IfThenElse(hn::IsNaN(scaled), scaled, clamped);
    auto m = hn::LoadU(d, slot.first_moment.data() + i);
    auto v = hn::LoadU(d, slot.second_moment.data() + i);
    m = hn::MulAdd(m, hn::Set(d, beta1_), hn::Mul(g, hn::Set(d, rest1_)));
    v = hn::MulAdd(v, hn::Set(d, beta2_), hn::Mul(hn::Mul(g, g), hn::Set(d, rest2_)));
    const auto root = hn::MulAdd(hn::Sqrt(v), hn::Set(d, root_scale_), hn::Set(d, epsilon_));
    const auto value = hn::LoadU(d, slot.value.data() + i);
    hn::StoreU(m, d, slot.first_moment.data() + i);
    hn::StoreU(v, d, slot.second_moment.data() + i);
    hn::StoreU(hn::NegMulAdd(hn::Div(m, root), hn::Set(d, rate_), value), d, slot.value.data() + i);
  }

 private:
  float beta1_, rest1_, beta2_, rest2_, rate_, root_scale_, epsilon_, gradient_scale_, limit_;
};

void update(const AdamSlot& slot, const AdamOptions& options, double correction1, double correction2,
            float gradient_scale, float limit) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const Update step(options, correction1, correction2, gradient_scale, limit);
  const std::size_t lanes = hn::Lanes(d), size = slot.value.size();
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) step.apply(d, slot, i);
  for (; i < size; ++i) step.apply(one, slot, i);
}

}  // namespace
}  // namespace limn::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace limn::kernels {
namespace {

HWY_EXPORT(sum_of_squares);
HWY_EXPORT(update);

constexpr std::size_t kChunk = 16384;  // elements; fixed, so that sums never depend on the number of threads

// The slots cut into pieces of at most kChunk elements, in order.
std::vector<AdamSlot> chunks(std::span<const AdamSlot> slots) {
  std::vector<AdamSlot> all;
  for (const AdamSlot& slot : slots) {
    const std::size_t size = slot.gradient.size();
    require(slot.value.size() == size && slot.first_moment.size() == size && slot.second_moment.size() == size,
            "adam: a slot has {} values, {} gradients, {} and {} moments, expected the same number of each",
            slot.value.size(), size, slot.first_moment.size(), slot.second_moment.size());
    for (std::size_t first = 0; first < size; first += kChunk) {
      const std::size_t count = std::min(kChunk, size - first);
      all.push_back({slot.value.subspan(first, count), slot.gradient.subspan(first, count),
                     slot.first_moment.subspan(first, count), slot.second_moment.subspan(first, count)});
    }
  }
  return all;
}

double element_count(std::span<const AdamSlot> slots) {
  double count = 0;
  for (const AdamSlot& slot : slots) count += static_cast<double>(slot.value.size());
  return count;
}

}  // namespace

double gradient_norm(std::span<const AdamSlot> slots) {
  const std::vector<AdamSlot> pieces = chunks(slots);
  std::vector<double> squares(pieces.size());
  const auto square = [&](std::int64_t i) {
    const auto piece = static_cast<std::size_t>(i);
    squares[piece] = HWY_DYNAMIC_DISPATCH(sum_of_squares)(pieces[piece].gradient);
  };
  parallel_for(static_cast<std::int64_t>(pieces.size()), square, 10 * element_count(slots));
  double sum = 0;
  for (const double of_piece : squares) sum += of_piece;
  return std::sqrt(sum);
}

void adam_step(std::span<const AdamSlot> slots, const AdamOptions& options, std::int64_t step, ClipMode mode,
               double clip, double norm) {
  require(step >= 1, "adam: step is {}, the first step is 1", step);
  const double correction1 = 1.0 - std::pow(options.beta1, static_cast<double>(step));
  const double correction2 = 1.0 - std::pow(options.beta2, static_cast<double>(step));
  const auto scale = static_cast<float>(mode == ClipMode::kNorm ? std::min(1.0, clip / (norm + 1e-6)) : 1.0);
  const auto limit = mode == ClipMode::kValue ? static_cast<float>(clip) : std::numeric_limits<float>::infinity();
  const std::vector<AdamSlot> pieces = chunks(slots);
  const auto update_piece = [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(update)
    (pieces[static_cast<std::size_t>(i)], options, correction1, correction2, scale, limit);
  };
  // A root, a quotient and seven values read or written.
  parallel_for(static_cast<std::int64_t>(pieces.size()), update_piece, 60 * element_count(slots));
}

}  // namespace limn::kernels
#endif  // HWY_ONCE
