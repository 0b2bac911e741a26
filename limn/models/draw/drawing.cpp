#include "limn/models/draw/drawing.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "limn/core/error.hpp"
#include "limn/core/random.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/kernels/losses/pixel_losses.hpp"

namespace limn {
namespace {

// Images that go through the steps together: bounds the memory of traces, and is a training batch in size.
constexpr std::int64_t kGroup = 100;

// Appends σ(c).
void append_means(std::span<const float> canvas, std::vector<float>& pixels) {
  const std::size_t before = pixels.size();
  pixels.resize(before + canvas.size());
  kernels::logistic(canvas, std::span(pixels).subspan(before));
}

// Calls work(first, count) for one group after the other.
void for_each_group(std::int64_t n, const std::function<void(std::int64_t, std::int64_t)>& work) {
  for (std::int64_t first = 0; first < n; first += kGroup) work(first, std::min(kGroup, n - first));
}

WindowBox box_of(const kernels::WindowShape& shape, const float* parameters) {
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

// Some of the images of a call on their way through the steps.
struct DrawModel::Group {
  const DrawModel& model;
  std::int64_t first = 0;
  std::int64_t count = 0;

  [[nodiscard]] Matrix rows(std::vector<float>& values, std::int64_t blocks, std::int64_t size) const {
    values.resize(static_cast<std::size_t>(blocks * count * size));
    return {values.data(), blocks * count, size};
  }
  [[nodiscard]] kernels::DrawLosses forward(std::span<const float> pixels, const EncodeOptions& options,
                                            std::int64_t sample, const kernels::DrawSequence::Trace& trace) const {
    const std::int64_t size = model.shape_.image_size();
    const std::vector<float> noise = noise_of(options, sample, first, count, model.latent_size());
    kernels::DrawSequence sequence(model.shape_);
    return sequence.forward({.parameters = model.parameters(),
                             .pixels = ConstMatrix(pixels.data() + first * size, count, size),
                             .noise = ConstMatrix(noise.data(), count, model.latent_size()),
                             .keep_for_backward = false},
                            trace);
  }
  void generate(const Latents& z, const kernels::DrawSequence::Trace& trace) const {
    kernels::DrawSequence sequence(model.shape_);
    sequence.generate(model.parameters(), ConstMatrix(z.row(first).data(), count, z.z_size), trace);
  }

  // From the kernels' order, step after step, to image after image.
  void append_steps(std::span<const float> canvases, std::span<const float> reads, std::span<const float> writes,
                    DrawingSteps& steps) const {
    const kernels::DrawShape& shape = model.shape_;
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
};

DrawModel::DrawModel(ImageCheckpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  const auto known = fields(options_);
  options_from_json(known, checkpoint_.config, checkpoint_.origin);
  try {
    shape_ = draw_shape(options_);
  } catch (const Error& error) {
    fail("{}: {}", checkpoint_.origin, error.what());
  }
  check_weights(checkpoint_, kernels::draw_parameters(shape_));
}

std::vector<std::span<const float>> DrawModel::parameters() const {
  std::vector<std::span<const float>> all;
  for (const auto& spec : kernels::draw_parameters(shape_)) all.emplace_back(checkpoint_.weights.at(spec.name));
  return all;
}

std::int64_t DrawModel::image_count(std::span<const float> pixels) const {
  const auto size = static_cast<std::size_t>(shape_.image_size());
  require(pixels.size() % size == 0, "draw: {} pixels are no whole number of images of {}", pixels.size(), text(shape()));
  return static_cast<std::int64_t>(pixels.size() / size);
}

std::vector<float> DrawModel::decode(const Latents& z) const {
  require(z.z_size == latent_size(), "draw: a latent vector has {} numbers, expected {} steps of {}", z.z_size,
          options_.time_steps, options_.z_size);
  std::vector<float> pixels, canvas;
  for_each_group(z.count(), [&](std::int64_t first, std::int64_t count) {
    const Group group{*this, first, count};
    group.generate(z, {.canvas = group.rows(canvas, 1, shape_.image_size())});
    append_means(canvas, pixels);
  });
  return pixels;
}

Latents DrawModel::encode(std::span<const float> pixels, const EncodeOptions& options) const {
  Latents z(image_count(pixels), latent_size());
  for_each_group(z.count(), [&](std::int64_t first, std::int64_t count) {
    (void)Group{*this, first, count}.forward(pixels, options, 0, {.z = Matrix(z.row(first).data(), count, latent_size())});
  });
  return z;
}

ImageLosses DrawModel::losses(std::span<const float> pixels, const EncodeOptions& options, std::int64_t samples) const {
  require(samples >= 1, "draw: {} samples of z; at least 1 is needed", samples);
  const auto n = static_cast<std::size_t>(image_count(pixels)), steps = static_cast<std::size_t>(shape_.steps);
  ImageLosses mean{.reconstruction = std::vector<double>(n), .kl = std::vector<double>(n)};
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    for_each_group(static_cast<std::int64_t>(n), [&](std::int64_t first, std::int64_t count) {
      const kernels::DrawLosses losses = Group{*this, first, count}.forward(pixels, options, sample, {});
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const std::size_t image = static_cast<std::size_t>(first) + i;
        mean.reconstruction[image] += losses.reconstruction[i] / static_cast<double>(samples);
        for (std::size_t t = 0; t < steps; ++t) mean.kl[image] += losses.kl[i * steps + t] / static_cast<double>(samples);
      }
    });
  }
  return mean;
}

std::vector<double> DrawModel::log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                           std::int64_t sample) const {
  std::vector<double> all;
  for_each_group(image_count(pixels), [&](std::int64_t first, std::int64_t count) {
    const kernels::DrawLosses losses = Group{*this, first, count}.forward(pixels, options, sample, {});
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
      all.push_back(losses.log_ratio[i] - losses.reconstruction[i]);
  });
  return all;
}

std::vector<double> DrawModel::step_kl(std::span<const float> pixels, const EncodeOptions& options) const {
  std::vector<double> all;
  for_each_group(image_count(pixels), [&](std::int64_t first, std::int64_t count) {
    std::ranges::copy(Group{*this, first, count}.forward(pixels, options, 0, {}).kl, std::back_inserter(all));
  });
  return all;
}

DrawingSteps DrawModel::decode_steps(const Latents& z) const {
  require(z.z_size == latent_size(), "draw: a latent vector has {} numbers, expected {} steps of {}", z.z_size,
          options_.time_steps, options_.z_size);
  DrawingSteps steps{
      .shape = shape(), .count = 0, .steps = shape_.steps, .canvases = {}, .reads = {}, .writes = {}};
  for_each_group(z.count(), [&](std::int64_t first, std::int64_t count) {
    const Group group{*this, first, count};
    std::vector<float> canvases, writes;
    kernels::DrawSequence::Trace trace{.canvases = group.rows(canvases, shape_.steps, shape_.image_size())};
    if (options_.write_attention) trace.write_windows = group.rows(writes, shape_.steps, kernels::kWindowParameters);
    group.generate(z, trace);
    group.append_steps(canvases, {}, writes, steps);
  });
  return steps;
}

DrawingSteps DrawModel::reconstruct_steps(std::span<const float> pixels, const EncodeOptions& options) const {
  DrawingSteps steps{
      .shape = shape(), .count = 0, .steps = shape_.steps, .canvases = {}, .reads = {}, .writes = {}};
  for_each_group(image_count(pixels), [&](std::int64_t first, std::int64_t count) {
    const Group group{*this, first, count};
    std::vector<float> canvases, reads, writes;
    kernels::DrawSequence::Trace trace{.canvases = group.rows(canvases, shape_.steps, shape_.image_size())};
    if (options_.read_attention) trace.read_windows = group.rows(reads, shape_.steps, kernels::kWindowParameters);
    if (options_.write_attention) trace.write_windows = group.rows(writes, shape_.steps, kernels::kWindowParameters);
    (void)group.forward(pixels, options, 0, trace);
    group.append_steps(canvases, reads, writes, steps);
  });
  return steps;
}

std::unique_ptr<ImageModel> make_draw_model(ImageCheckpoint checkpoint) {
  return std::make_unique<DrawModel>(std::move(checkpoint));
}

}  // namespace limn
