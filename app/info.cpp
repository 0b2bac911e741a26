// limn info: what a model is.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/image_commands.hpp"
#include "limn/core/error.hpp"
#include "limn/models/sketch_rnn/checkpoint.hpp"

namespace limn::app {
namespace {

nlohmann::ordered_json describe(const SketchRnnCheckpoint& checkpoint, const std::string& path) {
  std::size_t weights = 0;
  for (const auto& [name, values] : checkpoint.weights) weights += values.size();
  SketchRnnOptions options = checkpoint.options;
  using json = nlohmann::ordered_json;
  return json{{"file", path},
              {"model", kSketchRnnModel},
              {"step", checkpoint.step},
              {"parameters", weights},
              {"scale_factor", checkpoint.scale_factor},
              {"max_seq_len", checkpoint.max_seq_len},
              {"metrics", json::parse(checkpoint.metrics)},
              {"options", json::parse(options_to_json(fields(options)))},
              {"training", json::parse(checkpoint.training_config)}};
}

// Names and texts come from a file and may hold a terminal's control sequences.
void print_tree(const nlohmann::ordered_json& object, int indent) {
  constexpr std::size_t kLongest = 10'000;
  for (const auto& [name, value] : object.items()) {
    if (value.is_object()) {
      if (value.empty()) continue;
      fmt::print("{:{}}{}\n", "", indent, printable(name));
      print_tree(value, indent + 2);
    } else {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      fmt::print("{:{}}{:<{}} {}\n", "", indent, printable(name), std::max(0, 28 - indent), printable(text, kLongest));
    }
  }
}

}  // namespace

void add_info(CLI::App& app) {
  auto* command = app.add_subcommand("info", "what a model is: options, size, step, losses");
  struct Arguments {
    std::string model;
    bool is_json = false;
  };
  auto a = std::make_shared<Arguments>();
  command->add_option("MODEL", a->model, "run directory, .safetensors file or Magenta .json model")->required();
  command->add_flag("--json", a->is_json, "one JSON object");
  command->footer("\nExample:\n  limn info runs/doodles\n");
  command->callback([a] {
    const auto description = draws_images(a->model)
                                 ? describe_image_model(a->model)
                                 : describe(load_sketch_rnn(a->model), resolve_model_path(a->model).string());
    // In ASCII: what the file says of itself could hold a terminal's control sequences.
    if (a->is_json) fmt::print("{}\n", description.dump(-1, ' ', true));
    else print_tree(description, 0);
  });
}

}  // namespace limn::app
