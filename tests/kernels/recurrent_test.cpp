// The recurrent engine against the scalar reference in double, in every mode and on every SIMD target.
#include "limn/kernels/cells/recurrent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "kernels/recurrent_cases.hpp"
#include "limn/core/error.hpp"
#include "limn/kernels/cells/cell_tensors.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::testing {
namespace {

using kernels::CellStepper;
using kernels::CellType;
using kernels::Precision;

// Compares all outputs and gradients. The condition of the problem counts where the tolerance has a share for it; it
// costs eight references and is not asked for where the plain limit holds.
void expect_near(const Case& c, CaseResult actual, CaseResult expected, const Tolerance& tolerance,
                 double half_unit = kHalfUnit) {
  const auto a = actual.tensors(), e = expected.tensors();
  const auto names = tensor_names(c);
  std::optional<CaseResult> sensitivity;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (all_near(*a[k], *e[k], tolerance, names[k])) continue;
    if (!sensitivity) sensitivity = reference_sensitivity(c, half_unit);
    EXPECT_TRUE(all_near(*a[k], *e[k], tolerance, names[k], *sensitivity->tensors()[k]));
  }
}

void expect_identical(const CaseResult& a, const CaseResult& b) {
  EXPECT_EQ(a.hidden, b.hidden);
  EXPECT_EQ(a.final_state, b.final_state);
  EXPECT_EQ(a.d_parameters, b.d_parameters);
  EXPECT_EQ(a.d_x, b.d_x);
  EXPECT_EQ(a.d_constant, b.d_constant);
  EXPECT_EQ(a.d_initial_state, b.d_initial_state);
}

CellShape small_shape(CellType type, std::int64_t hidden = 7, std::int64_t constant = 2) {
  return {.type = type,
          .input_size = 5,
          .constant_size = constant,
          .hidden_size = hidden,
          .hyper_num_units = hidden == 1 ? 1 : 6,
          .hyper_embedding_size = hidden == 1 ? 1 : 3};
}

// Restores the pool and the choice of backend after each test.
class RecurrentTest : public ::testing::TestWithParam<CellType> {
 protected:
  ~RecurrentTest() override {
    kernels::set_thread_count(0);
    kernels::set_gemm_backend(kernels::GemmBackend::kAutomatic);
  }
  [[nodiscard]] CaseOptions options(std::int64_t hidden = 7, std::int64_t constant = 2) const {
    return {.shape = small_shape(GetParam(), hidden, constant)};
  }
};

TEST_P(RecurrentTest, TapeAgreesWithNumericGradients) {
  CaseOptions o = options(4);
  o.lengths = {3, 2};
  o.with_initial_state = true;
  o.keep = 0.7f;
  const Case c = make_case(o);
  const CaseResult r = run_reference(c);
  CaseInputs<double> in(c);
  const auto numeric = [&](double& value) {
    const double kept = value, step = 1e-5;
    value = kept + step;
    const double above = reference_loss(c, in);
    value = kept - step;
    const double below = reference_loss(c, in);
    value = kept;
    return (above - below) / (2 * step);
  };
  for (std::size_t p = 0; p < in.parameters.size(); ++p) {
    for (std::size_t i = 0; i < in.parameters[p].size(); i += 3) {
      EXPECT_NEAR(r.d_parameters[p][i], numeric(in.parameters[p][i]), 1e-5) << p << " " << i;
    }
  }
  for (std::size_t i = 0; i < in.x.size(); ++i) EXPECT_NEAR(r.d_x[i], numeric(in.x[i]), 1e-5);
  for (std::size_t i = 0; i < in.constant.size(); ++i) EXPECT_NEAR(r.d_constant[i], numeric(in.constant[i]), 1e-5);
  for (std::size_t i = 0; i < in.initial_state.size(); ++i) {
    EXPECT_NEAR(r.d_initial_state[i], numeric(in.initial_state[i]), 1e-5);
  }
}

TEST_P(RecurrentTest, EveryModeAgreesWithReference) {
  for (const std::int64_t hidden : {1, 7, 17, 33}) {
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      for (int mode = 0; mode < 8; ++mode) {
        CaseOptions o = options(hidden, mode & 1 ? 2 : 0);
        o.direction = direction;
        o.with_initial_state = mode & 2;
        o.keep = mode & 4 ? 0.6f : 1.0f;
        Case c = make_case(o);
        SCOPED_TRACE(::testing::Message()
                     << "H=" << hidden << " backward=" << (direction == Direction::kBackward) << " mode=" << mode);
        expect_near(c, run_kernels(c), run_reference(c), kFloat32Steps);
      }
    }
  }
}

// More rows than a chunk of the hyper cell's backward pass and than a block of the products' depth. Rounding grows from
// step to step and where a layer's few units are nearly equal, so: many short sequences, and not too few units.
TEST_P(RecurrentTest, ManyRowsAgreeWithReference) {
  CaseOptions o = options(17);
  o.shape.hyper_num_units = 20;
  o.lengths.assign(600, 2);
  o.lengths.back() = 1;
  Case c = make_case(o);
  const CaseResult reference = run_reference(c);
  for (const auto backend : {kernels::GemmBackend::kPortable, kernels::GemmBackend::kOneDnn}) {
    if (backend == kernels::GemmBackend::kOneDnn && !kernels::has_onednn()) continue;
    SCOPED_TRACE(backend == kernels::GemmBackend::kOneDnn ? "oneDNN" : "portable");
    kernels::set_gemm_backend(backend);
    expect_near(c, run_kernels(c), reference, kFloat32Steps);
  }
}

TEST_P(RecurrentTest, EverySimdTargetAgreesWithReference) {
  CaseOptions o = options(33);
  o.lengths = {6, 6, 5, 5, 5, 3, 1};
  o.with_initial_state = true;
  o.keep = 0.8f;
  Case c = make_case(o);
  const CaseResult reference = run_reference(c);
  for_each_simd_target([&] { expect_near(c, run_kernels(c), reference, kFloat32Steps); });
}

TEST_P(RecurrentTest, BothBackendsAgreeWithReference) {
  if (!kernels::has_onednn()) GTEST_SKIP() << "this build has no oneDNN";
  for (const auto backend : {kernels::GemmBackend::kOneDnn, kernels::GemmBackend::kPortable}) {
    kernels::set_gemm_backend(backend);
    CaseOptions o = options(17);
    o.direction = Direction::kBackward;
    o.with_initial_state = true;
    o.keep = 0.8f;
    Case c = make_case(o);
    expect_near(c, run_kernels(c), run_reference(c), kFloat32Steps);
  }
}

TEST_P(RecurrentTest, BFloat16StaysNearReference) {
  CaseOptions o = options(17);
  o.with_initial_state = true;
  Case c = make_case(o);
  const CaseResult reduced = run_kernels(c, Precision::kBFloat16);
  expect_near(c, reduced, run_reference(c), kBFloat16, kHalfUnitBFloat16);
}

TEST_P(RecurrentTest, ResultsDoNotDependOnThreads) {
  kernels::set_gemm_backend(kernels::GemmBackend::kPortable);
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    CaseOptions o = options(70);  // enough that a batch is cut into slices (kWorthThreads)
    o.direction = direction;
    o.lengths = {9, 8, 8, 7, 7, 7, 6, 4, 4, 3, 2, 2, 1};
    o.with_initial_state = true;
    o.keep = 0.8f;
    Case c = make_case(o);
    kernels::set_thread_count(1);
    const CaseResult one = run_kernels(c);
    for (const int threads : {2, 3, 20}) {
      kernels::set_thread_count(threads);
      expect_identical(run_kernels(c), one);
    }
  }
}

// The same sequences alone: what a batch computes for one does not depend on the others.
TEST_P(RecurrentTest, PackedResultEqualsOneSequenceAtATime) {
  kernels::set_gemm_backend(kernels::GemmBackend::kPortable);
  CaseOptions o = options(17);
  o.lengths = {6, 5, 5, 2, 1};
  o.with_initial_state = true;
  o.keep = 0.8f;
  Case all = make_case(o);
  const CaseResult packed = run_kernels(all);
  const auto size = [](std::int64_t n) { return static_cast<std::ptrdiff_t>(n); };
  for (std::int64_t b = 0; b < all.batch; ++b) {
    Case one = all;
    one.options.lengths = {o.lengths[static_cast<std::size_t>(b)]};
    one.batch = 1;
    one.rows = one.options.lengths.front();
    one.active.assign(static_cast<std::size_t>(one.rows), 1);
    one.dropout.numbers = {all.dropout.numbers.empty() ? b : all.dropout.numbers[static_cast<std::size_t>(b)]};
    one.x.clear();
    one.hidden_weight.clear();
    std::vector<float> hidden;
    for (std::int64_t t = 0; t < one.rows; ++t) {
      const std::int64_t row = all.row(t, b);
      one.x.insert(one.x.end(), all.x.begin() + size(row * 5), all.x.begin() + size((row + 1) * 5));
      const auto append = [&](const std::vector<float>& from, std::vector<float>& to) {
        to.insert(to.end(), from.begin() + size(row * 17), from.begin() + size((row + 1) * 17));
      };
      append(all.hidden_weight, one.hidden_weight);
      append(packed.hidden, hidden);
    }
    const auto take = [&](const std::vector<float>& from, std::int64_t width) {
      return std::vector<float>(from.begin() + size(b * width), from.begin() + size((b + 1) * width));
    };
    one.constant = take(all.constant, 2);
    one.initial_state = take(all.initial_state, all.state);
    one.final_weight = take(all.final_weight, all.state);
    const CaseResult alone = run_kernels(one);
    EXPECT_EQ(alone.hidden, hidden) << b;
    EXPECT_EQ(alone.final_state, take(packed.final_state, all.state)) << b;
    EXPECT_EQ(alone.d_initial_state, take(packed.d_initial_state, all.state)) << b;
    EXPECT_EQ(alone.d_constant, take(packed.d_constant, 2)) << b;
  }
}

TEST_P(RecurrentTest, EvaluationEqualsTrainingForward) {
  Case c = make_case(options(17));
  const CaseResult kept = run_kernels(c);
  std::vector<float> final_state(c.final_weight.size());
  const std::vector<std::span<const float>> parameters(c.parameters.begin(), c.parameters.end());
  kernels::RecurrentSequence sequence(c.options.shape, c.options.direction);
  auto input = input_of(c, parameters);
  input.keep_for_backward = false;
  sequence.forward(input, {}, matrix_of<float>(final_state, c.batch, c.state));
  EXPECT_EQ(final_state, kept.final_state);
  EXPECT_THROW(sequence.backward({}), Error);
}

TEST_P(RecurrentTest, ASequenceObjectMayBeUsedAgain) {
  Case large = make_case(options(17), 1), small = make_case(options(17), 2);
  small.options.lengths = {1};
  small.batch = small.rows = 1;
  small.active = {1};
  const std::vector<std::span<const float>> parameters(large.parameters.begin(), large.parameters.end());
  kernels::RecurrentSequence sequence(large.options.shape, Direction::kForward);
  std::vector<float> first(large.hidden_weight.size()), again(large.hidden_weight.size()), one(17);
  sequence.forward(input_of(large, parameters), matrix_of<float>(first, large.rows, 17), {});
  sequence.forward(input_of(small, parameters), matrix_of<float>(one, 1, 17), {});
  sequence.forward(input_of(large, parameters), matrix_of<float>(again, large.rows, 17), {});
  EXPECT_EQ(first, again);
}

// Sequences with the same weights, in use at the same time: each keeps what its own backward pass needs. The first
// round leaves sequences to be used again, the second uses them.
TEST_P(RecurrentTest, ASecondForwardBeforeTheFirstBackwardWorks) {
  CaseOptions o = options(9, 3);
  o.lengths = {4, 3, 2, 2};
  o.with_initial_state = true;
  o.keep = 0.8f;
  kernels::RecurrentSequence first(o.shape, o.direction), second(o.shape, o.direction);
  for (const std::uint64_t round : {0, 1}) {
    Case a = make_case(o, 20 + round), b = make_case(o, 30 + round);
    b.parameters = a.parameters;
    CaseResult of_a, of_b;
    run_forward(first, a, of_a);
    run_forward(second, b, of_b);
    run_backward(first, a, of_a);
    run_backward(second, b, of_b);
    expect_near(a, of_a, run_reference(a), kFloat32Steps);
    expect_near(b, of_b, run_reference(b), kFloat32Steps);
    expect_identical(of_a, run_kernels(a));
    expect_identical(of_b, run_kernels(b));
  }
}

TEST_P(RecurrentTest, EmptyBatchGivesZeroGradients) {
  CaseOptions o = options();
  o.lengths = {};
  Case c = make_case(o);
  const CaseResult r = run_kernels(c);
  for (const auto& gradient : r.d_parameters) EXPECT_THAT(gradient, ::testing::Each(0.0f));
}

TEST_P(RecurrentTest, StepperEqualsSequence) {
  for (const std::int64_t batch : {1, 3, 130}) {
    CaseOptions o = options(17);
    o.lengths.assign(static_cast<std::size_t>(batch), 4);
    o.with_initial_state = true;
    Case c = make_case(o);
    const std::vector<std::span<const float>> parameters(c.parameters.begin(), c.parameters.end());
    const CellStepper stepper(o.shape, parameters);
    const auto prepared = stepper.prepare_constant(matrix_of<const float>(c.constant, batch, 2), batch);
    std::vector<float> state = c.initial_state;
    const Matrix x(c.x.data(), c.rows, 5);
    for (std::int64_t t = 0; t < 4; ++t) {
      stepper.step(x.slice_rows(t * batch, batch), ConstMatrix(prepared.data(), batch, stepper.prepared_size()),
                   Matrix(state.data(), batch, c.state));
    }
    EXPECT_TRUE(all_near(state, run_kernels(c).final_state, kFloat32, "state"));
  }
}

TEST_P(RecurrentTest, WrongShapesAreRefused) {
  Case c = make_case(options());
  const std::vector<std::span<const float>> parameters(c.parameters.begin(), c.parameters.end());
  kernels::RecurrentSequence sequence(c.options.shape, Direction::kForward);
  std::vector<float> hidden(c.hidden_weight.size());
  auto input = input_of(c, parameters);
  input.x.columns = 4;
  EXPECT_THROW(sequence.forward(input, {}, {}), Error);
  input = input_of(c, parameters);
  EXPECT_THROW(sequence.forward(input, matrix_of<float>(hidden, c.rows - 1, 7), {}), Error);
  const std::vector<std::int64_t> growing = {2, 3, 5};
  input.active = growing;
  EXPECT_THROW(sequence.forward(input, {}, {}), Error);
  input = input_of(c, std::vector(parameters.begin(), parameters.end() - 1));
  EXPECT_THROW(sequence.forward(input, {}, {}), Error);
  EXPECT_THROW(kernels::RecurrentSequence(CellShape{.type = GetParam()}, Direction::kForward), Error);
}

INSTANTIATE_TEST_SUITE_P(Cells, RecurrentTest,
                         ::testing::Values(CellType::kLstm, CellType::kLayerNorm, CellType::kHyper),
                         [](const auto& tested) {
                           return tested.param == CellType::kLstm        ? "Lstm"
                                  : tested.param == CellType::kLayerNorm ? "LayerNorm"
                                                                         : "Hyper";
                         });

// A case in which rounding the inputs alone moves a gradient by more than the plain limit: no float32 arithmetic passes
// that, and the kernels stay within a few such roundings.
TEST(RecurrentConditioning, AGradientIsAsExactAsItsInputsAllow) {
  CaseOptions o{.shape = small_shape(CellType::kLayerNorm)};
  o.with_initial_state = true;
  Case c = make_case(o, 6973);
  const CaseResult exact = run_reference(c), sensitivity = reference_sensitivity(c);
  std::vector<float> moved = exact.d_initial_state;
  for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += sensitivity.d_initial_state[i];
  EXPECT_FALSE(all_near(moved, exact.d_initial_state, kFloat32, "d initial_state"));
  for (const auto backend : {kernels::GemmBackend::kPortable, kernels::GemmBackend::kOneDnn}) {
    if (backend == kernels::GemmBackend::kOneDnn && !kernels::has_onednn()) continue;
    kernels::set_gemm_backend(backend);
    for_each_simd_target([&] { expect_near(c, run_kernels(c), exact, kFloat32Steps); });
  }
  kernels::set_gemm_backend(kernels::GemmBackend::kAutomatic);
}

// cell_tensors.hpp has its places from the list of cell_parameters().
TEST(CellTensors, PlacesAreThoseOfTheNames) {
  const auto expect_names = [](CellType type, const std::map<std::size_t, std::string>& names) {
    const auto specs = kernels::cell_parameters(small_shape(type));
    EXPECT_EQ(names.rbegin()->first + 1, specs.size());
    for (const auto& [place, name] : names) EXPECT_EQ(specs.at(place).name, name);
  };
  using namespace kernels;  // NOLINT: the places
  const auto in_norm = [](std::size_t first, NormParameter which) { return first + which; };
  expect_names(CellType::kLstm, {{kWeightIh, "weight_ih"}, {kWeightHh, "weight_hh"}, {kLstmBias, "bias"}});
  expect_names(CellType::kLayerNorm, {{kWeightIh, "weight_ih"},
                                      {kWeightHh, "weight_hh"},
                                      {in_norm(kFirstOfNorm, kGamma), "gamma"},
                                      {in_norm(kFirstOfNorm, kBeta), "beta"},
                                      {in_norm(kFirstOfNorm, kCellGamma), "cell_gamma"},
                                      {in_norm(kFirstOfNorm, kCellBeta), "cell_beta"}});
  expect_names(CellType::kHyper, {{kMainWeightIh, "weight_ih"},
                                  {kMainWeightHh, "weight_hh"},
                                  {kMainBias, "bias"},
                                  {in_norm(kFirstOfMainNorm, kGamma), "gamma"},
                                  {in_norm(kFirstOfMainNorm, kCellBeta), "cell_beta"},
                                  {kSmallWeightIh, "hyper.weight_ih"},
                                  {kSmallWeightHh, "hyper.weight_hh"},
                                  {in_norm(kFirstOfSmallNorm, kGamma), "hyper.gamma"},
                                  {in_norm(kFirstOfSmallNorm, kCellBeta), "hyper.cell_beta"},
                                  {kZxWeight, "zx.weight"},
                                  {kZxBias, "zx.bias"},
                                  {kZhWeight, "zh.weight"},
                                  {kZhBias, "zh.bias"},
                                  {kZbWeight, "zb.weight"},
                                  {kAlphaXWeight, "alpha_x.weight"},
                                  {kAlphaHWeight, "alpha_h.weight"},
                                  {kBetaHWeight, "beta_h.weight"}});
}

TEST(KeepMask, KeepsTheRightShareIndependently) {
  const kernels::RecurrentDropout dropout{.keep = 0.9f, .seed = 5};
  int kept = 0, both = 0;
  constexpr int kSequences = 20, kSteps = 20, kUnits = 100;
  for (int b = 0; b < kSequences; ++b) {
    for (int t = 0; t < kSteps; ++t) {
      for (int j = 0; j < kUnits; ++j) {
        const float mask = kernels::keep_mask(dropout, b, t, j);
        EXPECT_TRUE(mask == 0.0f || mask == 1 / 0.9f);
        kept += mask > 0;
        both += mask > 0 && kernels::keep_mask(dropout, b, t, j + 1) > 0;
      }
    }
  }
  constexpr double kCount = kSequences * kSteps * kUnits;
  EXPECT_NEAR(kept / kCount, 0.9, 0.005);  // the standard deviation is 0.0015
  EXPECT_NEAR(both / kCount, 0.81, 0.007);
}

TEST(KeepMask, FollowsTheNumberOfTheSequenceOverAllProcesses) {
  const kernels::RecurrentDropout whole{.keep = 0.5f, .seed = 5, .step = 9};
  kernels::RecurrentDropout second = whole;
  second.numbers = {1, 3, 5};
  for (int j = 0; j < 40; ++j) {
    EXPECT_EQ(kernels::keep_mask(whole, 5, 3, j), kernels::keep_mask(second, 2, 3, j));
  }
  kernels::RecurrentDropout off = whole;
  off.keep = 1;
  EXPECT_EQ(kernels::keep_mask(off, 0, 0, 0), 1.0f);
}

TEST(CellTypeNamed, KnowsThreeNames) {
  EXPECT_EQ(kernels::cell_type_named("lstm"), CellType::kLstm);
  EXPECT_EQ(kernels::cell_type_named("layer_norm"), CellType::kLayerNorm);
  EXPECT_EQ(kernels::cell_type_named("hyper"), CellType::kHyper);
  EXPECT_THROW((void)kernels::cell_type_named("gru"), Error);
}

}  // namespace
}  // namespace limn::testing
