#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "limn/libtorch/border.hpp"
#include "limn/libtorch/oracle/draw.hpp"
#include "limn/libtorch/oracle/sketch_rnn.hpp"
#include "limn/libtorch/oracle/vae.hpp"
#include "limn/libtorch/yardstick.hpp"

namespace limn::libtorch {

struct Twin {
  oracle::Parameters parameters, buffers;
  std::vector<torch::Tensor> all;  // the parameters
  AdamSetting setting{};
  std::unique_ptr<torch::optim::Adam> adam;
  // The loss of a step; the one that the model is not made for is empty.
  std::function<torch::Tensor(const Twin&, const StrokeStep&)> stroke_loss;
  std::function<torch::Tensor(const Twin&, const ImageStep&)> image_loss;
};

struct Decoder {
  kernels::CellShape shape;
  oracle::Parameters parameters;
  torch::Tensor z, state;

  [[nodiscard]] torch::Tensor linear(const std::string& name, const torch::Tensor& x) const {
    return torch::matmul(x, parameters.at(name + ".weight").t()) + parameters.at(name + ".bias");
  }
};

namespace {

using torch::Tensor;

std::vector<std::int64_t> vector_of(const Integers& integers) {
  return {integers.data, integers.data + integers.count};
}

oracle::Parameters copies_of(const NamedTensors& tensors) {
  oracle::Parameters copies;
  for (std::int64_t i = 0; i < tensors.count; ++i) {
    const NamedTensor& t = tensors.data[i];
    copies[t.name] = view_of(const_cast<float*>(t.values), vector_of(t.shape)).clone();
  }
  return copies;
}

models::SketchRnnOptions options_of(const SketchRnnSetting& s) {
  models::SketchRnnOptions o;
  o.conditional = s.conditional != 0;
  o.enc_model = s.enc_model;
  o.enc_rnn_size = s.enc_rnn_size;
  o.dec_model = s.dec_model;
  o.dec_rnn_size = s.dec_rnn_size;
  o.z_size = s.z_size;
  o.num_mixture = s.num_mixture;
  o.hyper_num_units = s.hyper_num_units;
  o.hyper_embedding_size = s.hyper_embedding_size;
  o.kl_weight = s.kl_weight;
  o.kl_weight_start = s.kl_weight_start;
  o.kl_decay_rate = s.kl_decay_rate;
  o.kl_tolerance = s.kl_tolerance;
  o.use_recurrent_dropout = s.use_recurrent_dropout != 0;
  o.recurrent_dropout_prob = s.recurrent_dropout_prob;
  o.use_input_dropout = s.use_input_dropout != 0;
  o.input_dropout_prob = s.input_dropout_prob;
  o.use_output_dropout = s.use_output_dropout != 0;
  o.output_dropout_prob = s.output_dropout_prob;
  o.pen_loss_over_padding = s.pen_loss_over_padding != 0;
  return o;
}

models::DrawShape shape_of(const DrawSetting& s) {
  return {
      .channels = s.channels,
      .height = s.height,
      .width = s.width,
      .steps = s.steps,
      .enc_rnn_size = s.enc_rnn_size,
      .dec_rnn_size = s.dec_rnn_size,
      .z_size = s.z_size,
      .reads_with_attention = s.reads_with_attention != 0,
      .writes_with_attention = s.writes_with_attention != 0,
      .read_size = s.read_size,
      .write_size = s.write_size,
      .likelihood = s.is_gaussian != 0 ? kernels::PixelLikelihood::kSquaredError : kernels::PixelLikelihood::kBernoulli,
      .pixel_deviation = s.pixel_deviation};
}

models::VaeOptions options_of(const VaeSetting& s) {
  models::VaeOptions o;
  o.arch = s.arch;
  o.likelihood = s.likelihood;
  o.image_channels = s.image_channels;
  o.image_height = s.image_height;
  o.image_width = s.image_width;
  o.hidden = s.hidden;
  o.z_size = s.z_size;
  o.channels = s.channels;
  return o;
}

sketch::StrokeBatch batch_of(const StrokeStep& s) {
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

std::unique_ptr<Twin> twin_of(const NamedTensors& parameters, const AdamSetting& setting) {
  auto twin = std::make_unique<Twin>();
  twin->parameters = copies_of(parameters);
  for (auto& [name, value] : twin->parameters) twin->all.push_back(value.requires_grad_());
  twin->setting = setting;
  twin->adam = std::make_unique<torch::optim::Adam>(
      twin->all, torch::optim::AdamOptions(setting.learning_rate).betas({setting.beta1, 0.999}));
  return twin;
}

double run_step(Twin& twin, const Tensor& total) {
  twin.adam->zero_grad();
  total.backward();
  return total.item<double>();
}

void update(Twin& twin) {
  const double most = twin.setting.clip_value;
  if (most > 0) {
    for (auto& value : twin.all) value.mutable_grad().clamp_(-most, most);
  }
  if (twin.setting.clip_norm > 0) torch::nn::utils::clip_grad_norm_(twin.all, twin.setting.clip_norm);
  twin.adam->step();
}

const Tensor& named(const Twin& twin, const char* name, std::int64_t count) {
  const auto found = twin.parameters.find(name);
  require(found != twin.parameters.end() && found->second.numel() == count,
          "the plain model has no parameter {} of {} values", name, count);
  return found->second;
}

void copy_out(const Tensor& from, float* to) { view_of(to, from.sizes()).copy_(from.detach()); }

void add_constructors(Api& api) {
  api.twin_create_sketch_rnn = [](const SketchRnnSetting* setting, NamedTensors parameters, const AdamSetting* adam,
                                  Twin** result, ErrorText error) {
    return guarded(error, [&] {
      auto twin = twin_of(parameters, *adam);
      twin->stroke_loss = [options = options_of(*setting)](const Twin& t, const StrokeStep& s) {
        const sketch::StrokeBatch batch = batch_of(s);
        const auto number = static_cast<std::uint64_t>(s.step);
        return oracle::sketch_rnn_loss(t.parameters, options, batch,
                                       {.max_seq_len = s.max_seq_len,
                                        .step = s.step,
                                        .epsilon = oracle::training_epsilon(options, batch, s.seed, number),
                                        .dropout = oracle::training_dropout(options, batch, s.seed, number)})
            .total;
      };
      *result = twin.release();
    });
  };
  api.twin_create_draw = [](const DrawSetting* setting, NamedTensors parameters, const AdamSetting* adam, Twin** result,
                            ErrorText error) {
    return guarded(error, [&] {
      auto twin = twin_of(parameters, *adam);
      twin->image_loss = [shape = shape_of(*setting)](const Twin& t, const ImageStep& s) {
        return oracle::draw(shape, t.parameters, view_of(s.pixels), view_of(s.noise)).total;
      };
      *result = twin.release();
    });
  };
  api.twin_create_vae = [](const VaeSetting* setting, NamedTensors parameters, NamedTensors buffers,
                           const AdamSetting* adam, Twin** result, ErrorText error) {
    return guarded(error, [&] {
      auto twin = twin_of(parameters, *adam);
      twin->buffers = copies_of(buffers);
      twin->image_loss = [options = options_of(*setting)](const Twin& t, const ImageStep& s) {
        return oracle::vae_loss(t.parameters, t.buffers, options, view_of(s.pixels),
                                {.epsilon = view_of(s.noise), .beta = s.beta})
            .total;
      };
      *result = twin.release();
    });
  };
  api.twin_create_parameters = [](NamedTensors parameters, const AdamSetting* adam, Twin** result, ErrorText error) {
    return guarded(error, [&] { *result = twin_of(parameters, *adam).release(); });
  };
  api.twin_destroy = [](Twin* twin) { delete twin; };
}

void add_steps(Api& api) {
  api.twin_stroke_step = [](Twin* twin, const StrokeStep* step, double* total, ErrorText error) {
    return guarded(error, [&] {
      require(twin->stroke_loss != nullptr, "the plain model does not read strokes");
      *total = run_step(*twin, twin->stroke_loss(*twin, *step));
    });
  };
  api.twin_image_step = [](Twin* twin, const ImageStep* step, double* total, ErrorText error) {
    return guarded(error, [&] {
      require(twin->image_loss != nullptr, "the plain model does not read images");
      *total = run_step(*twin, twin->image_loss(*twin, *step));
    });
  };
  api.twin_value = [](Twin* twin, const char* name, float* values, std::int64_t count, ErrorText error) {
    return guarded(error, [&] { copy_out(named(*twin, name, count), values); });
  };
  api.twin_gradient = [](Twin* twin, const char* name, float* values, std::int64_t count, ErrorText error) {
    return guarded(error, [&] {
      const Tensor gradient = named(*twin, name, count).grad();
      require(gradient.defined(), "the plain model has no gradient of {} yet", name);
      copy_out(gradient, values);
    });
  };
  api.twin_set_gradient = [](Twin* twin, const char* name, const float* values, std::int64_t count, ErrorText error) {
    return guarded(error, [&] {
      Tensor value = named(*twin, name, count);
      value.mutable_grad() = view_of(const_cast<float*>(values), value.sizes()).clone();
    });
  };
  api.twin_update = [](Twin* twin, ErrorText error) { return guarded(error, [&] { update(*twin); }); };
}

void add_decoder(Api& api) {
  api.decoder_create = [](const SketchRnnSetting* setting, NamedTensors parameters, FloatRows z, Decoder** result,
                          ErrorText error) {
    return guarded(error, [&] {
      const torch::NoGradGuard no_grad;
      auto decoder = std::make_unique<Decoder>();
      decoder->shape = oracle::decoder_cell(options_of(*setting));
      decoder->parameters = copies_of(parameters);
      decoder->z = view_of(z).clone();
      decoder->state = torch::tanh(decoder->linear("decoder.initial_state", decoder->z));
      *result = decoder.release();
    });
  };
  api.decoder_destroy = [](Decoder* decoder) { delete decoder; };
  api.decoder_step = [](Decoder* decoder, FloatRows x, float* y, ErrorText error) {
    return guarded(error, [&] {
      const torch::NoGradGuard no_grad;
      Decoder& d = *decoder;
      d.state =
          oracle::cell_step(d.shape, d.parameters, "decoder.cell.", torch::cat({view_of(x), d.z}, 1), d.state, {}, 0);
      copy_out(d.linear("decoder.output", d.state.narrow(1, 0, d.shape.hidden_size)), y);
    });
  };
}

}  // namespace

void add_twins(Api& api) {
  add_constructors(api);
  add_steps(api);
  add_decoder(api);
}

}  // namespace limn::libtorch
