// limn traverse: two latent dimensions over a grid, the others held.
#include <charconv>
#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/drawing_output.hpp"
#include "app/given_drawings.hpp"
#include "app/plane_picture.hpp"
#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

struct TraverseArguments {
  std::string model;
  std::string dims;
  std::string base;
  bool is_sampled = false;
  std::string others = "fixed";
  PlanePicture picture = {};
  std::uint64_t seed = 1;
  std::string out = "traversal.png";
};

std::int64_t dimension(std::string_view word, const std::string& dims, std::int64_t z_size) {
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  require(error == std::errc() && end == word.data() + word.size() && value >= 0 && value < z_size,
          "--dims {}: expected two latent dimensions from 0 to {}, such as 0,1, or one and a star, such as 0,*",
          printable(dims), z_size - 1);
  return value;
}

// The pairs that "3,21" or "21,*" names.
std::vector<std::pair<std::int64_t, std::int64_t>> parse_pairs(const std::string& dims, std::int64_t z_size) {
  const std::size_t comma = dims.find(',');
  const std::string_view first = std::string_view(dims).substr(0, comma);
  const std::string_view second = comma == std::string::npos ? "" : std::string_view(dims).substr(comma + 1);
  const std::int64_t across = dimension(first, dims, z_size);
  if (second != "*") {
    const std::int64_t down = dimension(second, dims, z_size);
    require(down != across, "--dims {}: expected two different dimensions", printable(dims));
    return {{across, down}};
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (std::int64_t down = 0; down < z_size; ++down)
    if (down != across) pairs.emplace_back(across, down);
  require(!pairs.empty(), "--dims {}: the model has one latent dimension", printable(dims));
  return pairs;
}

std::string name_in_folder(std::int64_t across, std::int64_t down) {
  return fmt::format("{:02}-{:02}.png", across, down);
}

// A file, or for several pairs the file with the pair in its name.
fs::path path_of(const fs::path& out, std::int64_t across, std::int64_t down, bool is_one) {
  if (is_one) return out;
  return out.parent_path() /
         fmt::format("{}-{:02}-{:02}{}", out.stem().string(), across, down, out.extension().string());
}

// The vector whose other dimensions are held.
std::vector<float> base_of(const models::Model& model, const TraverseArguments& a) {
  if (a.base.empty()) return models::uniform_latent(model.latent_size(), a.seed);
  return model
      .latents_of(read_given(model, {.references = {a.base}, .is_one_each = true}).drawings,
                  {.uses_mean = !a.is_sampled, .seed = a.seed})
      .values;
}

void traverse(const TraverseArguments& a, const models::Registry& registry) {
  const fs::path out = a.out;
  const bool is_folder = !out.has_extension();
  const auto model = registry.load(a.model);
  check_plane_output(*model, a.picture, is_folder ? out / name_in_folder(0, 1) : out);
  model->need(models::Ability::kDecode, "try limn sample");
  require(!a.is_sampled || !a.base.empty(), "--sampled: is for --base; leave it out");
  require(a.others == "fixed" || a.base.empty(), "--others each: draws the other dimensions anew; leave --base out");
  if (!a.base.empty()) model->need(models::Ability::kEncode, "leave --base out");
  const auto pairs = parse_pairs(a.dims, model->latent_size());
  const std::vector<float> base = base_of(*model, a);
  const models::FittedPrior* const prior = model->prior(a.picture.prior);
  const auto plane = [&](std::int64_t across, std::int64_t down) -> Plane {
    const models::PlaneAxes axes = models::plane_axes(across, down, a.picture.grid, prior);
    if (a.others == "each")
      return {.axes = axes, .z = models::uniform_traversal_latents(axes, model->latent_size(), a.seed)};
    return {.axes = axes, .z = models::traversal_latents(axes, base)};
  };
  if (!is_folder) {
    for (const auto& [across, down] : pairs)
      save_plane(*model, plane(across, down), a.picture, path_of(out, across, down, pairs.size() == 1));
    return;
  }
  AtomicFolder folder(out, AtomicFolder::Target::kFilled);
  for (const auto& [across, down] : pairs)
    add_plane(folder, name_in_folder(across, down), *model, plane(across, down), a.picture);
  folder.commit();
  for (const auto& [across, down] : pairs) print_path(folder.path() / name_in_folder(across, down));
}

}  // namespace

void add_traverse(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("traverse", "two latent dimensions over a grid, the others held");
  auto a = std::make_shared<TraverseArguments>();
  add_model(command, a->model);
  command.add("--dims", &a->dims, "the dimensions across and down, from 0; 21,* is 21 with each of the others")
      .required();
  command.add("--base", &a->base,
              "a drawing whose other dimensions are held: FILE, DATA#17 or DATA:test#17; without it they are uniform "
              "random numbers in [0, 1)");
  command.add("--sampled", &a->is_sampled, "draw the base's z from the posterior instead of taking its mean");
  command
      .add("--others", &a->others,
           "the other dimensions: fixed are the same in all cells, each draws them anew in each cell, uniformly")
      .one_of({"fixed", "each"})
      .shows_default();
  add_picture_options(command, a->picture);
  command.add("--seed", &a->seed, "of the random dimensions and of --sampled").shows_default();
  command
      .add("-o,--out", &a->out,
           drawing_output_help(false) + ", or a folder of .png; several pairs are put into the file's name")
      .shows_default();
  command.set_footer(
      "\nExamples:\n  limn traverse runs/pictures --dims 3,21 --base 025MS.png -o around.png\n"
      "  limn traverse runs/pictures --dims '21,*' --others each -o planes/\n");
  command.set_action([a, &registry] { traverse(*a, registry); });
}

}  // namespace limn::app
