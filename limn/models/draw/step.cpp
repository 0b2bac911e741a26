#include "limn/models/draw/step.hpp"

#include <numeric>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/sequence_layout.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/draw/step_state.hpp"

namespace limn::models {

using kernels::copy_rows;
using kernels::kWindowParameters;

namespace {

void check(const char* what, ConstMatrix matrix, std::int64_t rows, std::int64_t columns) {
  require(matrix.rows == rows && matrix.columns == columns, "draw: {} is [{}, {}], expected [{}, {}]", what,
          matrix.rows, matrix.columns, rows, columns);
}

void check_trace(const DrawShape& shape, const DrawSequence::Trace& trace, std::int64_t batch) {
  const auto check_wanted = [](const char* what, ConstMatrix matrix, std::int64_t rows, std::int64_t columns) {
    if (matrix.data) check(what, matrix, rows, columns);
  };
  check_wanted("z", trace.z, batch, shape.steps * shape.z_size);
  check_wanted("the canvas", trace.canvas, batch, shape.image_size());
  check_wanted("the list of canvases", trace.canvases, shape.steps * batch, shape.image_size());
  check_wanted("the list of read windows", trace.read_windows, shape.steps * batch, kWindowParameters);
  check_wanted("the list of write windows", trace.write_windows, shape.steps * batch, kWindowParameters);
  require(!trace.read_windows.data || shape.reads_with_attention, "draw: a model without attention has no read window");
  require(!trace.write_windows.data || shape.writes_with_attention,
          "draw: a model without attention has no write window");
}

void check_parameters(const DrawShape& shape, std::span<const std::size_t> sizes) {
  const auto specs = draw_parameters(shape);
  require(sizes.size() == specs.size(), "draw: {} parameters, expected {}", sizes.size(), specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i)
    require(sizes[i] == specs[i].count(), "draw: {} has {} values, expected {}", specs[i].name, sizes[i],
            specs[i].count());
}

template <class Span>
std::vector<std::size_t> sizes_of(std::span<const Span> spans) {
  std::vector<std::size_t> sizes;
  for (const auto& span : spans) sizes.push_back(span.size());
  return sizes;
}

}  // namespace

DrawSequence::DrawSequence(const DrawShape& shape, kernels::Precision precision) {
  const bool has_sizes =
      shape.steps > 0 && shape.image_size() > 0 && shape.enc_rnn_size > 0 && shape.dec_rnn_size > 0 && shape.z_size > 0;
  require(has_sizes,
          "draw: an image of {}x{}x{} in {} steps with {} and {} units and {} latent dimensions; all must be above 0",
          shape.channels, shape.height, shape.width, shape.steps, shape.enc_rnn_size, shape.dec_rnn_size, shape.z_size);
  require(
      (!shape.reads_with_attention || shape.read_size > 0) && (!shape.writes_with_attention || shape.write_size > 0),
      "draw: windows of {} (read) and {} (write) filters a side; each must be 1 or more", shape.read_size,
      shape.write_size);
  impl_ = std::make_unique<Impl>(shape, precision);
}
DrawSequence::~DrawSequence() = default;
DrawSequence::DrawSequence(DrawSequence&&) noexcept = default;
DrawSequence& DrawSequence::operator=(DrawSequence&&) noexcept = default;

DrawLosses DrawSequence::forward(const Input& input, const Trace& trace) {
  Impl& m = *impl_;
  const DrawShape& shape = m.shape;
  const std::int64_t batch = input.pixels.rows;
  check_parameters(shape, sizes_of(input.parameters));
  check("the batch of images", input.pixels, batch, shape.image_size());
  check("the noise", input.noise, batch, shape.steps * shape.z_size);
  check_trace(shape, trace, batch);
  m.start(input.parameters, batch, input.keep_for_backward);
  m.gradient_scale = 1 / static_cast<float>(input.whole_batch > 0 ? input.whole_batch : batch);
  m.prepare_encoder(input);
  DrawLosses losses;
  losses.reconstruction.resize(static_cast<std::size_t>(batch));
  losses.kl.resize(static_cast<std::size_t>(batch * shape.steps));
  losses.log_ratio.resize(static_cast<std::size_t>(batch));
  m.for_each_slice([&](const ImageSlice& slice) {
    DrawScratch scratch;
    m.start_slice(slice, scratch);
    for (std::int64_t t = 0; t < shape.steps; ++t) {
      m.encode_step(t, slice, scratch, losses);
      m.trace_encoding(t, slice, trace);
      m.decode_step(t, slice, scratch);
      m.trace_decoding(t, slice, trace);
    }
  });
  m.reconstruction_losses(losses.reconstruction, {});
  return losses;
}

void DrawSequence::generate(kernels::Parameters parameters, ConstMatrix z, const Trace& trace) {
  Impl& m = *impl_;
  const DrawShape& shape = m.shape;
  check_parameters(shape, sizes_of(parameters));
  check("z", z, z.rows, shape.steps * shape.z_size);
  check_trace(shape, trace, z.rows);
  m.start(parameters, z.rows, false);
  m.for_each_slice([&](const ImageSlice& slice) {
    DrawScratch scratch;
    m.start_slice(slice, scratch);
    for (std::int64_t t = 0; t < shape.steps; ++t) {
      copy_rows(z.slice_columns(t * shape.z_size, shape.z_size).slice_rows(slice.first, slice.count),
                m.rows(m.z, t, slice));
      m.decode_step(t, slice, scratch);
      m.trace_decoding(t, slice, trace);
    }
  });
}

void DrawSequence::backward(kernels::ParameterGradients gradients) {
  Impl& m = *impl_;
  require(m.keeps && m.pixels.rows == m.batch, "draw: backward() needs a forward() that kept its activations");
  check_parameters(m.shape, sizes_of(gradients));
  m.prepare_backward();
  m.for_each_slice([&](const ImageSlice& slice) { m.backward_slice(slice); });
  m.encoder_weight_gradients(gradients);
  m.decoder_weight_gradients(gradients);
}

DrawStep::DrawStep(const DrawOptions& options, kernels::Precision precision)
    : shape_(draw_shape(options)), sequence_(shape_, precision) {}

DrawMeans DrawStep::losses_and_gradients(kernels::Parameters parameters, kernels::ParameterGradients gradients,
                                         const DrawBatch& batch) {
  const std::int64_t images = batch.pixels.rows, latent_size = shape_.steps * shape_.z_size;
  noise_.resize(static_cast<std::size_t>(images * latent_size));
  const Matrix noise(noise_.data(), images, latent_size);
  kernels::parallel_for(images, [&](std::int64_t b) {
    fill_latent_noise(batch.noise, b, {noise.row(b), static_cast<std::size_t>(latent_size)});
  });
  const DrawLosses losses = sequence_.forward(
      {.parameters = parameters, .pixels = batch.pixels, .noise = noise, .whole_batch = batch.whole_batch}, {});
  sequence_.backward(gradients);
  const auto count = static_cast<double>(batch.whole_batch > 0 ? batch.whole_batch : images);
  const auto mean = [&](const std::vector<double>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0) / count;
  };
  return {.reconstruction = mean(losses.reconstruction), .kl = mean(losses.kl)};
}

}  // namespace limn::models
