// Models of float16, and models that are part of a program.
#include <gmock/gmock.h>

#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/half_float.hpp"
#include "limn/models/registry.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "testing/errors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::models {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Checkpoint tiny_with_prior() {
  Checkpoint checkpoint = to_checkpoint(limn::testing::tiny_checkpoint(true));
  const std::size_t z = 5;
  checkpoint.prior = FittedPrior{.mean = std::vector<float>(z, 0.123456F), .factor = std::vector<float>(z * z)};
  for (std::size_t i = 0; i < z; ++i)
    for (std::size_t j = 0; j <= i; ++j) checkpoint.prior->factor[i * z + j] = 0.3333333F + static_cast<float>(j);
  return checkpoint;
}

float rounded(float value) { return half_to_float(float_to_half(value)); }

TEST(HalfCheckpoints, HoldTheNearestFloat16OfWeightsAndPrior) {
  const testing::TemporaryFolder folder;
  const Registry registry = standard_registry();
  const Checkpoint whole = tiny_with_prior();
  registry.write(folder / "whole.safetensors", whole);
  registry.write(folder / "half.safetensors", whole, DType::kF16);
  const SafetensorsFile file = SafetensorsFile::read(folder / "half.safetensors");
  for (const auto& [name, tensor] : file.tensors()) EXPECT_EQ(tensor.type, DType::kF16) << name;

  const Checkpoint half = registry.read(folder / "half.safetensors");
  EXPECT_EQ(half.config, whole.config);
  EXPECT_EQ(half.extra, whole.extra);
  for (const auto& [name, values] : whole.weights)
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(half.weights.at(name)[i], rounded(values[i])) << name;
  ASSERT_TRUE(half.prior.has_value());
  for (std::size_t i = 0; i < whole.prior->factor.size(); ++i)
    EXPECT_EQ(half.prior->factor[i], rounded(whole.prior->factor[i]));
  for (std::size_t i = 0; i < whole.prior->mean.size(); ++i)
    EXPECT_EQ(half.prior->mean[i], rounded(whole.prior->mean[i]));
  // What is rounded stays as it is.
  registry.write(folder / "again.safetensors", half, DType::kF16);
  EXPECT_EQ(read_file(folder / "again.safetensors"), read_file(folder / "half.safetensors"));
  EXPECT_EQ(read_checkpoint(folder / "whole.safetensors").weights, whole.weights);
}

TEST(HalfCheckpoints, RefuseWhatFloat16CannotHold) {
  const testing::TemporaryFolder folder;
  const Registry registry = standard_registry();
  Checkpoint large = tiny_with_prior();
  large.weights.at("decoder.output.bias")[1] = 70000;
  EXPECT_THAT(testing::error_of([&] { registry.write(folder / "half.safetensors", large, DType::kF16); }),
              AllOf(HasSubstr("decoder.output.bias holds 70000"), HasSubstr("float16 ends at 65504")));
  Checkpoint flat = tiny_with_prior();
  flat.prior->factor[0] = 1e-9F;  // 0 in float16, and no prior has a 0 there
  EXPECT_NE(testing::error_of([&] { registry.write(folder / "half.safetensors", flat, DType::kF16); }), "");
  EXPECT_EQ(folder.entries(), 0);
}

TEST(BuiltinModels, AreReadByTheirNames) {
  const Checkpoint tiny = tiny_with_prior();
  const Bytes bytes = serialize_checkpoint(tiny);
  const Registry registry = standard_registry({{.name = "builtin:tiny", .bytes = bytes}, {.name = "builtin:absent"}});
  const auto error_for = [](const Registry& in, const char* name) {
    return testing::error_of([&] { (void)in.load(name); });
  };
  EXPECT_EQ(registry.read("builtin:tiny").weights, tiny.weights);
  EXPECT_EQ(registry.load("builtin:tiny")->checkpoint().origin, "builtin:tiny");
  EXPECT_EQ(registry.load("builtin:tiny")->prior()->mean, tiny.prior->mean);
  EXPECT_THAT(error_for(registry, "builtin:tin"),
              HasSubstr("builtin:tin: no such model is built in; there are builtin:tiny, builtin:absent"));
  EXPECT_THAT(error_for(registry, "builtin:absent"),
              AllOf(HasSubstr("builtin:absent: this limn was built without it"), HasSubstr("scripts/pretrained.sh")));
  EXPECT_THAT(error_for(standard_registry(), "builtin:tiny"), HasSubstr("no model is built in here; name a file"));
}

}  // namespace
}  // namespace limn::models
