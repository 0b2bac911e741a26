#include "app/steps_in_epochs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "limn/core/error.hpp"

namespace limn::app {
namespace {

constexpr std::array<std::string_view, 6> kCountedInSteps{"num_steps",    "save_every", "valid_every",
                                                          "sample_every", "test_every", "log_every"};

// Of "2epochs", "2 epochs" and "epoch" the number, NaN of what is none; 0 of what does not end so.
double epochs_of(std::string_view text) {
  for (const std::string_view unit : {"epochs", "epoch"}) {
    if (!text.ends_with(unit)) continue;
    text.remove_suffix(unit.size());
    text = text.substr(0, text.find_last_not_of(' ') + 1);
    if (text.empty()) return 1;
    double count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    return is_number && count > 0 && count <= 1e9 ? count : NAN;
  }
  return 0;
}

}  // namespace

std::vector<std::string> StepsInEpochs::take(std::span<const std::string> assignments) {
  std::vector<std::string> others;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = std::min(assignment.find('='), assignment.size());
    const std::string name = assignment.substr(0, equals);
    const bool is_counted =
        equals < assignment.size() && std::ranges::find(kCountedInSteps, name) != kCountedInSteps.end();
    const double epochs = is_counted ? epochs_of(std::string_view(assignment).substr(equals + 1)) : 0;
    require(!std::isnan(epochs), "{}: expected a number of epochs above 0, as in 2epochs, or of steps",
            printable(assignment));
    if (epochs > 0) {
      epochs_[name] = epochs;
    } else {
      epochs_.erase(name);
      others.push_back(assignment);
    }
  }
  return others;
}

void StepsInEpochs::resolve(std::span<const OptionField> options, std::int64_t steps_per_epoch) const {
  for (const auto& [name, epochs] : epochs_) {
    const double steps = std::round(epochs * static_cast<double>(steps_per_epoch));
    set_option(options, name, fmt::format("{:.0f}", std::max(1.0, steps)));
  }
}

}  // namespace limn::app
