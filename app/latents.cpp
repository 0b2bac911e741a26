// limn encode and limn decode: latent vectors out and in as NumPy files, so that users do arithmetic on them.
#include <array>
#include <limits>
#include <memory>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/image_commands.hpp"
#include "app/sketch_input.hpp"
#include "app/sketch_output.hpp"
#include "limn/core/error.hpp"
#include "limn/sketch/npy.hpp"

namespace limn::app {
namespace {

struct EncodeArguments {
  std::string model;
  std::vector<std::string> in;
  bool samples = false;
  std::uint64_t seed = 1;
  std::string out = "z.npy";
};

void encode(const EncodeArguments& a) {
  const auto generator = SketchRnnGenerator::load(a.model);
  require(generator.is_conditional(), "{}: has no encoder (conditional=false), so no latent space", a.model);
  const auto given = sketches_for(generator, a.in, std::numeric_limits<std::size_t>::max());
  const LatentPosterior posterior = generator.encode(given);
  const Latents z = a.samples ? posterior_latents(posterior, a.seed) : posterior.mu;
  write_npy(a.out, z.values, std::array{z.count(), z.z_size});
  fmt::print("{}: {} x {}\n", a.out, z.count(), z.z_size);
}

struct DecodeArguments {
  std::string model;
  std::string z;
  double temperature = 0.4;
  bool is_greedy = false;
  std::uint64_t seed = 1;
  std::string out = "decoded.svg";
};

void decode(const DecodeArguments& a) {
  check_sketch_output(a.out);
  const auto generator = SketchRnnGenerator::load(a.model);
  require(generator.is_conditional(), "{}: reads no z (conditional=false); try limn sample", a.model);
  const auto matrix = read_npy_matrix(a.z);
  require(matrix.columns == generator.options().z_size, "{}: vectors of {} numbers; {} wants {}", a.z, matrix.columns,
          a.model, generator.options().z_size);
  Latents z(matrix.rows, matrix.columns);
  z.values = matrix.values;
  std::vector<SheetCell> cells;
  std::vector<Sketch> sketches;
  const PointChoice choice{.temperature = static_cast<float>(a.temperature), .is_greedy = a.is_greedy};
  for (const auto& drawing : draw_latents(generator, z, choice, a.seed)) {
    sketches.push_back(generator.in_data_units(drawing.sketch));
    cells.push_back(cell_of(sketches.back()));
  }
  save_drawings(a.out, grid_sheet(std::move(cells)), sketches);
  fmt::print("{}\n", a.out);
}

}  // namespace

void add_encode(CLI::App& app) {
  auto* command = app.add_subcommand("encode", "latent vectors of sketches or images, as a NumPy file");
  auto a = std::make_shared<EncodeArguments>();
  command->add_option("MODEL", a->model, "run directory or .safetensors file")->required();
  command->add_option("--in", a->in, "sketches or images: FILE, FILE#17 or FILE:test#17; several allowed")->required();
  command->add_flag("--sample", a->samples, "draw z from the posterior instead of taking its mean");
  command->add_option("--seed", a->seed, "of --sample")->capture_default_str();
  command->add_option("-o,--out", a->out, "float32 .npy, a row each")->capture_default_str();
  command->footer("\nExample:\n  limn encode runs/doodles --in builtin:doodles:test#0 builtin:doodles:test#1 -o z.npy\n");
  command->callback([a] {
    require(a->out.ends_with(".npy"), "{}: latent vectors go to a NumPy file; use .npy", a->out);
    if (!draws_images(a->model)) return encode(*a);
    encode_images({.model = a->model, .in = a->in, .samples = a->samples, .seed = a->seed, .out = a->out});
  });
}

void add_decode(CLI::App& app) {
  auto* command = app.add_subcommand("decode", "drawings of latent vectors");
  auto a = std::make_shared<DecodeArguments>();
  command->add_option("MODEL", a->model, "run directory or .safetensors file")->required();
  command->add_option("--z", a->z, "floating-point .npy, a row a drawing")->required();
  command->add_option("--temperature", a->temperature, "how varied")->check(positive_number())->capture_default_str();
  command->add_flag("--greedy", a->is_greedy, "always the likeliest point");
  command->add_option("--seed", a->seed, "another number, other drawings")->capture_default_str();
  command->add_option("-o,--out", a->out, ".svg, .png, .gif, .gcode, .npz, .ndjson or .json; of images .svg, .png or .gif")->capture_default_str();
  command->footer("\nExample (latent arithmetic in three commands):\n"
                  "  limn encode runs/doodles --in a.npz#1 a.npz#2 a.npz#3 -o z.npy\n"
                  "  python3 -c \"import numpy as n; z = n.load('z.npy'); n.save('w.npy', z[:1] - z[1:2] + z[2:])\"\n"
                  "  limn decode runs/doodles --z w.npy -o sum.png\n");
  command->callback([a, command] {
    if (!draws_images(a->model)) return decode(*a);
    refuse_sketch_options(*command, {"--temperature", "--greedy", "--seed"});
    decode_images({.model = a->model, .z = a->z, .out = a->out});
  });
}

}  // namespace limn::app
