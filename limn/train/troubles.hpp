// Signs that a run goes wrong, read off its validations: each is said once, with the option that helps, and again only
// after it has passed. A value; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "limn/core/metrics.hpp"

namespace limn::train {

class TroubleWatch {
 public:
  struct Validation {
    std::int64_t step = 0;
    std::int64_t num_steps = 0;  // of the whole run, as planned
    Metrics valid = {};          // losses on the validation split
    Metrics train = {};          // smoothed losses of the training batches
    // Losses as one figure, weighed as training weighs them now.
    std::function<double(const Metrics&)> objective = {};
    // By how many nats an example is reconstructed better from its own z than from another's; none without z.
    std::function<std::optional<double>()> nats_of_latents = {};
  };
  // What is newly wrong, a line each.
  [[nodiscard]] std::vector<std::string> look(const Validation& now);
  // The same for `blanks` of `count` new drawings.
  [[nodiscard]] std::vector<std::string> look_at_blanks(const Validation& now, std::int64_t blanks, std::int64_t count);

 private:
  struct Seen {
    std::int64_t step = 0;
    Metrics valid, train;
  };
  // The line where the trouble is there and was not at the last look.
  void say(std::vector<std::string>& lines, const char* trouble, const std::string& line);

  std::vector<Seen> seen_;
  std::set<std::string> said_;
};

}  // namespace limn::train
