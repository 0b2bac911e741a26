// Running means of figures that jump from step to step, as training losses do with the lengths of a batch's examples:
// for people who read the last one. A value; one thread.
#pragma once

#include "limn/core/metrics.hpp"

namespace limn {

// Exponential means over about the last 100 steps, corrected for their start (Kingma & Ba 2015, section 3). A weight of
// the loss is not smoothed: it follows from the step. A value that is not finite counts nothing.
class SmoothedMetrics {
 public:
  // Takes the figures of a step, `steps` after those before. The means, in the order of `values`, until the next call.
  const Metrics& add(const Metrics& values, double steps = 1);

 private:
  struct Mean {
    std::string name;
    double sum = 0, weight = 0;
  };
  std::vector<Mean> means_;
  Metrics smoothed_;
};

}  // namespace limn
