// The module on LibTorch over its table, from a program that does not link LibTorch.
#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/train/libtorch_module.hpp"

namespace limn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

template <class... Arguments>
std::string message_of(Arguments... arguments) {
  try {
    train::call_libtorch(arguments...);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LibtorchModule, LoadsTwiceAsOne) {
  const auto& api = train::load_libtorch_module("test");
  EXPECT_EQ(&api, &train::load_libtorch_module("test"));
  EXPECT_EQ(api.version, libtorch::kApiVersion);
  EXPECT_STRNE(api.torch_version, "");
}

TEST(LibtorchModule, EveryFunctionIsThere) {
  const auto& api = train::load_libtorch_module("test");
  const auto* const words = reinterpret_cast<const std::uintptr_t*>(&api);
  for (std::size_t i = 1; i < sizeof api / sizeof *words; ++i) EXPECT_NE(words[i], 0u) << "field " << i;
}

TEST(LibtorchModule, MultipliesBothWays) {
  const auto& api = train::load_libtorch_module("test");
  const std::vector<float> a{1, 2, 3, 4, 5, 6}, b{1, 0, 2, 0, 1, 1};  // [2, 3] each
  std::vector<float> c(4), d(9);
  train::call_libtorch(api.multiply, libtorch::FloatRows{a.data(), 2, 3}, libtorch::FloatRows{b.data(), 2, 3},
                       c.data());
  EXPECT_THAT(c, ElementsAre(7, 5, 16, 11));
  train::call_libtorch(api.multiply_transposed, libtorch::FloatRows{a.data(), 2, 3},
                       libtorch::FloatRows{b.data(), 2, 3}, d.data());
  EXPECT_THAT(d, ElementsAre(1, 4, 6, 2, 5, 9, 3, 6, 12));
}

TEST(LibtorchModule, AnExceptionOfLibtorchBecomesOneLine) {
  const auto& api = train::load_libtorch_module("test");
  std::vector<float> a(6), c(6);
  const std::string message =
      message_of(api.multiply, libtorch::FloatRows{a.data(), 2, 3}, libtorch::FloatRows{a.data(), 3, 2}, c.data());
  EXPECT_THAT(message, HasSubstr("LibTorch: "));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

libtorch::RunSetting setting_of(const char* device, double clip) {
  return {.device = device,
          .model = {.family = "", .options = "{}"},
          .beta1 = 0.9,
          .clip = clip,
          .clip_mode = libtorch::kClipValue,
          .clip_groups = {},
          .longest_gradient = 1e18,
          .average_eta = 0,
          .is_bf16 = 0,
          .whole_batch = 0,
          .group = nullptr};
}

TEST(LibtorchModule, AdamClipsAndMovesByTheLearningRate) {
  const auto& api = train::load_libtorch_module("test");
  const std::vector<float> start{1, -2}, gradient{5, -0.5f};
  const std::vector<std::int64_t> shape{2};
  const libtorch::NamedTensor tensor{.name = "w", .shape = {shape.data(), 1}, .values = start.data()};
  const libtorch::RunSetting setting = setting_of("cpu", 1);
  libtorch::Run* run = nullptr;
  train::call_libtorch(api.run_create, &setting, libtorch::NamedTensors{&tensor, 1}, libtorch::NamedTensors{}, &run);
  const auto write = [&](std::int32_t which, const std::vector<float>& values) {
    train::call_libtorch(api.run_write, run, which, values.data(), std::ssize(values));
  };
  const auto read = [&](std::int32_t which) {
    std::vector<float> values(2);
    train::call_libtorch(api.run_read, run, which, values.data(), std::int64_t{2});
    return values;
  };
  write(libtorch::kRunGradients, gradient);
  train::call_libtorch(api.run_update, run, 0.1);
  const std::vector<float> value = read(libtorch::kRunValues), average = read(libtorch::kRunAverage);
  EXPECT_NEAR(value[0], 0.9, 1e-6);  // Adam's first step is the learning rate, whatever the gradient's size
  EXPECT_NEAR(value[1], -1.9, 1e-6);
  EXPECT_NEAR(average[0], 0.9, 1e-6);  // the average of one step
  EXPECT_THAT(read(libtorch::kRunFirstMoments),
              ElementsAre(::testing::FloatNear(0.1f, 1e-7f), ::testing::FloatNear(-0.05f, 1e-7f)));

  // A gradient that is not finite changes nothing.
  write(libtorch::kRunGradients, {1, NAN});
  train::call_libtorch(api.run_update, run, 0.1);
  EXPECT_EQ(read(libtorch::kRunValues), value);
  EXPECT_EQ(read(libtorch::kRunAverage), average);
  EXPECT_THAT(read(libtorch::kRunSecondMoments),
              ElementsAre(::testing::FloatNear(1e-3f, 1e-9f), ::testing::FloatNear(2.5e-4f, 1e-9f)));
  std::vector<double> figures(2 * libtorch::kStepFigures);
  EXPECT_THAT(message_of(api.run_figures, run, figures.data(), std::int64_t{1}), HasSubstr("has made 2 steps"));
  train::call_libtorch(api.run_figures, run, figures.data(), std::int64_t{2});
  EXPECT_NEAR(figures[3], std::sqrt(25.25), 1e-6);  // the norm before clipping
  EXPECT_EQ(figures[4], 1);
  EXPECT_TRUE(std::isnan(figures[8]));
  EXPECT_EQ(figures[9], 0);

  std::vector<float> three(3);
  EXPECT_THAT(message_of(api.run_read, run, std::int32_t{0}, three.data(), std::int64_t{3}),
              HasSubstr("has 2 such values"));
  const libtorch::StepBatch batch{};
  EXPECT_THAT(message_of(api.run_gradients, run, &batch), HasSubstr("parameters alone"));
  api.run_destroy(run);
}

TEST(LibtorchModule, ADeviceThatIsNotThereIsNamed) {
  const auto& api = train::load_libtorch_module("test");
  for (const char* name : {"cuda:99", "sofa", "", "cuda:x"}) {
    const std::string message = message_of(api.try_device, name);
    EXPECT_THAT(message, ::testing::AllOf(HasSubstr("cannot use the device"), HasSubstr(name)));
    EXPECT_THAT(message, Not(HasSubstr("\n")));
  }
  train::call_libtorch(api.try_device, "cpu");
}

}  // namespace
}  // namespace limn
