// Every command on a VAE that was trained for a few steps on the built-in shapes.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "app/run_limn.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ImagesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder;
    run("train vae --out dense --steps 8 --quiet --set hidden=9 --set valid_every=8 --set sample_every=8");
    run("train vae --preset conv20 --out conv --steps 2 --batch-size 16 --quiet --set channels=2 --set hidden=9 "
        "--set z_size=4 --set sample_every=0");
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  [[nodiscard]] static fs::path file(const std::string& name) { return *shared_ / name; }
  static std::string run(const std::string& words) { return expect_success(shared_->path(), words); }
  static void expect_begins(const std::string& name, std::string_view bytes) {
    EXPECT_EQ(read_text_file(file(name)).substr(0, bytes.size()), bytes) << name;
  }
  static void expect_png(const std::string& name) { expect_begins(name, "\x89PNG\r\n\x1a\n"); }
  static void expect_refused(const std::string& words, const std::string& reason) {
    const RunResult result = run_limn(shared_->path(), words);
    EXPECT_EQ(result.status, 1) << words;
    EXPECT_THAT(result.err, StartsWith("limn: error: "));
    EXPECT_THAT(result.err, HasSubstr(reason));
  }
  static TemporaryFolder* shared_;
};
TemporaryFolder* ImagesTest::shared_ = nullptr;

TEST_F(ImagesTest, TrainingLeavesARunDirectory) {
  expect_png("dense/samples/step-8.png");
  std::istringstream lines(read_text_file(file("dense/metrics.jsonl")));
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line);
    for (const char* key : {"step", "split", "total", "reconstruction", "kl"})
      EXPECT_TRUE(object.contains(key)) << line;
  }
  EXPECT_THAT(read_text_file(file("conv/config.toml")), HasSubstr("center_crop = 20"));
}

TEST_F(ImagesTest, SamplesAndWalks) {
  run("sample dense -n 5 -o samples.png");
  expect_png("samples.png");
  run("sample dense -n 3 -o samples.svg");
  expect_begins("samples.svg", "<");
  run("sample conv -n 2 -o walk.gif");
  expect_begins("walk.gif", "GIF89a");
  run("sample dense -n 5 --seed 1 -o again.png");
  EXPECT_EQ(read_file(file("samples.png")), read_file(file("again.png")));
  run("sample dense -n 5 --seed 2 -o other.png");
  EXPECT_NE(read_file(file("samples.png")), read_file(file("other.png")));
}

TEST_F(ImagesTest, ReconstructsAndInterpolates) {
  run("reconstruct dense --in builtin:shapes:test -n 12 -o redrawn.png");
  expect_png("redrawn.png");
  run("interpolate dense --from builtin:shapes:test#0 --to samples.png --steps 4 -o path.png");
  expect_png("path.png");
  run("interpolate conv --from builtin:shapes#0 --to builtin:shapes#5 --steps 4 -o path.gif");
  expect_begins("path.gif", "GIF89a");
  run("interpolate dense --corners builtin:shapes#0 builtin:shapes#1 builtin:shapes#2 builtin:shapes#3 --steps 3 "
      "-o corners.png");
  expect_png("corners.png");
}

TEST_F(ImagesTest, EncodesAndDecodes) {
  run("encode dense --in builtin:shapes:test#0 builtin:shapes:test#1 -o z.npy");
  const arrays::FloatMatrix z = arrays::read_npy_matrix(file("z.npy"));
  EXPECT_EQ(z.rows, 2);
  EXPECT_EQ(z.columns, 2);
  run("decode dense --z z.npy -o decoded.png");
  expect_png("decoded.png");
  expect_refused("decode conv --z z.npy -o decoded.png", "conv wants 4");
}

TEST_F(ImagesTest, ShowsTheLatentSpace) {
  run("manifold dense --grid 4 -o manifold.png");
  expect_png("manifold.png");
  run("traverse conv --dims 3,1 --grid 3 --base builtin:shapes:test#2 -o one.png");
  expect_png("one.png");
  run("traverse conv --dims 0,2 --grid 3 --base builtin:shapes:test#2 --sampled --seed 4 -o sampled.svg");
  run("traverse conv --dims 3,1 --grid 3 --others each --prior standard -o each.svg");
  const std::string each = read_text_file(file("each.svg"));
  for (const char* text : {">X: 3, Y: 1<", ">−1.64<", ">0<", ">1.64<"}) EXPECT_THAT(each, HasSubstr(text));
  run("traverse conv --dims 3,1 --grid 3 --others each -o fitted.svg");
  EXPECT_THAT(read_text_file(file("fitted.svg")), Not(HasSubstr(">1.64<")));  // the range of its training data
  run("traverse conv --dims 3,1 --grid 3 --others fixed --bare -o bare.svg");
  EXPECT_THAT(read_text_file(file("bare.svg")), Not(HasSubstr("<text")));
  expect_refused("traverse conv --dims 3,1 --others each --base builtin:shapes:test#2 -o x.png", "leave --base out");
  EXPECT_EQ(run("traverse conv --dims 2,* --grid 2 -o planes"),
            "planes/02-00.png\nplanes/02-01.png\nplanes/02-03.png\n");
  expect_png("planes/02-03.png");
  EXPECT_EQ(run("traverse conv --dims 0,* --grid 2 -o some.png"), "some-00-01.png\nsome-00-02.png\nsome-00-03.png\n");
}

// The first picture that does not fit takes the others along.
TEST_F(ImagesTest, AFolderOfPlanesIsWholeOrNotThere) {
  run("traverse conv --dims 1,* --grid 2 -o whole");
  std::uintmax_t largest = 0;
  for (const auto& entry : fs::directory_iterator(file("whole"))) largest = std::max(largest, entry.file_size());
  const auto full = run_limn(shared_->path(), "traverse conv --dims 1,* --grid 2 -o broken",
                             {.file_bytes = static_cast<std::int64_t>(largest) - 1});
  EXPECT_EQ(full.status, 1);
  EXPECT_THAT(full.err, AllOf(HasSubstr("limn: error: broken/01-"), HasSubstr("cannot write: File too large")));
  EXPECT_EQ(full.out, "");
  EXPECT_FALSE(fs::exists(file("broken")));
  run("traverse conv --dims 1,* --grid 2 -o whole/");
  for (const auto& entry : fs::directory_iterator(file("whole")))
    EXPECT_EQ(entry.path().extension(), ".png") << entry.path();
}

TEST_F(ImagesTest, DescribesAndEvaluates) {
  const auto info = nlohmann::json::parse(run("info dense --json"));
  EXPECT_EQ(info["model"], "vae");
  EXPECT_EQ(info["step"], 8);
  EXPECT_EQ(info["options"]["hidden"], 9);
  EXPECT_EQ(info["latent_size"], 2);
  EXPECT_THAT(run("info conv"), HasSubstr("conv20"));
  const auto losses = nlohmann::json::parse(run("eval dense --split valid --importance-samples 3 --json"));
  for (const char* key : {"reconstruction", "kl", "total", "nats", "importance_weighted"})
    EXPECT_TRUE(losses[key].is_number()) << key;
  EXPECT_EQ(losses["total"], losses["nats"]);
  EXPECT_LE(losses["importance_weighted"], losses["total"]);
  EXPECT_TRUE(losses["active_units"].is_number_integer());
  EXPECT_GT(losses["n"], 0);
  EXPECT_FALSE(nlohmann::json::parse(run("eval dense --split valid --samples 2 --json")).contains("precision"));
  for (const std::string words : {"eval dense --samples 2 --prior standard", "sample dense --skip-blank"})
    EXPECT_THAT(run_limn(shared_->path(), words).err, HasSubstr("leave it out")) << words;
  run("plot dense -o curves.png");
  expect_png("curves.png");
}

TEST_F(ImagesTest, RefusesWhatAModelCannotDo) {
  expect_refused("manifold conv -o m.png", "has 4 latent dimensions, a manifold shows 2");
  expect_refused("traverse conv --dims 4,1 -o t.png", "from 0 to 3");
  expect_refused("traverse conv --dims 1 -o t.png", "such as 0,1");
  expect_refused("traverse conv --dims 1,1 -o t.png", "two different dimensions");
  expect_refused("sample dense --temperature 0.5 -o s.png",
                 "which have no temperature: an image follows from z alone; leave --temperature out");
  expect_refused("sample dense --sigma-temperature linear -o s.png", "leave --sigma-temperature out");
  expect_refused("sample dense -o s.npz", "use .svg, .png or .gif");
  expect_refused("complete dense --in builtin:doodles -o c.svg",
                 "only strokes can be continued; choose a model of sketches");
  expect_refused("sample dense --steps-shown -o s.png", "not step by step; leave --steps-shown out");
  run("eval dense --latent mean");
  expect_refused("train vae --out wrong --set arch=conv40", "image_size=40");
  expect_refused("train vae --out wrong --set image_height=30", "the options ask for 1×30×28");
  EXPECT_FALSE(fs::exists(file("wrong")));
}

TEST_F(ImagesTest, SaysWhenColoursAreBinarised) {
  const std::string smallest =
      "train draw --steps 1 --quiet --set time_steps=2 enc_rnn_size=4 dec_rnn_size=4 z_size=2 sample_every=0 ";
  const std::string remark = "--set binarize=none keeps the colours";
  EXPECT_THAT(run_limn(shared_->path(), smallest + "color=rgb --out a").err, HasSubstr(remark));
  EXPECT_EQ(run_limn(shared_->path(), smallest + "color=rgb binarize=none --out b").err, "");
  EXPECT_EQ(run_limn(shared_->path(), smallest + "--out c").err, "");
}

TEST_F(ImagesTest, ComposesTwoImages) {
  run("train draw --steps 1 --quiet --compose two-digits --out two "
      "--set time_steps=2 enc_rnn_size=4 dec_rnn_size=4 z_size=2 sample_every=1");
  EXPECT_THAT(read_text_file(file("two/config.toml")), HasSubstr("compose = \"two-digits\""));
  EXPECT_THAT(run("info two"), AllOf(HasSubstr("image_height"), HasSubstr("60")));
  expect_png("two/samples/step-1.png");
  run("eval two --importance-samples 2 --json");
}

TEST_F(ImagesTest, ResumesWhereItStopped) {
  // A schedule that follows the length of the run would not be that of a longer one.
  run("train vae --out part --steps 3 --quiet --set hidden=9 schedule=exponential sample_every=0 save_every=2");
  run("train vae --out part --resume --steps 5 --quiet");
  run("train vae --out whole --steps 5 --quiet --set hidden=9 schedule=exponential sample_every=0 save_every=2");
  EXPECT_EQ(read_file(file("part/checkpoints/last.safetensors")).size(),
            read_file(file("whole/checkpoints/last.safetensors")).size());
  run("sample part -n 4 -o part.png");
  run("sample whole -n 4 -o whole.png");
  EXPECT_EQ(read_file(file("part.png")), read_file(file("whole.png")));
}

}  // namespace
}  // namespace limn::testing
