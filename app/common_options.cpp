#include "app/common_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/drawing_output.hpp"
#include "limn/core/error.hpp"
#include "limn/models/model.hpp"
#include "limn/models/run_checkpoints.hpp"

namespace limn::app {
namespace {

// Far above 1 every point is noise, far below it the likeliest one; the bounds keep the arithmetic finite.
constexpr double kLeastTemperature = 0.001;
constexpr double kMostTemperature = 1000;

void check_and_show(const Option& temperature) {
  temperature.number(kLeastTemperature, kMostTemperature).shows_default();
}

void add_sigma_temperature(const Command& command, models::SigmaTemperature& sigma_temperature) {
  const auto& names = models::kSigmaTemperatureNames;
  command
      .add(
          "--sigma-temperature",
          [&](const std::string& name) {
            sigma_temperature = static_cast<models::SigmaTemperature>(std::ranges::find(names, name) - names.begin());
          },
          "how the temperature T widens the pen's offsets: by its root, as the paper, or by T, as Magenta's Python and "
          "the Keras port [sqrt]")
      .one_of({names.begin(), names.end()});
}

}  // namespace

void add_model(const Command& command, std::string& path) {
  command
      .add("MODEL", &path,
           "run directory, .safetensors file, Magenta .json or .js model, or builtin:doodles and its like")
      .required();
  // Set after MODEL: options are read in the order in which they are added.
  add_checkpoint(command, [&path](const std::string& name) { path = models::checkpoint_of_run(path, name).string(); });
}

void add_checkpoint(const Command& command, const std::function<void(const std::string&)>& choose) {
  command
      .add(
          "--checkpoint",
          [choose](const std::string& name) {
            require(models::is_checkpoint_name(name),
                    "--checkpoint {}: expected best, last or the step of a checkpoint that --keep-checkpoints kept",
                    printable(name));
            choose(name);
          },
          "of a run directory: best, last or a kept one's step [best, or last if the run was stopped at a better one]")
      .named("NAME");
}

void add_temperature(const Command& command, double& temperature, models::SigmaTemperature& sigma_temperature) {
  check_and_show(command.add("--temperature", &temperature, "how varied"));
  add_sigma_temperature(command, sigma_temperature);
}

void add_temperatures(const Command& command, std::vector<double>& temperatures,
                      models::SigmaTemperature& sigma_temperature, const std::string& help) {
  check_and_show(command.add("--temperature", &temperatures, help));
  add_sigma_temperature(command, sigma_temperature);
}

void add_prior(const Command& command, models::PriorKind& prior) {
  command
      .add(
          "--prior",
          [&](const std::string& name) {
            prior = name == "fitted" ? models::PriorKind::kFitted : models::PriorKind::kStandard;
          },
          "where z comes from: the density of the training drawings' z, or N(0, I) [fitted where the model has it]")
      .one_of({"fitted", "standard"});
}

void add_precision(const Command& command, std::string& precision) {
  const auto& names = models::kPrecisionNames;
  command
      .add("--precision", &precision,
           "of the weights that strokes are drawn with; bf16 reads half the memory and changes what a seed draws")
      .one_of({names.begin(), names.end()})
      .shows_default();
}

std::string drawing_output_help(bool has_frames) {
  using models::Content;
  return fmt::format("{}; of images {}", output_endings(Content::kSketches),
                     output_endings(Content::kImages, has_frames));
}

}  // namespace limn::app
