// Matrix products against sums in double, at odd sizes, on every SIMD target and both backends.
#include "limn/kernels/products/gemm.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <malloc.h>

#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/kernels/products/gemm_portable.hpp"

namespace limn::kernels {
namespace {

std::vector<float> random_values(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  RandomStream(seed, Purpose::kTest).fill_normal(values);
  return values;
}

// The nearest bf16, ties to even, by way of double: 8 significant bits.
float as_bf16(float value) {
  int exponent = 0;
  const double mantissa = std::frexp(static_cast<double>(value), &exponent);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8));
}

// The factors of a product of this precision: inputs and gradients, and weights.
double factor(float value, Precision precision) { return precision == Precision::kBFloat16 ? as_bf16(value) : value; }
double weight_factor(float value, Precision precision) {
  return precision == Precision::kFloat32 ? value : as_bf16(value);
}

// Sums of K products of order 1 in float32: the error grows like the square root of K.
double tolerance(std::int64_t depth) { return 2e-6 * std::sqrt(static_cast<double>(depth) + 1); }

struct Sizes {
  std::int64_t rows, columns, depth;
};

// More rows than a tile, than a block; columns beyond a panel; depths beyond a block of 320.
const Sizes kSizes[] = {{1, 1, 1},    {1, 37, 19},  {2, 33, 5}, {3, 16, 700}, {4, 65, 64},   {5, 8, 321}, {6, 31, 320},
                        {7, 129, 33}, {12, 40, 17}, {13, 7, 6}, {50, 48, 51}, {200, 19, 23}, {3, 5, 0},   {0, 5, 3}};

// C = init + [A_1 A_2] · B, with A cut at another place than B, in either layout of B.
void check_product(const Sizes& s, WeightLayout layout, bool with_init, Precision precision) {
  SCOPED_TRACE(::testing::Message() << s.rows << "x" << s.columns << "x" << s.depth << " layout "
                                    << static_cast<int>(layout) << " init " << with_init << " precision "
                                    << static_cast<int>(precision));
  const std::int64_t stride = s.depth + 3, cut_a = s.depth / 2, cut_b = s.depth / 3;
  const auto a = random_values(s.rows * stride, 1);
  const auto w = random_values(s.columns * s.depth, 2), start = random_values(s.columns, 3);
  const bool outputs_first = layout == WeightLayout::kOutputMajor;
  const ConstMatrix b =
      outputs_first ? ConstMatrix(w.data(), s.columns, s.depth) : ConstMatrix(w.data(), s.depth, s.columns);
  const std::vector<ConstMatrix> parts =
      outputs_first ? std::vector{b.slice_columns(0, cut_b), b.slice_columns(cut_b, s.depth - cut_b)}
                    : std::vector{b.slice_rows(0, cut_b), b.slice_rows(cut_b, s.depth - cut_b)};
  PackedWeights packed;
  packed.pack(parts, layout, precision);
  const ConstMatrix all(a.data(), s.rows, s.depth, stride);
  const std::vector<ConstMatrix> inputs{all.slice_columns(0, cut_a), all.slice_columns(cut_a, s.depth - cut_a)};
  std::vector<float> out(static_cast<std::size_t>(s.rows * (s.columns + 2)), 99.0f);
  const Matrix c(out.data(), s.rows, s.columns, s.columns + 2);
  GemmScratch scratch;
  packed.multiply(inputs, with_init ? ConstMatrix(start.data(), s.rows, s.columns, 0) : ConstMatrix(), c, scratch);
  for (std::int64_t r = 0; r < s.rows; ++r) {
    for (std::int64_t n = 0; n < s.columns; ++n) {
      double sum = with_init ? start[static_cast<std::size_t>(n)] : 0;
      for (std::int64_t k = 0; k < s.depth; ++k)
        sum += factor(all(r, k), precision) * weight_factor(outputs_first ? b(n, k) : b(k, n), precision);
      ASSERT_NEAR(c(r, n), sum, tolerance(s.depth) * (1 + std::abs(sum))) << r << "," << n;
    }
    EXPECT_EQ(c.row(r)[s.columns], 99.0f) << "written beside the matrix";
  }
}

// out = Σ_r d[r]ᵀ a[rows[r]] for two parts, one through row numbers.
void check_gradient(const Sizes& s, bool accumulate, Precision precision) {
  SCOPED_TRACE(::testing::Message() << s.rows << "x" << s.columns << "x" << s.depth << " + " << accumulate
                                    << " precision " << static_cast<int>(precision));
  const std::int64_t outputs = s.columns, inputs = s.rows, sum_rows = s.depth;
  const auto d = random_values(sum_rows * outputs, 4), a = random_values((sum_rows + 1) * inputs, 5);
  const float one = 1;
  std::vector<std::int32_t> rows;
  for (std::int64_t r = 0; r < sum_rows; ++r) rows.push_back(static_cast<std::int32_t>(sum_rows - r));
  std::vector<float> out(static_cast<std::size_t>(outputs * inputs), 2.0f),
      bias(static_cast<std::size_t>(outputs), 2.0f);
  const ConstMatrix d_view(d.data(), sum_rows, outputs), a_view(a.data(), sum_rows + 1, inputs);
  const WeightGradient parts[] = {{ConstMatrix(&one, sum_rows, 1, 0), nullptr, Matrix(bias.data(), outputs, 1)},
                                  {a_view, rows.data(), Matrix(out.data(), outputs, inputs)}};
  weight_gradients(d_view, parts, accumulate, precision);
  for (std::int64_t n = 0; n < outputs; ++n) {
    double total = accumulate ? 2 : 0;
    for (std::int64_t r = 0; r < sum_rows; ++r) total += factor(d_view(r, n), precision);
    ASSERT_NEAR(bias[static_cast<std::size_t>(n)], total, tolerance(sum_rows) * (1 + std::abs(total)));
    for (std::int64_t k = 0; k < inputs; ++k) {
      double sum = accumulate ? 2 : 0;
      for (std::int64_t r = 0; r < sum_rows; ++r)
        sum += factor(d_view(r, n), precision) * factor(a_view(rows[static_cast<std::size_t>(r)], k), precision);
      ASSERT_NEAR(out[static_cast<std::size_t>(n * inputs + k)], sum, tolerance(sum_rows) * (1 + std::abs(sum)));
    }
  }
}

void check_everything() {
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kBFloat16Weights}) {
    for (const Sizes& sizes : kSizes) {
      for (const WeightLayout layout : {WeightLayout::kOutputMajor, WeightLayout::kInputMajor}) {
        check_product(sizes, layout, false, precision);
        check_product(sizes, layout, true, precision);
      }
      if (precision == Precision::kBFloat16Weights) continue;  // of products with packed weights alone
      check_gradient(sizes, false, precision);
      check_gradient(sizes, true, precision);
    }
  }
}

class GemmTest : public ::testing::Test {
 protected:
  ~GemmTest() override {
    set_gemm_backend(GemmBackend::kAutomatic);
    hwy::SetSupportedTargetsForTest(0);
  }
};

TEST_F(GemmTest, PortableAgreesWithDoubleOnEveryTarget) {
  set_gemm_backend(GemmBackend::kPortable);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    SCOPED_TRACE(hwy::TargetName(target));
    check_everything();
  }
}

// What is handed to oneDNN, also on a CPU that cannot multiply it; and the sums that come back.
TEST_F(GemmTest, ConversionsAgreeOnEveryTarget) {
  std::vector<float> values = random_values(67, 3);
  const float limits[]{0.0f,        -0.0f,      1e38f, 3.4028235e38f, std::numeric_limits<float>::infinity(),
                       1.00390625f, 1.01171875f};
  values.insert(values.end(), std::begin(limits), std::end(limits));
  values.push_back(std::numeric_limits<float>::quiet_NaN());
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    SCOPED_TRACE(hwy::TargetName(target));
    const auto count = static_cast<std::int64_t>(values.size());
    std::vector<float> rounded = values, sums(values.size());
    std::vector<std::uint16_t> converted(values.size() + 1, 7);
    portable::round_to_bf16(rounded.data(), count);
    portable::convert_to_bf16(values.data(), count, converted.data());
    portable::add(values.data(), rounded.data(), count, sums.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(converted[i], std::bit_cast<std::uint32_t>(rounded[i]) >> 16) << i;
      if (std::isfinite(values[i])) {
        EXPECT_EQ(sums[i], values[i] + rounded[i]) << i;
      }
    }
    EXPECT_TRUE(std::isnan(rounded.back()));
    EXPECT_EQ(converted.back(), 7) << "written beyond the end";
  }
}

TEST_F(GemmTest, OneDnnAgreesWithDouble) {
  if (!has_onednn()) GTEST_SKIP() << "this build has no oneDNN";
  set_gemm_backend(GemmBackend::kOneDnn);
  check_everything();
}

// Two threads have work from 17 rows on and four from 49 on, whatever the number of threads is.
TEST_F(GemmTest, OneDnnCutsSmallBatchesToo) {
  if (!has_onednn()) GTEST_SKIP() << "this build has no oneDNN";
  set_gemm_backend(GemmBackend::kOneDnn);
  const std::vector<std::pair<std::int64_t, std::int64_t>> expected{{1, 1},  {16, 1},  {17, 2},  {32, 2}, {49, 4},
                                                                    {64, 4}, {100, 4}, {128, 4}, {129, 5}};
  for (const auto& [batch, slices] : expected) EXPECT_EQ(batch_slices(batch), slices) << batch;
}

// Weights in 16 bits are the rounded ones, bit for bit, whatever the target and the number of rows.
TEST_F(GemmTest, WeightsInBf16AreRoundedWeights) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    SCOPED_TRACE(hwy::TargetName(target));
    for (const Sizes& s : kSizes) {
      const auto a = random_values(s.rows * s.depth, 1), w = random_values(s.columns * s.depth, 2);
      std::vector<float> rounded = w;
      for (float& value : rounded) value = as_bf16(value);
      const auto product = [&](const std::vector<float>& weights, Precision precision) {
        PackedWeights packed;
        packed.pack(ConstMatrix(weights.data(), s.columns, s.depth), WeightLayout::kOutputMajor, precision,
                    GemmBackend::kPortable);
        std::vector<float> out(static_cast<std::size_t>(s.rows * s.columns));
        GemmScratch scratch;
        packed.multiply(ConstMatrix(a.data(), s.rows, s.depth), {}, Matrix(out.data(), s.rows, s.columns), scratch);
        return out;
      };
      EXPECT_EQ(product(w, Precision::kBFloat16Weights), product(rounded, Precision::kFloat32))
          << s.rows << "x" << s.columns << "x" << s.depth;
    }
  }
}

std::size_t bytes_in_use() {
  const auto heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

// What oneDNN compiles for a size is kept, but not for every size of a long training.
TEST_F(GemmTest, OneDnnKeepsABoundedNumberOfProducts) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has a heap of its own";
#endif
  if (!has_onednn()) GTEST_SKIP() << "this build has no oneDNN";
  set_gemm_backend(GemmBackend::kOneDnn);
  // Our limit is 512 sizes, oneDNN's own 1,024; both counts are 512 sizes apart, so that as many are kept at either.
  constexpr std::int64_t kWarm = 1'600, kMost = kWarm + 512;
  const std::vector<float> a(3 * 4, 2.0f), w(kMost * 4, 0.5f);
  std::vector<float> c(3 * kMost);
  GemmScratch scratch;
  std::size_t before = 0;
  for (std::int64_t columns = 1; columns <= kMost; ++columns) {
    PackedWeights packed;
    packed.pack(ConstMatrix(w.data(), columns, 4), WeightLayout::kOutputMajor);
    packed.multiply(ConstMatrix(a.data(), 3, 4), {}, Matrix(c.data(), 3, columns), scratch);
    ASSERT_EQ(c[static_cast<std::size_t>(3 * columns - 1)], 4.0f);
    if (columns == kWarm) before = bytes_in_use();
  }
  EXPECT_LT(bytes_in_use(), before + 3'000'000);
}

TEST_F(GemmTest, ColumnsMayBeComputedApart) {
  set_gemm_backend(GemmBackend::kPortable);
  const auto a = random_values(3 * 20, 1), w = random_values(70 * 20, 2);
  PackedWeights packed;
  packed.pack(ConstMatrix(w.data(), 70, 20), WeightLayout::kOutputMajor);
  std::vector<float> whole(210), apart(210);
  const ConstMatrix inputs(a.data(), 3, 20);
  GemmScratch scratch;
  packed.multiply(inputs, {}, Matrix(whole.data(), 3, 70), scratch);
  const std::int64_t cut = packed.column_step();
  packed.multiply_columns(std::span(&inputs, 1), {}, Matrix(apart.data(), 3, 70), 0, cut, scratch);
  packed.multiply_columns(std::span(&inputs, 1), {}, Matrix(apart.data(), 3, 70), cut, 70, scratch);
  EXPECT_EQ(whole, apart);
}

TEST_F(GemmTest, ARowDoesNotDependOnTheOthers) {
  set_gemm_backend(GemmBackend::kPortable);
  const auto a = random_values(53 * 400, 1), w = random_values(37 * 400, 2);
  PackedWeights packed;
  packed.pack(ConstMatrix(w.data(), 37, 400), WeightLayout::kOutputMajor);
  std::vector<float> whole(53 * 37), one(37);
  GemmScratch scratch;
  packed.multiply(ConstMatrix(a.data(), 53, 400), {}, Matrix(whole.data(), 53, 37), scratch);
  for (std::int64_t r = 0; r < 53; ++r) {
    packed.multiply(ConstMatrix(a.data() + r * 400, 1, 400), {}, Matrix(one.data(), 1, 37), scratch);
    EXPECT_TRUE(std::equal(one.begin(), one.end(), whole.begin() + static_cast<std::ptrdiff_t>(r * 37))) << r;
  }
}

}  // namespace
}  // namespace limn::kernels
