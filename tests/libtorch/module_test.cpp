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

TEST(LibtorchModule, AdamClipsAndMovesByTheLearningRate) {
  const auto& api = train::load_libtorch_module("test");
  const std::vector<float> start{1, -2}, gradient{5, -0.5f};
  const std::vector<std::int64_t> shape{2};
  const libtorch::NamedTensor tensor{.name = "w", .shape = {shape.data(), 1}, .values = start.data()};
  const libtorch::AdamSetting setting{.learning_rate = 0.1, .beta1 = 0.9, .clip_value = 1, .clip_norm = 0};
  libtorch::Twin* twin = nullptr;
  train::call_libtorch(api.twin_create_parameters, libtorch::NamedTensors{&tensor, 1}, &setting, &twin);
  EXPECT_THAT(message_of(api.twin_gradient, twin, "w", std::vector<float>(2).data(), std::int64_t{2}),
              HasSubstr("no gradient of w yet"));
  train::call_libtorch(api.twin_set_gradient, twin, "w", gradient.data(), std::int64_t{2});
  train::call_libtorch(api.twin_update, twin);
  std::vector<float> value(2), clipped(2);
  train::call_libtorch(api.twin_value, twin, "w", value.data(), std::int64_t{2});
  train::call_libtorch(api.twin_gradient, twin, "w", clipped.data(), std::int64_t{2});
  EXPECT_NEAR(value[0], 0.9, 1e-6);  // Adam's first step is the learning rate, whatever the gradient's size
  EXPECT_NEAR(value[1], -1.9, 1e-6);
  EXPECT_THAT(clipped, ElementsAre(1, -0.5f));
  EXPECT_THAT(message_of(api.twin_value, twin, "w", value.data(), std::int64_t{3}), HasSubstr("no parameter w of 3"));
  const libtorch::ImageStep step{};
  double total = 0;
  EXPECT_THAT(message_of(api.twin_image_step, twin, &step, &total), HasSubstr("does not read images"));
  api.twin_destroy(twin);
}

}  // namespace
}  // namespace limn
