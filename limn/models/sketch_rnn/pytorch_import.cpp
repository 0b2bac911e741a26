#include "limn/models/sketch_rnn/pytorch_import.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::models {
namespace {

constexpr std::int64_t kGates = kernels::kGates;
// Torch's gates are ours; rfeinman's are i, f, o, g: our gate g lies at its place kRfeinmanGate[g].
constexpr std::array<std::int64_t, kGates> kRfeinmanGate{0, 1, 3, 2};
constexpr float kAddedForgetBias = 1;  // what rfeinman's cells add at run time
// sqrt(1e-3 / 1e-5): normalising 10 a with our epsilon is normalising a with theirs.
constexpr float kEpsilonScale = 10;
constexpr std::int64_t kMaxExtent = 65536;

using Values = std::vector<float>;

// The file's tensors, each asked for by name and shape, and remembered as used.
class Tensors {
 public:
  Tensors(const SafetensorsFile& file, std::string_view owner) : file_(file), owner_(owner) {}

  [[nodiscard]] bool contains(const std::string& name) const { return file_.contains(name); }
  // Extent `axis` of a tensor of two.
  [[nodiscard]] std::int64_t extent(const std::string& name, std::size_t axis) const {
    const auto found = file_.tensors().find(name);
    require(found != file_.tensors().end(), "{}: no tensor {}, so this is not a model of {}; see limn import --help",
            file_.origin(), name, owner_);
    const auto& shape = found->second.shape;
    require(shape.size() == 2 && shape[axis] >= 1 && shape[axis] <= kMaxExtent,
            "{}: tensor {} is {}, not a matrix of a model of {}", file_.origin(), name, shape_text(shape), owner_);
    return shape[axis];
  }
  Values take(const std::string& name, std::initializer_list<std::int64_t> shape) {
    used_.insert(name);
    return file_.read_f32(name, shape);
  }
  // Nothing may be left over but tensors whose names begin with one of `aliases`.
  void check_all_used(std::initializer_list<std::string_view> aliases) const {
    for (const auto& [name, tensor] : file_.tensors()) {
      const auto is_alias = [&n = name](std::string_view alias) { return n.starts_with(alias); };
      require(used_.contains(name) || std::ranges::any_of(aliases, is_alias),
              "{}: tensor {} belongs to no part of a model of {}", file_.origin(), printable(name), owner_);
    }
  }
  [[nodiscard]] const std::string& origin() const { return file_.origin(); }

 private:
  const SafetensorsFile& file_;
  std::string_view owner_;
  std::set<std::string> used_;
};

// Rows of `columns` values in another order: row r of the result is row place(r) of `values`.
Values rows_from(const Values& values, std::int64_t rows, const std::function<std::int64_t(std::int64_t)>& place) {
  const auto columns = static_cast<std::ptrdiff_t>(values.size()) / rows;
  Values result;
  result.reserve(values.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto first = values.begin() + place(r) * columns;
    result.insert(result.end(), first, first + columns);
  }
  return result;
}

Values reordered_gates(const Values& values, std::int64_t units) {
  return rows_from(values, kGates * units, [=](std::int64_t r) {
    return kRfeinmanGate[static_cast<std::size_t>(r / units)] * units + r % units;
  });
}

void add_forget_bias(Values& bias) {
  const auto units = static_cast<std::ptrdiff_t>(bias.size()) / kGates;
  const auto first = bias.begin() + static_cast<int>(kernels::Gate::kForget) * units;
  std::for_each(first, first + units, [](float& b) { b += kAddedForgetBias; });
}

void multiply(Values& values, float factor) {
  for (float& v : values) v *= factor;
}

Values joined(Values first, const Values& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

class Importer {
 public:
  Importer(const SafetensorsFile& file, const PytorchImport& import)
      : in_(file, import.model == PytorchModel::kLabml ? "labml" : "rfeinman"), weights_(out_.weights) {
    out_.options.use_recurrent_dropout = false;
    out_.scale_factor = import.scale_factor;
    out_.max_seq_len = import.max_seq_len;
  }

  SketchRnnContents labml() {
    SketchRnnOptions& o = out_.options;
    o.z_size = in_.extent("decoder.init_state.weight", 1);
    o.dec_rnn_size = in_.extent("decoder.lstm.weight_hh_l0", 1);
    read_mixtures("decoder.mixtures.weight", 0);
    torch_encoder("encoder.lstm");
    linear("encoder.mu", "encoder.mu_head", o.z_size, 2 * o.enc_rnn_size);
    linear("encoder.log_variance", "encoder.sigma_head", o.z_size, 2 * o.enc_rnn_size);
    linear("decoder.initial_state", "decoder.init_state", 2 * o.dec_rnn_size, o.z_size);
    torch_cell("decoder.cell", "decoder.lstm", "", sketch::kStroke5 + o.z_size, o.dec_rnn_size);
    const std::int64_t h = o.dec_rnn_size, mixtures = kernels::output_size(o.num_mixture) - sketch::kPenStates;
    weights_["decoder.output.weight"] = joined(in_.take("decoder.q_head.weight", {sketch::kPenStates, h}),
                                               in_.take("decoder.mixtures.weight", {mixtures, h}));
    weights_["decoder.output.bias"] =
        joined(in_.take("decoder.q_head.bias", {sketch::kPenStates}), in_.take("decoder.mixtures.bias", {mixtures}));
    in_.check_all_used({});
    // S_0, the sketch and at least one end row, as its StrokesDataset pads them.
    constexpr std::int64_t kDefaultLength = 200, kBesideSketch = 2;
    return finish(kDefaultLength, "labml Sketch-RNN",
                  [&](SketchRnnContents& c) { c.encoder_rows = c.max_seq_len + kBesideSketch; });
  }

  SketchRnnContents rfeinman() {
    SketchRnnOptions& o = out_.options;
    o.z_size = in_.extent("init.weight", 1);
    read_mixtures("param_layer.linear.weight", sketch::kPenStates);
    torch_encoder("encoder.rnn");
    halves_of_encoder_output();
    // The cell stands in the file once or, as part of two modules, twice.
    const std::string cell = in_.contains("cell.weight_ih") ? "cell" : "decoder.cell";
    o.dec_rnn_size = in_.extent(cell + ".weight_hh", 1);
    const bool is_hyper = in_.contains(cell + ".hyper_cell.weight_ih");
    const bool is_normalised = in_.contains(cell + ".layernorm_h.weight");
    require(!is_hyper || is_normalised, "{}: a hyper cell without layer normalisation, which limn does not have",
            in_.origin());
    o.dec_model = is_hyper ? "hyper" : is_normalised ? "layer_norm" : "lstm";
    const std::int64_t d = sketch::kStroke5 + o.z_size, h = o.dec_rnn_size;
    if (is_hyper) {
      rfeinman_hyper(cell, d, h);
    } else if (is_normalised) {
      rfeinman_layer_norm("decoder.cell.", cell, d, h);
    } else {
      rfeinman_matrices("decoder.cell.", cell, d, h, 1);
      weights_["decoder.cell.bias"] = reordered_gates(in_.take(cell + ".bias", {kGates * h}), h);
      add_forget_bias(weights_["decoder.cell.bias"]);
    }
    rfeinman_initial_state(is_hyper ? o.hyper_num_units : 0);
    rfeinman_output();
    in_.check_all_used({"cell.", "decoder.cell."});
    constexpr std::int64_t kDefaultLength = 250;
    return finish(kDefaultLength, "rfeinman Sketch-RNN", [](SketchRnnContents&) {});
  }

 private:
  template <class Mend>
  SketchRnnContents finish(std::int64_t default_length, const char* source, const Mend& mend) {
    if (out_.max_seq_len == 0) out_.max_seq_len = default_length;
    out_.extra["source"] = source;
    mend(out_);
    check(out_, in_.origin());
    return std::move(out_);
  }

  // M, from a layer with 6M + others outputs.
  void read_mixtures(const std::string& name, std::int64_t others) {
    const std::int64_t rows = in_.extent(name, 0) - others;
    require(rows > 0 && rows % kernels::kMixtureColumns == 0,
            "{}: tensor {} has {} rows, which is not a number of mixture components", in_.origin(), name,
            rows + others);
    out_.options.num_mixture = rows / kernels::kMixtureColumns;
  }

  void linear(const std::string& ours, const std::string& theirs, std::int64_t out, std::int64_t in) {
    weights_[ours + ".weight"] = in_.take(theirs + ".weight", {out, in});
    weights_[ours + ".bias"] = in_.take(theirs + ".bias", {out});
  }

  // A direction of a torch.nn.LSTM; its two biases are only ever added.
  void torch_cell(const std::string& ours, const std::string& theirs, const std::string& direction, std::int64_t in,
                  std::int64_t units) {
    const std::string suffix = "_l0" + direction;
    weights_[ours + ".weight_ih"] = in_.take(theirs + ".weight_ih" + suffix, {kGates * units, in});
    weights_[ours + ".weight_hh"] = in_.take(theirs + ".weight_hh" + suffix, {kGates * units, units});
    Values bias = in_.take(theirs + ".bias_ih" + suffix, {kGates * units});
    const Values second = in_.take(theirs + ".bias_hh" + suffix, {kGates * units});
    std::ranges::transform(bias, second, bias.begin(), std::plus<>());
    weights_[ours + ".bias"] = std::move(bias);
  }

  void torch_encoder(const std::string& theirs) {
    out_.options.enc_rnn_size = in_.extent(theirs + ".weight_hh_l0", 1);
    torch_cell("encoder.forward", theirs, "", sketch::kStroke5, out_.options.enc_rnn_size);
    torch_cell("encoder.backward", theirs, "_reverse", sketch::kStroke5, out_.options.enc_rnn_size);
  }

  // One layer there gives μ and, below it, σ̂.
  void halves_of_encoder_output() {
    const std::int64_t z = out_.options.z_size, in = 2 * out_.options.enc_rnn_size;
    const Values weight = in_.take("encoder.output.weight", {2 * z, in}),
                 bias = in_.take("encoder.output.bias", {2 * z});
    weights_["encoder.mu.weight"] = Values(weight.begin(), weight.begin() + z * in);
    weights_["encoder.mu.bias"] = Values(bias.begin(), bias.begin() + z);
    weights_["encoder.log_variance.weight"] = Values(weight.begin() + z * in, weight.end());
    weights_["encoder.log_variance.bias"] = Values(bias.begin() + z, bias.end());
  }

  void rfeinman_matrices(const std::string& ours, const std::string& theirs, std::int64_t in, std::int64_t units,
                         float factor) {
    for (const auto& [name, columns] : {std::pair{"weight_ih", in}, {"weight_hh", units}}) {
      Values& values = weights_[ours + name];
      values = reordered_gates(in_.take(theirs + "." + name, {kGates * units, columns}), units);
      multiply(values, factor);
    }
  }

  void rfeinman_norms(const std::string& ours, const std::string& theirs, std::int64_t units) {
    weights_[ours + "gamma"] = reordered_gates(in_.take(theirs + ".layernorm_h.weight", {kGates * units}), units);
    weights_[ours + "beta"] = reordered_gates(in_.take(theirs + ".layernorm_h.bias", {kGates * units}), units);
    add_forget_bias(weights_[ours + "beta"]);
    weights_[ours + "cell_gamma"] = in_.take(theirs + ".layernorm_c.weight", {units});
    weights_[ours + "cell_beta"] = in_.take(theirs + ".layernorm_c.bias", {units});
  }

  void rfeinman_layer_norm(const std::string& ours, const std::string& theirs, std::int64_t in, std::int64_t units) {
    rfeinman_matrices(ours, theirs, in, units, kEpsilonScale);
    rfeinman_norms(ours, theirs, units);
  }

  void rfeinman_hyper(const std::string& theirs, std::int64_t in, std::int64_t h) {
    const std::string ours = "decoder.cell.", small = theirs + ".hyper_cell";
    const std::int64_t u = in_.extent(small + ".weight_hh", 1);
    const std::int64_t e = in_.extent(theirs + ".norms_x.0.scale_net.0.weight", 0);
    out_.options.hyper_num_units = u;
    out_.options.hyper_embedding_size = e;
    rfeinman_layer_norm(ours + "hyper.", small, in, u);
    // Our small cell also reads h, with weight 0 here.
    const Values narrow = std::move(weights_[ours + "hyper.weight_ih"]);
    Values wide;
    for (auto row = narrow.begin(); row != narrow.end(); row += in) {
      wide.insert(wide.end(), row, row + in);
      wide.resize(wide.size() + static_cast<std::size_t>(h));
    }
    weights_[ours + "hyper.weight_ih"] = std::move(wide);
    rfeinman_matrices(ours, theirs, in, h, kEpsilonScale);
    rfeinman_norms(ours, theirs, h);
    weights_[ours + "bias"] = Values(static_cast<std::size_t>(kGates * h));
    // Scales of the products are as they are, since the products are 10 times as large; the shift beside them
    // is not.
    rfeinman_net(ours, {.ours = "zx", .scale = "alpha_x", .theirs = theirs + ".norms_x", .net = "scale_net"}, u, e, h);
    rfeinman_net(ours, {.ours = "zh", .scale = "alpha_h", .theirs = theirs + ".norms_h", .net = "scale_net"}, u, e, h);
    rfeinman_net(ours, {.ours = "zb", .scale = "beta_h", .theirs = theirs + ".norms_h", .net = "bias_net"}, u, e, h);
    multiply(weights_[ours + "beta_h.weight"], kEpsilonScale);
  }

  // The four gates' small networks of one kind; ours lie one below the other.
  struct GateNetworks {
    std::string ours, scale, theirs, net;
  };
  void rfeinman_net(const std::string& prefix, const GateNetworks& names, std::int64_t u, std::int64_t e,
                    std::int64_t h) {
    for (const std::int64_t place : kRfeinmanGate) {
      const std::string net = fmt::format("{}.{}.{}", names.theirs, place, names.net);
      const auto append = [&](const std::string& name, const Values& values) {
        Values& all = weights_[prefix + name];
        all.insert(all.end(), values.begin(), values.end());
      };
      append(names.ours + ".weight", in_.take(net + ".0.weight", {e, u}));
      if (names.ours != "zb") append(names.ours + ".bias", in_.take(net + ".0.bias", {e}));
      append(names.scale + ".weight", in_.take(net + ".1.weight", {h, e}));
    }
  }

  // Rows there: h, ĥ, c, ĉ; here: h, c, ĥ, ĉ.
  void rfeinman_initial_state(std::int64_t u) {
    const std::int64_t h = out_.options.dec_rnn_size, rows = 2 * (h + u);
    const auto place = [=](std::int64_t r) {
      if (r < h) return r;
      if (r < 2 * h) return r + u;
      return r < 2 * h + u ? r - h : r;
    };
    weights_["decoder.initial_state.weight"] =
        rows_from(in_.take("init.weight", {rows, out_.options.z_size}), rows, place);
    weights_["decoder.initial_state.bias"] = rows_from(in_.take("init.bias", {rows}), rows, place);
  }

  // Rows there: π M, (μ_x, μ_y) M times, (log σ_x, log σ_y) M times, ρ̂ M, pen 3.
  void rfeinman_output() {
    const std::int64_t m = out_.options.num_mixture, rows = kernels::output_size(m);
    const auto place = [=](std::int64_t r) {
      if (r < sketch::kPenStates) return rows - sketch::kPenStates + r;
      const std::int64_t kind = (r - sketch::kPenStates) / m, j = (r - sketch::kPenStates) % m;
      if (kind == 0 || kind == 5) return kind * m + j;  // π, ρ̂
      const std::int64_t pair = (kind - 1) / 2, is_y = (kind - 1) % 2;
      return m + 2 * pair * m + 2 * j + is_y;
    };
    weights_["decoder.output.weight"] =
        rows_from(in_.take("param_layer.linear.weight", {rows, out_.options.dec_rnn_size}), rows, place);
    weights_["decoder.output.bias"] = rows_from(in_.take("param_layer.linear.bias", {rows}), rows, place);
  }

  Tensors in_;
  SketchRnnContents out_;
  std::map<std::string, Values>& weights_;
};

}  // namespace

PytorchModel pytorch_model_named(std::string_view name) {
  if (name == "labml") return PytorchModel::kLabml;
  if (name == "rfeinman") return PytorchModel::kRfeinman;
  fail("{}: no such kind of PyTorch model; there is labml, rfeinman", printable(name));
}

bool is_pytorch_model(const SafetensorsFile& file, PytorchModel model) {
  return model == PytorchModel::kLabml
             ? file.contains("decoder.init_state.weight") && file.contains("decoder.q_head.weight")
             : file.contains("init.weight") && file.contains("param_layer.linear.weight");
}

SketchRnnContents import_pytorch(const SafetensorsFile& file, const PytorchImport& import) {
  Importer importer(file, import);
  return import.model == PytorchModel::kLabml ? importer.labml() : importer.rfeinman();
}

}  // namespace limn::models
