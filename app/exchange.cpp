// limn import and limn export: other programs' models in and out.
#include <memory>

#include "app/commands.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/generate/checkpoint.hpp"
#include "limn/generate/magenta_json.hpp"

namespace limn::app {
namespace {

struct ExchangeArguments {
  std::string in;
  std::string out;
  std::string to = "magenta-json";
};

void export_model(const ExchangeArguments& a) {
  const auto exported = to_magenta_json(load_sketch_rnn(a.in), std::filesystem::path(a.in).stem().string());
  write_file(a.out, exported.json);
  if (exported.saturated > 0)
    fmt::print(stderr, "limn: note: {} weights beyond ±10 were cut to what the format can hold\n", exported.saturated);
  fmt::print("{}\n", a.out);
}

}  // namespace

void add_import(CLI::App& app) {
  auto* command = app.add_subcommand("import", "a Magenta sketch-rnn JSON model as a limn model");
  auto a = std::make_shared<ExchangeArguments>();
  command->add_option("FILE", a->in, "a .gen.json or .vae.json model")->required();
  command->add_option("-o,--out", a->out, ".safetensors file to write")->required();
  command->footer("\nExample:\n  limn import bicycle.gen.json -o bicycle.safetensors\n");
  command->callback([a] {
    write_checkpoint(a->out, load_sketch_rnn(a->in));
    fmt::print("{}\n", a->out);
  });
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
