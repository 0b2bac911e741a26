#include <memory>

#include "limn/core/options.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"
#include "limn/libtorch/run.hpp"

namespace limn::libtorch {

struct Decoder {
  kernels::CellShape shape;
  oracle::Parameters parameters;
  torch::Tensor z, state;
};

void add_decoder(Api& api) {
  api.decoder_create = [](const ModelSetting* model, NamedTensors parameters, FloatRows z, Decoder** result,
                          ErrorText error) {
    return guarded(error, [&] {
      const torch::NoGradGuard no_grad;
      models::SketchRnnOptions options;
      options_from_json(models::fields(options), model->options, model->family);
      auto decoder = std::make_unique<Decoder>();
      decoder->shape = oracle::decoder_cell(options);
      decoder->parameters = copies_of(parameters);
      decoder->z = view_of(z).clone();
      decoder->state = torch::tanh(oracle::linear(decoder->parameters, "decoder.initial_state", decoder->z));
      *result = decoder.release();
    });
  };
  api.decoder_destroy = [](Decoder* decoder) { delete decoder; };
  api.decoder_step = [](Decoder* decoder, FloatRows x, float* y, ErrorText error) {
    return guarded(error, [&] {
      const torch::NoGradGuard no_grad;
      Decoder& d = *decoder;
      d.state = oracle::cell_step(d.shape, d.parameters, "decoder.cell.", torch::cat({view_of(x), d.z}, 1), d.state);
      const torch::Tensor out =
          oracle::linear(d.parameters, "decoder.output", d.state.narrow(1, 0, d.shape.hidden_size));
      view_of(y, out.sizes()).copy_(out);
    });
  };
}

}  // namespace limn::libtorch
