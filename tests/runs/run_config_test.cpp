#include "limn/runs/run_config.hpp"

#include <gmock/gmock.h>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::runs {
namespace {

using ::testing::HasSubstr;

struct Options {
  std::int64_t steps = 0;
  double rate = 0;
  double decay = 0;
  std::string mode = "value";
};
std::vector<OptionField> fields(Options& o) {
  return {{"steps", &o.steps, "how many"},
          {"rate", &o.rate, "a real"},
          {"decay", &o.decay, "a whole real"},
          {"mode", &o.mode, "a word", {"value", "norm"}}};
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(RunConfig, WhatIsWrittenReadsBackAsTheSameOptions) {
  const testing::TemporaryFolder folder;
  Options written{.steps = 7, .rate = 3e-5, .decay = 1, .mode = "norm"};
  const auto list = fields(written);
  const RunConfig config{
      .family = "vae", .data = {"a \"b\"\\c.npz", "builtin:shapes"}, .init_from = "old", .assignments = {}};
  write_file(folder / "config.toml", config_to_toml(config, list));

  const RunConfig read = read_config((folder / "config.toml").string());
  EXPECT_EQ(read.family, "vae");
  EXPECT_EQ(read.data, config.data);
  EXPECT_EQ(read.init_from, config.init_from);
  EXPECT_TRUE(read.is_record);
  Options restored;
  set_options(fields(restored), read.assignments);
  EXPECT_EQ(restored.steps, 7);
  EXPECT_DOUBLE_EQ(restored.rate, 3e-5);
  EXPECT_DOUBLE_EQ(restored.decay, 1);
  EXPECT_EQ(restored.mode, "norm");
}

// A file's name is bytes: UTF-8 as a rule, Latin-1 on an old disk.
TEST(RunConfig, NamesOfAnyBytesComeBack) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder / "config.toml";
  const RunConfig config{.family = "vae",
                         .data = {"b\xc3\xa4ume\n\"\x07\"", "b\xe4ume", "\xff\x80%\\", "\xf3\xb0\x82\x80"},
                         .init_from = {},
                         .assignments = {}};
  write_file(path, config_to_toml(config, {}));
  EXPECT_EQ(read_config(path.string()).data, config.data);
  EXPECT_THAT(read_text_file(path), HasSubstr("b\xe4ume"));
  write_file(path, "\xef\xbb\xbf# a tree: b\xc3\xa4ume\nfamily = 'b\xc3\xa4ume'\n");
  EXPECT_EQ(read_config(path.string()).family, "b\xc3\xa4ume");
  EXPECT_FALSE(read_config(path.string()).is_record);
  write_file(path, "b\xc3\xa4ume = 1\n");
  EXPECT_THAT(message_of([&] { (void)read_config(path.string()); }), HasSubstr("config.toml:1: "));
}

TEST(RunConfig, BadFilesAreNamedWithTheirLine) {
  const testing::TemporaryFolder folder;
  const auto path = (folder / "bad.toml").string();
  const auto error_for = [&](const std::string& text) {
    write_file(path, text);
    return message_of([&] { (void)read_config(path); });
  };
  EXPECT_THAT(error_for("seed = 1\nnum_steps = = 3\n"), HasSubstr(path + ":2:"));
  EXPECT_THAT(error_for("seed = [1]\n"), HasSubstr("seed"));
  EXPECT_THAT(error_for("data = [1, 2]\n"), HasSubstr("list of strings"));
  // A list without a name would otherwise mean the built-in set.
  for (const char* empty : {"data = []", "data_set = []", "data = ''", "data = ['a.npz', '']"})
    EXPECT_THAT(error_for(std::string("seed = 1\n") + empty), HasSubstr(":2: data")) << empty;
  EXPECT_THAT(error_for(std::string(100000, '[')), HasSubstr(path));
  EXPECT_THAT(message_of([] { (void)read_config("no/such.toml"); }), HasSubstr("no such file"));
}

// What toml++ asserts of them does not hold.
TEST(RunConfig, BearsTableHeadersWithoutAName) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "config.toml";
  for (const char* text : {"[[[", "[!]", "[[=", "[", "[[", "[ [a]]", "[\"", "a = [[[[["}) {
    write_file(path, text);
    EXPECT_THROW((void)read_config(path.string()), Error) << text;
  }
}

TEST(RunConfig, TakesCharactersBeyondAsciiInStringsAndCommentsOnly) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "config.toml";
  const auto data_of = [&](const std::string& text) {
    write_file(path, text);
    return read_config(path.string()).data;
  };
  for (const char* text :
       {R"(data = "é")", "data = 'é' # é", "# é\n\"data\" = 'é'",
        "\xef\xbb\xbf"
        "data = 'é'",
        R"(data = """é""")", "data = \"\"\"\\\n é\"\"\"", "data = '''é''' # '''", "data = [\n# ] é\n'é']"})
    EXPECT_EQ(data_of(text), std::vector<std::string>{"é"}) << text;
  EXPECT_EQ(data_of(R"(data = "\"é\\" # é)"), std::vector<std::string>{"\"é\\"});
  EXPECT_EQ(data_of(R"(data = """a"é""""" # é)"), std::vector<std::string>{"a\"é\"\""});
  for (const char* text : {"é = 1", "a = é", "a = 1 é", "[é]", "a = [1,é]", R"(a = "\é")", "a = ''é", "\xca\xa4",
                           R"(a = "b" é)", "a = ''''''é", "a = 1\n\xef\xbb\xbf"})
    EXPECT_THROW((void)data_of(text), Error) << text;
}

// Magenta's name for the data, on the command line and in a file.
TEST(RunConfig, KnowsDataSet) {
  using ::testing::ElementsAre;
  for (const char* list : {"a.npz,b c.npz", "[a.npz, b c.npz]"}) {
    std::vector<std::string> assignments{"data_set=old.npz", "seed=1", std::string("data_set=") + list, "rate=2"};
    EXPECT_THAT(take_data_set(assignments), ElementsAre("a.npz", "b c.npz"));
    EXPECT_THAT(assignments, ElementsAre("seed=1", "rate=2"));
  }
  std::vector<std::string> none{"seed=1"};
  EXPECT_TRUE(take_data_set(none).empty());
  std::vector<std::string> spaced{"data_set=a.npz , b.npz "};
  EXPECT_THAT(take_data_set(spaced), ElementsAre("a.npz", "b.npz"));
  for (const char* unnamed : {"data_set=,", "data_set=a,,b"}) {
    std::vector<std::string> assignments{unnamed};
    EXPECT_THAT(message_of([&] { (void)take_data_set(assignments); }), HasSubstr("holds an empty name"));
  }
  for (const char* empty : {"data_set=", "data_set=[]"}) {
    std::vector<std::string> assignments{empty};
    EXPECT_THAT(message_of([&] { (void)take_data_set(assignments); }), HasSubstr("names no data set"));
  }
  const testing::TemporaryFolder folder;
  write_file(folder / "c.toml", "data_set = [\"a.npz\", \"b.npz\"]\n");
  EXPECT_THAT(read_config((folder / "c.toml").string()).data, ElementsAre("a.npz", "b.npz"));
}

}  // namespace
}  // namespace limn::runs
