#include "app/bench/twin.hpp"

#include <cassert>

#include "limn/train/libtorch_module.hpp"

namespace limn::app {
namespace {

libtorch::Integers integers(const std::vector<std::int64_t>& values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
}
libtorch::NamedTensors list_of(const std::vector<libtorch::NamedTensor>& all) {
  return {all.data(), static_cast<std::int64_t>(all.size())};
}

libtorch::DrawSetting draw_setting(const models::DrawOptions& o) {
  return {.channels = o.image_channels,
          .height = o.image_height,
          .width = o.image_width,
          .steps = o.time_steps,
          .enc_rnn_size = o.enc_rnn_size,
          .dec_rnn_size = o.dec_rnn_size,
          .z_size = o.z_size,
          .read_size = o.read_size,
          .write_size = o.write_size,
          .reads_with_attention = o.read_attention,
          .writes_with_attention = o.write_attention,
          .is_gaussian = o.likelihood == "gaussian",
          .pixel_deviation = static_cast<float>(o.pixel_sigma)};
}

libtorch::VaeSetting vae_setting(const models::VaeOptions& o) {
  return {.arch = o.arch.c_str(),
          .likelihood = o.likelihood.c_str(),
          .image_channels = o.image_channels,
          .image_height = o.image_height,
          .image_width = o.image_width,
          .hidden = o.hidden,
          .z_size = o.z_size,
          .channels = o.channels};
}

}  // namespace

libtorch::FloatRows float_rows(ConstMatrix matrix) {
  assert(matrix.row_stride == matrix.columns);
  return {matrix.data, matrix.rows, matrix.columns};
}

std::vector<libtorch::NamedTensor> named_tensors(std::span<const models::TaskParameter> parameters) {
  std::vector<libtorch::NamedTensor> all;
  for (const auto& p : parameters)
    all.push_back({.name = p.name.c_str(), .shape = integers(p.shape), .values = p.value.data()});
  return all;
}

libtorch::SketchRnnSetting sketch_rnn_setting(const models::SketchRnnOptions& o) {
  return {.enc_model = o.enc_model.c_str(),
          .dec_model = o.dec_model.c_str(),
          .enc_rnn_size = o.enc_rnn_size,
          .dec_rnn_size = o.dec_rnn_size,
          .z_size = o.z_size,
          .num_mixture = o.num_mixture,
          .hyper_num_units = o.hyper_num_units,
          .hyper_embedding_size = o.hyper_embedding_size,
          .kl_weight = o.kl_weight,
          .kl_weight_start = o.kl_weight_start,
          .kl_decay_rate = o.kl_decay_rate,
          .kl_tolerance = o.kl_tolerance,
          .recurrent_dropout_prob = o.recurrent_dropout_prob,
          .input_dropout_prob = o.input_dropout_prob,
          .output_dropout_prob = o.output_dropout_prob,
          .conditional = o.conditional,
          .use_recurrent_dropout = o.use_recurrent_dropout,
          .use_input_dropout = o.use_input_dropout,
          .use_output_dropout = o.use_output_dropout,
          .pen_loss_over_padding = o.pen_loss_over_padding};
}

libtorch::AdamSetting adam_setting(const train::TrainOptions& o) {
  const auto mode = train::clip_mode(o);
  return {.learning_rate = o.learning_rate,
          .beta1 = o.adam_beta1,
          .clip_value = mode == kernels::ClipMode::kValue ? o.grad_clip : 0,
          .clip_norm = mode == kernels::ClipMode::kNorm ? o.grad_clip : 0};
}

void set_plain_threads(const BenchOptions& options, int count) {
  if (options.plain != nullptr) train::call_libtorch(options.plain->set_thread_count, count);
}

Twin::Twin(const libtorch::Api& api, std::span<const models::TaskParameter> start)
    : api_(api), twin_(nullptr, Destroy{api.twin_destroy}) {
  for (const auto& p : start) sizes_[p.name] = static_cast<std::int64_t>(p.value.size());
}

Twin::Twin(const libtorch::Api& api, const models::SketchRnnOptions& options,
           std::span<const models::TaskParameter> start, const libtorch::AdamSetting& adam)
    : Twin(api, start) {
  const auto setting = sketch_rnn_setting(options);
  libtorch::Twin* twin = nullptr;
  train::call_libtorch(api.twin_create_sketch_rnn, &setting, list_of(named_tensors(start)), &adam, &twin);
  twin_.reset(twin);
}

Twin::Twin(const libtorch::Api& api, const models::DrawOptions& options, std::span<const models::TaskParameter> start,
           const libtorch::AdamSetting& adam)
    : Twin(api, start) {
  const auto setting = draw_setting(options);
  libtorch::Twin* twin = nullptr;
  train::call_libtorch(api.twin_create_draw, &setting, list_of(named_tensors(start)), &adam, &twin);
  twin_.reset(twin);
}

Twin::Twin(const libtorch::Api& api, const models::VaeOptions& options, std::span<const models::TaskParameter> start,
           std::span<const models::TaskParameter> buffers, const libtorch::AdamSetting& adam)
    : Twin(api, start) {
  const auto setting = vae_setting(options);
  libtorch::Twin* twin = nullptr;
  train::call_libtorch(api.twin_create_vae, &setting, list_of(named_tensors(start)), list_of(named_tensors(buffers)),
                       &adam, &twin);
  twin_.reset(twin);
}

Twin::Twin(const libtorch::Api& api, std::span<const models::TaskParameter> start, const libtorch::AdamSetting& adam)
    : Twin(api, start) {
  libtorch::Twin* twin = nullptr;
  train::call_libtorch(api.twin_create_parameters, list_of(named_tensors(start)), &adam, &twin);
  twin_.reset(twin);
}

double Twin::compute_gradients(const sketch::StrokeBatch& batch, std::int64_t max_seq_len, std::uint64_t seed,
                               std::int64_t step) {
  const libtorch::StrokeStep input{.inputs = {batch.inputs.data(), batch.rows(), sketch::kStroke5},
                                   .targets = {batch.targets.data(), batch.rows(), sketch::kStroke5},
                                   .active = integers(batch.active),
                                   .lengths = integers(batch.lengths),
                                   .places = integers(batch.places),
                                   .max_seq_len = max_seq_len,
                                   .seed = seed,
                                   .step = step};
  double total = 0;
  train::call_libtorch(api_.twin_stroke_step, twin_.get(), &input, &total);
  return total;
}

double Twin::compute_gradients(ConstMatrix pixels, ConstMatrix noise, double beta) {
  const libtorch::ImageStep input{.pixels = float_rows(pixels), .noise = float_rows(noise), .beta = beta};
  double total = 0;
  train::call_libtorch(api_.twin_image_step, twin_.get(), &input, &total);
  return total;
}

void Twin::update() { train::call_libtorch(api_.twin_update, twin_.get()); }

void Twin::set_gradient(const std::string& name, std::span<const float> values) {
  train::call_libtorch(api_.twin_set_gradient, twin_.get(), name.c_str(), values.data(),
                       static_cast<std::int64_t>(values.size()));
}

std::vector<float> Twin::value(const std::string& name) const {
  std::vector<float> values(static_cast<std::size_t>(sizes_.at(name)));
  train::call_libtorch(api_.twin_value, twin_.get(), name.c_str(), values.data(), sizes_.at(name));
  return values;
}

Gradients Twin::gradients() const {
  Gradients all;
  for (const auto& [name, size] : sizes_) {
    all[name].resize(static_cast<std::size_t>(size));
    train::call_libtorch(api_.twin_gradient, twin_.get(), name.c_str(), all[name].data(), size);
  }
  return all;
}

}  // namespace limn::app
