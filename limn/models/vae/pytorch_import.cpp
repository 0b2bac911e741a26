#include "limn/models/vae/pytorch_import.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/models/vae/tensors.hpp"

namespace limn::models {
namespace {

using Values = std::vector<float>;

constexpr std::string_view kWeight = ".weight", kBias = ".bias";
// A counter of nn.BatchNorm that its result does not depend on.
constexpr std::string_view kCounter = ".num_batches_tracked";
constexpr std::size_t kListed = 5;
constexpr std::int64_t kLargestLayer = 1 << 24;
constexpr std::int64_t kLargestConvolved = 256;  // side of an image, pixels

struct Linear {
  std::string name;
  std::int64_t out = 0, in = 0;
};

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view end) { return name.ends_with(end); });
}
bool contains_any(std::string_view name, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

// With what else a checkpoint says.
Checkpoint finished(Checkpoint checkpoint, VaeOptions options) {
  image::ImageDataOptions data{.image_size = options.image_width,
                               .color = options.image_channels == 1 ? "grey" : "rgb"};
  checkpoint.config = options_to_json(fields(options));
  checkpoint.training_config = options_to_json(image::fields(data));
  checkpoint.extra["source"] = "PyTorch VAE";
  return checkpoint;
}

class DenseImporter {
 public:
  explicit DenseImporter(const SafetensorsFile& file) : file_(file) { collect(); }

  Checkpoint import() {
    const Linear& in = widest_input();
    const Linear& out = layer([&](const Linear& l) { return l.out == in.in && &l != &in; },
                              fmt::format("gives the {} pixels back that {} reads", in.in, in.name));
    const Linear& begins = layer([&](const Linear& l) { return l.out == out.in && &l != &in && &l != &out; },
                                 fmt::format("gives the {} units that {} reads", out.in, out.name));
    std::vector<const Linear*> heads;
    for (const Linear& l : layers_)
      if (&l != &in && &l != &out && &l != &begins) {
        require(l.in == in.out, "{}: {}: limn's dense VAE has one hidden layer each way, and {} ({} to {}) is another",
                file_.origin(), describe(l), l.name, l.in, l.out);
        heads.push_back(&l);
      }
    const std::int64_t h = in.out, z = begins.in;
    require(begins.out == h, "{}: {}: limn's dense VAE has as many units in both hidden layers, and {} has {}",
            file_.origin(), describe(begins), in.name, h);
    Checkpoint checkpoint{.model = kVaeModel};
    const VaeOptions options = options_for(in.in, h, z);
    put(checkpoint, "encoder.0", in);
    put_heads(checkpoint, heads, h, z);
    put(checkpoint, "decoder.0", begins);
    put(checkpoint, "decoder.2", out);
    return finished(std::move(checkpoint), options);
  }

 private:
  void collect() {
    for (const auto& [name, tensor] : file_.tensors())
      require(
          tensor.shape.size() != 4,
          "{}: layer {} is a convolution ({}), and the layers are not those of limn's convolutional VAEs, conv40 and "
          "conv20 (docs/papers/vae.md)",
          file_.origin(), printable(name.substr(0, name.rfind('.'))), shape_text(tensor.shape));
    for (const auto& [name, tensor] : file_.tensors()) {
      if (name.ends_with(kCounter)) continue;
      if (name.ends_with(kBias) && file_.contains(name.substr(0, name.size() - kBias.size()) + std::string(kWeight)))
        continue;
      const std::string layer = printable(name.substr(0, name.rfind('.')));
      require(!name.ends_with("running_mean") && !name.ends_with("running_var"),
              "{}: layer {} is a batch normalisation, which limn's dense VAE has not", file_.origin(), layer);
      require(name.ends_with(kWeight) && tensor.shape.size() == 2 && tensor.shape[0] > 0 && tensor.shape[1] > 0 &&
                  tensor.shape[0] <= kLargestLayer && tensor.shape[1] <= kLargestLayer,
              "{}: tensor {} ({}) is of no linear layer, which is all that limn's dense VAE has", file_.origin(),
              printable(name), shape_text(tensor.shape));
      layers_.push_back(
          {.name = name.substr(0, name.size() - kWeight.size()), .out = tensor.shape[0], .in = tensor.shape[1]});
    }
    require(layers_.size() == 4 || layers_.size() == 5,
            "{}: {} linear layers{}; limn's dense VAE has five (to the hidden units, mu, log variance, to the hidden "
            "units, to the pixels), or four with mu and log variance in one",
            file_.origin(), layers_.size(), listed());
  }

  [[nodiscard]] std::string listed() const {
    std::string text;
    for (std::size_t i = 0; i < std::min(layers_.size(), kListed); ++i)
      text += fmt::format("{}{} {} to {}", i == 0 ? " (" : ", ", printable(layers_[i].name, 30), layers_[i].in,
                          layers_[i].out);
    return text.empty() ? text : text + (layers_.size() > kListed ? ", …)" : ")");
  }
  [[nodiscard]] static std::string describe(const Linear& l) {
    return fmt::format("layer {} ({} to {})", printable(l.name), l.in, l.out);
  }

  [[nodiscard]] const Linear& widest_input() const {
    const auto widest = std::ranges::max_element(layers_, {}, &Linear::in);
    require(std::ranges::count(layers_, widest->in, &Linear::in) == 1,
            "{}: two layers read {} numbers, so it cannot be told which reads the image", file_.origin(), widest->in);
    return *widest;
  }
  // The one layer for which it holds.
  template <class Holds>
  [[nodiscard]] const Linear& layer(const Holds& holds, const std::string& what) const {
    const Linear* found = nullptr;
    for (const Linear& l : layers_) {
      if (!holds(l)) continue;
      if (found != nullptr)
        fail("{}: {} and {}: it cannot be told which {}", file_.origin(), describe(*found), describe(l), what);
      found = &l;
    }
    require(found != nullptr, "{}: no layer {}; a VAE that reads labels or more cannot be expressed", file_.origin(),
            what);
    return *found;
  }

  void put_heads(Checkpoint& checkpoint, std::vector<const Linear*> heads, std::int64_t h, std::int64_t z) const {
    if (heads.size() == 1) {
      require(heads[0]->out == 2 * z, "{}: {}: gives neither mu nor mu and log variance of {} dimensions",
              file_.origin(), describe(*heads[0]), z);
      return put(checkpoint, "encoder.2", *heads[0]);
    }
    for (const Linear* head : heads)
      require(head->out == z, "{}: {}: the decoder reads {} latent dimensions", file_.origin(), describe(*head), z);
    const auto is_variance = [&](const Linear* head) {
      const std::string name = lower(head->name);
      const bool is_log = contains_any(name, {"logvar", "log_var", "lnvar", "log_sigma2", "logsigma2"}) ||
                          ends_with_any(name, {"fc22", "var", "variance"});
      require(is_log || !contains_any(name, {"sigma", "std"}),
              "{}: {}: may give the standard deviation, and limn's VAE takes the log variance; where it is one, name "
              "the layer log_var",
              file_.origin(), describe(*head));
      return is_log;
    };
    if (is_variance(heads[0])) std::swap(heads[0], heads[1]);
    require(!is_variance(heads[0]) && is_variance(heads[1]),
            "{}: layers {} and {}: their names do not tell which gives mu and which the log variance; name them mu and "
            "log_var",
            file_.origin(), printable(heads[0]->name), printable(heads[1]->name));
    Values weight = weight_of(*heads[0]), bias = bias_of(*heads[0]);
    const Values more = weight_of(*heads[1]), more_bias = bias_of(*heads[1]);
    weight.insert(weight.end(), more.begin(), more.end());
    bias.insert(bias.end(), more_bias.begin(), more_bias.end());
    put(checkpoint, "encoder.2", std::move(weight), std::move(bias), {2 * z, h});
  }

  [[nodiscard]] Values weight_of(const Linear& l) const {
    return file_.read_f32(l.name + std::string(kWeight), {l.out, l.in});
  }
  // A layer may have none.
  [[nodiscard]] Values bias_of(const Linear& l) const {
    const std::string name = l.name + std::string(kBias);
    return file_.contains(name) ? file_.read_f32(name, {l.out}) : Values(static_cast<std::size_t>(l.out));
  }
  void put(Checkpoint& checkpoint, const std::string& ours, const Linear& l) const {
    put(checkpoint, ours, weight_of(l), bias_of(l), {l.out, l.in});
  }
  static void put(Checkpoint& checkpoint, const std::string& ours, Values weight, Values bias,
                  const std::vector<std::int64_t>& shape) {
    checkpoint.weights[ours + ".weight"] = std::move(weight);
    checkpoint.weights[ours + ".bias"] = std::move(bias);
    checkpoint.shapes[ours + ".weight"] = shape;
    checkpoint.shapes[ours + ".bias"] = {shape[0]};
  }

  [[nodiscard]] VaeOptions options_for(std::int64_t pixels, std::int64_t h, std::int64_t z) const {
    for (const std::int64_t channels : {1, 3}) {
      const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(pixels / channels))));
      if (side * side * channels == pixels && side <= kVaeLargestSide)
        return {.image_channels = channels, .image_height = side, .image_width = side, .hidden = h, .z_size = z};
    }
    fail("{}: it reads {} numbers, which are not a square picture, grey or of three colours", file_.origin(), pixels);
  }

  const SafetensorsFile& file_;
  std::vector<Linear> layers_;
};

bool has_shape(const SafetensorsFile& file, const std::string& name, std::size_t rank) {
  const auto found = file.tensors().find(name);
  return found != file.tensors().end() && found->second.shape.size() == rank;
}

// Whether the file holds exactly the tensors of `specs`.
bool fits(const SafetensorsFile& file, const std::vector<kernels::ParameterSpec>& specs) {
  std::size_t others = 0;
  for (const auto& [name, tensor] : file.tensors()) others += name.ends_with(kCounter) ? 1U : 0U;
  return file.tensors().size() == specs.size() + others &&
         std::ranges::all_of(specs, [&](const kernels::ParameterSpec& spec) {
           const auto found = file.tensors().find(spec.name);
           return found != file.tensors().end() && found->second.shape == spec.shape;
         });
}

std::vector<kernels::ParameterSpec> all_tensors(const VaeOptions& options) {
  auto specs = vae_parameters(options);
  std::ranges::move(vae_buffers(options), std::back_inserter(specs));
  return specs;
}

// The options of the convolutional VAE of which these are the tensors.
std::optional<VaeOptions> convolutional_options(const SafetensorsFile& file) {
  if (!has_shape(file, "encoder.0.weight", 4) || !has_shape(file, "decoder.0.weight", 2)) return std::nullopt;
  const auto& first = file.tensors().at("encoder.0.weight").shape;
  const auto& begins = file.tensors().at("decoder.0.weight").shape;
  VaeOptions options{.image_channels = first[1], .hidden = begins[0], .z_size = begins[1], .channels = first[0]};
  for (const OptionField& field : fields(options))
    if (!option_complaints(std::span(&field, 1)).empty()) return std::nullopt;
  for (const char* arch : {"conv40", "conv20"})
    for (std::int64_t side = 1; side <= kLargestConvolved; ++side) {
      options.arch = arch;
      options.image_height = options.image_width = side;
      try {
        if (fits(file, all_tensors(options))) return options;
      } catch (const Error&) {  // no image of that side
      }
    }
  return std::nullopt;
}

}  // namespace

bool is_pytorch_vae(const SafetensorsFile& file) {
  const bool is_example = std::ranges::all_of(std::array{"fc1", "fc21", "fc22", "fc3", "fc4"}, [&](const char* layer) {
    return file.contains(std::string(layer) + ".weight");
  });
  return is_example || convolutional_options(file).has_value();
}

Checkpoint import_pytorch_vae(const SafetensorsFile& file) {
  const auto options = convolutional_options(file);
  Checkpoint checkpoint;
  if (options) {
    checkpoint.model = kVaeModel;
    for (const auto& spec : all_tensors(*options)) {
      checkpoint.weights[spec.name] = file.read_f32(spec.name, spec.shape);
      checkpoint.shapes[spec.name] = spec.shape;
    }
    checkpoint = finished(std::move(checkpoint), *options);
  } else {
    checkpoint = DenseImporter(file).import();
  }
  checkpoint.origin = file.origin();
  return checkpoint;
}

}  // namespace limn::models
