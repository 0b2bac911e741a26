#include "limn/models/sketch_rnn/magenta_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "limn/arrays/gunzip.hpp"
#include "limn/core/base64.hpp"
#include "limn/core/error.hpp"
#include "limn/kernels/losses/mixture_density.hpp"
#include "limn/models/sketch_rnn/long_texts.hpp"
#include "limn/models/sketch_rnn/magenta_script.hpp"
#include "limn/sketch/sketch.hpp"

namespace limn::models {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 28;
constexpr std::int64_t kMagentaMixtures = 20;
constexpr std::int64_t kTanhBeforeVersion = 6;
constexpr std::int64_t kNewestVersion = 6;
constexpr double kLargestWeight = 10;  // value = q / 32767 · 10
constexpr double kLargestCode = 32767;
constexpr float kForgetBias = 1;  // what Magenta adds at run time
// Our gate g lies at Magenta's place kMagentaGate[g]: i, f, g, o out of i, g, f, o. Its own inverse.
constexpr std::array<std::int64_t, kernels::kGates> kMagentaGate{0, 2, 1, 3};
// The initial state is [c; h] there, [h; c] here: halves change places. Its own inverse too.
constexpr std::array<std::int64_t, 2> kSwappedHalves{1, 0};
constexpr std::array<std::int64_t, 1> kAsItIs{0};

// How one tensor of the file becomes one of ours. Columns there are rows here, cut into blocks.size() equal
// blocks of which our block b is theirs blocks[b].
struct Layout {
  std::string name;
  std::vector<std::int64_t> shape;  // ours: [out, in] or [out]
  std::span<const std::int64_t> blocks = kAsItIs;
  bool has_forget_bias = false;

  [[nodiscard]] std::int64_t out() const { return shape[0]; }
  [[nodiscard]] std::int64_t in() const { return shape.size() == 2 ? shape[1] : 1; }
  // [in, out], as the file keeps it.
  [[nodiscard]] std::vector<std::int64_t> file_shape() const { return {shape.rbegin(), shape.rend()}; }
  // Where row r of ours is among their columns.
  [[nodiscard]] std::int64_t file_column(std::int64_t r) const {
    const std::int64_t size = out() / static_cast<std::int64_t>(blocks.size());
    return blocks[static_cast<std::size_t>(r / size)] * size + r % size;
  }
  // The number to add to a value of row r when it is read.
  [[nodiscard]] float offset(std::int64_t r) const {
    const bool is_forget = has_forget_bias && r * kernels::kGates / out() == static_cast<int>(kernels::Gate::kForget);
    return is_forget ? kForgetBias : 0;
  }
};

void append_cell(std::vector<Layout>& all, const std::string& name, std::int64_t hidden, std::int64_t in) {
  const std::int64_t gates = kernels::kGates * hidden;
  all.push_back({name + ".weight_ih", {gates, in}, kMagentaGate});
  all.push_back({name + ".weight_hh", {gates, hidden}, kMagentaGate});
  all.push_back({name + ".bias", {gates}, kMagentaGate, true});
}

void append_linear(std::vector<Layout>& all, const std::string& name, std::int64_t out, std::int64_t in,
                   std::span<const std::int64_t> blocks = kAsItIs) {
  all.push_back({name + ".weight", {out, in}, blocks});
  all.push_back({name + ".bias", {out}, blocks});
}

// The tensors in the order of the file.
std::vector<Layout> layouts(const SketchRnnOptions& o) {
  std::vector<Layout> all;
  if (o.conditional) {
    append_cell(all, "encoder.forward", o.enc_rnn_size, sketch::kStroke5);
    append_cell(all, "encoder.backward", o.enc_rnn_size, sketch::kStroke5);
    append_linear(all, "encoder.mu", o.z_size, 2 * o.enc_rnn_size);
    append_linear(all, "encoder.log_variance", o.z_size, 2 * o.enc_rnn_size);
    append_linear(all, "decoder.initial_state", 2 * o.dec_rnn_size, o.z_size, kSwappedHalves);
  }
  append_linear(all, "decoder.output", kernels::output_size(o.num_mixture), o.dec_rnn_size);
  append_cell(all, "decoder.cell", o.dec_rnn_size, sketch::kStroke5 + (o.conditional ? o.z_size : 0));
  return all;
}

// Places in `dims` that tell the sizes; see layouts().
constexpr std::size_t kGenTensors = 5;
constexpr std::size_t kVaeTensors = 17;
constexpr std::size_t kEncoderRecurrentPlace = 1;  // W_hh [He, 4 He]
constexpr std::size_t kMuPlace = 6;                // mu_w [2 He, Z]
constexpr std::size_t kInitialStateTensors = 12;   // tensors before output_w in a vae

// A file being read: what the messages call it, and its parts.
struct Document {
  std::string origin;
  const LongTexts& texts;
  json root;
  [[nodiscard]] const json& info() const { return root[0]; }
  [[nodiscard]] const json& dims() const { return root[1]; }
  [[nodiscard]] const json& weights() const { return root[2]; }
  [[nodiscard]] std::string_view text(const json& value) const {
    return texts.text(value.get_ref<const std::string&>());
  }
  // A value for a message.
  [[nodiscard]] std::string shown(const json& value) const {
    const auto dumped = [](const json& whole) { return whole.dump(-1, ' ', true, json::error_handler_t::replace); };
    return printable(value.is_string() ? dumped(json(text(value))) : dumped(value));
  }
};

Document parse_document(const LongTexts& texts, const std::string& origin) {
  Document file{.origin = origin, .texts = texts, .root = {}};
  try {
    file.root = json::parse(
        texts.json(),
        [&](int depth, json::parse_event_t, json&) {
          require(depth <= 8, "{}: nested too deeply for a Magenta model", origin);
          return true;
        },
        false);
  } catch (const json::exception&) {
    fail("{}: not valid JSON, or cut short", origin);
  }
  require(!file.root.is_discarded(), "{}: not valid JSON, or cut short", origin);
  require(file.root.is_array() && file.root.size() == 3 && file.info().is_object() && file.dims().is_array() &&
              file.weights().is_array(),
          "{}: not a Magenta sketch-rnn model: expected a JSON array of info, dims and weights", origin);
  require(file.dims().size() == file.weights().size(), "{}: {} shapes but {} weights; the file is damaged", origin,
          file.dims().size(), file.weights().size());
  return file;
}

double info_number(const Document& file, const char* key, double otherwise) {
  const auto found = file.info().find(key);
  if (found == file.info().end()) return otherwise;
  require(found->is_number(), "{}: info.{} is not a number; the file is damaged", file.origin, key);
  return found->get<double>();
}

void require_info(const Document& file, const char* key, const char* advice) {
  require(file.info().contains(key), "{}: info.{} is missing; {}", file.origin, key, advice);
}

std::int64_t info_integer(const Document& file, const char* key, std::int64_t low, std::int64_t high) {
  const double value = info_number(file, key, std::nan(""));
  require(value >= static_cast<double>(low) && value <= static_cast<double>(high) && std::floor(value) == value,
          "{}: info.{} is {}, expected a whole number from {} to {}", file.origin, key, value, low, high);
  return static_cast<std::int64_t>(value);
}

bool is_conditional(const Document& file) {
  const auto mode = file.info().find("mode");
  require(mode != file.info().end(), "{}: info.mode is missing; expected gen or vae", file.origin);
  // Some vae models say 2: their tensors tell.
  if (*mode == "gen" || *mode == 2) return file.dims().size() == kVaeTensors;
  if (*mode == "vae" || *mode == 0 || *mode == 1) return true;
  fail("{}: info.mode is {}, expected gen (2) or vae (0, 1)", file.origin, file.shown(*mode));
}

// Extent `axis` of the file's tensor `place`.
std::int64_t extent(const Document& file, std::size_t place, std::size_t axis) {
  const json& shape = file.dims()[place];
  require(shape.is_array() && axis < shape.size() && shape[axis].is_number_unsigned() &&
              shape[axis].get<std::uint64_t>() >= 1 && shape[axis].get<std::uint64_t>() <= 65536,
          "{}: shape {} is not one of a sketch-rnn model; the file is damaged", file.origin, place);
  return shape[axis].get<std::int64_t>();
}

SketchRnnOptions read_options(const Document& file) {
  SketchRnnOptions options{.conditional = is_conditional(file), .use_recurrent_dropout = false};
  const std::size_t expected = options.conditional ? kVaeTensors : kGenTensors;
  require(file.dims().size() == expected, "{}: {} tensors, a {} model has {}", file.origin, file.dims().size(),
          options.conditional ? "vae" : "gen", expected);
  const std::size_t output = options.conditional ? kInitialStateTensors : 0;
  options.dec_rnn_size = extent(file, output, 0);
  const std::int64_t columns = extent(file, output, 1);
  require(columns == kernels::output_size(kMagentaMixtures), "{}: {} output columns, expected {}", file.origin, columns,
          kernels::output_size(kMagentaMixtures));
  options.num_mixture = kMagentaMixtures;
  if (options.conditional) {
    options.enc_rnn_size = extent(file, kEncoderRecurrentPlace, 0);
    options.z_size = extent(file, kMuPlace, 1);
  }
  return options;
}

std::vector<float> read_tensor(const Document& file, std::size_t place, const Layout& layout) {
  const json expected = layout.file_shape();
  require(file.dims()[place] == expected, "{}: shape {} ({}) is {}, expected {}", file.origin, place, layout.name,
          file.shown(file.dims()[place]), expected.dump());
  const json& text = file.weights()[place];
  require(text.is_string(), "{}: weights {} ({}) are not a string; the file is damaged", file.origin, place,
          layout.name);
  const auto count = static_cast<std::size_t>(layout.out() * layout.in());
  const auto bytes = decode_base64(file.text(text));
  require(bytes.has_value() && bytes->size() == count * sizeof(std::int16_t),
          "{}: weights {} ({}) are not the base64 of {} 16-bit numbers; the file is damaged", file.origin, place,
          layout.name, count);
  std::vector<float> values(count);
  const std::int64_t out = layout.out(), in = layout.in();
  // A few rows at a time: their columns there lie side by side, which a line of the cache holds.
  constexpr std::int64_t kRows = 32;
  for (std::int64_t begin = 0; begin < out; begin += kRows) {
    const std::int64_t end = std::min(begin + kRows, out);
    std::array<std::int64_t, kRows> column{};
    std::array<float, kRows> offset{};
    for (std::int64_t r = begin; r < end; ++r) {
      column[static_cast<std::size_t>(r - begin)] = layout.file_column(r);
      offset[static_cast<std::size_t>(r - begin)] = layout.offset(r);
    }
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t r = begin; r < end; ++r) {
        const auto row = static_cast<std::size_t>(r - begin);
        std::int16_t code = 0;
        std::memcpy(&code, bytes->data() + sizeof code * static_cast<std::size_t>(c * out + column[row]), sizeof code);
        values[static_cast<std::size_t>(r * in + c)] =
            static_cast<float>(code / kLargestCode * kLargestWeight) + offset[row];
      }
  }
  return values;
}

// The losses that the file tells, under our names.
std::string read_metrics(const Document& file) {
  json metrics = json::object();
  if (const double r = info_number(file, "r_loss", std::nan("")); std::isfinite(r)) metrics["reconstruction"] = r;
  if (const double kl = info_number(file, "kl_loss", std::nan("")); std::isfinite(kl)) metrics["kl"] = kl;
  return metrics.dump();
}

std::string write_tensor(const std::vector<float>& values, const Layout& layout, std::int64_t& saturated) {
  Bytes bytes(values.size() * sizeof(std::int16_t));
  for (std::int64_t r = 0; r < layout.out(); ++r)
    for (std::int64_t c = 0; c < layout.in(); ++c) {
      const double value = values[static_cast<std::size_t>(r * layout.in() + c)] - layout.offset(r);
      if (std::fabs(value) > kLargestWeight) ++saturated;
      const double code = std::clamp(std::round(value / kLargestWeight * kLargestCode), -kLargestCode, kLargestCode);
      const auto bits = static_cast<std::uint16_t>(static_cast<std::int16_t>(code));
      const auto at = static_cast<std::size_t>(c * layout.out() + layout.file_column(r));
      bytes[2 * at] = static_cast<std::byte>(bits & 0xff);
      bytes[2 * at + 1] = static_cast<std::byte>(bits >> 8);
    }
  return encode_base64(bytes);
}

void check_exportable(const SketchRnnContents& checkpoint) {
  const SketchRnnOptions& o = checkpoint.options;
  require(o.dec_model == "lstm" && (!o.conditional || o.enc_model == "lstm"),
          "Magenta's JSON holds plain lstm cells only; this model has {} and {}", o.enc_model, o.dec_model);
  require(o.num_mixture == kMagentaMixtures, "Magenta's JSON holds {} mixture components; this model has {}",
          kMagentaMixtures, o.num_mixture);
  require(!checkpoint.squashes_latent,
          "this model was imported from a version before {} and squashes z; Magenta's JSON of version {} "
          "cannot say so",
          kTanhBeforeVersion, kNewestVersion);
  require(checkpoint.encoder_rows == 0,
          "this model's encoder, imported from PyTorch, reads rows beside the points; Magenta's JSON cannot say so");
}

}  // namespace

SketchRnnContents read_magenta_json(const std::filesystem::path& path, const MagentaImport& import) {
  return parse_magenta_json(arrays::read_unpacked_text(path, kMaxFile), path.string(), import);
}

SketchRnnContents parse_magenta_json(std::string_view text, const std::string& origin, const MagentaImport& import) {
  const std::string whole = magenta_json_of(text, origin);
  const LongTexts texts(whole);
  const Document file = parse_document(texts, origin);
  SketchRnnContents checkpoint;
  checkpoint.options = read_options(file);
  require_info(file, "version", "it says how the model reads z, from 1 to 6; take a whole file");
  const std::int64_t version = info_integer(file, "version", 1, kNewestVersion);
  checkpoint.squashes_latent = checkpoint.options.conditional && version < kTanhBeforeVersion;
  checkpoint.max_seq_len = import.max_seq_len;
  if (checkpoint.max_seq_len == 0) {
    require_info(file, "max_seq_len", "say with limn import --max-seq-len N how many points its longest drawing has");
    checkpoint.max_seq_len = info_integer(file, "max_seq_len", 1, 1'000'000);
  }
  checkpoint.scale_factor = import.scale_factor;
  if (checkpoint.scale_factor == 0) {
    require_info(
        file, "scale_factor",
        "say with limn import --scale-factor X what its data were divided by; 1 leaves drawings in the model's "
        "own units");
    checkpoint.scale_factor = static_cast<float>(info_number(file, "scale_factor", 1));
  }
  checkpoint.metrics = read_metrics(file);
  checkpoint.extra["source"] = fmt::format("Magenta sketch-rnn JSON, version {}", version);
  if (const auto name = file.info().find("name"); name != file.info().end() && name->is_string())
    checkpoint.extra["name"] = printable(file.text(*name));
  const auto tensors = layouts(checkpoint.options);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    checkpoint.weights[tensors[i].name] = read_tensor(file, i, tensors[i]);
  check(checkpoint, origin);
  return checkpoint;
}

MagentaExport to_magenta_json(const SketchRnnContents& checkpoint, const std::string& name) {
  check_exportable(checkpoint);
  check(checkpoint, "Magenta's JSON");
  const auto own_name = checkpoint.extra.find("name");
  MagentaExport result;
  const json info{{"name", own_name != checkpoint.extra.end() ? own_name->second : name},
                  {"mode", checkpoint.options.conditional ? 1 : 2},
                  {"version", kNewestVersion},
                  {"max_seq_len", checkpoint.max_seq_len},
                  {"scale_factor", checkpoint.scale_factor}};
  json dims = json::array(), weights = json::array();
  for (const Layout& layout : layouts(checkpoint.options)) {
    dims.push_back(layout.file_shape());
    weights.push_back(write_tensor(checkpoint.weights.at(layout.name), layout, result.saturated));
  }
  result.json = json::array({info, dims, weights}).dump(-1, ' ', true, json::error_handler_t::replace);
  return result;
}

}  // namespace limn::models
