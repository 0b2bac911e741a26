// limn decode: drawings of latent vectors from a NumPy file.
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/drawing_output.hpp"
#include "app/option_abilities.hpp"
#include "app/plotter_options.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {
namespace {

struct DecodeArguments {
  std::string model;
  std::string z;
  double temperature = 0.4;
  models::SigmaTemperature sigma_temperature = models::SigmaTemperature::kSqrt;
  bool is_greedy = false;
  std::string precision = "f32";
  std::uint64_t seed = 1;
  std::string out = "decoded.svg";
  render::GcodeOptions plotter = {};
};

void decode(const DecodeArguments& a, const Command& command, const models::Registry& registry) {
  const auto model = registry.load(a.model);
  model->set_precision(a.precision);
  check_output(a.out, model->content());
  check_plotter_options(a.plotter, a.out);
  check_temperature_options(command, *model);
  check_options(command, *model, models::Ability::kTemperature, {"--seed"});
  model->need(models::Ability::kDecode, "try limn sample");
  const auto matrix = arrays::read_npy_matrix(a.z);
  require(matrix.columns == model->latent_size(), "{}: vectors of {} numbers; {} wants {}", a.z, matrix.columns,
          a.model, model->latent_size());
  models::Latents z(matrix.rows, matrix.columns);
  z.values = matrix.values;
  save_grid(a.out,
            model->draw_latents(z, {.temperature = a.temperature,
                                    .sigma_temperature = a.sigma_temperature,
                                    .is_greedy = a.is_greedy,
                                    .seed = a.seed}),
            0, {.plotter = a.plotter});
}

}  // namespace

void add_decode(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("decode", "drawings of latent vectors");
  auto a = std::make_shared<DecodeArguments>();
  add_model(command, a->model);
  command.add("--z", &a->z, "floating-point .npy, a row per drawing").required();
  add_temperature(command, a->temperature, a->sigma_temperature);
  command.add("--greedy", &a->is_greedy, "always the likeliest point");
  add_precision(command, a->precision);
  command.add("--seed", &a->seed, "another number, other drawings").shows_default();
  command.add("-o,--out", &a->out, drawing_output_help()).shows_default();
  add_plotter_options(command, a->plotter);
  command.set_footer(
      "\nExample (latent arithmetic in three commands):\n"
      "  limn encode runs/doodles --in a.npz#1 a.npz#2 a.npz#3 -o z.npy\n"
      "  python3 -c \"import numpy as n; z = n.load('z.npy'); n.save('w.npy', z[:1] - z[1:2] + z[2:])\"\n"
      "  limn decode runs/doodles --z w.npy -o sum.png\n");
  command.set_action([a, command, &registry] { decode(*a, command, registry); });
}

}  // namespace limn::app
