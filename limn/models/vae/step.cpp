#include "limn/models/vae/step.hpp"

#include <numeric>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/gaussian_latent.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::models {
namespace {

// The fewest images that a task takes through the network: below that a product is mostly packing.
constexpr std::int64_t kRowsAtOnce = 32;

template <class Spans>
void check_sizes(const char* what, Spans spans, std::span<const kernels::ParameterSpec> specs) {
  require(spans.size() == specs.size(), "vae: {} {}, expected {}", spans.size(), what, specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i)
    require(spans[i].size() == specs[i].count(), "vae: {} has {} values, expected {}", specs[i].name, spans[i].size(),
            specs[i].count());
}

}  // namespace

kernels::PixelLikelihood pixel_likelihood(const VaeOptions& options) {
  return options.likelihood == "mse" ? kernels::PixelLikelihood::kSquaredError : kernels::PixelLikelihood::kBernoulli;
}

VaeStep::VaeStep(const VaeOptions& options, kernels::Precision precision)
    : options_(options),
      parameter_specs_(vae_parameters(options)),
      buffer_specs_(vae_buffers(options)),
      encoder_{.network = VaeNetwork(vae_layout(options).encoder, precision)},
      decoder_{.network = VaeNetwork(vae_layout(options).decoder, precision)} {}

void VaeStep::check(kernels::Parameters parameters, std::span<const std::span<float>> buffers,
                    kernels::ParameterGradients gradients, const VaeBatch& batch) const {
  check_sizes("parameters", parameters, parameter_specs_);
  check_sizes("buffers", buffers, buffer_specs_);
  check_sizes("gradients", gradients, parameter_specs_);
  const std::int64_t rows = batch.pixels.rows, places = std::ssize(batch.noise.places);
  require(rows >= 1 && batch.pixels.columns == encoder_.network.input_size(),
          "vae: the batch of images is [{}, {}], expected [1 or more, {}]", rows, batch.pixels.columns,
          encoder_.network.input_size());
  require(places == 0 || places == rows, "vae: {} places for {} images", places, rows);
}

void VaeStep::start(kernels::Parameters parameters, kernels::ParameterGradients gradients, const VaeBatch& batch) {
  const std::int64_t rows = batch.pixels.rows, z_size = options_.z_size;
  latent_.resize(rows, 2 * z_size);
  z_.resize(rows, z_size);
  d_z_.resize(rows, z_size);
  logits_.resize(rows, batch.pixels.columns);
  reconstruction_.resize(static_cast<std::size_t>(rows));
  kl_.resize(static_cast<std::size_t>(rows));
  const std::size_t split = encoder_.network.parameters();
  encoder_.gradients = gradients.first(split);
  decoder_.gradients = gradients.subspan(split);
  encoder_.network.start(encoder_.pass, batch.pixels, latent_.view());
  decoder_.network.start(decoder_.pass, z_.view(), logits_.view());
  // The decoder first: after its packings, the largest, the allocator reuses memory instead of giving it back.
  VaeTasks packing;
  decoder_.network.add_packing(parameters.subspan(split), true, packing);
  encoder_.network.add_packing(parameters.first(split), false, packing);
  run_tasks(std::move(packing));
}

VaeLosses VaeStep::losses_and_gradients(kernels::Parameters parameters, std::span<const std::span<float>> buffers,
                                        kernels::ParameterGradients gradients, const VaeBatch& batch) {
  check(parameters, buffers, gradients, batch);
  start(parameters, gradients, batch);
  const std::int64_t rows = batch.pixels.rows;
  const auto whole = static_cast<double>(batch.whole_batch > 0 ? batch.whole_batch : rows);
  const double beta = beta_at(options_, static_cast<std::int64_t>(batch.noise.step));
  const float share = 1.0f / static_cast<float>(whole);
  const Scales scales{.reconstruction = share, .kl = static_cast<float>(beta) * share};
  if (encoder_.network.goes_in_parts()) {
    const std::int64_t tasks = task_count(rows, kRowsAtOnce);
    kernels::parallel_for(tasks, [&](std::int64_t task) {
      const std::int64_t first = rows * task / tasks;
      run_rows(batch, scales, {.first = first, .count = rows * (task + 1) / tasks - first});
    });
  } else {
    run_rows(batch, scales, {.first = 0, .count = rows});
  }
  VaeTasks tasks;
  for (const Half* half : {&encoder_, &decoder_}) half->network.add_gradients(half->pass, half->gradients, tasks);
  run_tasks(std::move(tasks));
  const std::size_t split = encoder_.network.buffers();
  encoder_.network.update_running(encoder_.pass, buffers.first(split));
  decoder_.network.update_running(decoder_.pass, buffers.subspan(split));
  const auto mean = [&](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / whole;
  };
  return {.reconstruction = mean(reconstruction_), .kl = mean(kl_), .beta = beta};
}

void VaeStep::draw_latents(const StepNoise& noise, const VaeRows& rows) {
  std::vector<float> epsilon(static_cast<std::size_t>(options_.z_size));
  for (std::int64_t r = rows.first; r < rows.first + rows.count; ++r) {
    fill_latent_noise(noise, r, epsilon);
    kl_[static_cast<std::size_t>(r)] = kernels::gaussian_latent_row(
        {.z_size = options_.z_size, .latent = latent_.row(r), .noise = epsilon.data(), .z = z_.row(r)});
  }
}

// Forward and back; what is left are the gradients of the weights.
void VaeStep::run_rows(const VaeBatch& batch, const Scales& scales, const VaeRows& rows) {
  kernels::GemmScratch scratch;
  encoder_.network.forward(encoder_.pass, rows, scratch);
  draw_latents(batch.noise, rows);
  decoder_.network.forward(decoder_.pass, rows, scratch);
  const Matrix logits = rows.of(logits_.view());
  kernels::pixel_losses(
      {.likelihood = pixel_likelihood(options_),
       .logits = logits,
       .targets = rows.of(batch.pixels),
       .sums = std::span(reconstruction_)
                   .subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.count)),
       .gradient = logits,
       .gradient_scale = scales.reconstruction});
  decoder_.network.backward(decoder_.pass, rows, decoder_.gradients, rows.of(d_z_.view()), scratch);
  for (std::int64_t r = rows.first; r < rows.first + rows.count; ++r)
    kernels::gaussian_latent_backward_row({.z_size = options_.z_size,
                                           .kl_scale = scales.kl,
                                           .z = z_.row(r),
                                           .dz = d_z_.row(r),
                                           .latent = latent_.row(r)});
  encoder_.network.backward(encoder_.pass, rows, encoder_.gradients, {}, scratch);
}

}  // namespace limn::models
