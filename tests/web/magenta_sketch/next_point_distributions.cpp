// Prints what limn's decoder says of the next point along a drawing, for check.cjs to compare with
// @magenta/sketch:
// {"temperatures": […], "strokes": [[dx, dy, down, lifted, end], …], "steps": [[{pen, pi, mu_x, …}, …], …]},
// a step for the start and each row read, in it a distribution for each temperature. Offsets of strokes are
// in data units, distributions as the model has them.
//
// Usage: next_point_distributions MODEL, or next_point_distributions --random FILE to make a model first.
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "limn/core/error.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/drawing.hpp"
#include "models/sketch_rnn/decoder_outputs.hpp"
#include "models/sketch_rnn/tiny_model.hpp"

namespace limn::testing {
namespace {

using nlohmann::json;

constexpr std::array kTemperatures{1.0F, 0.65F, 0.25F};
constexpr std::int64_t kPoints = 12;

void write_random_model(const std::string& path) {
  models::SketchRnnOptions options = tiny_options(false);
  options.dec_rnn_size = 37;
  options.num_mixture = 20;  // the only number that the format holds
  models::write_checkpoint(path, models::to_checkpoint(random_checkpoint(options, 11, 0.7F)));
}

json described(const models::NextPointDistribution& d) {
  return {{"pen", d.pen},         {"pi", d.pi},           {"mu_x", d.mu_x}, {"mu_y", d.mu_y},
          {"sigma_x", d.sigma_x}, {"sigma_y", d.sigma_y}, {"rho", d.rho}};
}

json distributions(const models::SketchRnnModel& model) {
  const sketch::Sketch sketch = random_sketch(kPoints, 5);  // normalised
  json strokes = json::array(), steps = json::array();
  for (const auto& y : decoder_outputs(model, sketch, {})) {
    json step = json::array();
    for (const float temperature : kTemperatures)
      step.push_back(described(models::next_point_distribution(y, temperature)));
    steps.push_back(step);
  }
  for (const auto& point : model.in_data_units(sketch).points)
    strokes.push_back({point.dx, point.dy, point.is_pen_lifted ? 0 : 1, point.is_pen_lifted ? 1 : 0, 0});
  return {{"temperatures", kTemperatures}, {"strokes", strokes}, {"steps", steps}};
}

}  // namespace
}  // namespace limn::testing

int main(int argc, char** argv) {
  try {
    const bool is_random = argc == 3 && std::string(argv[1]) == "--random";
    limn::require(argc == 2 || is_random, "usage: next_point_distributions MODEL | --random FILE");
    if (is_random) limn::testing::write_random_model(argv[2]);
    const limn::models::SketchRnnModel model(limn::models::standard_registry().read(argv[argc - 1]));
    fmt::print("{}\n", limn::testing::distributions(model).dump());
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
