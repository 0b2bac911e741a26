// A new family beside the standard ones: with a line in a registry, the whole command trains it, continues, evaluates,
// describes and draws it.
#include "app/toy_family.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "app/run_in_process.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/safetensors.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ToyFamilyTest : public ::testing::Test {
 protected:
  // Runs `limn words…` in this process, with a registry that knows the toy too. Words that begin with '@' are names in
  // the test's folder.
  Said run(const std::string& words) const { return run_in_process(words_of(words, folder_.path()), registry_); }
  std::string expect_success(const std::string& words) const {
    const Said said = run(words);
    EXPECT_EQ(said.status, 0) << "limn " << words << "\n" << said.err;
    return said.out;
  }
  nlohmann::json json_of(const std::string& words) const { return nlohmann::json::parse(expect_success(words)); }

  TemporaryFolder folder_;

 private:
  static models::Registry all_families() {
    const models::Registry standard = models::standard_registry();
    std::vector<models::Family> families(standard.families().begin(), standard.families().end());
    families.push_back(toy_family());
    return models::Registry(std::move(families));
  }
  models::Registry registry_ = all_families();
};

TEST_F(ToyFamilyTest, IsDescribedByTheCommandLine) {
  EXPECT_THAT(expect_success("train --help"), HasSubstr("a Gaussian for each pixel"));
  EXPECT_THAT(expect_success("train toy --help"),
              AllOf(HasSubstr("initial_sigma"), HasSubstr("binarize"), HasSubstr("learning_rate"), HasSubstr("wide"),
                    HasSubstr("--compose"), HasSubstr("limn train toy --out")));
  EXPECT_THAT(expect_success("completion bash"), HasSubstr("'limn train toy'"));
  EXPECT_THAT(run("train toy --set initial_sigma=0 --out @run").err, HasSubstr("initial_sigma=0: must be between"));
}

TEST_F(ToyFamilyTest, TrainsAndIsEvaluated) {
  EXPECT_THAT(expect_success("train toy --quiet --out @run --preset wide"), HasSubstr("trained 20 steps"));
  const auto info = json_of("info @run --json");
  EXPECT_EQ(info["model"], "toy");
  EXPECT_EQ(info["parameters"], 2 * 28 * 28);
  EXPECT_EQ(info["options"]["initial_sigma"], 1);
  EXPECT_TRUE(fs::exists(folder_ / "run/samples/step-20.png"));

  expect_success("train toy --quiet --out @untrained --steps 1");
  const double before = json_of("eval @untrained --json")["total"];
  const auto losses = json_of("eval @run --json --importance-samples 2");
  EXPECT_LT(losses["total"], before);
  // Its posterior is a point, so that the bound is exact.
  EXPECT_NEAR(losses["importance_weighted"].get<double>(), losses["total"].get<double>(), 1e-6);
}

TEST_F(ToyFamilyTest, ContinuesBitForBit) {
  expect_success("train toy --quiet --out @whole --steps 6 --set valid_every=3 save_every=2");
  expect_success("train toy --quiet --out @part --steps 4 --set valid_every=3 save_every=2");
  expect_success("train toy --quiet --out @part --steps 6 --resume");
  for (const char* name : {"last.safetensors", "state.safetensors"}) {
    const auto whole = SafetensorsFile::read(folder_ / "whole/checkpoints" / name);
    const auto part = SafetensorsFile::read(folder_ / "part/checkpoints" / name);
    ASSERT_EQ(whole.tensors().size(), part.tensors().size());
    for (const auto& [tensor, data] : whole.tensors())
      EXPECT_TRUE(std::ranges::equal(data.bytes, part.tensors().at(tensor).bytes)) << name << ": " << tensor;
  }
}

TEST_F(ToyFamilyTest, Draws) {
  expect_success("train toy --quiet --out @run");
  expect_success("sample @run -n 3 -o @new.png");
  expect_success("sample @run -n 2 -o @walk.gif");
  expect_success("encode @run --in builtin:shapes:test#0 -o @z.npy");
  expect_success("decode @run --z @z.npy -o @decoded.png");
  expect_success("reconstruct @run --in builtin:shapes:test -n 2 -o @redrawn.png");
  expect_success("traverse @run --dims 0,400 --grid 3 -o @plane.png");
  for (const char* name : {"new.png", "decoded.png", "redrawn.png", "plane.png"})
    EXPECT_EQ(read_text_file(folder_ / name).substr(0, 4), "\x89PNG") << name;
}

TEST_F(ToyFamilyTest, RefusesWhatItCannotDo) {
  expect_success("train toy --quiet --out @run --steps 1");
  for (const auto& [words, reason, advice] :
       {std::tuple{"sample @run --temperature 1 -o @x.png", "which have no temperature", "leave --temperature out"},
        std::tuple{"sample @run --steps-shown -o @x.png", "not step by step", "leave --steps-shown out"},
        std::tuple{"complete @run --in builtin:doodles -o @x.svg", "only strokes can be continued",
                   "a model of sketches"},
        std::tuple{"export @run --to magenta-json -o @x.json", "a Toy model goes to safetensors", ""}}) {
    const Said said = run(words);
    EXPECT_EQ(said.status, 1) << words;
    EXPECT_THAT(said.err, AllOf(HasSubstr("limn: error: "), HasSubstr(reason), HasSubstr(advice))) << words;
  }
}

}  // namespace
}  // namespace limn::testing
