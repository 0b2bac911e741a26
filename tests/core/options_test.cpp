// One list of fields serves --set, the config file and checkpoints: what each refuses and what comes back.
#include "limn/core/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "testing/errors.hpp"

namespace limn {
namespace {

using limn::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Example {
  bool is_bold = false;
  std::int64_t units = 7;
  double rate = 0.125;
  std::string cell = "lstm";
  std::string note = "";
};

std::vector<OptionField> fields(Example& example) {
  return {
      {.name = "is_bold", .target = &example.is_bold, .help = "draw thick lines"},
      {.name = "units", .target = &example.units, .help = "hidden units", .minimum = 1, .maximum = 4096},
      {.name = "rate", .target = &example.rate, .help = "learning rate", .minimum = 0},
      {.name = "cell", .target = &example.cell, .help = "kind of cell", .choices = {"lstm", "hyper"}},
      {.name = "note", .target = &example.note, .help = "anything"},
  };
}

std::string error_of_setting(std::string_view name, std::string_view text) {
  Example example;
  return error_of([&] { set_option(fields(example), name, text); });
}

std::string error_of_json(std::string_view json) {
  Example example;
  return error_of([&] { options_from_json(fields(example), json, "model.safetensors"); });
}

TEST(SetOption, ReadsEachType) {
  Example example;
  const auto list = fields(example);
  set_option(list, "is_bold", "yes");
  set_option(list, "units", "4096");
  set_option(list, "rate", "1e-3");
  set_option(list, "cell", "hyper");
  set_option(list, "note", "a=b, c");
  EXPECT_TRUE(example.is_bold);
  EXPECT_EQ(example.units, 4096);
  EXPECT_DOUBLE_EQ(example.rate, 1e-3);
  EXPECT_EQ(example.cell, "hyper");
  EXPECT_EQ(example.note, "a=b, c");
  for (const char* text : {"false", "0", "no", "off"}) {
    example.is_bold = true;
    set_option(list, "is_bold", text);
    EXPECT_FALSE(example.is_bold) << text;
  }
}

TEST(SetOption, SuggestsTheNearestNameForAnUnknownOne) {
  EXPECT_EQ(error_of_setting("unit", "3"), "unknown option 'unit'; did you mean 'units'?");
  EXPECT_EQ(error_of_setting("learning_rate_schedule", "3"),
            "unknown option 'learning_rate_schedule'; --help lists them all");
  EXPECT_THAT(error_of_setting("bad\nname", "3"), HasSubstr("'bad?name'"));
}

TEST(SetOption, RefusesTextThatIsNotOfTheFieldsType) {
  EXPECT_EQ(error_of_setting("is_bold", "maybe"), "is_bold=maybe: expected true or false");
  for (const char* text : {"", "3.5", "7x", " 7", "1e3", "99999999999999999999"})
    EXPECT_THAT(error_of_setting("units", text), HasSubstr("expected a whole number between 1 and 4096")) << text;
  for (const char* text : {"", "x", "1.5.2", "nan", "inf", "1e999"})
    EXPECT_THAT(error_of_setting("rate", text), HasSubstr("expected a number at least 0")) << text;
}

// A bound of 9e18 would be no help to someone who typed digits.
TEST(SetOption, SaysTheBoundsOfWholeNumbersInDigits) {
  std::int64_t seed = 1;
  const std::vector<OptionField> list{{"seed", &seed, "of random numbers", {}, 0, 9e18}};
  for (const char* text : {"-1", "18446744073709551616", "nan"})
    EXPECT_THAT(error_of([&] { set_option(list, "seed", text); }), HasSubstr("between 0 and 9000000000000000000"));
  EXPECT_EQ(seed, 1);
}

TEST(SetOption, RefusesWhatIsOutsideBoundsAndChoices) {
  EXPECT_EQ(error_of_setting("units", "0"), "units=0: must be between 1 and 4096");
  EXPECT_EQ(error_of_setting("units", "4097"), "units=4097: must be between 1 and 4096");
  EXPECT_EQ(error_of_setting("rate", "-0.5"), "rate=-0.5: must be at least 0");
  EXPECT_EQ(error_of_setting("cell", "gru"), "cell=gru: must be one of lstm, hyper");
}

TEST(SetOption, LeavesTheValueAsItWasWhereItRefuses) {
  Example example;
  for (const auto& [name, text] : std::vector<std::pair<const char*, const char*>>{
           {"is_bold", "maybe"}, {"units", "12x"}, {"units", "0"}, {"rate", "-1"}, {"rate", "inf"}, {"cell", "gru"}})
    EXPECT_THROW(set_option(fields(example), name, text), Error) << name << '=' << text;
  EXPECT_FALSE(example.is_bold);
  EXPECT_EQ(example.units, 7);
  EXPECT_DOUBLE_EQ(example.rate, 0.125);
  EXPECT_EQ(example.cell, "lstm");
}

TEST(SetOptions, SplitsAtTheFirstEqualsSign) {
  Example example;
  set_options(fields(example), std::vector<std::string>{"units=9", "note=x=y", "note="});
  EXPECT_EQ(example.units, 9);
  EXPECT_EQ(example.note, "");
  for (const char* text : {"units", "=9", ""})
    EXPECT_THAT(error_of([&] { set_options(fields(example), std::vector<std::string>{text}); }),
                HasSubstr("expected name=value"));
}

TEST(OptionsJson, ComesBackAsItWas) {
  Example written{.is_bold = true, .units = 4095, .rate = 0.1, .cell = "hyper", .note = "caf\xc3\xa9 \"quoted\"\n"};
  Example read;
  options_from_json(fields(read), options_to_json(fields(written)), "test");
  EXPECT_EQ(read.is_bold, written.is_bold);
  EXPECT_EQ(read.units, written.units);
  EXPECT_EQ(read.rate, written.rate);  // every bit of it
  EXPECT_EQ(read.cell, written.cell);
  EXPECT_EQ(read.note, written.note);
}

TEST(OptionsJson, KeepsWhatIsAbsentSoThatOldCheckpointsLoad) {
  Example example{.units = 33};
  options_from_json(fields(example), R"({"rate": 2})", "test");
  EXPECT_EQ(example.units, 33);
  EXPECT_DOUBLE_EQ(example.rate, 2.0);
}

TEST(OptionsJson, NamesTheFileInEveryComplaint) {
  EXPECT_EQ(error_of_json(R"({"unitz": 3})"), "model.safetensors: unknown option 'unitz'; did you mean 'units'?");
  EXPECT_EQ(error_of_json(R"({"units": 0})"), "model.safetensors: units=0: must be between 1 and 4096");
  EXPECT_EQ(error_of_json(R"({"units": [3]})"), "model.safetensors: units: expected one value");
  EXPECT_EQ(error_of_json(R"({"units": null})"), "model.safetensors: units: expected one value");
  for (const char* json : {"", "{", "[]", "7", "\"x\"", R"({"units": 3)"})
    EXPECT_THAT(error_of_json(json), HasSubstr("not a JSON object; the file is damaged")) << json;
}

TEST(OptionField, SaysItsValue) {
  Example example;
  const auto list = fields(example);
  EXPECT_EQ(list[0].text(), "false");
  EXPECT_EQ(list[1].text(), "7");
  EXPECT_EQ(list[2].text(), "0.125");
  EXPECT_EQ(list[3].text(), "lstm");
  EXPECT_EQ(list[1].get(), OptionValue(std::int64_t{7}));
  EXPECT_EQ(list[3].get(), OptionValue(std::string("lstm")));
}

TEST(OptionComplaints, ListsThemAllAtOnce) {
  Example example;
  EXPECT_TRUE(option_complaints(fields(example)).empty());
  example.units = -1;
  example.rate = std::numeric_limits<double>::quiet_NaN();
  example.cell = "gru";
  EXPECT_THAT(option_complaints(fields(example)),
              ElementsAre("units=-1: must be between 1 and 4096", "rate=nan: must be at least 0",
                          "cell=gru: must be one of lstm, hyper"));
}

TEST(OptionsHelp, ShowsNameDefaultMeaningAndChoices) {
  Example example;
  const std::string help = options_help(fields(example));
  EXPECT_THAT(help, HasSubstr("  units [7]        hidden units\n"));
  EXPECT_THAT(help, HasSubstr("  cell [lstm]      kind of cell (lstm|hyper)\n"));
}

}  // namespace
}  // namespace limn
