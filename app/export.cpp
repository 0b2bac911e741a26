// limn export: a limn model for other programs.
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {
namespace {

struct ExportArguments {
  std::string model;
  std::string to = "magenta-json";
  std::string out;
};

// For --to: "magenta-json".
std::string name_of(const models::ForeignFormat& format) {
  return fmt::format("{}-{}", format.name, format.endings.front().substr(1));
}

std::vector<std::string> names_of(std::span<const models::Family> families) {
  std::vector<std::string> names;
  for (const models::Family& family : families)
    for (const models::ForeignFormat& format : family.foreign_formats)
      if (format.write != nullptr) names.push_back(name_of(format));
  return names;
}

const models::ForeignFormat& format_of(const models::Family& family, const ExportArguments& a) {
  for (const models::ForeignFormat& format : family.foreign_formats)
    if (format.write != nullptr && name_of(format) == a.to) return format;
  const auto known = names_of({&family, 1});
  require(!known.empty(), "{}: no format of another program holds a {} model", a.model, family.title);
  fail("{}: a {} model goes to {}", a.model, family.title, fmt::join(known, ", "));
}

void export_model(const ExportArguments& a, const models::Registry& registry) {
  models::Checkpoint checkpoint = registry.read(a.model);
  const models::ForeignFormat& format = format_of(registry.family_named(checkpoint.model, a.model), a);
  require(ending_of(a.out) == format.endings.front(), "{}: {} files end in {}", a.out, a.to, format.endings.front());
  checkpoint.origin = a.model;  // the model's name in the file
  const std::string note = format.write(checkpoint, a.out);
  if (!note.empty()) say("limn: note: {}\n", note);
  print("{}\n", a.out);
}

}  // namespace

void add_export(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("export", "a limn model for other programs");
  auto a = std::make_shared<ExportArguments>();
  add_model(command, a->model);
  command.add("--to", &a->to, "format").one_of(names_of(registry.families())).shows_default();
  command.add("-o,--out", &a->out, "file to write").required();
  command.set_footer("\nExample:\n  limn export runs/doodles --to magenta-json -o doodles.gen.json\n");
  command.set_action([a, &registry] { export_model(*a, registry); });
}

}  // namespace limn::app
