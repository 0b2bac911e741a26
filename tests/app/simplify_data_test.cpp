// --set simplify=…: a run on dense data is the run on data that were converted with --simplify, and everything that
// reads data for its model simplifies them alike.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "app/run_limn.hpp"
#include "limn/core/file.hpp"
#include "limn/sketch/npz.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTiny =
    " --steps 2 --batch-size 4 --set enc_rnn_size=8 dec_rnn_size=8 z_size=2 num_mixture=2 save_every=1 valid_every=1";

// A wave of so many points.
sketch::Sketch wave(int points, double height) {
  sketch::Stroke stroke;
  for (int i = 0; i < points; ++i)
    stroke.push_back({static_cast<float>(3 * i), static_cast<float>(std::round(height * std::sin(0.2 * i)))});
  return sketch::from_strokes(std::span(&stroke, 1));
}

class SimplifyDataTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sketch::SketchSplits splits;
    for (int i = 0; i < 12; ++i) splits[Split::kTrain].push_back(wave(70 + i, 30 + i));
    for (int i = 0; i < 3; ++i) splits[Split::kValid].push_back(wave(60 + i, 33));
    for (int i = 0; i < 3; ++i) splits[Split::kTest].push_back(wave(64 + i, 35));
    sketch::write_npz(folder_ / "dense.npz", splits);
  }
  [[nodiscard]] RunResult run(const std::string& command) const { return run_limn(folder_.path(), command); }
  std::string succeed(const std::string& command) const { return expect_success(folder_.path(), command); }
  [[nodiscard]] std::string file(const std::string& name) const { return read_text_file(folder_ / name); }

  TemporaryFolder folder_;
};

TEST_F(SimplifyDataTest, IsTheSameAsConvertedData) {
  succeed("data convert dense.npz -o simple.npz --simplify 3");
  succeed("data convert dense.npz -o dense.limn");
  succeed(std::string("train sketch-rnn --quiet --data dense.npz --out run") + kTiny + " simplify=3");
  succeed(std::string("train sketch-rnn --quiet --data dense.limn --out shards") + kTiny + " simplify=3");
  succeed(std::string("train sketch-rnn --quiet --data simple.npz --out same") + kTiny);
  EXPECT_THAT(file("run/config.toml"), HasSubstr("simplify = 3"));
  const auto losses = [&](const std::string& model, const std::string& data) {
    const std::string said = succeed("eval " + model + " --data " + data + " --json");
    return said.substr(said.find("\"n\""));
  };
  const std::string expected = losses("same", "simple.npz");
  EXPECT_EQ(losses("run", "dense.npz"), expected);
  EXPECT_EQ(losses("run", "dense.limn"), expected);
  EXPECT_EQ(losses("shards", "dense.npz"), expected);
  const auto output = [&](const std::string& command, const std::string& name) {
    succeed(command + " -o " + name);
    return file(name);
  };
  for (const auto& [command, ending] : {std::pair("encode {} --in {}:test", "npy"),
                                        {"reconstruct {} --in {}:test -n 2", "json"},
                                        {"complete {} --in {}:test#1 --points 7 -n 2", "json"},
                                        {"interpolate {0} --from {1}:test#0 --to {1}:test#1 --steps 3", "json"}})
    EXPECT_EQ(output(fmt::format(fmt::runtime(command), "run", "dense.npz"), fmt::format("a.{}", ending)),
              output(fmt::format(fmt::runtime(command), "same", "simple.npz"), fmt::format("b.{}", ending)))
        << command;
}

TEST_F(SimplifyDataTest, AnotherValueIsNoContinuation) {
  succeed(std::string("train sketch-rnn --quiet --data dense.npz --out run") + kTiny + " simplify=3");
  for (const char* other : {"0", "2.5"}) {
    const RunResult said =
        run(fmt::format("train sketch-rnn --quiet --resume --out run --steps 3 --set simplify={}", other));
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.err, HasSubstr("--new-data"));
  }
  EXPECT_THAT(succeed("train sketch-rnn --quiet --resume --out run --steps 3"), HasSubstr("trained 3 steps"));
  EXPECT_THAT(run("train sketch-rnn --quiet --data dense.npz --out bad --set simplify=-1").err,
              HasSubstr("--set simplify=-1"));
}

TEST_F(SimplifyDataTest, IsAdvisedOnceAndWhereItIsWorthIt) {
  const std::string advice = "limn: note: dense.npz: --set simplify=4 would leave ";
  const std::string train = std::string("train sketch-rnn --data dense.npz --out run") + kTiny;
  EXPECT_THAT(run(train).err, HasSubstr(advice));
  EXPECT_THAT(run("train sketch-rnn --resume --out run --steps 3").err, Not(HasSubstr("simplify")));
  EXPECT_THAT(run(train + " simplify=4 --overwrite").err, Not(HasSubstr("would leave")));
  EXPECT_THAT(run(train + " --overwrite --quiet").err, Not(HasSubstr("would leave")));
  EXPECT_THAT(succeed("data info dense.npz"), HasSubstr("\n--set simplify=4 would leave "));
  EXPECT_THAT(succeed("data info dense.npz --json"), HasSubstr("\"simplify\":{\"units\":4"));
  const std::string simple = succeed("data info dense.npz --set simplify=4");
  EXPECT_THAT(simple, Not(HasSubstr("would leave")));
  succeed("data convert dense.npz -o simple.npz --simplify 4");
  const std::string converted = succeed("data info simple.npz");
  const auto table = [](const std::string& said) {  // between the name of the file and the scale factor
    return said.substr(said.find('\n'), said.find("\nscale factor") - said.find('\n'));
  };
  EXPECT_EQ(table(simple), table(converted));
  for (const char* data : {"simple.npz", "builtin:doodles"})
    EXPECT_THAT(succeed(fmt::format("data info {}", data)), Not(HasSubstr("would leave"))) << data;
}

}  // namespace
}  // namespace limn::testing
