// --device of the whole command: what it prints, and the one line where a device is not here.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "app/run_limn.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Devices : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(fs::path(LIMN_COMMAND).parent_path() / "limn_libtorch.so"))
      GTEST_SKIP() << "devices need the module on LibTorch, which is not built";
  }
};

TEST_F(Devices, EvaluationOnLibtorchGivesTheFiguresOfTheCpu) {
  const TemporaryFolder folder;
  expect_success(folder.path(), tiny_training("run"));
  // 40 new drawings, which are drawn on the CPU: exactly the same.
  for (const std::string more : {"", " --samples 40", " --latent mean --split valid"}) {
    const Json expected = Json::parse(expect_success(folder.path(), "eval run --json --device cpu" + more));
    const RunResult result = run_limn(folder.path(), "eval run --json --device torch:cpu" + more);
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("computing on the CPU by LibTorch"));
    const Json actual = Json::parse(result.out);
    ASSERT_EQ(actual.size(), expected.size());
    for (const auto& [name, value] : expected.items()) {
      if (!value.is_number_float() || name == "precision" || name == "recall") {
        EXPECT_EQ(actual.at(name), value) << name;
      } else {
        EXPECT_NEAR(actual.at(name).get<double>(), value.get<double>(), 1e-5 * std::abs(value.get<double>()) + 1e-9)
            << name;
      }
    }
    EXPECT_NE(actual.at("total"), expected.at("total")) << "computed by the same code";
  }
}

TEST_F(Devices, OneThatIsNotHereIsOneLineThatListsThoseThatAre) {
  const TemporaryFolder folder;
  for (const std::string command : {"eval builtin:doodles", "train sketch-rnn --out run"}) {
    const RunResult result = run_limn(folder.path(), command + " --device sofa");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
    EXPECT_THAT(result.err,
                ::testing::MatchesRegex("limn: error: --device sofa: .*expected one of auto, cpu, .*torch:cpu\n"));
  }
  EXPECT_FALSE(fs::exists(folder / "run"));
}

}  // namespace
}  // namespace limn::testing
