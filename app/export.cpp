// limn export: a limn model for other programs, or as a file of its own.
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
  std::string to;
  std::string out;
  bool is_half = false;
};

// limn's own format. Another file of a model, as a run's, may hold float16.
constexpr const char* kOwnFormat = "safetensors";

// For --to: "magenta-json".
std::string name_of(const models::ForeignFormat& format) {
  return fmt::format("{}-{}", format.name, format.endings.front().substr(1));
}

std::vector<std::string> names_of(std::span<const models::Family> families) {
  std::vector<std::string> names{kOwnFormat};
  for (const models::Family& family : families)
    for (const models::ForeignFormat& format : family.foreign_formats)
      if (format.write != nullptr) names.push_back(name_of(format));
  return names;
}

// Of --to, or without it by the ending of the file.
const models::ForeignFormat& format_of(const models::Family& family, const ExportArguments& a) {
  for (const models::ForeignFormat& format : family.foreign_formats)
    if (format.write != nullptr && (a.to.empty() ? models::has_ending_of(format, a.out) : name_of(format) == a.to))
      return format;
  fail("{}: a {} model goes to {}", a.to.empty() ? a.out : a.model, family.title,
       fmt::join(names_of({&family, 1}), ", "));
}

void export_own(const models::Checkpoint& checkpoint, const ExportArguments& a, const models::Registry& registry) {
  require(ending_of(a.out) == ".safetensors", "{}: {} files end in .safetensors", a.out, kOwnFormat);
  registry.write(a.out, checkpoint, a.is_half ? DType::kF16 : DType::kF32);
  print("{}\n", a.out);
}

void export_model(const ExportArguments& a, const models::Registry& registry) {
  models::Checkpoint checkpoint = registry.read(a.model);
  if (a.to == kOwnFormat || (a.to.empty() && ending_of(a.out) == ".safetensors"))
    return export_own(checkpoint, a, registry);
  require(!a.is_half, "--half: is for .safetensors; leave it out");
  const models::ForeignFormat& format = format_of(registry.family_named(checkpoint.model, a.model), a);
  require(ending_of(a.out) == format.endings.front(), "{}: {} files end in {}", a.out, name_of(format),
          format.endings.front());
  checkpoint.origin = a.model;  // the model's name in the file
  const std::string note = format.write(checkpoint, a.out);
  if (!note.empty()) say("limn: note: {}\n", note);
  print("{}\n", a.out);
}

}  // namespace

void add_export(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("export", "a limn model for other programs, or as a small file");
  auto a = std::make_shared<ExportArguments>();
  add_model(command, a->model);
  command.add("--to", &a->to, "format [by the ending of the file]").one_of(names_of(registry.families()));
  command.add("-o,--out", &a->out, "file to write").required();
  command.add("--half", &a->is_half, "of .safetensors: weights and prior as float16, half as large");
  command.set_footer(
      "\nExamples:\n  limn export runs/doodles -o doodles.gen.json\n"
      "  limn export runs/doodles -o doodles.safetensors --half\n");
  command.set_action([a, &registry] { export_model(*a, registry); });
}

}  // namespace limn::app
