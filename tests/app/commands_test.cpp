// Every command on a model that was trained for a few steps: it ends well, and other readers accept what it
// wrote.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "app/run_limn.hpp"
#include "arrays/pytorch_files.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The names under "Subcommands:" of a help text.
std::vector<std::string> subcommands(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help.substr(std::min(help.find("Subcommands:"), help.size())));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.starts_with("  ")) {
    std::istringstream words(line);
    std::string name;
    if (line[2] != ' ' && words >> name) names.push_back(name);
  }
  return names;
}

void expect_examples(const fs::path& folder, const std::string& command, int& count) {
  const std::string help = expect_success(folder, command + " --help");
  EXPECT_THAT(help, AnyOf(HasSubstr("Example:"), HasSubstr("Examples:"), HasSubstr("Example ("))) << "limn " << command;
  ++count;
  for (const auto& name : subcommands(help))
    expect_examples(folder, command.empty() ? name : command + " " + name, count);
}

TEST(Help, HasAnExampleForEveryCommand) {
  const TemporaryFolder folder;
  int count = 0;
  expect_examples(folder.path(), "", count);
  EXPECT_GE(count, 18);
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  const TemporaryFolder folder;
  for (const std::string words : {"", "draw-me-a-sheep", "sample", "sample run --tempreture 1", "sample run -n 0",
                                  "sample run --temperature warm", "data", "eval run --latent median", "info a b",
                                  "train sketch-rnn --resume --overwrite", "data convert a.npz",
                                  "data convert a.npz -o b.npz --quickdraw --scale", "completion csh"}) {
    const RunResult result = run_limn(folder.path(), words);
    EXPECT_EQ(result.status, 1) << "limn " << words;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("limn: error: "));
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr("--help"));
  }
}

TEST(CommandLine, NamesWhatWasMeant) {
  const TemporaryFolder folder;
  const std::pair<const char*, const char*> mistakes[] = {
      {"smaple", "smaple: limn has no such command; did you mean sample?; see limn --help"},
      {"--verison", "--verison: limn has no such option; did you mean --version?; see limn --help"},
      {"data nifo x", "nifo: limn data has no such command; did you mean info?; see limn data --help"},
      {"train sketchrnn --steps 3", "sketchrnn: limn train has no such command; did you mean sketch-rnn?"},
      {"sample run --tempreature 0.3", "--tempreature: limn sample has no such option; did you mean --temperature?"},
      {"train sketch-rnn --stpes=3", "--stpes: limn train sketch-rnn has no such option; did you mean --steps?"},
      {"info a b", "b: limn info expects nothing more"},
      {"data", "limn data: a command is missing"},
      {"sample run --temperature 0", "--temperature 0: expected a number from 0.001 to 1000"},
      {"sample run -n abc", "--count abc: expected a whole number from 1 to 100000"},
      {"bench --only zzz", "--only zzz: no measurement has that in its name; there are: train lstm f32"}};
  for (const auto& [words, answer] : mistakes)
    EXPECT_THAT(run_limn(folder.path(), words).err, HasSubstr(answer)) << "limn " << words;
}

TEST(Completion, KnowsEveryCommandAndOption) {
  const TemporaryFolder folder;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = expect_success(folder.path(), "completion " + shell);
    for (const char* word : {"sketch-rnn", "reconstruct", "convert", "max-points", "temperature"})
      EXPECT_THAT(script, HasSubstr(word)) << shell;
  }
}

// Bash itself runs the script and says what it would offer.
TEST(Completion, WorksInBash) {
  const TemporaryFolder folder;
  write_file(folder / "limn.bash", expect_success(folder.path(), "completion bash"));
  const auto offers = [&](const std::string& words) {
    const std::string list = (folder / "offers").string();
    const std::string script = "source '" + (folder / "limn.bash").string() + "'; COMP_WORDS=(" + words +
                               "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _limn; echo \"${COMPREPLY[*]}\" > '" + list +
                               "'";
    write_file(folder / "try.bash", script);
    EXPECT_EQ(std::system(("bash '" + (folder / "try.bash").string() + "'").c_str()), 0);
    return read_text_file(list);
  };
  EXPECT_EQ(offers("limn data con"), "convert\n");
  EXPECT_EQ(offers("limn data ''"), "info convert fetch\n");
  EXPECT_EQ(offers("limn eval run --latent ''"), "sample mean\n");
  EXPECT_EQ(offers("limn completion ''"), "bash zsh fish\n");
  EXPECT_EQ(offers("limn data convert x --max"), "--max-points\n");
  EXPECT_EQ(offers("limn sample run -o ''"), "\n");  // files
}

class CommandsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder;
    expect_success(shared_->path(), tiny_training("run"));
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  [[nodiscard]] static fs::path file(const std::string& name) { return *shared_ / name; }
  static std::string run(const std::string& words) { return expect_success(shared_->path(), words); }

  static void expect_svg(const std::string& name) {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_file(file(name).c_str())) << name;
    EXPECT_STREQ(document.document_element().name(), "svg") << name;
  }
  static void expect_begins(const std::string& name, std::string_view bytes) {
    EXPECT_EQ(read_text_file(file(name)).substr(0, bytes.size()), bytes) << name;
  }
  static TemporaryFolder* shared_;
};
TemporaryFolder* CommandsTest::shared_ = nullptr;

TEST_F(CommandsTest, TrainingLeavesARunDirectory) {
  for (const char* name : {"config.toml", "metrics.jsonl", "checkpoints/last.safetensors",
                           "checkpoints/best.safetensors", "checkpoints/state.safetensors"})
    EXPECT_TRUE(fs::exists(file("run") / name)) << name;
  std::istringstream lines(read_text_file(file("run/metrics.jsonl")));
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line);
    for (const char* key : {"step", "split", "total", "reconstruction", "kl"})
      EXPECT_TRUE(object.contains(key)) << line;
  }
}

TEST_F(CommandsTest, RefusesToOverwriteARun) {
  const RunResult result = run_limn(shared_->path(), tiny_training("run"));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, StartsWith("limn: error: run: holds another run"));
  EXPECT_THAT(result.err, HasSubstr("--overwrite"));
}

TEST_F(CommandsTest, SamplesInEveryFormat) {
  for (const char* ending : {"svg", "png", "gif", "gcode", "npz", "ndjson", "json"})
    run(std::string("sample run -n 3 -o samples.") + ending);
  expect_svg("samples.svg");
  expect_begins("samples.png", "\x89PNG\r\n\x1a\n");
  expect_begins("samples.gif", "GIF89a");
  EXPECT_THAT(read_text_file(file("samples.gcode")), HasSubstr("G1"));
  for (const char* ending : {"npz", "ndjson", "json"})
    EXPECT_EQ(sketch::read_sketches(file(std::string("samples.") + ending))[Split::kTrain].size(), 3U) << ending;
  run("sample run -n 2 --temperature 0.2 0.8 -o sweep.svg");
  run("sample run -n 2 --temperature 0.2 --sigma-temperature linear -o linear.json");
  run("sample run -n 2 --temperature 0.2 --sigma-temperature sqrt -o sqrt.json");
  run("sample run -n 2 --temperature 0.2 -o usual.json");
  EXPECT_EQ(read_text_file(file("sqrt.json")), read_text_file(file("usual.json")));
  EXPECT_NE(read_text_file(file("linear.json")), read_text_file(file("usual.json")));
  expect_svg("sweep.svg");
}

TEST_F(CommandsTest, DrawsWithWeightsOfEitherPrecision) {
  run("encode run --in builtin:doodles:test#0 -o z.npy");
  const std::string commands[] = {"sample run -n 2", "complete run -n 2", "decode run --z z.npy",
                                  "interpolate run --steps 3", "reconstruct run -n 2"};
  for (const std::string& command : commands) {
    for (const std::string name : {"f32", "bf16"}) run(command + " --precision " + name + " -o " + name + ".json");
    run(command + " -o usual.json");
    EXPECT_EQ(read_text_file(file("f32.json")), read_text_file(file("usual.json"))) << command;
    EXPECT_NE(read_text_file(file("bf16.json")), read_text_file(file("usual.json"))) << command;
  }
}

// The beginning is the user's, point for point; what the model adds has its units and follows its end.
// A state_dict() of which the names tell the kind.
TEST_F(CommandsTest, ImportsModelsFromPytorch) {
  std::vector<std::pair<std::string, std::string>> entries, storages;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    SavedTensor tensor{
        .key = std::to_string(storages.size()), .storage_count = count, .shape = shape, .strides = {shape.back(), 1}};
    if (shape.size() == 1) tensor.strides = {1};
    entries.emplace_back(pickled_text("module." + name), pickled_tensor(tensor));
    storages.emplace_back(tensor.key, memory_of(std::vector<float>(static_cast<std::size_t>(count), 0.25F)));
  };
  for (const auto& [name, out, in] :
       {std::tuple{"fc1", 6, 9}, {"fc21", 2, 6}, {"fc22", 2, 6}, {"fc3", 6, 2}, {"fc4", 9, 6}}) {
    add(std::string(name) + ".weight", {out, in});
    add(std::string(name) + ".bias", {out});
  }
  write_file(file("vae.pth"), pytorch_zip(pickled_ordered_dict(entries), storages));
  const RunResult imported = run_limn(shared_->path(), "import vae.pth -o vae.safetensors");
  EXPECT_EQ(imported.status, 0) << imported.err;
  EXPECT_THAT(imported.err, HasSubstr("limn: note: vae.pth: the file does not tell its activations"));
  EXPECT_THAT(run("info vae.safetensors"), HasSubstr("1x3x3"));
  run("sample vae.safetensors -n 2 -o vae.png");
  const auto refused = [&](const std::string& words, const std::string& why) {
    const RunResult result = run_limn(shared_->path(), words);
    EXPECT_EQ(result.status, 1) << words;
    EXPECT_THAT(result.err, HasSubstr(why)) << words;
  };
  refused("sample vae.pth", "vae.pth: is a PyTorch file; make a limn model of it with limn import");
  refused("import vae.safetensors -o other.safetensors", "is a model of limn already");
  refused("import vae.pth --from labml --scale-factor 2 -o other.safetensors", "so this is not a model of labml");
  refused("import vae.pth --scale-factor 2 -o other.safetensors", "leave them out");
  write_file(file("other.pth"), pytorch_zip(pickled_ordered_dict({entries.front()}), {storages.front()}));
  refused("import other.pth -o other.safetensors", "other.pth: say whose model it is: --from magenta, labml");
}

TEST_F(CommandsTest, BringsADrawingOfAnyUnitsToTheModel) {
  const auto drawing = [&](const std::string& name, double unit) {
    std::string points;
    for (const auto& [x, y] : {std::pair{0.0, 0.0}, {3.0, 1.0}, {4.0, 5.0}, {1.0, 4.5}, {-1.0, 2.0}})
      points += fmt::format("{}[{},{}]", points.empty() ? "" : ",", x * unit, y * unit);
    write_file(file(name), "[[[" + points + "]]]");
  };
  const auto endings = [&](const std::string& name, const std::string& more) {
    run("complete run --in " + name + " -n 3 -o endings.json" + more);
    return sketch::read_sketches(file("endings.json"))[Split::kTrain];
  };
  drawing("one.json", 1);
  drawing("large.json", 3000);
  const auto one = endings("one.json", ""), large = endings("large.json", ""),
             fit = endings("one.json", " --scale fit"), kept = endings("one.json", " --scale keep");
  ASSERT_EQ(one.size(), 3U);
  EXPECT_EQ(fit, one);
  EXPECT_NE(kept, one);
  for (std::size_t i = 0; i < one.size(); ++i) {
    ASSERT_EQ(large[i].points.size(), one[i].points.size());
    EXPECT_EQ(one[i].points[2], (sketch::StrokePoint{1, 4, false}));
    for (std::size_t p = 0; p < one[i].points.size(); ++p) {
      EXPECT_NEAR(large[i].points[p].dx / 3000, one[i].points[p].dx, 1e-3) << i << " " << p;
      EXPECT_EQ(large[i].points[p].is_pen_lifted, one[i].points[p].is_pen_lifted);
    }
  }
  // Data sets are in the model's units.
  run("data convert one.json -o one.npz");
  EXPECT_EQ(endings("one.npz", ""), kept);
  EXPECT_EQ(endings("one.npz", " --scale fit"), one);
  const auto remark = [&](const std::string& words) { return run_limn(shared_->path(), words).err; };
  run("data convert large.json -o large.npz");
  EXPECT_THAT(remark("complete run --in large.npz -o x.svg"),
              AllOf(StartsWith("limn: note: large.npz: its drawings are "), HasSubstr("--scale fit brings them")));
  EXPECT_EQ(remark("complete run --in large.npz -o x.svg --scale keep"), "");
  EXPECT_THAT(
      remark("complete run --in large.json -o x.svg"),
      AllOf(StartsWith("limn: note: large.json: simplified and brought"), HasSubstr("--scale keep leaves its size")));
  EXPECT_EQ(remark("complete run --in builtin:doodles#0 -o x.svg"), "");
  run("reconstruct run --in large.json -o redrawn.svg");
  run("encode run --in one.json -o one.npy");
  run("encode run --in large.json -o large.npy");
  run("encode run --in one.json --scale keep -o kept.npy");
  const auto z = arrays::read_npy_matrix(file("one.npy")).values,
             same = arrays::read_npy_matrix(file("large.npy")).values;
  for (std::size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(z[i], same[i], 1e-3);
  EXPECT_NE(z, arrays::read_npy_matrix(file("kept.npy")).values);
  run("interpolate run --from one.json --to large.json --steps 3 -o path.svg");
}

TEST_F(CommandsTest, DrawsTheSameFromTheSameSeed) {
  run("sample run -n 2 --seed 7 -o a.json");
  run("sample run -n 2 --seed 7 -o b.json");
  run("sample run -n 2 --seed 8 -o c.json");
  EXPECT_EQ(read_file(file("a.json")), read_file(file("b.json")));
  EXPECT_NE(read_file(file("a.json")), read_file(file("c.json")));
}

TEST_F(CommandsTest, SaysWhichSketchesFailedAndReplacesBlankOnes) {
  const auto drawn = [&](const std::string& name) { return sketch::read_sketches(file(name))[Split::kTrain]; };
  const std::string words = "sample run -n 40 --temperature 3 --seed 2 ";
  const RunResult usual = run_limn(shared_->path(), words + "-o with.json");
  const auto with = drawn("with.json");
  const auto blank = std::ranges::count_if(with, sketch::is_blank);
  ASSERT_GT(blank, 0);
  EXPECT_THAT(usual.err, HasSubstr("limn: note: " + std::to_string(blank) + " of 40 drawings are blank; --skip-blank"));
  const RunResult skipped = run_limn(shared_->path(), words + "--skip-blank -o without.json");
  EXPECT_EQ(skipped.status, 0);
  EXPECT_THAT(skipped.err, Not(HasSubstr("blank")));
  const auto without = drawn("without.json");
  ASSERT_EQ(without.size(), 40U);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(with[i] == without[i], !sketch::is_blank(with[i])) << i;
  // Points that hardly lift run into the limit.
  EXPECT_THAT(run_limn(shared_->path(), "sample run -n 5 --greedy -o long.json").err,
              HasSubstr("limn: note: 5 of 5 drawings ran into the model's limit of "));
}

TEST_F(CommandsTest, DrawsFromThePriorThatIsAskedFor) {
  EXPECT_THAT(nlohmann::json::parse(run("info run --json"))["prior"].get<std::string>(), StartsWith("fitted"));
  run("sample run -n 3 -o usual.json");
  run("sample run -n 3 --prior fitted -o fitted.json");
  run("sample run -n 3 --prior standard -o standard.json");
  EXPECT_EQ(read_file(file("usual.json")), read_file(file("fitted.json")));
  EXPECT_NE(read_file(file("usual.json")), read_file(file("standard.json")));
  // Without a fitted one, all are as N(0, I) gives them.
  run(tiny_training("plain", " --set fit_prior=false"));
  EXPECT_EQ(nlohmann::json::parse(run("info plain --json"))["prior"], "standard");
  run("sample plain -n 3 -o plain.json");
  EXPECT_EQ(read_file(file("plain.json")), read_file(file("standard.json")));
  const RunResult result = run_limn(shared_->path(), "sample plain --prior fitted");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("has no fitted prior; add it with limn fit-prior"));
}

TEST_F(CommandsTest, FitsAPriorToAnOldModel) {
  run(tiny_training("old", " --set fit_prior=false"));
  EXPECT_EQ(run("fit-prior old --data builtin:doodles -o fitted.safetensors"),
            "fitted.safetensors: new drawings come from a prior fitted to 4096 drawings\n");
  EXPECT_EQ(nlohmann::json::parse(run("info old --json"))["prior"], "standard");
  run("sample fitted.safetensors -n 3 -o with.json");
  run("sample run -n 3 -o trained.json");
  EXPECT_EQ(read_file(file("with.json")), read_file(file("trained.json")));
  // Of a run its best checkpoint; fitting again changes nothing.
  EXPECT_THAT(run("fit-prior old --data builtin:doodles"),
              StartsWith("old/checkpoints/best.safetensors: new drawings"));
  const auto best = read_file(file("old/checkpoints/best.safetensors"));
  run("fit-prior old --data builtin:doodles");
  EXPECT_EQ(read_file(file("old/checkpoints/best.safetensors")), best);
  // Other programs' models have no place for it, and get one as limn's.
  run(tiny_training("twenty", " --set num_mixture=20"));
  const RunResult exported = run_limn(shared_->path(), "export twenty -o twenty.json");
  EXPECT_THAT(exported.err, HasSubstr("the format has no fitted prior"));
  const RunResult refused = run_limn(shared_->path(), "fit-prior twenty.json --data builtin:doodles");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("twenty.json: a model with a prior is a .safetensors file; say which with -o"));
  run("fit-prior twenty.json --data builtin:doodles -o again.safetensors");
  EXPECT_THAT(nlohmann::json::parse(run("info again.safetensors --json"))["prior"].get<std::string>(),
              StartsWith("fitted"));
}

TEST_F(CommandsTest, ExploresTheLatentSpace) {
  run("reconstruct run --in builtin:doodles:test -n 2 -o redrawn.svg");
  run("complete run --in builtin:doodles:test#3 --points 5 -n 2 -o endings.svg");
  run("interpolate run --from builtin:doodles:test#0 --to builtin:doodles:test#1 --steps 3 -o path.svg");
  run("interpolate run --corners builtin:doodles#0 builtin:doodles#1 builtin:doodles#2 builtin:doodles#3 "
      "--steps 2 -o grid.svg");
  for (const char* name : {"redrawn.svg", "endings.svg", "path.svg", "grid.svg"}) expect_svg(name);
}

TEST_F(CommandsTest, EncodesAndDecodes) {
  run("encode run --in builtin:doodles:test#0 builtin:doodles:test#1 -o z.npy");
  const arrays::FloatMatrix z = arrays::read_npy_matrix(file("z.npy"));
  EXPECT_EQ(z.rows, 2);
  EXPECT_EQ(z.columns, 4);
  run("decode run --z z.npy -o decoded.npz");
  EXPECT_EQ(sketch::read_sketches(file("decoded.npz"))[Split::kTrain].size(), 2U);
}

TEST_F(CommandsTest, DescribesAndEvaluates) {
  const auto info = nlohmann::json::parse(run("info run --json"));
  EXPECT_EQ(info["step"], 6);
  EXPECT_EQ(info["options"]["dec_rnn_size"], 16);
  EXPECT_THAT(run("info run"), HasSubstr("dec_rnn_size"));
  const auto losses = nlohmann::json::parse(run("eval run --split valid --json"));
  EXPECT_EQ(losses["n"], 600);
  EXPECT_TRUE(losses["reconstruction"].is_number());
  EXPECT_TRUE(losses["reconstruction_shuffled_z"].is_number());
  EXPECT_FALSE(losses.contains("precision"));
  const auto judged = nlohmann::json::parse(run("eval run --split valid --samples 20 --temperature 0.5 --json"));
  EXPECT_EQ(judged["reconstruction"], losses["reconstruction"]);
  EXPECT_EQ(judged["new_drawings"], 20);
  EXPECT_EQ(judged["compared"], 20);
  for (const char* share : {"blank_share", "length_limit_share", "precision", "recall", "coverage"}) {
    EXPECT_GE(judged[share], 0) << share;
    EXPECT_LE(judged[share], 1) << share;
  }
  EXPECT_GE(judged["density"], 0);
  EXPECT_LT(judged["precision"], 0.5) << "six steps of training draw no doodles";
  EXPECT_THAT(run("eval run --samples 20 --prior standard"), HasSubstr("higher is better\n"));
  const std::pair<const char*, const char*> mistakes[] = {
      {"--temperature 0.3", "--temperature: is for new drawings; say how many with --samples"},
      {"--prior standard", "--prior: is for new drawings; say how many with --samples"},
      {"--samples 5", "are too few to compare, expected at least 6 of each"}};
  for (const auto& [words, answer] : mistakes)
    EXPECT_THAT(run_limn(shared_->path(), std::string("eval run ") + words).err, HasSubstr(answer));
  const auto data = nlohmann::json::parse(run("data info builtin:doodles --json"));
  EXPECT_EQ(data["splits"]["test"]["sketches"], 600);
  EXPECT_EQ(data["kinds"].size(), 30u);
  EXPECT_THAT(run("data info builtin:doodles"), HasSubstr("30 kinds: cat, face, "));
  EXPECT_EQ(nlohmann::json::parse(run("data info builtin:doodles-10 --json"))["kinds"].size(), 10u);
  const auto images = nlohmann::json::parse(run("data info builtin:shapes --json"));
  EXPECT_EQ(images["splits"]["train"]["images"], 6000);
  EXPECT_EQ(images["shape"]["width"], 28);
}

TEST_F(CommandsTest, TakesTheCheckpointThatIsAskedFor) {
  const std::string train =
      "train sketch-rnn --out kept --quiet --set num_steps=7 save_every=4 valid_every=4 sample_every=0 "
      "keep_checkpoints=2 "
      "dec_rnn_size=16 enc_rnn_size=8 z_size=4 num_mixture=3 batch_size=5 test_every=3 ";
  run(train);
  const auto info = [&](const std::string& words) { return nlohmann::json::parse(run("info kept --json" + words)); };
  EXPECT_THAT(std::string(info("")["file"]), ::testing::EndsWith("best.safetensors"));
  EXPECT_EQ(info("")["checkpoints"]["last"], 7);
  EXPECT_EQ(info("")["checkpoints"]["4"], 4);
  EXPECT_EQ(info(" --checkpoint last")["step"], 7);
  EXPECT_EQ(info(" --checkpoint 4")["step"], 4);
  EXPECT_EQ(info(" --checkpoint 4")["checkpoints"]["last"], 7);
  const auto fails = [](const std::string& words) { return run_limn(shared_->path(), words).err; };
  const std::string table = run("info kept");
  EXPECT_THAT(table, HasSubstr("checkpoints\n  best"));
  for (const std::string command : {"eval kept --split valid", "sample kept -n 1 -o kept.svg"})
    run(command + " --checkpoint 4");
  EXPECT_THAT(fails("info kept --checkpoint 5"),
              HasSubstr("step-5.safetensors: is not there; there is best, last, 4, 7"));
  EXPECT_THAT(fails("info kept --checkpoint newest"), HasSubstr("--checkpoint newest: expected best, last"));
  EXPECT_THAT(fails("info kept/checkpoints/best.safetensors --checkpoint last"), HasSubstr("is not a run directory"));
  EXPECT_THAT(read_text_file(file("kept/metrics.jsonl")), HasSubstr("\"step\":6,\"split\":\"test\""));
}

TEST_F(CommandsTest, PlotsNameTheirAxesAndLeaveOutWhatIsConstant) {
  fs::create_directories(file("curves"));
  write_file(file("curves/config.toml"), "family = \"vae\"\n");
  std::string lines;
  for (int i = 1; i <= 30; ++i)
    lines += fmt::format(
        "{{\"step\":{},\"split\":\"train\",\"total\":{},\"still\":2}}\n"
        "{{\"step\":{},\"split\":\"test\",\"total\":{},\"active_units\":{}}}\n",
        i, i % 2, i, 1.0 / i, i);
  write_file(file("curves/metrics.jsonl"), lines);
  run("plot curves -o curves.svg");
  const std::string svg = read_text_file(file("curves.svg"));
  for (const char* text : {">steps<", ">nats<", ">active_units<", ">total<", ">test<"})
    EXPECT_THAT(svg, HasSubstr(text));
  EXPECT_EQ(svg.find("still"), std::string::npos);
  write_file(file("curves/metrics.jsonl"), "{\"step\":1,\"split\":\"train\",\"still\":2}\n");
  run("plot curves -o curves.svg");
  EXPECT_THAT(read_text_file(file("curves.svg")), HasSubstr("still")) << "there is nothing else";
}

TEST_F(CommandsTest, PlotsAndConverts) {
  run("plot run -o curves.svg");
  run("plot run -o curves.png");
  expect_svg("curves.svg");
  expect_begins("curves.png", "\x89PNG");
  run("data convert builtin:doodles:test#3 -o one.svg");
  expect_svg("one.svg");
}

// What a user pastes into a report: all of it in words, and no word of who the user is.
TEST(Doctor, SaysWhatThisMachineHasAndNotWhoseItIs) {
  const TemporaryFolder folder;
  const fs::path home = folder / "home/mallory";
  fs::create_directories(home);
  const RunLimits at_home{.environment = {"HOME=" + home.string(), "USER=mallory",
                                          "LIMN_LIBTORCH_MODULE=" + (home / "module.so").string()}};
  const RunResult text = run_limn(home, "doctor", at_home), object = run_limn(home, "doctor --json", at_home);
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_EQ(object.status, 0) << object.err;
  for (const RunResult* result : {&text, &object}) {
    EXPECT_THAT(result->out, Not(HasSubstr("mallory")));
    EXPECT_THAT(result->out, Not(HasSubstr(folder.path().string())));
    for (const char* part : {"limn", "build", "simd", "products", "module.so", "libcurl", "OMP_NUM_THREADS=1",
                             "data builtin:doodles", "models builtin:doodles", "may be written", "LSTM step", "agrees"})
      EXPECT_THAT(result->out, HasSubstr(part));
  }
  const auto json = nlohmann::json::parse(object.out);
  EXPECT_EQ(json.at("threads"), 1);
  for (const auto& check : json.at("checks")) EXPECT_TRUE(check.at("agrees")) << check;
}

TEST(Doctor, SeesWhatTheEnvironmentHoldsBack) {
  const TemporaryFolder folder;
  const auto told = [&](const std::string& variable) {
    return run_limn(folder.path(), "doctor", {.environment = {variable}});
  };
  EXPECT_THAT(told("LIMN_SIMD=scalar").out, HasSubstr("simd usable      scalar\n"));
  EXPECT_THAT(told("LIMN_GEMM=own").out, HasSubstr("products         our own"));
  EXPECT_EQ(told("LIMN_SIMD=best").err.rfind("limn: error: LIMN_SIMD=best: no such vector instructions here", 0), 0u);
}

// It checks our step against plain LibTorch's before it times ours.
TEST(Bench, TrainsAsPlainLibTorchDoes) {
  const TemporaryFolder folder;
  for (const char* row : {"train lstm f32", "train draw", "train vae"}) {
    const RunResult result =
        run_limn(folder.path(), {"bench", "--quick", "--batch-size", "6", "--only", row, "--json"}, {.seconds = 300});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr(fmt::format("\"name\": \"{}", row)));
  }
}

}  // namespace
}  // namespace limn::testing
