// The kernels against their plain LibTorch twins: values and every gradient, at sizes that are pairwise
// different. The twin runs in float64 from the same float32 numbers, so a difference is the kernel's own
// rounding or a mistake.
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "libtorch/conditioned_oracle.hpp"
#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/cells/recurrent.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/libtorch/oracle/cells.hpp"
#include "limn/libtorch/oracle/keep_masks.hpp"
#include "limn/libtorch/oracle/mixture_density.hpp"
#include "limn/libtorch/torch.hpp"
#include "testing/compare.hpp"
#include "testing/simd_targets.hpp"

namespace limn::libtorch::oracle {
namespace {

using kernels::CellShape;
using kernels::CellType;
using kernels::Direction;
using limn::testing::all_near;
using limn::testing::ConditionedOracle;
using limn::testing::for_each_simd_target;
using limn::testing::kFloat32Steps;
using limn::testing::Results;
using limn::testing::Rounding;
using limn::testing::tensors_near;
using torch::Tensor;

Tensor random_tensor(std::vector<std::int64_t> shape, std::uint64_t index, float spread = 1) {
  Tensor tensor = torch::empty(shape, torch::kFloat32);
  RandomStream random(21, Purpose::kTest, index);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = spread * random.normal();
  return tensor;
}

Matrix view(const Tensor& tensor) {
  return tensor.defined() ? Matrix{tensor.data_ptr<float>(), tensor.size(0), tensor.size(1)} : Matrix{};
}
std::span<float> span(const Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

// A leaf in float64 with the same numbers.
Tensor leaf(const Tensor& tensor) {
  return tensor.defined() ? tensor.to(torch::kFloat64).clone().requires_grad_() : tensor;
}

// One recurrent problem: tensors in float32, packed.
struct Problem {
  CellShape shape;
  Direction direction = Direction::kForward;
  std::vector<std::int64_t> active;
  kernels::RecurrentDropout dropout;
  Tensor x, constant, initial_state;       // [R, D], [B, Z], [B, S]; the last two may be undefined
  Tensor hidden_gradient, final_gradient;  // what arrives from above
  Parameters parameters;
};

struct Sizes {
  std::int64_t input = 5, constant = 2, hidden = 7, units = 6, embedding = 3;
  std::vector<std::int64_t> active{3, 3, 2, 1, 1};  // T = 5, B = 3
};

Problem make_problem(CellType type, Direction direction, const Sizes& sizes, float keep, bool has_initial_state) {
  Problem p;
  p.shape = {.type = type,
             .input_size = sizes.input,
             .constant_size = sizes.constant,
             .hidden_size = sizes.hidden,
             .hyper_num_units = sizes.units,
             .hyper_embedding_size = sizes.embedding};
  p.direction = direction;
  p.active = sizes.active;
  const std::int64_t batch = sizes.active.front(), states = kernels::state_size(p.shape);
  const std::int64_t rows = std::accumulate(sizes.active.begin(), sizes.active.end(), std::int64_t{0});
  p.dropout = {.keep = keep, .seed = 5, .step = 3};
  for (std::int64_t b = 0; b < batch; ++b) p.dropout.numbers.push_back(1 + 2 * b);
  p.x = random_tensor({rows, sizes.input}, 1);
  if (sizes.constant > 0) p.constant = random_tensor({batch, sizes.constant}, 2);
  if (has_initial_state) p.initial_state = random_tensor({batch, states}, 3, 0.5f);
  p.hidden_gradient = random_tensor({rows, sizes.hidden}, 4);
  p.final_gradient = random_tensor({batch, states}, 5);
  p.parameters = random_parameters(kernels::cell_parameters(p.shape), torch::kFloat32, 17);
  return p;
}

// The constant input stands beside x in every row.
SequenceInput sequence_input(const Problem& p, const Tensor& x, const Tensor& constant, const Tensor& initial_state) {
  const PackedRows rows = packed_rows(p.active, p.dropout.numbers, torch::kCPU);
  return {.x = constant.defined() ? torch::cat({x, constant.index_select(0, rows.sequence)}, 1) : x,
          .active = p.active,
          .initial_state = initial_state,
          .mask = keep_masks(p.dropout, rows, mask_columns(p.shape))};
}

// Outputs and gradients; the latter of the sum of all outputs, each times what arrives from above.
Results run_twin(const Problem& p, Rounding& round) {
  const Parameters parameters = round.each(p.parameters);
  const Tensor x = round(p.x), constant = round(p.constant), initial_state = round(p.initial_state);
  const auto output = run_sequence(p.shape, p.direction, parameters, "", sequence_input(p, x, constant, initial_state));
  ((output.hidden * p.hidden_gradient).sum() + (output.final_state * p.final_gradient).sum()).backward();
  Results results{{"hidden", output.hidden}, {"final_state", output.final_state}, {"gradient of x", x.grad()}};
  if (constant.defined()) results["gradient of constant"] = constant.grad();
  if (initial_state.defined()) results["gradient of initial_state"] = initial_state.grad();
  for (const auto& [name, value] : parameters) results["gradient of " + name] = value.grad();
  return results;
}

// The same of the kernels. Everything begins as NaN: each value must be written.
Results run_kernel(const Problem& p) {
  Results results{{"hidden", torch::full_like(p.hidden_gradient, NAN)},
                  {"final_state", torch::full_like(p.final_gradient, NAN)},
                  {"gradient of x", torch::full_like(p.x, NAN)}};
  if (p.constant.defined()) results["gradient of constant"] = torch::full_like(p.constant, NAN);
  if (p.initial_state.defined()) results["gradient of initial_state"] = torch::full_like(p.initial_state, NAN);
  std::vector<std::span<const float>> values;
  std::vector<std::span<float>> gradients;
  for (const auto& spec : kernels::cell_parameters(p.shape)) {
    values.push_back(span(p.parameters.at(spec.name)));
    gradients.push_back(span(results["gradient of " + spec.name] = torch::full(spec.shape, NAN)));
  }
  const auto matrix = [&](const std::string& name) {
    const auto found = results.find(name);
    return found == results.end() ? Matrix() : view(found->second);
  };
  kernels::RecurrentSequence sequence(p.shape, p.direction);
  sequence.forward({.parameters = values,
                    .active = p.active,
                    .x = view(p.x),
                    .constant = view(p.constant),
                    .initial_state = view(p.initial_state),
                    .dropout = p.dropout},
                   matrix("hidden"), matrix("final_state"));
  sequence.backward({.hidden = view(p.hidden_gradient),
                     .final_state = view(p.final_gradient),
                     .parameters = gradients,
                     .x = matrix("gradient of x"),
                     .constant = matrix("gradient of constant"),
                     .initial_state = matrix("gradient of initial_state")});
  return results;
}

void expect_twins(const Problem& p) {
  ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) { return run_twin(p, round); });
  const Results actual = run_kernel(p);
  for (const auto& [name, expected] : twin.all()) twin.expect_near(actual.at(name), name);
}

const char* name_of(CellType type) {
  return type == CellType::kLstm ? "lstm" : type == CellType::kLayerNorm ? "layer_norm" : "hyper";
}

class RecurrentTwin : public ::testing::TestWithParam<CellType> {
 protected:
  void SetUp() override {
    try {
      const kernels::RecurrentSequence sequence({.type = GetParam(), .hidden_size = 1}, Direction::kForward);
    } catch (const Error& error) {
      if (std::string(error.what()).ends_with("cannot run yet")) GTEST_SKIP() << error.what();
      throw;
    }
  }
};

// The twin by itself: what the kernels are measured against must be right first.
class CellTwin : public ::testing::TestWithParam<CellType> {};

TEST_P(RecurrentTwin, MatchesInEveryMode) {
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    for (const float keep : {1.0f, 0.6f}) {
      for (const bool has_initial_state : {false, true}) {
        for (const std::int64_t constant : {0, 2}) {
          SCOPED_TRACE(std::string(direction == Direction::kForward ? "forward" : "backward") + ", keep " +
                       std::to_string(keep) + ", initial state " + std::to_string(has_initial_state) + ", Z " +
                       std::to_string(constant));
          expect_twins(make_problem(GetParam(), direction, {.constant = constant}, keep, has_initial_state));
        }
      }
    }
  }
}

TEST_P(RecurrentTwin, MatchesOnEveryTargetAndAroundVectorWidths) {
  for_each_simd_target([] {
    for (const std::int64_t hidden : {1, 16, 17}) {
      SCOPED_TRACE("H = " + std::to_string(hidden));
      const Sizes sizes{.hidden = hidden, .units = hidden + 2, .active = {9, 4, 4, 2}};
      expect_twins(make_problem(GetParam(), Direction::kForward, sizes, 0.8f, true));
    }
  });
}

TEST_P(RecurrentTwin, MatchesForOneSequenceOfOneStep) {
  expect_twins(make_problem(GetParam(), Direction::kForward, {.active = {1}}, 1, true));
  expect_twins(make_problem(GetParam(), Direction::kBackward, {.active = {1}}, 1, false));
}

TEST_P(RecurrentTwin, SteppingMatches) {
  const Problem p = make_problem(GetParam(), Direction::kForward, {.active = {3, 3, 3, 3}}, 1, true);
  std::vector<std::span<const float>> values;
  for (const auto& spec : kernels::cell_parameters(p.shape)) values.push_back(span(p.parameters.at(spec.name)));
  const kernels::CellStepper stepper(p.shape, values);
  const auto prepared = stepper.prepare_constant(view(p.constant), 3);
  const Tensor state = p.initial_state.clone();
  for (std::int64_t t = 0; t < 4; ++t) {
    stepper.step(view(p.x.narrow(0, 3 * t, 3)), {prepared.data(), 3, stepper.prepared_size()}, view(state));
  }
  ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) { return run_twin(p, round); });
  twin.expect_near(state, "final_state");
}

TEST(MixtureDensityTwin, ValuesAndGradientsMatch) {
  for_each_simd_target([] {
    for (const std::int64_t mixtures : {1, 4, 20}) {
      SCOPED_TRACE("M = " + std::to_string(mixtures));
      const std::int64_t rows = 13;
      const Tensor outputs = random_tensor({rows, kernels::output_size(mixtures)}, 6, 0.8f);
      const Tensor targets = random_tensor({rows, 5}, 7);
      for (std::int64_t r = 0; r < rows; ++r) {
        targets[r].narrow(0, 2, 3).zero_();
        targets[r][2 + r % 3] = 1.0f;
      }
      const Tensor gradient = torch::full_like(outputs, NAN);
      const auto sums = kernels::mixture_density_loss(view(outputs), view(targets), 0.5f, view(gradient));
      ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) {
        const Tensor y = round(outputs);
        const StepLosses losses = mixture_density(y, targets.to(torch::kFloat64));
        const Tensor is_drawing = 1 - targets.select(1, 4);
        const Tensor offset = (is_drawing * losses.offset).sum();
        (0.5 * (offset + losses.pen.sum())).backward();
        return Results{{"offset", offset},
                       {"pen", losses.pen.sum()},
                       {"pen_drawing", (is_drawing * losses.pen).sum()},
                       {"gradient", y.grad()}};
      });
      for (const auto& [name, sum] :
           {std::pair("offset", sums.offset), {"pen", sums.pen}, {"pen_drawing", sums.pen_drawing}})
        twin.expect_near(torch::tensor(sum, torch::kFloat64), name);
      twin.expect_near(gradient, "gradient");
    }
  });
}

// The gradient of loss() with respect to `value`, a float64 leaf, against central differences.
template <class Loss>
void expect_numeric_gradient(const Loss& loss, const Tensor& value, const std::string& what) {
  constexpr double kStep = 2e-6;
  if (value.grad().defined()) value.mutable_grad().reset();
  loss().backward();
  const Tensor gradient = value.grad().contiguous();
  const torch::NoGradGuard no_gradient;
  double* const data = value.data_ptr<double>();
  std::vector<double> numeric;
  for (std::int64_t i = 0; i < value.numel(); ++i) {
    const double kept = data[i];
    data[i] = kept + kStep;
    const double up = loss().template item<double>();
    data[i] = kept - kStep;
    numeric.push_back((up - loss().template item<double>()) / (2 * kStep));
    data[i] = kept;
  }
  const std::span<const double> actual{gradient.data_ptr<double>(), numeric.size()};
  EXPECT_TRUE(all_near(actual, std::span<const double>(numeric), testing::kNumericGradient, what));
}

TEST_P(CellTwin, ItsOwnGradientsMatchNumericOnes) {
  const Problem p =
      make_problem(GetParam(), Direction::kBackward,
                   {.input = 2, .constant = 1, .hidden = 3, .units = 2, .embedding = 1, .active = {2, 1}}, 0.7f, true);
  Parameters parameters;
  for (const auto& [name, value] : p.parameters) parameters[name] = leaf(value.detach());
  const Tensor x = leaf(p.x);
  const auto loss = [&] {
    const auto output =
        run_sequence(p.shape, p.direction, parameters, "",
                     sequence_input(p, x, p.constant.to(torch::kFloat64), p.initial_state.to(torch::kFloat64)));
    return (output.hidden * p.hidden_gradient).sum() + (output.final_state * p.final_gradient).sum();
  };
  expect_numeric_gradient(loss, x, "x");
  for (const auto& [name, value] : parameters) expect_numeric_gradient(loss, value, name);
}

TEST(MixtureDensityTwin, ItsOwnGradientMatchesANumericOne) {
  const Tensor y = leaf(random_tensor({2, kernels::output_size(3)}, 8, 0.8f));
  const Tensor targets = torch::tensor({{0.3, -0.7, 1.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0, 1.0}}, torch::kFloat64);
  const auto loss = [&] {
    const auto losses = mixture_density(y, targets);
    return losses.offset.sum() + losses.pen.sum();
  };
  expect_numeric_gradient(loss, y, "outputs");
}

// LibTorch's own operation for whole sequences, one direction and both.
TEST(FusedLstm, GivesWhatTheStepsGive) {
  for (const bool has_initial_state : {false, true}) {
    const Problem p = make_problem(CellType::kLstm, Direction::kForward, {}, 1, has_initial_state);
    Parameters parameters;
    for (const char* prefix : {"one.", "two."})
      for (const auto& [name, value] : random_parameters(kernels::cell_parameters(p.shape), torch::kFloat64, *prefix))
        parameters[prefix + name] = value;
    const Tensor x = leaf(p.x), initial_state = leaf(p.initial_state);
    const SequenceInput input = sequence_input(p, x, leaf(p.constant), initial_state);
    ASSERT_TRUE(has_fused_lstm(p.shape, input.mask));
    const auto gradients = [&](const SequenceOutput& output) {
      Results results{{"hidden", output.hidden}, {"final_state", output.final_state}};
      const Tensor total = output.hidden.pow(3).sum() + output.final_state.pow(3).sum();
      std::vector<Tensor> leaves{x};
      if (has_initial_state) leaves.push_back(initial_state);
      for (const auto& [name, value] : parameters) leaves.push_back(value);
      const auto found =
          torch::autograd::grad({total}, leaves, {}, /*retain_graph=*/true, false, /*allow_unused=*/true);
      for (std::size_t i = 0; i < found.size(); ++i) results[std::to_string(i)] = found[i];
      return results;
    };
    const auto expect_same = [](const Results& actual, const Results& expected) {
      for (const auto& [name, value] : expected) {
        if (!value.defined()) continue;
        EXPECT_TRUE(tensors_near(actual.at(name), value, testing::kNumericGradient, name));
      }
    };
    const SequenceOutput forward = run_sequence(p.shape, Direction::kForward, parameters, "one.", input);
    const SequenceOutput backward = run_sequence(p.shape, Direction::kBackward, parameters, "two.", input);
    expect_same(gradients(run_fused_lstm(p.shape, parameters, {"one."}, input)), gradients(forward));
    expect_same(gradients(run_fused_lstm(p.shape, parameters, {"one.", "two."}, input)),
                gradients({torch::cat({forward.hidden, backward.hidden}, 1),
                           torch::cat({forward.final_state, backward.final_state}, 1)}));
  }
}

// Bit for bit: units beyond a block and beyond a vector, steps and seeds beyond 32 bits, numbers of sequences.
TEST(KeepMasks, AreThoseOfTheHost) {
  const std::vector<std::int64_t> active{4, 4, 3, 1}, places{7, 0, 4294967295, 12};
  for (const float keep : {0.9f, 0.5f, 0.123f}) {
    for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{77}, (std::uint64_t{5} << 32) + 3}) {
      for (const Purpose purpose : {Purpose::kRecurrentDropout, Purpose::kOutputDropout}) {
        const kernels::RecurrentDropout dropout{
            .keep = keep, .seed = 0xFEDCBA9876543210 + step, .purpose = purpose, .step = step, .numbers = places};
        for (const std::int64_t units : {1, 8, 37}) {
          const Tensor masks = keep_masks(dropout, packed_rows(active, places, torch::kCPU), units);
          ASSERT_EQ(masks.sizes(), (std::vector<std::int64_t>{12, units}));
          std::int64_t row = 0;
          for (std::int64_t t = 0; t < 4; ++t)
            for (std::int64_t b = 0; b < active[static_cast<std::size_t>(t)]; ++b, ++row)
              for (std::int64_t unit = 0; unit < units; ++unit)
                ASSERT_EQ(masks[row][unit].item<float>(), kernels::keep_mask(dropout, b, t, unit))
                    << "step " << step << ", t " << t << ", b " << b << ", unit " << unit;
        }
      }
    }
  }
  EXPECT_FALSE(keep_masks({.keep = 1}, packed_rows(active, {}, torch::kCPU), 3).defined());
}

TEST(KeepMasks, PhiloxIsTheHosts) {
  const auto words = [](const std::array<std::uint32_t, 4>& c) {
    std::array<Tensor, 4> tensors;
    for (std::size_t i = 0; i < 4; ++i) tensors[i] = torch::full({1}, static_cast<std::int64_t>(c[i]), torch::kInt64);
    return tensors;
  };
  for (std::uint32_t draw = 0; draw < 50; ++draw) {
    const std::array<std::uint32_t, 4> counter{draw * 0x9E3779B9u, ~draw, 0xFFFFFFFFu - draw * 77u, draw << 20};
    const std::array<std::uint32_t, 2> key{draw * 0x85EBCA6Bu, 0xFFFFFFFFu};
    const auto expected = philox4x32(counter, key);
    const auto actual = philox(words(counter), key);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(actual[i].item<std::int64_t>(), std::int64_t{expected[i]});
  }
}

const auto kCells = ::testing::Values(CellType::kLstm, CellType::kLayerNorm, CellType::kHyper);
std::string cell_name(const ::testing::TestParamInfo<CellType>& cell) { return name_of(cell.param); }
INSTANTIATE_TEST_SUITE_P(Cells, RecurrentTwin, kCells, cell_name);
INSTANTIATE_TEST_SUITE_P(Cells, CellTwin, kCells, cell_name);

}  // namespace
}  // namespace limn::libtorch::oracle
