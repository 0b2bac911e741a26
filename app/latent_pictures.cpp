// limn manifold and limn traverse: what the dimensions of a latent space mean, as pictures.
#include <charconv>
#include <filesystem>
#include <memory>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/image_input.hpp"
#include "app/image_output.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/latent_planes.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

// An n x n plane as one picture.
struct PlanePicture {
  std::int64_t grid = 10;
  std::int64_t scale = 0;
};
void save_plane(const ImageModel& model, const Latents& z, const PlanePicture& picture, const fs::path& out) {
  save_images(out, grid_sheet(image_cells(model.decode(z), model.shape()), static_cast<int>(picture.grid)),
              model.shape(), {.gap = 0, .scale = picture.scale});
  fmt::print("{}\n", out.string());
}

void add_picture_options(CLI::App& command, PlanePicture& picture) {
  command.add_option("--grid", picture.grid, "images on each side")->check(whole_number(1, 200))->capture_default_str();
  command.add_option("--scale", picture.scale, "sides of a pixel [so that the picture is about 1000 wide]")
      ->check(whole_number(1, 100));
}

struct ManifoldArguments {
  std::string model;
  PlanePicture picture{.grid = 20};
  std::string out = "manifold.png";
};

void manifold(const ManifoldArguments& a) {
  check_image_output(a.out, false);
  const auto model = load_image_model(a.model);
  require(model->latent_size() == 2,
          "{}: has {} latent dimensions, a manifold shows 2; try limn traverse {} --dims 0,1", a.model,
          model->latent_size(), a.model);
  save_plane(*model, manifold_latents(a.picture.grid), a.picture, a.out);
}

struct TraverseArguments {
  std::string model;
  std::string dims;
  std::string base;
  bool is_sampled = false;
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
  if (second != "*") return {{across, dimension(second, dims, z_size)}};
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (std::int64_t down = 0; down < z_size; ++down)
    if (down != across) pairs.emplace_back(across, down);
  require(!pairs.empty(), "--dims {}: the model has one latent dimension", printable(dims));
  return pairs;
}

// A file, or for several pairs the file with the pair in its name; a folder gets 21-03.png and so on.
fs::path path_of(const fs::path& out, std::int64_t across, std::int64_t down, bool is_one) {
  if (!out.has_extension()) return out / fmt::format("{:02}-{:02}.png", across, down);
  if (is_one) return out;
  return out.parent_path() / fmt::format("{}-{:02}-{:02}{}", out.stem().string(), across, down, out.extension().string());
}

void traverse(const TraverseArguments& a) {
  const fs::path out = a.out;
  if (out.has_extension()) check_image_output(out, false);
  const auto model = load_image_model(a.model);
  const std::int64_t z_size = model->latent_size();
  const auto pairs = parse_pairs(a.dims, z_size);
  std::vector<float> base;
  if (a.base.empty()) {
    base = uniform_latent(z_size, a.seed);
  } else {
    base = model->encode(image_for(*model, a.base).pixels, {.uses_mean = !a.is_sampled, .seed = a.seed}).values;
  }
  if (!out.has_extension()) make_directories(out);
  for (const auto& [across, down] : pairs)
    save_plane(*model, traversal_latents({.across = across, .down = down, .base = base}, a.picture.grid), a.picture,
               path_of(out, across, down, pairs.size() == 1));
}

}  // namespace

void add_manifold(CLI::App& app) {
  auto* command = app.add_subcommand("manifold", "the plane of a two-dimensional latent space as one picture");
  auto a = std::make_shared<ManifoldArguments>();
  command->add_option("MODEL", a->model, "run directory or .safetensors file of a model that draws images")->required();
  add_picture_options(*command, a->picture);
  command->add_option("-o,--out", a->out, ".png or .svg")->capture_default_str();
  command->footer("\nThe points lie at even shares of the prior from 5 % to 95 %: the first dimension to the right, the second down.\n"
                  "\nExample:\n  limn manifold runs/digits --grid 20 -o manifold.png\n");
  command->callback([a] { manifold(*a); });
}

void add_traverse(CLI::App& app) {
  auto* command = app.add_subcommand("traverse", "two latent dimensions over a grid, the others held");
  auto a = std::make_shared<TraverseArguments>();
  command->add_option("MODEL", a->model, "run directory or .safetensors file of a model that draws images")->required();
  command->add_option("--dims", a->dims, "the dimensions across and down, from 0; 21,* is 21 with each of the others")
      ->required();
  command->add_option("--base", a->base, "an image whose other dimensions are held: FILE, DATA#17 or DATA:test#17; "
                                         "without it they are uniform random numbers in [0, 1)");
  command->add_flag("--sampled", a->is_sampled, "draw the base's z from the posterior instead of taking its mean");
  add_picture_options(*command, a->picture);
  command->add_option("--seed", a->seed, "of the random dimensions and of --sampled")->capture_default_str();
  command->add_option("-o,--out", a->out, ".png, .svg, or a folder; several pairs are put into the file's name")
      ->capture_default_str();
  command->footer("\nExamples:\n  limn traverse runs/pictures --dims 3,21 --base 025MS.png -o around.png\n"
                  "  limn traverse runs/pictures --dims '21,*' -o planes/\n");
  command->callback([a] { traverse(*a); });
}

}  // namespace limn::app
