#include "limn/models/draw/tensors.hpp"

#include <string>
#include <string_view>

#include "limn/core/error.hpp"
#include "limn/kernels/cells/cell_shape.hpp"

namespace limn::models {

std::int64_t DrawShape::glimpse_size() const {
  return 2 * (reads_with_attention ? read_window().patch_size() : image_size());
}

std::int64_t DrawShape::patch_size() const {
  return writes_with_attention ? write_window().patch_size() : image_size();
}

DrawShape draw_shape(const DrawOptions& o) {
  require(o.image_channels == 1 || o.image_channels == 3, "image_channels={}: must be 1 or 3", o.image_channels);
  require(o.image_height > 0 && o.image_width > 0, "the size of the images is not known: {}",
          image::text(image_shape(o)));
  return {.channels = o.image_channels,
          .height = o.image_height,
          .width = o.image_width,
          .steps = o.time_steps,
          .enc_rnn_size = o.enc_rnn_size,
          .dec_rnn_size = o.dec_rnn_size,
          .z_size = o.z_size,
          .reads_with_attention = o.read_attention,
          .writes_with_attention = o.write_attention,
          .read_size = o.read_size,
          .write_size = o.write_size,
          .likelihood = o.likelihood == "gaussian" ? kernels::PixelLikelihood::kSquaredError
                                                   : kernels::PixelLikelihood::kBernoulli,
          .pixel_deviation = static_cast<float>(o.pixel_sigma)};
}

std::vector<kernels::ParameterSpec> draw_parameters(const DrawShape& s) {
  using kernels::kGates, kernels::kWindowParameters;
  const std::int64_t enc = s.enc_rnn_size, dec = s.dec_rnn_size;
  std::vector<kernels::ParameterSpec> all{
      {"encoder.weight_ih", {kGates * enc, s.glimpse_size() + dec}},
      {"encoder.weight_hh", {kGates * enc, enc}},
      {"encoder.bias", {kGates * enc}},
      {"encoder.initial_state", {2 * enc}},
      {"latent.mu.weight", {s.z_size, enc}},
      {"latent.mu.bias", {s.z_size}},
      {"latent.log_sigma.weight", {s.z_size, enc}},
      {"latent.log_sigma.bias", {s.z_size}},
      {"decoder.weight_ih", {kGates * dec, s.z_size}},
      {"decoder.weight_hh", {kGates * dec, dec}},
      {"decoder.bias", {kGates * dec}},
      {"decoder.initial_state", {2 * dec}},
      {"canvas", {s.channels, s.height, s.width}},
      {"write.patch.weight", {s.patch_size(), dec}},
      {"write.patch.bias", {s.patch_size()}},
  };
  const auto append_window = [&](const std::string& name) {
    all.push_back({name + ".window.weight", {kWindowParameters, dec}});
    all.push_back({name + ".window.bias", {kWindowParameters}});
  };
  if (s.writes_with_attention) append_window("write");
  if (s.reads_with_attention) append_window("read");
  return all;
}

InitialValues initial_values(const DrawOptions&, const kernels::ParameterSpec& spec) {
  using Kind = InitialValues::Kind;
  const std::string_view name = spec.name;
  if (name == "encoder.weight_hh" || name == "decoder.weight_hh") return {.kind = Kind::kOrthogonalGates};
  if (name == "encoder.bias" || name == "decoder.bias") return {.kind = Kind::kForgetGateOne};
  if (name.ends_with(".weight") || name.ends_with(".weight_ih")) return {.kind = Kind::kGlorot};
  require(name.ends_with(".bias") || name.ends_with(".initial_state") || name == "canvas",
          "initial weights: no rule for the tensor {}", name);
  return {.kind = Kind::kConstant, .value = 0};
}

}  // namespace limn::models
