// Whether imported models compute what PyTorch does is tests/python/pytorch_import.py's to say. Here: what a
// file may do wrong, and that each tensor lands where it belongs, by files made of a known model.
#include "limn/models/sketch_rnn/pytorch_import.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <numeric>

#include "limn/core/error.hpp"
#include "limn/models/pytorch_tensors.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "limn/models/sketch_rnn/magenta_json.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::models {
namespace {

using ::testing::HasSubstr;
using testing::random_sketch;
using testing::TemporaryFolder;
using testing::tiny_checkpoint;

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using Tensors = std::map<std::string, Tensor>;

SafetensorsFile as_file(const Tensors& tensors) {
  SafetensorsContent content;
  for (const auto& [name, tensor] : tensors)
    content.tensors[name] = {
        .type = DType::kF32, .shape = tensor.shape, .bytes = std::as_bytes(std::span<const float>(tensor.values))};
  return SafetensorsFile::parse(serialize_safetensors(content), "m.safetensors");
}

// Rows first … first + count of a tensor of ours.
Tensor rows_of(const SketchRnnContents& c, const std::string& name, std::int64_t columns, std::int64_t first,
               std::int64_t count) {
  const auto& all = c.weights.at(name);
  const auto begin = all.begin() + first * std::max<std::int64_t>(columns, 1);
  Tensor tensor{.shape = {count}, .values = {begin, begin + count * std::max<std::int64_t>(columns, 1)}};
  if (columns > 0) tensor.shape.push_back(columns);
  return tensor;
}

void put_torch_lstm(Tensors& out, const SketchRnnContents& c, const std::string& ours, const std::string& theirs,
                    const std::string& suffix, std::int64_t in, std::int64_t units) {
  out[theirs + ".weight_ih" + suffix] = rows_of(c, ours + ".weight_ih", in, 0, 4 * units);
  out[theirs + ".weight_hh" + suffix] = rows_of(c, ours + ".weight_hh", units, 0, 4 * units);
  Tensor bias = rows_of(c, ours + ".bias", 0, 0, 4 * units), rest = bias;
  for (std::size_t i = 0; i < bias.values.size(); ++i) {  // two halves that add up exactly
    bias.values[i] = rest.values[i] / 2;
    rest.values[i] -= bias.values[i];
  }
  out[theirs + ".bias_ih" + suffix] = bias;
  out[theirs + ".bias_hh" + suffix] = rest;
}

void put_linear(Tensors& out, const SketchRnnContents& c, const std::string& ours, const std::string& theirs,
                std::int64_t in, std::int64_t first, std::int64_t count) {
  out[theirs + ".weight"] = rows_of(c, ours + ".weight", in, first, count);
  out[theirs + ".bias"] = rows_of(c, ours + ".bias", 0, first, count);
}

constexpr std::int64_t kEnc = 6, kDec = 9, kZ = 5, kM = 3;  // of tiny_options()

Tensors labml_tensors(const SketchRnnContents& c) {
  Tensors out;
  put_torch_lstm(out, c, "encoder.forward", "encoder.lstm", "_l0", 5, kEnc);
  put_torch_lstm(out, c, "encoder.backward", "encoder.lstm", "_l0_reverse", 5, kEnc);
  put_linear(out, c, "encoder.mu", "encoder.mu_head", 2 * kEnc, 0, kZ);
  put_linear(out, c, "encoder.log_variance", "encoder.sigma_head", 2 * kEnc, 0, kZ);
  put_linear(out, c, "decoder.initial_state", "decoder.init_state", kZ, 0, 2 * kDec);
  put_torch_lstm(out, c, "decoder.cell", "decoder.lstm", "_l0", 5 + kZ, kDec);
  put_linear(out, c, "decoder.output", "decoder.q_head", kDec, 0, 3);
  put_linear(out, c, "decoder.output", "decoder.mixtures", kDec, 3, 6 * kM);
  return out;
}

TEST(PytorchImport, TakesOffTheNamesOfWrappers) {
  const auto checkpoint = tiny_checkpoint(true);
  const Tensors tensors = labml_tensors(checkpoint);
  Tensors wrapped;
  for (const auto& [name, tensor] : tensors) wrapped["module._orig_mod." + name] = tensor;
  const SafetensorsFile file = without_wrappers(as_file(wrapped));
  EXPECT_TRUE(is_pytorch_model(file, PytorchModel::kLabml));
  EXPECT_FALSE(is_pytorch_model(file, PytorchModel::kRfeinman));
  EXPECT_FALSE(is_pytorch_model(as_file(wrapped), PytorchModel::kLabml));
  const PytorchImport import{.model = PytorchModel::kLabml, .scale_factor = 2};
  EXPECT_EQ(import_pytorch(file, import).weights, import_pytorch(as_file(tensors), import).weights);
}

std::string error_of(const Tensors& tensors, PytorchModel model = PytorchModel::kLabml, float scale_factor = 2) {
  try {
    (void)import_pytorch(as_file(tensors), {.model = model, .scale_factor = scale_factor});
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "no error";
}

TEST(PytorchImport, TakesALabmlModel) {
  const auto original = tiny_checkpoint(true);
  const auto imported =
      import_pytorch(as_file(labml_tensors(original)), {.model = PytorchModel::kLabml, .scale_factor = 7});
  EXPECT_EQ(imported.weights, original.weights);
  EXPECT_EQ(imported.scale_factor, 7);
  EXPECT_EQ(imported.max_seq_len, 200);
  EXPECT_EQ(imported.encoder_rows, 202);
  EXPECT_EQ(imported.options.num_mixture, kM);
  EXPECT_THROW((void)to_magenta_json(imported, "x"), Error);
}

// What its encoder reads beside the points survives a checkpoint and changes z; the decoder is the same.
TEST(PytorchImport, KeepsWhatTheEncoderReads) {
  const TemporaryFolder folder;
  auto padded = tiny_checkpoint(true);
  padded.encoder_rows = 9;
  write_checkpoint(folder / "m.safetensors", to_checkpoint(padded));
  EXPECT_EQ(sketch_rnn_contents(read_checkpoint(folder / "m.safetensors")).encoder_rows, 9);
  const SketchRnnModel with(padded), without(tiny_checkpoint(true));
  std::vector<sketch::Sketch> sketches{random_sketch(4, 0), random_sketch(0, 1), random_sketch(7, 2),
                                       random_sketch(12, 3)};
  const auto all = with.encode(sketches);
  EXPECT_NE(all.mu.values, without.encode(sketches).mu.values);
  // Whatever is encoded beside it: rows up to 9, or for the long one its own 14.
  for (std::size_t i = 0; i < sketches.size(); ++i) {
    const auto alone = with.encode(std::span(sketches).subspan(i, 1));
    for (std::size_t k = 0; k < static_cast<std::size_t>(kZ); ++k)
      EXPECT_NEAR(alone.mu.values[k], all.mu.values[i * static_cast<std::size_t>(kZ) + k], 1e-5) << i;
  }
}

TEST(PytorchImport, OneDamageEach) {
  const Tensors good = labml_tensors(tiny_checkpoint(true));
  EXPECT_EQ(error_of(good), "no error");
  const auto damaged = [&](const std::function<void(Tensors&)>& damage) {
    Tensors tensors = good;
    damage(tensors);
    return error_of(tensors);
  };
  EXPECT_THAT(error_of({}),
              HasSubstr("m.safetensors: no tensor decoder.init_state.weight, so this is not a model of labml"));
  EXPECT_THAT(error_of(good, PytorchModel::kRfeinman),
              HasSubstr("no tensor init.weight, so this is not a model of rfeinman"));
  EXPECT_THAT(error_of(good, PytorchModel::kLabml, 0), HasSubstr("scale_factor is 0"));
  for (const auto& [name, tensor] : good) {
    EXPECT_THAT(damaged([&n = name](Tensors& t) { t.erase(n); }), HasSubstr(name));
    EXPECT_THAT(damaged([&n = name](Tensors& t) { t[n].shape.insert(t[n].shape.begin(), 1); }),
                HasSubstr("m.safetensors: "));
    EXPECT_THAT(damaged([&n = name](Tensors& t) { t[n].values[0] = std::nanf(""); }), HasSubstr("not finite"));
  }
  EXPECT_THAT(damaged([](Tensors& t) { t["decoder.lstm.weight_ih_l1"] = {.shape = {1}, .values = {1}}; }),
              HasSubstr("decoder.lstm.weight_ih_l1 belongs to no part"));
  EXPECT_THAT(damaged([](Tensors& t) {
                t["decoder.mixtures.weight"] = {.shape = {4, 1}, .values = {1, 2, 3, 4}};
              }),
              HasSubstr("not a number of mixture components"));
  EXPECT_THAT(damaged([](Tensors& t) {
                t["decoder.init_state.weight"] = {.shape = {0, 0}, .values = {}};
              }),
              HasSubstr("not a matrix"));
}

TEST(PytorchImport, KnowsItsModelsByName) {
  EXPECT_EQ(pytorch_model_named("rfeinman"), PytorchModel::kRfeinman);
  EXPECT_THROW((void)pytorch_model_named("keras"), Error);
}

}  // namespace
}  // namespace limn::models
