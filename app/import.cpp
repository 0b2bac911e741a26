// limn import: another program's model as a limn model.
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/pytorch_tensors.hpp"
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

bool may_be_pytorch(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::string ending = ending_of(path);
  return ending == ".pth" || ending == ".pt" || ending == ".safetensors" ||
         std::filesystem::is_directory(path, ignored);
}

// The format of that name, or the one that the file's ending or its tensors tell.
const models::ForeignFormat& format_of(const ImportArguments& a, const models::Registry& registry) {
  for (const models::Family& family : registry.families())
    for (const models::ForeignFormat& format : family.foreign_formats)
      if (a.from.empty() ? models::has_ending_of(format, a.in) : a.from == format.name) return format;
  if (a.from.empty() && may_be_pytorch(a.in)) {
    const SafetensorsFile file = models::read_state_dict(a.in);
    const auto format = file.metadata().find("format");
    require(format == file.metadata().end() || format->second != models::kFormatName,
            "{}: is a model of limn already; use it as it is", a.in);
    for (const models::Family& family : registry.families())
      for (const models::ForeignFormat& known : family.foreign_formats)
        if (known.recognises != nullptr && known.recognises(file)) return known;
  }
  fail("{}: say whose model it is: --from {}", a.in, fmt::join(format_names(registry), ", "));
}

void import_model(const ImportArguments& a, const models::Registry& registry) {
  require(ending_of(a.out) == ".safetensors", "{}: a model goes to a .safetensors file", a.out);
  const models::ForeignFormat& format = format_of(a, registry);
  registry.write(a.out, format.read(a.in, a.options));
  if (!format.note.empty()) say("limn: note: {}: {}\n", a.in, format.note);
  print("{}\n", a.out);
}

}  // namespace

void add_import(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("import", "another program's model as a limn model");
  auto a = std::make_shared<ImportArguments>();
  command
      .add("FILE", &a->in,
           "Magenta's .gen.json, .vae.json, .js or .mjs, packed by gzip or not, or a PyTorch model's .pth, .pt or "
           ".safetensors, or the folder of its encoder and decoder")
      .required();
  command.add("-o,--out", &a->out, ".safetensors file to write").required();
  command
      .add("--from", &a->from,
           "whose model it is [magenta for .json, .js and .mjs; of PyTorch told by the names of its tensors]")
      .one_of(format_names(registry));
  command
      .add("--scale-factor", &a->options.scale_factor,
           "what the training data were divided by [as the file says; PyTorch models do not tell]")
      .number(1e-6, 1e6);
  command
      .add("--max-seq-len", &a->options.max_seq_len,
           "points of the longest training sketch [as the file says; labml 200, rfeinman 250]")
      .whole_number(1, 1'000'000);
  command.set_footer(
      "\nFrom PyTorch, a state_dict() alone. labml's modules are two files, encoder.pth and decoder.pth in a folder, "
      "or "
      "one with the names encoder.… and decoder.…:\n"
      "  torch.save(encoder.state_dict(), \"sketch/encoder.pth\")       # labml\n"
      "  torch.save(decoder.state_dict(), \"sketch/decoder.pth\")\n"
      "  torch.save(sketch_rnn.state_dict(), \"model.pth\")             # rfeinman\n"
      "  torch.save(vae.state_dict(), \"vae.pth\")                      # pytorch-vae: pytorch/examples and alike\n"
      "\nExamples:\n"
      "  limn import bicycle.gen.json -o bicycle.safetensors\n"
      "  limn import model.pth --from labml --scale-factor 43.4 -o bicycle.safetensors\n"
      "  limn import vae.pth -o digits.safetensors\n");
  command.set_action([a, &registry] { import_model(*a, registry); });
}

}  // namespace limn::app
