// Numbers of steps that are given in epochs, as "1epoch" or "0.5 epochs": how many steps that is only the data say.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "limn/core/options.hpp"

namespace limn::app {

class StepsInEpochs {
 public:
  // `assignments` without those that count in epochs, which are kept; one in steps takes the place of one kept earlier.
  [[nodiscard]] std::vector<std::string> take(std::span<const std::string> assignments);
  void set(const std::string& name, double epochs) { epochs_[name] = epochs; }
  // Sets the options that were kept. Throws Error as set_options() does.
  void resolve(std::span<const OptionField> options, std::int64_t steps_per_epoch) const;

 private:
  std::map<std::string, double> epochs_;  // by the option's name
};

}  // namespace limn::app
