#include "limn/core/options.hpp"
#include "limn/libtorch/oracle/draw.hpp"
#include "limn/libtorch/oracle/keep_masks.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"
#include "limn/libtorch/oracle/vae.hpp"
#include "limn/libtorch/run.hpp"

namespace limn::libtorch {
namespace {

using torch::Tensor;

template <class Options>
Options options_of(const ModelSetting& model) {
  Options options;
  options_from_json(models::fields(options), model.options, model.family);
  return options;
}

Tensor on_device(const FloatRows& rows, const torch::Device& device) {
  return rows.rows == 0 ? Tensor() : oracle::to_device(view_of(rows), device);
}

sketch::StrokeBatch strokes_of(const StepBatch& s) {
  const auto floats = [](const FloatRows& rows) {
    return std::vector<float>(rows.data, rows.data + rows.rows * rows.columns);
  };
  sketch::StrokeBatch batch;
  batch.places = vector_of(s.places);
  batch.lengths = vector_of(s.lengths);
  batch.active = vector_of(s.active);
  batch.inputs = floats(s.inputs);
  batch.targets = floats(s.targets);
  return batch;
}

LossFunction sketch_rnn_losses(const models::SketchRnnOptions& options) {
  return [options](const ModelState& state, const StepBatch& s) -> Losses {
    require(s.inputs.rows > 0, "the model reads sketches, and the batch has none");
    const sketch::StrokeBatch batch = strokes_of(s);
    oracle::SketchRnnLossInput input{
        .max_seq_len = s.loss_steps,
        .step = s.step,
        .planned_steps = s.planned_steps,
        .epsilon = on_device(s.noise, state.device),
        .dropout = oracle::training_dropout(options, batch, s.seed, static_cast<std::uint64_t>(s.step)),
        .uses_fused_lstm = true,
        .whole_batch = state.whole_batch};
    if (state.sum)
      input.sum = [&](const Tensor& part) {
        Tensor sum = part.clone();
        state.sum(sum);
        return sum;
      };
    const auto losses = oracle::sketch_rnn_loss(state.parameters, options, batch, input);
    return {losses.total, losses.offset + losses.pen, losses.kl};
  };
}

LossFunction draw_losses(const models::DrawOptions& options) {
  return [shape = models::draw_shape(options)](const ModelState& state, const StepBatch& s) -> Losses {
    require(s.pixels.rows > 0, "the model reads images, and the batch has none");
    const auto result = oracle::draw(shape, state.parameters, on_device(s.pixels, state.device),
                                     on_device(s.noise, state.device), state.whole_batch);
    const auto whole = static_cast<double>(state.whole_batch > 0 ? state.whole_batch : s.pixels.rows);
    return {result.total, result.reconstruction.sum() / whole, result.kl.sum() / whole};
  };
}

LossFunction vae_losses(const models::VaeOptions& options) {
  return [options](const ModelState& state, const StepBatch& s) -> Losses {
    require(s.pixels.rows > 0, "the model reads images, and the batch has none");
    const auto losses = oracle::vae_loss(
        state.parameters, state.buffers, options, on_device(s.pixels, state.device),
        {.epsilon = on_device(s.noise, state.device), .beta = s.beta, .whole_batch = state.whole_batch});
    return {losses.total, losses.reconstruction, losses.kl};
  };
}

}  // namespace

LossFunction loss_function(const ModelSetting& model) {
  const std::string family = model.family;
  if (family == models::kSketchRnnModel) return sketch_rnn_losses(options_of<models::SketchRnnOptions>(model));
  if (family == models::kDrawModel) return draw_losses(options_of<models::DrawOptions>(model));
  if (family == models::kVaeModel) return vae_losses(options_of<models::VaeOptions>(model));
  require(family.empty(), "limn's module on LibTorch has no model {}", printable(family));
  return [](const ModelState&, const StepBatch&) -> Losses { fail("the run has parameters alone, and no losses"); };
}

}  // namespace limn::libtorch
