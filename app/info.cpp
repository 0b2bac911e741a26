// limn info: options, size, step and losses of a model.
#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/common_options.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/run_checkpoints.hpp"

namespace limn::app {
namespace {

std::string prior_text(const models::FittedPrior* prior) {
  if (prior == nullptr) return "standard";
  const std::int64_t components = models::components_of(*prior);
  return components == 1 ? "fitted" : fmt::format("fitted, {} Gaussians", components);
}

// Of a model that belongs to a run: the steps of the run's checkpoints. A step that cannot be read is null.
OrderedJson checkpoints_beside(const std::string& model) {
  OrderedJson steps = OrderedJson::object();
  const auto run = models::run_of(model);
  if (!run) return steps;
  for (const auto& [name, step] : models::checkpoints_of_run(*run))
    steps[name] = step < 0 ? OrderedJson() : OrderedJson(step);
  return steps;
}

OrderedJson describe(const std::string& path, const models::Registry& registry) {
  models::Checkpoint checkpoint = registry.read(path);
  std::size_t weights = 0;
  for (const auto& [name, values] : checkpoint.weights) weights += values.size();
  const auto model = registry.make(std::move(checkpoint));
  const models::Checkpoint& contents = model->checkpoint();
  OrderedJson out{
      {"file", contents.origin}, {"model", contents.model}, {"step", contents.step}, {"parameters", weights}};
  if (OrderedJson steps = checkpoints_beside(path); !steps.empty()) out["checkpoints"] = std::move(steps);
  for (const auto& [name, value] : model->facts()) out[name] = parse_ordered_json(value);
  if (model->latent_size() > 0) out["prior"] = prior_text(model->prior());
  out["metrics"] = parse_ordered_json(contents.metrics);
  out["options"] = parse_ordered_json(contents.config);
  out["training"] = parse_ordered_json(contents.training_config);
  return out;
}

// Names and texts come from a file and may hold a terminal's control sequences.
void print_tree(const OrderedJson& object, int indent) {
  constexpr std::size_t kLongest = 10'000;
  for (const auto& [name, value] : object.items()) {
    if (value.is_object()) {
      if (value.empty()) continue;
      print("{:{}}{}\n", "", indent, printable(name));
      print_tree(value, indent + 2);
    } else {
      const std::string text = value.is_string() ? value.get<std::string>() : json_text(value);
      print("{:{}}{:<{}} {}\n", "", indent, printable(name), std::max(0, 28 - indent), printable(text, kLongest));
    }
  }
}

}  // namespace

void add_info(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("info", "what a model is: options, size, step, losses");
  struct Arguments {
    std::string model;
    bool is_json = false;
  };
  auto a = std::make_shared<Arguments>();
  add_model(command, a->model);
  command.add("--json", &a->is_json, "one JSON object");
  command.set_footer("\nExample:\n  limn info runs/doodles\n");
  command.set_action([a, &registry] {
    const OrderedJson description = describe(a->model, registry);
    // In ASCII: texts of the file could hold a terminal's control sequences.
    if (a->is_json)
      print("{}\n", description.dump(-1, ' ', true));
    else
      print_tree(description, 0);
  });
}

}  // namespace limn::app
