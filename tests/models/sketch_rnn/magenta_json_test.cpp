#include "limn/models/sketch_rnn/magenta_json.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "limn/core/base64.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/tensors.hpp"
#include "models/sketch_rnn/plain_model.hpp"
#include "models/sketch_rnn/tiny_model.hpp"
#include "testing/gzip.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::models {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::tiny_checkpoint;

SketchRnnContents exportable(bool conditional, std::uint64_t seed = 1) {
  SketchRnnContents checkpoint;
  checkpoint.options = {.conditional = conditional, .enc_rnn_size = 3, .dec_rnn_size = 4, .z_size = 2};
  checkpoint.max_seq_len = 33;
  checkpoint.scale_factor = 40.5F;
  std::uint64_t index = 0;
  for (const auto& spec : sketch_rnn_parameters(checkpoint.options)) {
    std::size_t count = 1;
    for (const auto extent : spec.shape) count *= static_cast<std::size_t>(extent);
    RandomStream random(seed, Purpose::kTest, 0, index++);
    for (std::size_t i = 0; i < count; ++i) checkpoint.weights[spec.name].push_back(random.uniform(-2, 2));
  }
  return checkpoint;
}

std::string parse_error(const std::string& text) {
  try {
    (void)parse_magenta_json(text, "m.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Base64, RoundTripsAndRefusesWhatIsNot) {
  const std::string text = "any carnal pleas";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const auto encoded = encode_base64(as_bytes(text.substr(0, n)));
    const auto bytes = decode_base64(encoded);
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), text.substr(0, n));
  }
  EXPECT_EQ(encode_base64(as_bytes("light w")), "bGlnaHQgdw==");
  for (const char* bad : {"A", "AA", "AAA", "A===", "====", "AA=A", "AB!D", "AAAA\n", "=AAA", "AA\x80="})
    EXPECT_FALSE(decode_base64(bad).has_value()) << bad;
}

TEST(MagentaJson, ExportAndImportKeepTheModel) {
  for (const bool conditional : {true, false}) {
    const auto before = exportable(conditional);
    const auto exported = to_magenta_json(before, "owl");
    EXPECT_EQ(exported.saturated, 0);
    const auto after = parse_magenta_json(exported.json, "owl.json");
    EXPECT_EQ(after.options.conditional, conditional);
    EXPECT_EQ(after.options.dec_rnn_size, 4);
    EXPECT_EQ(after.max_seq_len, 33);
    EXPECT_EQ(after.scale_factor, 40.5F);
    EXPECT_EQ(after.extra.at("name"), "owl");
    EXPECT_FALSE(after.squashes_latent);
    ASSERT_EQ(after.weights.size(), before.weights.size());
    for (const auto& [name, values] : before.weights)
      EXPECT_THAT(after.weights.at(name), ::testing::Pointwise(::testing::FloatNear(1.6e-4F), values)) << name;
    EXPECT_EQ(to_magenta_json(after, "owl").json, exported.json);
  }
}

// A file as Magenta writes it, its numbers told by their places: W[in][column] there.
TEST(MagentaJson, PutsGatesBiasesAndStatesWhereTheyBelong) {
  const auto checkpoint = exportable(true);
  const json file = json::parse(to_magenta_json(checkpoint, "x").json);
  const auto value = [&](std::size_t tensor, std::size_t at) {
    const auto bytes = *decode_base64(file[2][tensor].get<std::string>());
    const auto code =
        static_cast<std::int16_t>(std::to_integer<int>(bytes[2 * at]) | std::to_integer<int>(bytes[2 * at + 1]) << 8);
    return code / 32767.0 * 10;
  };
  const auto& w = checkpoint.weights;
  const auto shapes = json::parse(R"([[5,12],[3,12],[12],[5,12],[3,12],[12],[6,2],[2],[6,2],[2],
                                      [2,8],[8],[4,123],[123],[7,16],[4,16],[16]])");
  EXPECT_EQ(file[1], shapes);
  // Their gates are i, g, f, o: column 4 of theirs is unit 1 of g, row 7 of ours.
  EXPECT_NEAR(value(0, 2 * 12 + 4), w.at("encoder.forward.weight_ih")[7 * 5 + 2], 2e-4);
  EXPECT_NEAR(value(1, 1 * 12 + 4), w.at("encoder.forward.weight_hh")[7 * 3 + 1], 2e-4);
  // Column 8 of their decoder bias is unit 0 of f, row 4 of ours, without the +1.
  EXPECT_NEAR(value(16, 8), w.at("decoder.cell.bias")[4] - 1, 2e-4);
  EXPECT_NEAR(value(16, 5), w.at("decoder.cell.bias")[9], 2e-4);
  EXPECT_NEAR(value(16, 13), w.at("decoder.cell.bias")[13], 2e-4);
  // Their initial state is [c; h].
  EXPECT_NEAR(value(10, 1 * 8 + 1), w.at("decoder.initial_state.weight")[5 * 2 + 1], 2e-4);
  EXPECT_NEAR(value(11, 6), w.at("decoder.initial_state.bias")[2], 2e-4);
  EXPECT_NEAR(value(12, 3 * 123 + 100), w.at("decoder.output.weight")[100 * 4 + 3], 2e-4);
}

TEST(MagentaJson, CountsSaturatedWeights) {
  auto checkpoint = exportable(false);
  checkpoint.weights.at("decoder.output.weight")[3] = 12;
  checkpoint.weights.at("decoder.output.weight")[5] = -1e30F;
  checkpoint.weights.at("decoder.cell.bias")[4] = 10.5F;  // a forget gate: 9.5 there
  const auto exported = to_magenta_json(checkpoint, "x");
  EXPECT_EQ(exported.saturated, 2);
  const auto after = parse_magenta_json(exported.json, "x");
  EXPECT_FLOAT_EQ(after.weights.at("decoder.output.weight")[3], 10);
  EXPECT_FLOAT_EQ(after.weights.at("decoder.output.weight")[5], -10);
  EXPECT_NEAR(after.weights.at("decoder.cell.bias")[4], 10.5F, 2e-4);
}

TEST(MagentaJson, RefusesToExportWhatTheFormatCannotHold) {
  auto few = tiny_checkpoint(false);
  EXPECT_THROW((void)to_magenta_json(few, "x"), Error);
  auto squashed = exportable(true);
  squashed.squashes_latent = true;
  EXPECT_THROW((void)to_magenta_json(squashed, "x"), Error);
}

TEST(MagentaJson, KnowsModesAndVersions) {
  json file = json::parse(to_magenta_json(exportable(true), "x").json);
  for (const json& mode : {json(0), json(1), json("vae")}) {
    file[0]["mode"] = mode;
    EXPECT_TRUE(parse_magenta_json(file.dump(), "m.json").options.conditional);
  }
  file[0]["version"] = 5;
  EXPECT_TRUE(parse_magenta_json(file.dump(), "m.json").squashes_latent);
  file[0]["r_loss"] = 0.5;
  EXPECT_EQ(parse_magenta_json(file.dump(), "m.json").metrics, R"({"reconstruction":0.5})");
  json gen = json::parse(to_magenta_json(exportable(false), "x").json);
  gen[0]["mode"] = "gen";
  gen[0]["version"] = 1;
  EXPECT_FALSE(parse_magenta_json(gen.dump(), "m.json").squashes_latent);
}

TEST(MagentaJson, TakesAVaeThatSaysGen) {
  json file = json::parse(to_magenta_json(exportable(true), "x").json);
  file[0]["mode"] = 2;
  const auto model = parse_magenta_json(file.dump(), "m.json");
  EXPECT_TRUE(model.options.conditional);
  EXPECT_EQ(model.weights, parse_magenta_json(to_magenta_json(exportable(true), "x").json, "m.json").weights);
}

TEST(MagentaJson, TakesFactsThatTheFileLacksOrSaysOtherwise) {
  json file = json::parse(to_magenta_json(exportable(false), "x").json);
  EXPECT_EQ(parse_magenta_json(file.dump(), "m.json", {.scale_factor = 3, .max_seq_len = 7}).scale_factor, 3);
  file[0].erase("scale_factor");
  file[0].erase("max_seq_len");
  const auto model = parse_magenta_json(file.dump(), "m.json", {.scale_factor = 3, .max_seq_len = 7});
  EXPECT_EQ(model.scale_factor, 3);
  EXPECT_EQ(model.max_seq_len, 7);
}

// The files of sketch-rnn-js and of programs that load it.
TEST(MagentaJson, ReadsScripts) {
  const std::string array = to_magenta_json(exportable(false), "x").json;
  std::string escaped;
  for (const char c : array) escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
  const auto expected = parse_magenta_json(array, "m.json");
  const std::vector<std::string> scripts{
      "\xEF\xBB\xBF" + array + " ;\n",
      "var model = " + array + ";",
      "const model=\n" + array,
      "// [{ a note\n/* var a = [{}]; */ 'use strict';\nlet m = {}; m['sheep'] = " + array + ";\n",
      "export default " + array + ";\n",
      "export const sheep = " + array + ";\nexport default sheep;\n",
      "module.exports = " + array + ";",
      "var model_raw_data='" + array + "';",
      "module.exports = JSON.parse(\"" + escaped + "\");",
      "var model_raw_data=`\n" + array + "\n`;\n",
      "var model_raw_data='\\\n" + array + "\\n';"};
  for (const std::string& script : scripts) {
    const auto model = parse_magenta_json(script, "m.js");
    EXPECT_EQ(model.weights, expected.weights) << script.substr(0, 40);
    EXPECT_EQ(model.scale_factor, 40.5F);
  }
  EXPECT_THAT(parse_error("var a = " + array + "; var b = " + array + ";"), HasSubstr("m.json: holds several models"));
  EXPECT_THAT(parse_error("var a = " + array.substr(0, array.size() - 1)), HasSubstr("cut short"));
  EXPECT_THAT(parse_error("var a = '" + array), HasSubstr("cut short"));
  for (const char* other : {"alert(1)", "var a = [1, 2];", "// [{", "/* [{", "hello"})
    EXPECT_THAT(parse_error(other), HasSubstr("neither JSON nor a script")) << other;
  EXPECT_THAT(parse_error("var a = [{mode: 2}];"), HasSubstr("not valid JSON"));
}

TEST(MagentaJson, IsReadByItsEndingAndPackedByGzip) {
  const testing::TemporaryFolder folder;
  const std::string array = to_magenta_json(exportable(false), "x").json;
  const auto expected = parse_magenta_json(array, "m.json").weights;
  const std::string script = "export default " + array + ";";
  write_file(folder / "m.js", script);
  write_file(folder / "m.MJS", script);
  write_file(folder / "m.gen.json.gz", testing::gzip_file(as_bytes(array)));
  write_file(folder / "m.js.gz", testing::gzip_file(as_bytes(script)));
  write_file(folder / "packed.json", testing::gzip_file(as_bytes(array)));
  for (const char* name : {"m.js", "m.MJS", "m.gen.json.gz", "m.js.gz", "packed.json"})
    EXPECT_EQ(standard_registry().read(folder / name).weights, expected) << name;
}

TEST(MagentaJson, OneDamageEach) {
  const json good = json::parse(to_magenta_json(exportable(true), "x").json);
  const auto damaged = [&](const std::function<void(json&)>& damage) {
    json file = good;
    damage(file);
    return parse_error(file.dump());
  };
  EXPECT_THAT(parse_error("{}"), HasSubstr("m.json: not a Magenta"));
  EXPECT_THAT(parse_error(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(parse_error(std::string(100'000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(parse_error("[{},[],[\"\xff\"]]"), HasSubstr("m.json"));
  EXPECT_THAT(damaged([](json& f) { f.push_back(1); }), HasSubstr("not a Magenta"));
  EXPECT_THAT(damaged([](json& f) { f[1].erase(0); }), HasSubstr("16 shapes but 17 weights"));
  EXPECT_THAT(damaged([](json& f) { f[0].erase("mode"); }), HasSubstr("mode is missing"));
  EXPECT_THAT(damaged([](json& f) { f[0]["mode"] = 3; }), HasSubstr("info.mode is 3"));
  EXPECT_THAT(damaged([](json& f) {
                f[0]["mode"] = 2;
                f[1].erase(0);
                f[2].erase(0);
              }),
              HasSubstr("16 tensors, a gen model has 5"));
  EXPECT_THAT(damaged([](json& f) { f[0]["version"] = 7; }), HasSubstr("info.version"));
  EXPECT_THAT(damaged([](json& f) { f[0].erase("version"); }), HasSubstr("info.version is missing; "));
  EXPECT_THAT(damaged([](json& f) { f[0].erase("max_seq_len"); }),
              HasSubstr("info.max_seq_len is missing; say with limn import --max-seq-len"));
  EXPECT_THAT(damaged([](json& f) { f[0].erase("scale_factor"); }),
              HasSubstr("info.scale_factor is missing; say with limn import --scale-factor"));
  EXPECT_THAT(damaged([](json& f) { f[0]["max_seq_len"] = 1e300; }), HasSubstr("max_seq_len"));
  EXPECT_THAT(damaged([](json& f) { f[0]["scale_factor"] = "2"; }), HasSubstr("scale_factor"));
  EXPECT_THAT(damaged([](json& f) { f[0]["scale_factor"] = 0; }), HasSubstr("scale_factor"));
  EXPECT_THAT(damaged([](json& f) { f[1][12] = {4, 63}; }), HasSubstr("63 output columns, expected 123"));
  EXPECT_THAT(damaged([](json& f) { f[1][12] = 4; }), HasSubstr("shape 12"));
  EXPECT_THAT(damaged([](json& f) { f[1][12][0] = 4'000'000'000; }), HasSubstr("shape 12"));
  EXPECT_THAT(damaged([](json& f) { f[1][12][0] = 65536; }), HasSubstr("m.json: shape"));
  EXPECT_THAT(damaged([](json& f) { f[1][14] = {5, 16}; }), HasSubstr("shape 14 (decoder.cell.weight_ih) is [5,16]"));
  EXPECT_THAT(damaged([](json& f) { f[2][4] = 7; }), HasSubstr("weights 4"));
  EXPECT_THAT(damaged([](json& f) { f[2][4] = "AAAA"; }), HasSubstr("not the base64 of 36 16-bit numbers"));
  EXPECT_THAT(damaged([](json& f) { f[2][4] = "?" + f[2][4].get<std::string>().substr(1); }), HasSubstr("base64"));
}

TEST(MagentaJson, TruncationIsAnErrorAtEveryLength) {
  const std::string whole = to_magenta_json(exportable(false), "x").json;
  for (std::size_t size = 0; size < whole.size(); size += size < 100 || size + 100 > whole.size() ? 1 : 23)
    EXPECT_NE(parse_error(whole.substr(0, size)), "no error") << size;
}

// The real models: import, export and import again give the same bytes of weights.
TEST(MagentaJson, RealModelsSurviveTheRoundTrip) {
  const std::filesystem::path folder = std::filesystem::path(LIMN_SHARED_DATA_DIR) / "magenta";
  if (!std::filesystem::exists(folder / "bird.gen.json")) GTEST_SKIP() << folder << " is not on this machine";
  const auto bird = sketch_rnn_contents(standard_registry().read(folder / "bird.gen.json"));
  EXPECT_FALSE(bird.options.conditional);
  EXPECT_EQ(bird.options.dec_rnn_size, 512);
  EXPECT_EQ(bird.extra.at("name"), "bird");
  const auto exported = to_magenta_json(bird, "bird");
  EXPECT_EQ(exported.saturated, 0);
  const json original = json::parse(read_text_file(folder / "bird.gen.json"));
  EXPECT_EQ(json::parse(exported.json)[1], original[1]);
  EXPECT_EQ(json::parse(exported.json)[2], original[2]);
}

}  // namespace
}  // namespace limn::models
