// Every option of every command, found by the command line's own description, with values that it cannot take: one line
// on stderr that names the option, and exit status 1. A value that passes meets an input that is missing, so that no
// command does any work.
#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "app/run_in_process.hpp"
#include "limn/core/file.hpp"
#include "limn/train/options.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

// A command line that lacks nothing but its input.
struct Line {
  Words arguments = {};
  std::map<std::string, std::string> options = {};  // those that must be there
};

const std::map<std::string, Line> kLines{
    {"limn train sketch-rnn", {.options = {{"--data", "missing.npz"}}}},
    {"limn train vae", {.options = {{"--data", "missing.png"}}}},
    {"limn train draw", {.options = {{"--data", "missing.png"}}}},
    {"limn eval", {.arguments = {"missing"}}},
    {"limn sample", {.arguments = {"missing"}}},
    {"limn reconstruct", {.arguments = {"missing"}, .options = {{"--in", "missing.npz"}}}},
    {"limn complete", {.arguments = {"missing"}, .options = {{"--in", "missing.npz"}}}},
    {"limn interpolate", {.arguments = {"missing"}, .options = {{"--from", "a.npz"}, {"--to", "b.npz"}}}},
    {"limn encode", {.arguments = {"missing"}, .options = {{"--in", "missing.npz"}}}},
    {"limn decode", {.arguments = {"missing"}, .options = {{"--z", "missing.npy"}}}},
    {"limn manifold", {.arguments = {"missing"}}},
    {"limn traverse", {.arguments = {"missing"}, .options = {{"--dims", "0,1"}}}},
    {"limn plot", {.arguments = {"missing"}}},
    {"limn watch", {.arguments = {"missing"}}},
    {"limn serve", {.arguments = {"missing"}}},
    {"limn import", {.arguments = {"missing.json"}, .options = {{"--out", "model.safetensors"}}}},
    {"limn export", {.arguments = {"missing"}, .options = {{"--out", "model.json"}}}},
    {"limn fit-prior", {.arguments = {"missing"}, .options = {{"--data", "missing.npz"}}}},
    {"limn info", {.arguments = {"missing"}}},
    {"limn data info", {.arguments = {"missing.npz"}}},
    {"limn data convert", {.arguments = {"missing.npz"}, .options = {{"--out", "x.npz"}}}},
    {"limn data fetch", {.arguments = {"missing"}}},
    {"limn bench", {.options = {{"--data", "missing.npz"}}}},
    {"limn doctor", {}},
    {"limn completion", {}},
};

// Options of any text: names of files, folders, words.
const std::set<std::string> kTexts{"--data",       "--out",      "--config", "--in",     "--from",       "--to",
                                   "--corners",    "--dims",     "--base",   "--z",      "--allow-host", "--init-from",
                                   "--host",       "--runs",     "--word",   "--format", "--pen-up",     "--pen-down",
                                   "--start-code", "--end-code", "--export", "--wasm"};

const Words kValues{"nan", "inf", "-inf", "-1", "1.5", "1e300", "18446744073709551616", "1e3", "0x10", "word"};

// The values of kValues that these numbers may have.
const std::map<std::string, std::set<std::string>> kAccepted{
    {"--learning-rate", {"1.5", "1e3"}},
    {"--temperature", {"1.5", "1e3"}},
    {"--interval", {"1.5", "1e3"}},
    {"--scale-factor", {"1.5", "1e3"}},
    // Of drawings of any size: a distance beyond all of them leaves the ends of a stroke.
    {"--resample", {"1.5", "1e3", "1e300", "18446744073709551616"}},
    {"--simplify", {"1.5", "1e3", "1e300", "18446744073709551616"}},
    {"--svg-tolerance", {"1.5", "1e3", "1e300", "18446744073709551616"}},
    {"--margin", {"1.5", "1e3"}},
    {"--feed", {"1.5", "1e3"}},
    {"--travel-feed", {"1.5", "1e3"}},
    {"--pen-delay", {"1.5"}},
};

class OptionValuesTest : public ::testing::Test {
 protected:
  // `limn path … name value`, with what the command needs besides. A null value leaves the option's value out.
  Said run(const std::string& path, const std::string& name, const std::string* value, bool joined = false) const {
    const Line& line = kLines.at(path);
    Words words;
    std::istringstream names(path.substr(std::string("limn ").size()));
    for (std::string word; names >> word;) words.push_back(word);
    words.insert(words.end(), line.arguments.begin(), line.arguments.end());
    for (const auto& [option, text] : line.options)
      if (option != name) words.insert(words.end(), {option, text});
    if (path.starts_with("limn train") && name != "--out")
      words.insert(words.end(), {"--out", (folder_ / "run").string()});
    words.push_back(joined && value ? name + "=" + *value : name);
    if (value != nullptr && !joined) words.push_back(*value);
    command_ = "limn";
    for (const std::string& word : words) command_ += " '" + word + "'";
    return run_in_process(words, registry_);
  }

  // One line, whatever is wrong.
  void expect_an_error(const Said& said) const {
    EXPECT_EQ(said.status, 1) << command_;
    EXPECT_EQ(said.out, "") << command_;
    EXPECT_THAT(said.err, StartsWith("limn: error: ")) << command_;
    EXPECT_EQ(said.err.find('\n'), said.err.size() - 1) << command_ << "\n" << said.err;
  }
  static bool names_option(const Said& said, const std::string& name) {
    return std::regex_search(said.err, std::regex("^limn: error: (.*: )?" + name + "[ :=]"));
  }
  void expect_refused(const Said& said, const std::string& name) const {
    expect_an_error(said);
    EXPECT_TRUE(names_option(said, name)) << command_ << "\n" << said.err;
  }

  // Calls visit(path, name, whether it takes a value) for each option that the completion script of bash lists.
  template <class Visit>
  void for_each_option(const Visit& visit) const {
    const std::string script = run_in_process({"completion", "bash"}, registry_).out;
    std::set<std::pair<std::string, std::string>> valued;
    const std::regex with_value("'([^:']*):(--[^']*)'\\) found=");
    for (std::sregex_iterator match(script.begin(), script.end(), with_value), end; match != end; ++match)
      valued.emplace((*match)[1], (*match)[2]);
    const std::regex all("'([^:']*):'\\*\\) plain='[^']*' options='([^']*)'");
    for (std::sregex_iterator match(script.begin(), script.end(), all), end; match != end; ++match) {
      std::istringstream names((*match)[2]);
      const std::string path = (*match)[1];
      for (std::string name; names >> name;)
        if (name.starts_with("--") && name != "--help" && name != "--version") {
          ASSERT_TRUE(kLines.contains(path)) << path << ": give kLines a line of this command";
          visit(path, name, valued.contains({path, name}));
        }
    }
  }

  TemporaryFolder folder_;
  const models::Registry registry_ = models::standard_registry();
  mutable std::string command_;
};

TEST_F(OptionValuesTest, NumbersAreCheckedByTheirOption) {
  int checked = 0;
  for_each_option([&](const std::string& path, const std::string& name, bool takes_value) {
    if (!takes_value || kTexts.contains(name)) return;
    const auto accepted = kAccepted.find(name);
    for (const std::string& value : kValues) {
      const Said said = run(path, name, &value);
      expect_an_error(said);
      const bool may_pass = accepted != kAccepted.end() && accepted->second.contains(value);
      EXPECT_EQ(names_option(said, name), !may_pass) << command_ << "\n" << said.err;
      ++checked;
    }
  });
  EXPECT_GT(checked, 500);
}

// The options behind --set and in a config file, by the same description.
TEST_F(OptionValuesTest, EveryHyperparameterHasBoundsAndIsNamed) {
  const std::string config = (folder_ / "config.toml").string();
  for (const models::Family& family : registry_.families()) {
    const auto setup = family.make_setup();
    train::TrainOptions options;
    std::vector<OptionField> fields = setup->fields();
    if (&family == &registry_.families().front())  // the others have the same of these
      for (OptionField& field : train::fields(options)) fields.push_back(field);
    for (const OptionField& field : fields) {
      const bool is_text = std::holds_alternative<std::string*>(field.target);
      const bool is_time = field.name == "train_for";
      EXPECT_TRUE(!is_text || is_time || !field.choices.empty()) << field.name;
      for (const char* value : {"nan", "inf", "1e300", "-1e300", "18446744073709551616", ""}) {
        if (is_time && *value == '\0') continue;  // then the number of steps counts
        const std::string setting = field.name + "=" + value;
        const Said said = run("limn train " + family.command, "--set", &setting);
        expect_an_error(said);
        EXPECT_THAT(said.err, StartsWith("limn: error: --set " + field.name + "=")) << command_;
        if (is_text || *value == '\0') continue;
        write_file(config, field.name + " = " + value);
        const Said read = run("limn train " + family.command, "--config", &config);
        expect_an_error(read);
        // TOML has no whole number of that size.
        const bool is_toml = std::string_view(value) != "18446744073709551616";
        EXPECT_THAT(read.err, HasSubstr(is_toml ? "config.toml: " + field.name : "config.toml:1: ")) << setting;
      }
    }
  }
}

TEST_F(OptionValuesTest, AValueThatIsMissingOrEmptyIsNoOtherWord) {
  const std::string empty, list = "[]", option = "--quiet";
  for_each_option([&](const std::string& path, const std::string& name, bool takes_value) {
    if (!takes_value) return;
    expect_refused(run(path, name, nullptr), name);
    for (const std::string* value : {&empty, &list, &option}) {
      expect_refused(run(path, name, value), name);
      expect_refused(run(path, name, value, true), name);
    }
  });
}

TEST_F(OptionValuesTest, FlagsTakeNoValue) {
  for_each_option([&](const std::string& path, const std::string& name, bool takes_value) {
    if (takes_value) return;
    for (const std::string value : {"false", "nan"}) expect_refused(run(path, name, &value, true), name);
  });
}

}  // namespace
}  // namespace limn::testing
