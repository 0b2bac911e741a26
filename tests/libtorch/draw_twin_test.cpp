// DRAW's kernels against their plain LibTorch twin: values and every gradient, on every SIMD target, at sizes that are
// pairwise different. The twin runs in float64 from the same float32 numbers.
#include <gtest/gtest.h>

#include "libtorch/conditioned_oracle.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/libtorch/oracle/draw.hpp"
#include "limn/libtorch/torch.hpp"
#include "testing/simd_targets.hpp"
#include "testing/tensors.hpp"

namespace limn::libtorch::oracle {
namespace {

using kernels::WindowScratch;
using kernels::WindowShape;
using limn::testing::ConditionedOracle;
using limn::testing::for_each_simd_target;
using limn::testing::kFloat32Steps;
using limn::testing::kWholeModel;
using limn::testing::random_tensor;
using limn::testing::Results;
using limn::testing::Rounding;
using torch::Tensor;

Matrix view(const Tensor& tensor) { return {tensor.data_ptr<float>(), tensor.size(0), tensor.size(1)}; }
template <class T>
Tensor tensor_of(const std::vector<T>& values, std::vector<std::int64_t> shape) {
  return torch::tensor(values, torch::kFloat64).view(shape);
}

constexpr std::int64_t kImages = 4;

// A column narrower than a vector, one of exactly a vector and one past several; N = 1; tall and wide; colour.
std::vector<WindowShape> window_shapes() {
  return {{.channels = 1, .height = 5, .width = 7, .size = 3},
          {.channels = 3, .height = 9, .width = 8, .size = 2},
          {.channels = 1, .height = 6, .width = 17, .size = 5},
          {.channels = 3, .height = 11, .width = 4, .size = 1},
          {.channels = 1, .height = 3, .width = 35, .size = 9}};
}

// Windows of every kind: in the middle, off to a side, wide and narrow.
Tensor window_parameters(std::uint64_t index) {
  return random_tensor({kImages, kernels::kWindowParameters}, index, 0.6f);
}

TEST(WindowTwin, ReadsAsTheTwinDoesWithEveryGradient) {
  for (const WindowShape& shape : window_shapes()) {
    SCOPED_TRACE(shape.width);
    const Tensor parameters = window_parameters(1),
                 image = torch::sigmoid(random_tensor({kImages, shape.image_size()}, 2));
    const Tensor error = random_tensor({kImages, shape.image_size()}, 3);
    const Tensor d_glimpse = random_tensor({kImages, 2 * shape.patch_size()}, 4);
    ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) {
      const Tensor parameters64 = round(parameters), error64 = round(error);
      const Tensor expected = read_windows(shape, parameters64, image.to(torch::kFloat64), error64);
      expected.backward(d_glimpse.to(torch::kFloat64));
      return Results{{"glimpse", expected}, {"d parameters", parameters64.grad()}, {"d error", error64.grad()}};
    });
    for_each_simd_target([&] {
      WindowScratch scratch;
      const Tensor glimpse = torch::full_like(d_glimpse, 7), d_parameters = torch::full_like(parameters, 7);
      const Tensor d_error = torch::full_like(error, 7);
      const kernels::ReadInput input{view(parameters), view(image), view(error)};
      kernels::read_windows(shape, input, view(glimpse), scratch);
      twin.expect_near(glimpse, "glimpse");
      kernels::read_windows_backward(shape, input, {view(glimpse), view(d_glimpse), view(d_parameters), view(d_error)},
                                     scratch);
      twin.expect_near(d_parameters, "d parameters");
      twin.expect_near(d_error, "d error");
    });
  }
}

TEST(WindowTwin, WritesAsTheTwinDoesWithEveryGradient) {
  for (const WindowShape& shape : window_shapes()) {
    SCOPED_TRACE(shape.width);
    const Tensor parameters = window_parameters(5), patch = random_tensor({kImages, shape.patch_size()}, 6);
    const Tensor before = random_tensor({kImages, shape.image_size()}, 7),
                 d_canvas = random_tensor({kImages, shape.image_size()}, 8);
    ConditionedOracle twin(kFloat32Steps, [&](Rounding& round) {
      const Tensor parameters64 = round(parameters), patch64 = round(patch);
      const Tensor expected = before.to(torch::kFloat64) + write_windows(shape, parameters64, patch64);
      expected.backward(d_canvas.to(torch::kFloat64));
      return Results{{"canvas", expected}, {"d parameters", parameters64.grad()}, {"d patch", patch64.grad()}};
    });
    for_each_simd_target([&] {
      WindowScratch scratch;
      const Tensor canvas = before.clone(), d_parameters = torch::full_like(parameters, 7);
      const Tensor d_patch = torch::full_like(patch, 7);
      kernels::write_windows(shape, view(parameters), view(patch), view(canvas), scratch);
      twin.expect_near(canvas, "canvas");
      kernels::write_windows_backward(shape, view(parameters), view(patch),
                                      {view(d_canvas), view(d_parameters), view(d_patch)}, scratch);
      twin.expect_near(d_parameters, "d parameters");
      twin.expect_near(d_patch, "d patch");
    });
  }
}

// One DRAW problem: T = 3, B = 3, He = 7, Hd = 6, Z = 5, an image of 9 columns and 8 rows.
struct Problem {
  models::DrawShape shape;
  Parameters parameters64;
  std::vector<Tensor> parameters, gradients;  // float32, in the order of draw_parameters()
  Tensor pixels, noise;
};

models::DrawShape awkward_shape(bool reads, bool writes, std::int64_t channels = 1) {
  return {.channels = channels,
          .height = 8,
          .width = 9,
          .steps = 3,
          .enc_rnn_size = 7,
          .dec_rnn_size = 6,
          .z_size = 5,
          .reads_with_attention = reads,
          .writes_with_attention = writes,
          .read_size = 2,
          .write_size = 4};
}

Problem problem_of(const models::DrawShape& shape, std::int64_t batch = 3) {
  Problem p{.shape = shape, .parameters64 = {}, .parameters = {}, .gradients = {}, .pixels = {}, .noise = {}};
  const auto specs = models::draw_parameters(shape);
  const Parameters single = random_parameters(specs, torch::kFloat32, 11);
  p.parameters64 = random_parameters(specs, torch::kFloat64, 11);
  for (const auto& spec : specs) {
    p.parameters.push_back(single.at(spec.name).detach());
    p.gradients.push_back(torch::full_like(p.parameters.back(), 7));
  }
  p.pixels = torch::sigmoid(3 * random_tensor({batch, shape.image_size()}, 12));
  p.noise = random_tensor({batch, shape.steps * shape.z_size}, 13);
  return p;
}

std::span<float> span(const Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

models::DrawLosses run(Problem& p, models::DrawSequence& sequence, const models::DrawSequence::Trace& trace = {}) {
  std::vector<std::span<const float>> values;
  std::vector<std::span<float>> gradients;
  for (const auto& tensor : p.parameters) values.emplace_back(span(tensor));
  for (const auto& tensor : p.gradients) gradients.push_back(span(tensor));
  const models::DrawLosses losses = sequence.forward({values, view(p.pixels), view(p.noise)}, trace);
  sequence.backward(gradients);
  return losses;
}

void expect_like_twin(const models::DrawShape& shape) {
  Problem p = problem_of(shape);
  const std::int64_t batch = p.pixels.size(0);
  const auto specs = models::draw_parameters(shape);
  ConditionedOracle twin(kWholeModel, [&](Rounding& round) {
    const Parameters parameters = round.each(p.parameters64);
    const DrawResult expected = draw(shape, parameters, p.pixels.to(torch::kFloat64), p.noise.to(torch::kFloat64));
    expected.total.backward();
    Results results{{"L_x", expected.reconstruction},
                    {"kl", expected.kl},
                    {"log ratio", expected.log_ratio},
                    {"z", expected.z},
                    {"canvases", expected.canvases.flatten(0, 1)},
                    {"canvas", expected.canvases[shape.steps - 1]}};
    for (const auto& [name, value] : parameters) results["d " + name] = value.grad();
    return results;
  });
  for_each_simd_target([&] {
    models::DrawSequence sequence(shape);
    const Tensor z = torch::zeros({batch, shape.steps * shape.z_size}),
                 canvas = torch::zeros({batch, shape.image_size()});
    const Tensor canvases = torch::zeros({shape.steps * batch, shape.image_size()});
    const models::DrawLosses losses =
        run(p, sequence, {.z = view(z), .canvas = view(canvas), .canvases = view(canvases)});
    twin.expect_near(tensor_of(losses.reconstruction, {batch}), "L_x");
    twin.expect_near(tensor_of(losses.kl, {batch, shape.steps}), "kl");
    twin.expect_near(tensor_of(losses.log_ratio, {batch}), "log ratio");
    twin.expect_near(z, "z");
    twin.expect_near(canvases, "canvases");
    twin.expect_near(canvas, "canvas");
    for (std::size_t i = 0; i < specs.size(); ++i) twin.expect_near(p.gradients[i], "d " + specs[i].name);
  });
}

TEST(DrawTwin, WithAttention) { expect_like_twin(awkward_shape(true, true)); }
TEST(DrawTwin, ReadingWithAttentionOnly) { expect_like_twin(awkward_shape(true, false)); }
TEST(DrawTwin, WritingWithAttentionOnly) { expect_like_twin(awkward_shape(false, true)); }
TEST(DrawTwin, WithoutAttention) { expect_like_twin(awkward_shape(false, false)); }
TEST(DrawTwin, Colour) { expect_like_twin(awkward_shape(true, true, 3)); }
TEST(DrawTwin, ColourWithoutAttention) { expect_like_twin(awkward_shape(false, false, 3)); }
TEST(DrawTwin, GaussianPixels) {
  models::DrawShape shape = awkward_shape(true, true, 3);
  shape.likelihood = kernels::PixelLikelihood::kSquaredError;
  shape.pixel_deviation = 0.3f;
  expect_like_twin(shape);
}
TEST(DrawTwin, OneStepOneFilter) {
  models::DrawShape shape = awkward_shape(true, true);
  shape.steps = shape.read_size = shape.write_size = 1;
  expect_like_twin(shape);
}

// The derivative of the kernel's own loss in a random direction, by central differences.
TEST(DrawTwin, NumericGradient) {
  for (const bool has_attention : {true, false}) {
    Problem p = problem_of(awkward_shape(has_attention, has_attention));
    models::DrawSequence sequence(p.shape);
    (void)run(p, sequence);
    double expected = 0;
    std::vector<Tensor> start, direction;
    for (std::size_t i = 0; i < p.parameters.size(); ++i) {
      start.push_back(p.parameters[i].clone());
      direction.push_back(random_tensor(p.parameters[i].sizes().vec(), 100 + i));
      expected += (direction[i] * p.gradients[i]).sum().item<double>();
    }
    const float step = 1e-3f;
    const auto total_at = [&](float distance) {
      for (std::size_t i = 0; i < start.size(); ++i) p.parameters[i].copy_(start[i] + distance * direction[i]);
      const models::DrawLosses losses = run(p, sequence);
      double sum = 0;
      for (const double value : losses.reconstruction) sum += value;
      for (const double value : losses.kl) sum += value;
      return sum / static_cast<double>(losses.reconstruction.size());
    };
    const double measured = (total_at(step) - total_at(-step)) / (2 * static_cast<double>(step));
    EXPECT_NEAR(measured, expected, 2e-3 * std::abs(expected) + 2e-2) << "attention " << has_attention;
  }
}

TEST(DrawTwin, DoesNotDependOnTheThreadCount) {
  for (const bool has_attention : {true, false}) {
    Problem p = problem_of(awkward_shape(has_attention, has_attention), 7);
    std::vector<std::vector<Tensor>> gradients;
    for (const int threads : {1, 3}) {
      kernels::set_thread_count(threads);
      models::DrawSequence sequence(p.shape);
      (void)run(p, sequence);
      gradients.emplace_back();
      for (const auto& gradient : p.gradients) gradients.back().push_back(gradient.clone());
    }
    kernels::set_thread_count(0);
    for (std::size_t i = 0; i < p.gradients.size(); ++i)
      EXPECT_TRUE(torch::equal(gradients[0][i], gradients[1][i])) << models::draw_parameters(p.shape)[i].name;
  }
}

TEST(DrawTwin, GenerationRepeatsWhatTheTrainingPassDrew) {
  Problem p = problem_of(awkward_shape(true, true));
  models::DrawSequence sequence(p.shape);
  const std::int64_t batch = p.pixels.size(0);
  const Tensor z = torch::zeros({batch, p.shape.steps * p.shape.z_size});
  const Tensor trained = torch::zeros({p.shape.steps * batch, p.shape.image_size()}),
               generated = torch::zeros_like(trained);
  (void)run(p, sequence, {.z = view(z), .canvases = view(trained)});
  std::vector<std::span<const float>> values;
  for (const auto& tensor : p.parameters) values.emplace_back(span(tensor));
  sequence.generate(values, view(z), {.canvases = view(generated)});
  EXPECT_TRUE(torch::equal(generated, trained));
}

}  // namespace
}  // namespace limn::libtorch::oracle
