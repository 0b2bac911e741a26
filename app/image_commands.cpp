#include "app/image_commands.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "app/draw_pictures.hpp"
#include "app/image_input.hpp"
#include "app/image_output.hpp"
#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/checkpoint.hpp"
#include "limn/models/image_model.hpp"
#include "limn/models/latent_planes.hpp"
#include "limn/sketch/npy.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kColumns = 10;
constexpr std::int64_t kFramesALeg = 12;  // of a walk from one drawing to the next

std::span<const float> row_of(const std::vector<float>& pixels, std::int64_t size, std::int64_t first,
                              std::int64_t count) {
  return std::span(pixels).subspan(static_cast<std::size_t>(first * size), static_cast<std::size_t>(count * size));
}

// Latent vectors as images: one grid, or one frame each.
void save_latents(const ImageModel& model, const Latents& z, const std::string& out, int columns) {
  const std::vector<float> pixels = model.decode(z);
  if (is_animation(out)) save_image_frames(out, pixels, model.shape());
  else save_images(out, grid_sheet(image_cells(pixels, model.shape()), columns), model.shape());
}

// The model as a DRAW, or null; Error if its steps were asked for and it has none.
const DrawModel* model_for_steps(const ImageModel& model, bool shows_steps) {
  const DrawModel* draw = as_draw(model);
  require(draw || !shows_steps, "--steps-shown: is for DRAW, and this model draws in one shot; leave it out");
  return draw;
}

// There and back, so that an animation loops without a jump.
Latents there_and_back(const Latents& path) {
  Latents walk = path;
  for (std::int64_t i = path.count() - 2; i > 0; --i)
    walk.values.insert(walk.values.end(), path.row(i).begin(), path.row(i).end());
  return walk;
}

}  // namespace

bool draws_images(const std::string& model) { return model_kind(model) != kSketchRnnModel; }

void refuse_sketch_options(const CLI::App& command, const std::vector<std::string>& names) {
  for (const auto& name : names)
    require(command.count(name) == 0, "{}: is for Sketch-RNN, and this model draws images; leave it out", name);
}

void sample_images(const ImageSampling& a) {
  check_image_output(a.out, true);
  const auto model = load_image_model(a.model);
  const Latents z = prior_latents(a.count, model->latent_size(), a.seed);
  const DrawModel* draw = model_for_steps(*model, a.shows_steps);
  if (draw && (a.shows_steps || is_animation(a.out))) save_drawing_steps(a.out, draw->decode_steps(z));
  else save_latents(*model, is_animation(a.out) ? closed_walk(z, kFramesALeg) : z, a.out, 0);
  fmt::print("{}\n", a.out);
}

void reconstruct_images(const ImageReconstruction& a) {
  const auto model = load_image_model(a.model);
  const DrawModel* draw = model_for_steps(*model, a.shows_steps);
  check_image_output(a.out, draw != nullptr);
  const NamedImages given = images_for(*model, a.in, a.count);
  if (draw && (a.shows_steps || is_animation(a.out))) {
    save_drawing_steps(a.out, draw->reconstruct_steps(given.pixels, {.uses_mean = a.uses_mean, .seed = a.seed}),
                       given.pixels);
    fmt::print("{}\n", a.out);
    return;
  }
  const std::vector<float> redrawn =
      model->decode(model->encode(given.pixels, {.uses_mean = a.uses_mean, .seed = a.seed}));
  const std::int64_t size = model->shape().size();
  Sheet sheet{.columns = static_cast<int>(std::min(kColumns, given.count()))};
  for (std::int64_t first = 0; first < given.count(); first += sheet.columns) {
    const std::int64_t count = std::min<std::int64_t>(sheet.columns, given.count() - first);
    append_image_row(sheet, "given", row_of(given.pixels, size, first, count), model->shape());
    append_image_row(sheet, "redrawn", row_of(redrawn, size, first, count), model->shape());
  }
  save_images(a.out, sheet, model->shape());
  fmt::print("{}\n", a.out);
}

void interpolate_images(const ImageInterpolation& a) {
  check_image_output(a.out, true);
  const auto model = load_image_model(a.model);
  Latents ends(0, model->latent_size());
  for (const auto& reference : a.ends) {
    const Latents z = model->encode(image_for(*model, reference).pixels, {.uses_mean = true});
    ends.values.insert(ends.values.end(), z.values.begin(), z.values.end());
  }
  if (a.ends.size() == 2) {
    const Latents path = interpolate_latents(ends.row(0), ends.row(1), a.steps);
    save_latents(*model, is_animation(a.out) ? there_and_back(path) : path, a.out, static_cast<int>(a.steps));
  } else {
    save_latents(*model,
                 latent_grid({.top_left = ends.row(0),
                              .top_right = ends.row(1),
                              .bottom_left = ends.row(2),
                              .bottom_right = ends.row(3)},
                             a.steps, a.steps),
                 a.out, static_cast<int>(a.steps));
  }
  fmt::print("{}\n", a.out);
}

void encode_images(const ImageEncoding& a) {
  const auto model = load_image_model(a.model);
  const NamedImages given = images_for(*model, a.in, std::numeric_limits<std::int64_t>::max());
  const Latents z = model->encode(given.pixels, {.uses_mean = !a.samples, .seed = a.seed});
  write_npy(a.out, z.values, std::array{z.count(), z.z_size});
  fmt::print("{}: {} x {}\n", a.out, z.count(), z.z_size);
}

void decode_images(const ImageDecoding& a) {
  check_image_output(a.out, true);
  const auto model = load_image_model(a.model);
  const auto matrix = read_npy_matrix(a.z);
  require(matrix.columns == model->latent_size(), "{}: vectors of {} numbers; {} wants {}", a.z, matrix.columns, a.model,
          model->latent_size());
  Latents z(matrix.rows, matrix.columns);
  z.values = matrix.values;
  save_latents(*model, z, a.out, 0);
  fmt::print("{}\n", a.out);
}

void evaluate_images(const ImageEvaluationArguments& a) {
  const auto model = load_image_model(a.model);
  const Split split = split_named(a.split);
  const auto data = ImageDataset::load(a.data.empty() ? std::vector<std::string>{"builtin:shapes"} : a.data,
                                       model->data_options());
  const ImageEvaluation e =
      evaluate(*model, data, split, {.samples = a.samples, .importance_samples = a.importance_samples, .seed = a.seed});
  nlohmann::ordered_json out{{"split", a.split}, {"n", e.n},         {"reconstruction", e.reconstruction},
                             {"kl", e.kl},       {"total", e.total}, {"nats", e.total}};
  if (e.active_units >= 0) out["active_units"] = e.active_units;
  if (e.importance_samples > 0) {
    out["importance_weighted"] = e.importance_weighted;
    out["importance_samples"] = e.importance_samples;
  }
  if (a.is_json) {
    fmt::print("{}\n", out.dump());
    return;
  }
  for (const auto& [name, value] : out.items())
    fmt::print("{:<29} {}\n", name,
               value.is_number_float() ? fmt::format("{:.4f}", value.get<double>())
               : value.is_string()     ? value.get<std::string>()
                                       : value.dump());
}

nlohmann::ordered_json describe_image_model(const std::string& model_path) {
  const auto model = load_image_model(model_path);
  const ImageCheckpoint& checkpoint = model->checkpoint();
  std::size_t weights = 0;
  for (const auto& [name, values] : checkpoint.weights) weights += values.size();
  using json = nlohmann::ordered_json;
  return json{{"file", resolve_model_path(model_path).string()},
              {"model", checkpoint.model},
              {"step", checkpoint.step},
              {"parameters", weights},
              {"image", text(model->shape())},
              {"latent_size", model->latent_size()},
              {"metrics", json::parse(checkpoint.metrics)},
              {"options", json::parse(checkpoint.config)},
              {"training", json::parse(checkpoint.training_config)}};
}

}  // namespace limn::app
