// limn import: another program's model as a limn model.
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {
namespace {

struct ImportArguments {
  std::string in;
  std::string out;
  std::string from;
  models::ForeignOptions options = {};
};

std::vector<std::string> format_names(const models::Registry& registry) {
  std::vector<std::string> names;
  for (const models::Family& family : registry.families())
    for (const models::ForeignFormat& format : family.foreign_formats) names.push_back(format.name);
  return names;
}

// The format of that name, or the one that the file's ending tells.
const models::ForeignFormat& format_of(const ImportArguments& a, const models::Registry& registry) {
  for (const models::Family& family : registry.families())
    for (const models::ForeignFormat& format : family.foreign_formats)
      if (a.from.empty() ? models::has_ending_of(format, a.in) : a.from == format.name) return format;
  fail("{}: say whose model it is: --from {}", a.in, fmt::join(format_names(registry), ", "));
}

void import_model(const ImportArguments& a, const models::Registry& registry) {
  require(ending_of(a.out) == ".safetensors", "{}: a model goes to a .safetensors file", a.out);
  registry.write(a.out, format_of(a, registry).read(a.in, a.options));
  print("{}\n", a.out);
}

}  // namespace

void add_import(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("import", "another program's Sketch-RNN as a limn model");
  auto a = std::make_shared<ImportArguments>();
  command
      .add("FILE", &a->in,
           "Magenta's .gen.json, .vae.json, .js or .mjs, packed by gzip or not, or a PyTorch model's .safetensors")
      .required();
  command.add("-o,--out", &a->out, ".safetensors file to write").required();
  command.add("--from", &a->from, "whose model it is [magenta for .json, .js and .mjs]").one_of(format_names(registry));
  command
      .add("--scale-factor", &a->options.scale_factor,
           "what the training data were divided by [as the file says; PyTorch models do not tell]")
      .number(1e-6, 1e6);
  command
      .add("--max-seq-len", &a->options.max_seq_len,
           "points of the longest training sketch [as the file says; labml 200, rfeinman 250]")
      .whole_number(1, 1'000'000);
  command.set_footer(
      "\nFrom PyTorch, with labml's modules in one file under the names encoder.… and decoder.…, or "
      "rfeinman's SketchRNN:\n"
      "  tensors = {\"encoder.\" + k: v for k, v in encoder.state_dict().items()}\n"
      "  tensors |= {\"decoder.\" + k: v for k, v in decoder.state_dict().items()}\n"
      "  safetensors.torch.save_file(tensors, \"model.safetensors\")         # labml\n"
      "  safetensors.torch.save_model(sketch_rnn, \"model.safetensors\")     # rfeinman\n"
      "\nExamples:\n"
      "  limn import bicycle.gen.json -o bicycle.safetensors\n"
      "  limn import model.safetensors --from labml --scale-factor 43.4 -o bicycle.safetensors\n");
  command.set_action([a, &registry] { import_model(*a, registry); });
}

}  // namespace limn::app
