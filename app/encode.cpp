// limn encode: latent vectors as a NumPy file, so that users do arithmetic on them.
#include <array>
#include <limits>
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/given_drawings.hpp"
#include "app/printing.hpp"
#include "app/recorded_data.hpp"
#include "limn/arrays/npy.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {
namespace {

struct EncodeArguments {
  std::string model;
  std::vector<std::string> in;
  bool samples = false;
  GivenScale scale = GivenScale::kUsual;
  std::uint64_t seed = 1;
  std::string out = "z.npy";
};

void encode(const EncodeArguments& a, const models::Registry& registry) {
  require(a.out.ends_with(".npy"), "{}: latent vectors go to a NumPy file; use .npy", a.out);
  const auto model = registry.load(a.model);
  model->need(models::Ability::kEncode, "try limn sample or limn complete");
  const std::vector<std::string> references =
      a.in.empty() ? std::vector{built_in_drawings("", *model, a.model, registry, "--in")} : a.in;
  const GivenDrawings given = read_given(
      *model, {.references = references, .limit = std::numeric_limits<std::int64_t>::max(), .scale = a.scale});
  const models::Latents z = model->latents_of(given.drawings, {.uses_mean = !a.samples, .seed = a.seed});
  arrays::write_npy(a.out, z.values, std::array{z.count(), z.z_size});
  print("{}: {} x {}\n", a.out, z.count(), z.z_size);
}

}  // namespace

void add_encode(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("encode", "latent vectors of sketches or images, as a NumPy file");
  auto a = std::make_shared<EncodeArguments>();
  add_model(command, a->model);
  command.add("--in", &a->in,
              "sketches or images: FILE, FILE#17 or FILE:test#17; several allowed [of built-in data, test]");
  add_scale(command, a->scale);
  command.add("--sample", &a->samples, "draw z from the posterior instead of taking its mean");
  command.add("--seed", &a->seed, "of --sample").shows_default();
  command.add("-o,--out", &a->out, "float32 .npy, a row each").shows_default();
  command.set_footer(
      "\nExample:\n  limn encode runs/doodles --in builtin:doodles:test#0 builtin:doodles:test#1 -o z.npy\n");
  command.set_action([a, &registry] { encode(*a, registry); });
}

}  // namespace limn::app
