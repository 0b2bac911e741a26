// The passes of an evaluation, family by family.
#include <memory>

#include "limn/libtorch/batch_values.hpp"
#include "limn/libtorch/oracle/draw.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"
#include "limn/libtorch/oracle/vae.hpp"
#include "limn/libtorch/run.hpp"

namespace limn::libtorch {

using torch::Tensor;

torch::Dtype precise_type(const torch::Device& device) {
  return device.type() == torch::kMPS ? torch::kFloat32 : torch::kFloat64;
}

namespace {

void add_sketch_rnn(Evaluator& evaluator, const models::SketchRnnOptions& options) {
  const auto input_of = [](const StepBatch& s) {
    return oracle::SketchRnnLossInput{.max_seq_len = s.loss_steps, .uses_fused_lstm = true};
  };
  if (options.conditional)
    evaluator.posterior = [=](const Evaluator& e, const StepBatch& s) {
      return oracle::sketch_rnn_posterior(e.tensors, options, strokes_of(s), input_of(s));
    };
  evaluator.losses = [=](const Evaluator& e, const StepBatch& s) {
    const auto sums = oracle::sketch_rnn_sums(e.tensors, options, strokes_of(s), on_device(s.noise, e.device),
                                              input_of(s), precise_type(e.device));
    return torch::stack({sums.offset_drawing, sums.pen_drawing, sums.offset + sums.pen});
  };
}

void add_vae(Evaluator& evaluator, const models::VaeOptions& options) {
  evaluator.posterior = [=](const Evaluator& e, const StepBatch& s) {
    return oracle::vae_posterior(e.tensors, e.tensors, options, pixels_of(s, e.device));
  };
  evaluator.losses = [=](const Evaluator& e, const StepBatch& s) {
    const Tensor of_pixels =
        oracle::vae_pixel_losses(e.tensors, e.tensors, options, pixels_of(s, e.device), on_device(s.noise, e.device));
    return of_pixels.sum(1, /*keepdim=*/false, precise_type(e.device));
  };
}

void add_draw(Evaluator& evaluator, const models::DrawOptions& options) {
  evaluator.losses = [shape = models::draw_shape(options)](const Evaluator& e, const StepBatch& s) {
    const auto result = oracle::draw(shape, e.tensors, pixels_of(s, e.device), on_device(s.noise, e.device));
    return torch::cat({result.reconstruction.unsqueeze(1), result.kl, result.log_ratio.unsqueeze(1)}, 1);
  };
}

template <class T>
void copy_to(T* values, std::int64_t count, const Tensor& from) {
  require(from.numel() == count, "an evaluation gives {} numbers, and {} are asked for", from.numel(), count);
  const auto type = std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64;
  const Tensor host = from.to(torch::kCPU).to(type).contiguous();
  std::copy_n(host.data_ptr<T>(), count, values);
}

}  // namespace

Evaluator evaluator_of(const ModelSetting& model, const torch::Device& device) {
  Evaluator evaluator{.device = device, .tensors = {}};
  const std::string family = model.family;
  if (family == models::kSketchRnnModel)
    add_sketch_rnn(evaluator, options_of<models::SketchRnnOptions>(model));
  else if (family == models::kVaeModel)
    add_vae(evaluator, options_of<models::VaeOptions>(model));
  else if (family == models::kDrawModel)
    add_draw(evaluator, options_of<models::DrawOptions>(model));
  else
    fail("limn's module on LibTorch has no model {}", printable(family));
  return evaluator;
}

void add_evaluators(Api& api) {
  api.evaluator_create = [](const char* device, const ModelSetting* model, NamedTensors tensors, Evaluator** result,
                            ErrorText error) {
    return guarded(error, [&] {
      auto evaluator = std::make_unique<Evaluator>(evaluator_of(*model, device_named(device)));
      for (const auto& [name, tensor] : copies_of(tensors)) evaluator->tensors[name] = tensor.to(evaluator->device);
      *result = evaluator.release();
    });
  };
  api.evaluator_destroy = [](Evaluator* evaluator) { delete evaluator; };
  api.evaluator_posterior = [](Evaluator* evaluator, const StepBatch* batch, float* rows, std::int64_t count,
                               ErrorText error) {
    return guarded(error, [&] {
      require(static_cast<bool>(evaluator->posterior), "the model has no posterior that depends on the drawing alone");
      const torch::NoGradGuard no_gradient;
      copy_to(rows, count, evaluator->posterior(*evaluator, *batch));
    });
  };
  api.evaluator_losses = [](Evaluator* evaluator, const StepBatch* batch, double* losses, std::int64_t count,
                            ErrorText error) {
    return guarded(error, [&] {
      const torch::NoGradGuard no_gradient;
      copy_to(losses, count, evaluator->losses(*evaluator, *batch));
    });
  };
}

}  // namespace limn::libtorch
