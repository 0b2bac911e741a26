// VAEs of PyTorch's tutorials: from a state_dict() with known numbers, and what they compute by a plain formula. How
// PyTorch itself computes them is tests/python/pytorch_vae.py's to say.
#include "limn/models/vae/pytorch_import.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "arrays/pytorch_files.hpp"
#include "limn/core/error.hpp"
#include "limn/models/pytorch_tensors.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/vae/drawing.hpp"
#include "limn/models/vae/tensors.hpp"
#include "models/tiny_images.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using Tensors = std::map<std::string, Tensor>;

constexpr std::int64_t kSide = 3, kPixels = kSide * kSide, kHidden = 5, kZ = 2;

// Numbers that follow from the name and the place.
Tensor tensor_of(const std::string& name, std::vector<std::int64_t> shape) {
  Tensor tensor{.shape = std::move(shape), .values = {}};
  const auto count = std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::int64_t{1}, std::multiplies<>());
  RandomStream random(std::accumulate(name.begin(), name.end(), 7U), Purpose::kTest);
  for (std::int64_t i = 0; i < count; ++i) tensor.values.push_back(random.uniform(-0.7F, 0.7F));
  return tensor;
}

struct Names {
  std::string in, mu, log_variance, begin, out;
};
const Names kExample{"fc1", "fc21", "fc22", "fc3", "fc4"};

void put_linear(Tensors& all, const std::string& name, std::int64_t out, std::int64_t in) {
  all[name + ".weight"] = tensor_of(name + "w", {out, in});
  all[name + ".bias"] = tensor_of(name + "b", {out});
}

Tensors dense(const Names& names, std::int64_t pixels = kPixels) {
  Tensors all;
  put_linear(all, names.in, kHidden, pixels);
  put_linear(all, names.mu, kZ, kHidden);
  put_linear(all, names.log_variance, kZ, kHidden);
  put_linear(all, names.begin, kHidden, kZ);
  put_linear(all, names.out, pixels, kHidden);
  return all;
}

SafetensorsFile as_file(const Tensors& tensors) {
  SafetensorsContent content;
  for (const auto& [name, tensor] : tensors)
    content.tensors[name] = {
        .type = DType::kF32, .shape = tensor.shape, .bytes = std::as_bytes(std::span<const float>(tensor.values))};
  return SafetensorsFile::parse(serialize_safetensors(content), "vae.pth");
}

Bytes as_pytorch(const Tensors& tensors, const std::string& prefix = "") {
  std::vector<std::pair<std::string, std::string>> entries, storages;
  for (const auto& [name, tensor] : tensors) {
    const auto count = static_cast<std::int64_t>(tensor.values.size());
    testing::SavedTensor saved{
        .key = std::to_string(storages.size()), .storage_count = count, .shape = tensor.shape, .strides = {}};
    std::int64_t stride = count;
    for (const std::int64_t extent : tensor.shape) saved.strides.push_back(stride /= extent);
    entries.emplace_back(testing::pickled_text(prefix + name), testing::pickled_tensor(saved));
    storages.emplace_back(saved.key, testing::memory_of(tensor.values));
  }
  return testing::pytorch_zip(testing::pickled_ordered_dict(entries), storages);
}

std::string error_of(const Tensors& tensors) {
  try {
    (void)import_pytorch_vae(as_file(tensors));
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "no error";
}

std::vector<double> linear(const Tensors& t, const std::string& name, const std::vector<double>& x) {
  const Tensor& weight = t.at(name + ".weight");
  std::vector<double> y;
  for (std::int64_t r = 0; r < weight.shape[0]; ++r) {
    y.push_back(t.contains(name + ".bias") ? double{t.at(name + ".bias").values[static_cast<std::size_t>(r)]} : 0);
    for (std::size_t c = 0; c < x.size(); ++c)
      y.back() += double{weight.values[static_cast<std::size_t>(r) * x.size() + c]} * x[c];
  }
  return y;
}
std::vector<double> relu(std::vector<double> x) {
  for (double& v : x) v = std::max(v, 0.0);
  return x;
}

// Encodes and decodes as the tutorial's forward() does.
void expect_computes(const Checkpoint& checkpoint, const Tensors& t, const Names& names) {
  const VaeModel model(checkpoint);
  std::vector<float> pixels(static_cast<std::size_t>(kPixels));
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i) / 9;
  const auto hidden = relu(linear(t, names.in, {pixels.begin(), pixels.end()}));
  const auto mu = linear(t, names.mu, hidden), log_variance = linear(t, names.log_variance, hidden);
  const Latents mean = model.encode(pixels, {.uses_mean = true});
  double kl = 0;  // tells log σ²
  for (std::size_t i = 0; i < static_cast<std::size_t>(kZ); ++i) {
    EXPECT_NEAR(mean.values[i], mu[i], 1e-5);
    kl += 0.5 * (mu[i] * mu[i] + std::exp(log_variance[i]) - 1 - log_variance[i]);
  }
  EXPECT_NEAR(model.losses(pixels, {}, 1).kl.at(0), kl, 1e-4);
  Latents z(1, kZ);
  std::ranges::copy(std::vector<float>{0.3F, -1.2F}, z.values.begin());
  const auto drawn = model.decode(z);
  const auto logits = linear(t, names.out, relu(linear(t, names.begin, {z.values.begin(), z.values.end()})));
  ASSERT_EQ(drawn.size(), logits.size());
  for (std::size_t i = 0; i < drawn.size(); ++i) EXPECT_NEAR(drawn[i], 1 / (1 + std::exp(-logits[i])), 1e-5) << i;
}

TEST(PytorchVae, ComputesWhatPytorchExamplesDoes) {
  const Tensors tensors = dense(kExample);
  EXPECT_TRUE(is_pytorch_vae(as_file(tensors)));
  expect_computes(import_pytorch_vae(as_file(tensors)), tensors, kExample);
}

TEST(PytorchVae, TellsLayersOfOtherNamesByTheirShapes) {
  for (const Names& names : {Names{"encoder.fc", "encoder.fc_mu", "encoder.fc_logvar", "decoder.fc1", "decoder.fc2"},
                             Names{"FC_input", "FC_mean", "FC_var", "FC_hidden", "FC_output"},
                             Names{"z.1", "z_mean", "a_log_var", "y.1", "x.1"}}) {
    const Tensors tensors = dense(names);
    expect_computes(import_pytorch_vae(as_file(tensors)), tensors, names);
  }
}

TEST(PytorchVae, TakesBothHalvesInOneLayerAndNoBias) {
  Tensors tensors = dense(kExample);
  Tensors joined = tensors;
  Tensor weight = joined.at("fc21.weight"), bias = joined.at("fc21.bias");
  std::ranges::copy(joined.at("fc22.weight").values, std::back_inserter(weight.values));
  std::ranges::copy(joined.at("fc22.bias").values, std::back_inserter(bias.values));
  for (const char* name : {"fc21.weight", "fc21.bias", "fc22.weight", "fc22.bias"}) joined.erase(name);
  joined["fc2.weight"] = {.shape = {2 * kZ, kHidden}, .values = weight.values};
  joined["fc2.bias"] = {.shape = {2 * kZ}, .values = bias.values};
  for (Tensors* t : {&tensors, &joined}) t->erase("fc4.bias");
  expect_computes(import_pytorch_vae(as_file(joined)), tensors, kExample);
}

TEST(PytorchVae, IsReadFromEveryFileThatHoldsIt) {
  const TemporaryFolder folder;
  const Tensors tensors = dense(kExample);
  const auto expected = import_pytorch_vae(as_file(tensors)).weights;
  write_file(folder / "vae.pth", as_pytorch(tensors));
  write_file(folder / "parallel.pt", as_pytorch(tensors, "module._orig_mod.model."));
  SafetensorsContent content;
  for (const auto& [name, tensor] : tensors)
    content.tensors["module." + name] = {
        .type = DType::kF32, .shape = tensor.shape, .bytes = std::as_bytes(std::span<const float>(tensor.values))};
  write_safetensors(folder / "vae.safetensors", content);
  for (const char* name : {"vae.pth", "parallel.pt", "vae.safetensors"})
    EXPECT_EQ(import_pytorch_vae(read_state_dict(folder / name)).weights, expected) << name;
  // A pair of files.
  Tensors encoder, decoder;
  for (const auto& [name, tensor] : tensors) (name < "fc3" ? encoder : decoder)[name] = tensor;
  std::filesystem::create_directory(folder / "pair");
  write_file(folder / "pair" / "encoder.pth", as_pytorch(encoder, "module."));
  EXPECT_THROW((void)read_state_dict(folder / "pair"), Error);
  write_file(folder / "pair" / "decoder.pt", as_pytorch(decoder));
  EXPECT_EQ(import_pytorch_vae(read_state_dict(folder / "pair")).weights, expected);
  try {
    (void)standard_registry().read(folder / "vae.pth");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("vae.pth: is a PyTorch file; make a limn model of it with limn import"));
  }
}

// limn's own layers under their own names, as two nn.Sequential.
TEST(PytorchVae, TakesTheConvolutionalNetworksOfLimn) {
  for (const auto& [arch, side] : {std::pair{"conv40", std::int64_t{40}}, {"conv20", std::int64_t{20}}}) {
    VaeOptions options{.arch = arch,
                       .image_channels = 3,
                       .image_height = side,
                       .image_width = side,
                       .hidden = 7,
                       .z_size = 4,
                       .channels = 2};
    Tensors tensors;
    for (const auto& spec : vae_parameters(options)) tensors[spec.name] = tensor_of(spec.name, spec.shape);
    for (const auto& spec : vae_buffers(options)) {
      tensors[spec.name] = tensor_of(spec.name, spec.shape);
      for (float& v : tensors[spec.name].values) v = std::abs(v);
      tensors[spec.name.substr(0, spec.name.rfind('.')) + ".num_batches_tracked"] = {.shape = {1}, .values = {3}};
    }
    EXPECT_TRUE(is_pytorch_vae(as_file(tensors)));
    const Checkpoint checkpoint = import_pytorch_vae(as_file(tensors));
    EXPECT_EQ(checkpoint.weights.at("decoder.0.weight"), tensors.at("decoder.0.weight").values);
    const VaeModel model(checkpoint);
    EXPECT_EQ(model.shape(), (image::ImageShape{3, side, side}));
    tensors["encoder.0.weight"].shape[2] = 1;
    tensors["encoder.0.weight"].values.resize(tensors["encoder.0.weight"].values.size() / 3);
    EXPECT_FALSE(is_pytorch_vae(as_file(tensors)));
    EXPECT_THAT(error_of(tensors), HasSubstr("conv40 and conv20"));
  }
}

TEST(PytorchVae, NamesTheLayerThatCannotBeExpressed) {
  const auto changed = [&](const std::function<void(Tensors&)>& change, std::int64_t pixels = kPixels) {
    Tensors tensors = dense(kExample, pixels);
    change(tensors);
    return error_of(tensors);
  };
  EXPECT_THAT(changed([](Tensors& t) { put_linear(t, "fc5", 4, 5); }),
              HasSubstr("vae.pth: 6 linear layers (fc1 9 to 5"));
  EXPECT_THAT(changed([](Tensors& t) {
                put_linear(t, "fc21", 4, 5);
                put_linear(t, "fc22", 4, 4);
              }),
              HasSubstr("layer fc22 (4 to 4): limn's dense VAE has one hidden layer each way"));
  EXPECT_THAT(changed([](Tensors& t) {
                put_linear(t, "fc3", 6, kZ);
                put_linear(t, "fc4", kPixels, 6);
              }),
              HasSubstr("layer fc3 (2 to 6): limn's dense VAE has as many units in both hidden layers"));
  EXPECT_THAT(changed([](Tensors& t) { put_linear(t, "fc1", 5, 19); }), HasSubstr("no layer gives the 19 pixels back"));
  EXPECT_THAT(changed([](Tensors& t) { put_linear(t, "fc21", 3, 5); }),
              HasSubstr("layer fc21 (5 to 3): the decoder reads 2"));
  EXPECT_THAT(changed([](Tensors&) {}, 11), HasSubstr("11 numbers, which are not a square picture"));
  EXPECT_THAT(changed([](Tensors& t) {
                t["conv1.weight"] = tensor_of("c", {2, 1, 3, 3});
              }),
              HasSubstr("layer conv1 is a convolution ([2, 1, 3, 3])"));
  EXPECT_THAT(changed([](Tensors& t) { t["bn1.running_mean"] = tensor_of("c", {2}); }),
              HasSubstr("layer bn1 is a batch normalisation"));
  EXPECT_THAT(changed([](Tensors& t) { t["steps"] = tensor_of("c", {2}); }), HasSubstr("tensor steps ([2])"));
  EXPECT_THAT(error_of(dense({"a", "b", "c", "d", "e"})), HasSubstr("their names do not tell which gives mu"));
  EXPECT_THAT(error_of(dense({"a", "mu", "sigma", "d", "e"})), HasSubstr("may give the standard deviation"));
  EXPECT_THAT(error_of({}), HasSubstr("0 linear layers"));
  EXPECT_FALSE(is_pytorch_vae(as_file(dense({"a", "b", "c", "d", "e"}))));
}

}  // namespace
}  // namespace limn::models
