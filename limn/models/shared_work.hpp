// Work in pieces that several processes share, with the results of one: each computes every n-th piece, and all add the
// figures of all pieces in the same order. Plain functions; a process is one thread here.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "limn/core/epoch_plan.hpp"

namespace limn::models {

struct WorkShare {
  BatchShare share = {};
  // Each element becomes its sum over the processes, which make the same calls. Empty: this is the only process.
  std::function<void(std::span<double>)> sum = {};
};

struct SharedWork {
  std::int64_t pieces = 0;
  std::int64_t most_figures = 0;                                  // of a piece
  std::function<std::vector<double>(std::int64_t)> compute = {};  // of piece 0 … pieces - 1
  std::function<void(std::span<const double>)> add = {};          // the same figures in every process
};
// Calls compute() for this process's pieces, and add() for all, in order. Throws in every process what compute() threw
// in one of them, as Error that names the process.
void share_work(const SharedWork& work, const WorkShare& among);

}  // namespace limn::models
