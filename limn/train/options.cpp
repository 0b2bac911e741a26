#include "limn/train/options.hpp"

#include <cmath>
#include <sstream>
#include <toml++/toml.h>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"

namespace limn {
namespace {

std::string toml_string(std::string_view text) {
  std::ostringstream out;
  out << toml::toml_formatter{toml::value<std::string>{std::string(text)},
                              toml::toml_formatter::default_flags & ~toml::format_flags::allow_literal_strings};
  return out.str();
}

std::string toml_value(const OptionField& field) {
  if (std::holds_alternative<std::string*>(field.target)) return toml_string(field.text());
  std::string text = field.text();
  const bool is_real = std::holds_alternative<double*>(field.target);
  if (is_real && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

constexpr std::uint64_t kMaxConfigBytes = 1 << 20;

std::string value_text(const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  fail("{}: expected a string, a number, true or false", where);
}

std::vector<std::string> data_list(const toml::node& node, const std::string& path) {
  if (const auto* one = node.as_string()) return {one->get()};
  const auto* many = node.as_array();
  require(many != nullptr, "{}: data must be a string or a list of strings", path);
  std::vector<std::string> all;
  for (const auto& item : *many) {
    require(item.is_string(), "{}: data must be a string or a list of strings", path);
    all.push_back(item.as_string()->get());
  }
  return all;
}

}  // namespace

std::vector<OptionField> fields(TrainOptions& o) {
  constexpr double kMany = 1e15;
  return {
      {"num_steps", &o.num_steps, "training steps in all", {}, 0, kMany},
      {"batch_size", &o.batch_size, "examples a step", {}, 1, 1e6},
      {"learning_rate", &o.learning_rate, "Adam's step size at step 0", {}, 0, 1e6},
      {"decay_rate", &o.decay_rate, "factor on the learning rate a step", {}, 0, 1},
      {"min_learning_rate", &o.min_learning_rate, "what the learning rate decays to", {}, 0, 1e6},
      {"adam_beta1", &o.adam_beta1, "decay of Adam's first moment", {}, 0, 0.999999},
      {"grad_clip", &o.grad_clip, "largest gradient element or norm", {}, 0, 1e9},
      {"grad_clip_mode", &o.grad_clip_mode, "what grad_clip bounds", {"value", "norm", "none"}},
      {"seed", &o.seed, "of every random number of the run", {}, 0, 9e18},
      {"save_every", &o.save_every, "steps between checkpoints", {}, 1, kMany},
      {"valid_every", &o.valid_every, "steps between validations", {}, 1, kMany},
      {"sample_every", &o.sample_every, "steps between sample pictures, 0 for none", {}, 0, kMany},
      {"log_every", &o.log_every, "steps between lines of metrics.jsonl", {}, 1, kMany},
      {"precision", &o.precision, "of matrix products", {"f32", "bf16"}},
  };
}

double learning_rate_at(const TrainOptions& o, std::int64_t step) {
  return (o.learning_rate - o.min_learning_rate) * std::pow(o.decay_rate, static_cast<double>(step)) +
         o.min_learning_rate;
}

kernels::ClipMode clip_mode(const TrainOptions& o) {
  if (o.grad_clip_mode == "norm") return kernels::ClipMode::kNorm;
  return o.grad_clip_mode == "value" ? kernels::ClipMode::kValue : kernels::ClipMode::kNone;
}

std::string config_to_toml(const RunConfig& config, std::span<const OptionField> options) {
  std::string text = fmt::format("# Everything needed to repeat this run: limn train {} --config THIS_FILE --out DIR\n",
                                 config.family);
  text += fmt::format("family = {}\ndata = [", toml_string(config.family));
  for (std::size_t i = 0; i < config.data.size(); ++i) text += (i ? ", " : "") + toml_string(config.data[i]);
  text += "]\n\n";
  for (const auto& field : options) text += fmt::format("{} = {}  # {}\n", field.name, toml_value(field), field.help);
  return text;
}

RunConfig read_config(const std::string& path) {
  toml::table table;
  try {
    table = toml::parse(read_text_file(path, kMaxConfigBytes), path);
  } catch (const toml::parse_error& error) {
    fail("{}:{}: {}; see the TOML format", path, error.source().begin.line, printable(error.description(), 200));
  }
  RunConfig config;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::string where = fmt::format("{}:{}: {}", path, node.source().begin.line, printable(name));
    if (name == "family") config.family = value_text(node, where);
    else if (name == "data" || name == "data_set") config.data = data_list(node, path);
    else config.assignments.push_back(name + "=" + value_text(node, where));
  }
  return config;
}

}  // namespace limn
