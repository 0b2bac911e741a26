#include "limn/models/draw/drawing.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/draw/image_group.hpp"
#include "limn/models/network_passes.hpp"

namespace limn::models {
namespace {

// Appends σ(c).
void append_means(std::span<const float> canvas, std::vector<float>& pixels) {
  const std::size_t before = pixels.size();
  pixels.resize(before + canvas.size());
  kernels::logistic(canvas, std::span(pixels).subspan(before));
}

image::WindowBox box_of(const kernels::WindowShape& shape, const float* parameters) {
  const kernels::Window w = kernels::window_of(shape, parameters);
  // The paper counts pixels from 1 and means their centres.
  return {.center_x = w.center_x - 0.5f,
          .center_y = w.center_y - 0.5f,
          .side = w.stride * static_cast<float>(shape.size - 1),
          .sigma = std::sqrt(w.variance)};
}

// ε of images [first, first + count), [count, T·Z]: a stream for each (seed, draw number, index of the image), from
// which every step takes its own numbers. Zero for the mean.
std::vector<float> noise_of(const ImageModel::EncodeOptions& options, std::int64_t sample, std::int64_t first,
                            std::int64_t count, std::int64_t size) {
  std::vector<float> noise(static_cast<std::size_t>(count * size));
  if (options.uses_mean) return noise;
  kernels::parallel_for(count, [&](std::int64_t i) {
    const std::int64_t image = first + i;
    const std::int64_t index = options.indices.empty() ? image : options.indices[static_cast<std::size_t>(image)];
    RandomStream random(options.seed, Purpose::kLatentEvaluation, static_cast<std::uint64_t>(sample),
                        static_cast<std::uint64_t>(index));
    random.fill_normal(std::span(noise).subspan(static_cast<std::size_t>(i * size), static_cast<std::size_t>(size)));
  });
  return noise;
}

}  // namespace

Matrix DrawModel::Group::rows(std::vector<float>& values, std::int64_t blocks, std::int64_t size) const {
  values.resize(static_cast<std::size_t>(blocks * count * size));
  return {values.data(), blocks * count, size};
}

DrawLosses DrawModel::Group::forward(std::span<const float> pixels, const EncodeOptions& options, std::int64_t sample,
                                     const DrawSequence::Trace& trace) const {
  const std::int64_t size = model.shape_.image_size();
  const std::vector<float> noise = noise_of(options, sample, first, count, model.latent_size());
  DrawSequence sequence(model.shape_);
  return sequence.forward({.parameters = model.parameters(),
                           .pixels = ConstMatrix(pixels.data() + first * size, count, size),
                           .noise = ConstMatrix(noise.data(), count, model.latent_size()),
                           .keep_for_backward = false},
                          trace);
}

DrawLosses DrawModel::Group::losses(std::span<const float> pixels, const EncodeOptions& options,
                                    std::int64_t sample) const {
  if (options.passes == nullptr) return forward(pixels, options, sample, {});
  const std::int64_t size = model.shape_.image_size(), steps = model.shape_.steps, columns = steps + 2;
  const std::vector<float> noise = noise_of(options, sample, first, count, model.latent_size());
  const std::vector<double> rows =
      options.passes->losses({.pixels = ConstMatrix(pixels.data() + first * size, count, size)},
                             ConstMatrix(noise.data(), count, model.latent_size()), count * columns);
  DrawLosses losses;
  for (auto row = rows.begin(); row != rows.end(); row += columns) {
    losses.reconstruction.push_back(row[0]);
    losses.kl.insert(losses.kl.end(), row + 1, row + 1 + steps);
    losses.log_ratio.push_back(row[columns - 1]);
  }
  return losses;
}

void DrawModel::Group::generate(const Latents& z, const DrawSequence::Trace& trace) const {
  DrawSequence sequence(model.shape_);
  sequence.generate(model.parameters(), ConstMatrix(z.row(first).data(), count, z.z_size), trace);
}

void DrawModel::Group::append_steps(std::span<const float> canvases, std::span<const float> reads,
                                    std::span<const float> writes, image::DrawingSteps& steps) const {
  const DrawShape& shape = model.shape_;
  const auto size = static_cast<std::size_t>(shape.image_size());
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t t = 0; t < shape.steps; ++t) {
      const auto row = static_cast<std::size_t>(t * count + i);
      append_means(canvases.subspan(row * size, size), steps.canvases);
      const std::size_t at = row * static_cast<std::size_t>(kernels::kWindowParameters);
      if (!reads.empty()) steps.reads.push_back(box_of(shape.read_window(), &reads[at]));
      if (!writes.empty()) steps.writes.push_back(box_of(shape.write_window(), &writes[at]));
    }
  }
  steps.count += count;
}

DrawModel::DrawModel(Checkpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  const auto known = fields(options_);
  options_from_json(known, checkpoint_.config, checkpoint_.origin);
  try {
    shape_ = draw_shape(options_);
  } catch (const Error& error) {
    fail("{}: {}", checkpoint_.origin, error.what());
  }
  check_weights(checkpoint_, draw_parameters(shape_));
}

std::vector<std::span<const float>> DrawModel::parameters() const {
  std::vector<std::span<const float>> all;
  for (const auto& spec : draw_parameters(shape_)) all.emplace_back(checkpoint_.weights.at(spec.name));
  return all;
}

void DrawModel::for_each_group(std::int64_t n, const std::function<void(const Group&)>& work) const {
  // Bounds the memory of traces, and is a training batch in size.
  constexpr std::int64_t kGroup = 100;
  for (std::int64_t first = 0; first < n; first += kGroup) work({*this, first, std::min(kGroup, n - first)});
}

std::int64_t DrawModel::image_count(std::span<const float> pixels) const {
  const auto size = static_cast<std::size_t>(shape_.image_size());
  require(pixels.size() % size == 0, "draw: {} pixels are not a whole number of images of {}", pixels.size(),
          image::text(shape()));
  return static_cast<std::int64_t>(pixels.size() / size);
}

std::vector<float> DrawModel::decode(const Latents& z) const {
  require(z.z_size == latent_size(), "draw: a latent vector has {} numbers, expected {} steps of {}", z.z_size,
          options_.time_steps, options_.z_size);
  std::vector<float> pixels, canvas;
  for_each_group(z.count(), [&](const Group& group) {
    group.generate(z, {.canvas = group.rows(canvas, 1, shape_.image_size())});
    append_means(canvas, pixels);
  });
  return pixels;
}

Latents DrawModel::encode(std::span<const float> pixels, const EncodeOptions& options) const {
  Latents z(image_count(pixels), latent_size());
  for_each_group(z.count(), [&](const Group& group) {
    const Matrix drawn(z.row(group.first).data(), group.count, latent_size());
    (void)group.forward(pixels, options, 0, {.z = drawn});
  });
  return z;
}

image::DrawingSteps DrawModel::decode_steps(const Latents& z) const {
  require(z.z_size == latent_size(), "draw: a latent vector has {} numbers, expected {} steps of {}", z.z_size,
          options_.time_steps, options_.z_size);
  image::DrawingSteps steps{
      .shape = shape(), .count = 0, .steps = shape_.steps, .canvases = {}, .reads = {}, .writes = {}};
  for_each_group(z.count(), [&](const Group& group) {
    std::vector<float> canvases, writes;
    DrawSequence::Trace trace{.canvases = group.rows(canvases, shape_.steps, shape_.image_size())};
    if (options_.write_attention) trace.write_windows = group.rows(writes, shape_.steps, kernels::kWindowParameters);
    group.generate(z, trace);
    group.append_steps(canvases, {}, writes, steps);
  });
  return steps;
}

image::DrawingSteps DrawModel::reconstruct_steps(std::span<const float> pixels, const EncodeOptions& options) const {
  image::DrawingSteps steps{
      .shape = shape(), .count = 0, .steps = shape_.steps, .canvases = {}, .reads = {}, .writes = {}};
  for_each_group(image_count(pixels), [&](const Group& group) {
    std::vector<float> canvases, reads, writes;
    DrawSequence::Trace trace{.canvases = group.rows(canvases, shape_.steps, shape_.image_size())};
    if (options_.read_attention) trace.read_windows = group.rows(reads, shape_.steps, kernels::kWindowParameters);
    if (options_.write_attention) trace.write_windows = group.rows(writes, shape_.steps, kernels::kWindowParameters);
    (void)group.forward(pixels, options, 0, trace);
    group.append_steps(canvases, reads, writes, steps);
  });
  return steps;
}

image::DrawingSteps DrawModel::steps_from(const Latents& z) const {
  image::DrawingSteps steps = decode_steps(z);
  require_finite(steps.canvases, "a canvas that it draws");
  return steps;
}

image::DrawingSteps DrawModel::steps_redrawing(const Drawings& given, const LatentOptions& options) const {
  image::DrawingSteps steps = reconstruct_steps(given.pixels, {.uses_mean = options.uses_mean, .seed = options.seed});
  require_finite(steps.canvases, "a canvas that it draws");
  return steps;
}

std::unique_ptr<ImageModel> make_draw_model(Checkpoint checkpoint) {
  return std::make_unique<DrawModel>(std::move(checkpoint));
}

}  // namespace limn::models
