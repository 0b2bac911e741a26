#include "limn/libtorch/batch_values.hpp"
#include "limn/libtorch/oracle/draw.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"
#include "limn/libtorch/oracle/vae.hpp"

namespace limn::libtorch {
namespace {

using torch::Tensor;

LossFunction sketch_rnn_losses(const models::SketchRnnOptions& options) {
  return [options](const ModelState& state, const StepBatch& s) -> Losses {
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
    const auto result = oracle::draw(shape, state.parameters, pixels_of(s, state.device),
                                     on_device(s.noise, state.device), state.whole_batch);
    const auto whole = static_cast<double>(state.whole_batch > 0 ? state.whole_batch : s.pixels.rows);
    return {result.total, result.reconstruction.sum() / whole, result.kl.sum() / whole};
  };
}

LossFunction vae_losses(const models::VaeOptions& options) {
  return [options](const ModelState& state, const StepBatch& s) -> Losses {
    const auto losses = oracle::vae_loss(
        state.parameters, state.buffers, options, pixels_of(s, state.device),
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
