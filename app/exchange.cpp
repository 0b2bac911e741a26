// limn import and limn export: other programs' models in and out.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/sketch_rnn/checkpoint.hpp"
#include "limn/models/sketch_rnn/magenta_json.hpp"
#include "limn/models/sketch_rnn/pytorch_import.hpp"

namespace limn::app {
namespace {

struct ExchangeArguments {
  std::string in;
  std::string out;
  std::string to = "magenta-json";
  std::string from;
  float scale_factor = 0;        // 0: not given
  std::int64_t max_seq_len = 0;  // 0: not given
};

// What a safetensors file may tell of itself; the option wins.
float scale_factor_of(const SafetensorsFile& file, const ExchangeArguments& a) {
  if (a.scale_factor > 0) return a.scale_factor;
  const auto found = file.metadata().find("scale_factor");
  require(found != file.metadata().end(),
          "{}: it does not tell what its training data were divided by; say it with --scale-factor (for "
          "their data set, "
          "limn data info prints it)",
          a.in);
  const float value = std::strtof(found->second.c_str(), nullptr);
  require(std::isfinite(value) && value > 0,
          "{}: its scale_factor is '{}'; say the right one with --scale-factor", a.in,
          printable(found->second));
  return value;
}

void import_model(const ExchangeArguments& a) {
  require(std::filesystem::path(a.out).extension() == ".safetensors", "{}: a model goes to a .safetensors file", a.out);
  if (a.from == "magenta" || (a.from.empty() && std::filesystem::path(a.in).extension() == ".json")) {
    write_checkpoint(a.out, read_magenta_json(a.in));
  } else {
    require(!a.from.empty(), "{}: say whose model it is: --from magenta, labml or rfeinman", a.in);
    const SafetensorsFile file = SafetensorsFile::read(a.in);
    const PytorchModel model = pytorch_model_named(a.from);
    write_checkpoint(a.out, import_pytorch(file, {.model = model,
                                                  .scale_factor = scale_factor_of(file, a),
                                                  .max_seq_len = a.max_seq_len}));
  }
  fmt::print("{}\n", a.out);
}

void export_model(const ExchangeArguments& a) {
  require(std::filesystem::path(a.out).extension() == ".json", "{}: Magenta's models are .json files", a.out);
  const auto exported = to_magenta_json(load_sketch_rnn(a.in), std::filesystem::path(a.in).stem().string());
  write_file(a.out, exported.json);
  if (exported.saturated > 0)
    fmt::print(stderr, "limn: note: {} weights beyond ±10 were cut to what the format can hold\n",
               exported.saturated);
  fmt::print("{}\n", a.out);
}

}  // namespace

void add_import(CLI::App& app) {
  auto* command = app.add_subcommand("import", "another program's Sketch-RNN as a limn model");
  auto a = std::make_shared<ExchangeArguments>();
  command->add_option("FILE", a->in, "Magenta's .gen.json or .vae.json, or a PyTorch model's .safetensors")
      ->required();
  command->add_option("-o,--out", a->out, ".safetensors file to write")->required();
  command->add_option("--from", a->from, "whose model it is [magenta for .json]")
      ->check(CLI::IsMember({"magenta", "labml", "rfeinman"}));
  command
      ->add_option("--scale-factor", a->scale_factor,
                   "what the training data were divided by; PyTorch models do not tell")
      ->check(positive_number());
  command
      ->add_option("--max-seq-len", a->max_seq_len,
                   "longest training sketch of a PyTorch model [labml 200, rfeinman 250]")
      ->check(whole_number(1, 1'000'000));
  command->footer(
      "\nFrom PyTorch, with labml's modules in one file under the names encoder.… and decoder.…, or "
      "rfeinman's SketchRNN:\n"
      "  tensors = {\"encoder.\" + k: v for k, v in encoder.state_dict().items()}\n"
      "  tensors |= {\"decoder.\" + k: v for k, v in decoder.state_dict().items()}\n"
      "  safetensors.torch.save_file(tensors, \"model.safetensors\")         # labml\n"
      "  safetensors.torch.save_model(sketch_rnn, \"model.safetensors\")     # rfeinman\n"
      "\nExamples:\n"
      "  limn import bicycle.gen.json -o bicycle.safetensors\n"
      "  limn import model.safetensors --from labml --scale-factor 43.4 -o bicycle.safetensors\n");
  command->callback([a] { import_model(*a); });
}

void add_export(CLI::App& app) {
  auto* command = app.add_subcommand("export", "a limn model for other programs");
  auto a = std::make_shared<ExchangeArguments>();
  command->add_option("MODEL", a->in, "run directory or .safetensors file")->required();
  command->add_option("--to", a->to, "format")->check(CLI::IsMember({"magenta-json"}))->capture_default_str();
  command->add_option("-o,--out", a->out, "file to write")->required();
  command->footer("\nExample:\n  limn export runs/doodles --to magenta-json -o doodles.gen.json\n");
  command->callback([a] { export_model(*a); });
}

}  // namespace limn::app
