// Words of the command line: options of a family as --set takes them, a line each, or as a checkpoint has them in JSON;
// and what names data. The first byte says of which family, and whether it is JSON. Options that were taken are written
// as JSON and as config.toml, and must come back the same.
#include "limn/train/options.hpp"

#include <array>
#include <vector>

#include "fuzz/target.hpp"
#include "limn/core/data_reference.hpp"
#include "limn/models/registry.hpp"
#include "limn/runs/run_config.hpp"
#include "limn/sketch/sketch_writer.hpp"

using namespace limn;

namespace {

// Everything that `limn train FAMILY` can set.
struct Options {
  explicit Options(const models::Family& family) : setup(family.make_setup()), all(setup->fields()) {
    for (OptionField& field : train::fields(train)) all.push_back(std::move(field));
  }
  [[nodiscard]] std::string json() const { return options_to_json(all); }

  std::unique_ptr<models::TrainingSetup> setup;
  train::TrainOptions train;
  std::vector<OptionField> all;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A reader of one word that may refuse it. The text is not looked at: a file's name is shown as it was given.
template <class Read>
void offer(const std::string& word, const Read& read) {
  try {
    (void)read(word);
  } catch (const Error&) {
  }
}

void expect_comes_back(const models::Family& family, const Options& options, std::vector<std::string> data) {
  if (!option_complaints(options.all).empty()) fuzz::report("options that were taken are not valid");
  Options from_json(family), from_toml(family);
  options_from_json(from_json.all, options.json(), "written");
  if (from_json.json() != options.json()) fuzz::report("JSON did not bring the options back");
  const std::string toml =
      runs::config_to_toml({.family = family.command, .data = data, .init_from = {}, .assignments = {}}, options.all);
  const fuzz::MemoryFile file(as_bytes(toml));
  const runs::RunConfig config = runs::read_config(file.path().string());
  set_options(from_toml.all, config.assignments);
  if (from_toml.json() != options.json() || config.data != data) fuzz::report("config.toml did not bring all back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const models::Registry registry = models::standard_registry();
  constexpr fuzz::MemoryBound kBound{.per_byte = 512, .floor = 4 << 20};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    if (input.empty()) return;
    const auto families = registry.families();
    const auto first = std::to_integer<unsigned>(input[0]);
    const models::Family& family = families[first / 2 % families.size()];
    const std::string_view text = fuzz::text_of(input.subspan(1));
    Options options(family);
    if (first % 2 == 1) {
      options_from_json(options.all, text, "input");
      return expect_comes_back(family, options, {});
    }
    std::vector<std::string> lines = lines_of(text);
    for (const std::string& line : lines) {
      offer(line, parse_data_reference);
      offer(line, sketch::parse_split_shares);
    }
    const std::vector<std::string> named = runs::take_data_set(lines);
    set_options(options.all, lines);
    expect_comes_back(family, options, named);
  });
}
