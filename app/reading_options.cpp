#include "app/reading_options.hpp"

#include "limn/core/error.hpp"
#include "limn/core/options.hpp"

namespace limn::app {

void add_reading_settings(const Command& command, std::vector<std::string>& settings) {
  command
      .add("--set", &settings,
           "damaged=skip leaves damaged files of a folder out, =refuse ends with an error; absolute=true: rows of "
           "numbers are positions")
      .named("NAME=VALUE");
}

Reading reading_of(const std::vector<std::string>& settings) {
  Reading reading;
  const std::vector<OptionField> fields{
      {.name = "damaged", .target = &reading.damaged, .help = "", .choices = {"refuse", "skip"}},
      {.name = "absolute", .target = &reading.absolute, .help = "", .choices = {"auto", "true", "false"}}};
  try {
    set_options(fields, settings);
  } catch (const Error& error) {
    fail("--set {}", error.what());
  }
  return reading;
}

void check_reading(const Reading& reading, models::Content content, const std::string& model) {
  require(reading.absolute == "auto" || content == models::Content::kSketches,
          "--set absolute: is for sketches, and {} draws images; leave it out", model);
}

}  // namespace limn::app
