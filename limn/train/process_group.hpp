// The processes of one data-parallel run, on one machine or many. Each computes the gradients of its share of every
// batch; sum() adds them up, with the same bits in every process. All processes must make the same calls in the same
// order. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "limn/core/epoch_plan.hpp"
#include "limn/train/libtorch_api.hpp"

namespace limn::train {

struct ProcessGroupOptions {
  std::string master_address = "127.0.0.1";  // of the process with rank 0, where all meet
  int master_port = 29500;                   // PyTorch's default
  int rank = 0;                              // 0 … world_size - 1
  int world_size = 1;
  // For how long one process waits for the others: to appear, and in each call. Long enough for what only rank 0 does:
  // pictures, fitted priors, files. A process that dies is noticed at once, when its connections close.
  std::chrono::milliseconds timeout = std::chrono::minutes(30);
};

// MASTER_ADDR, MASTER_PORT, RANK and WORLD_SIZE as torchrun, Slurm's and Kubernetes' launchers set them; nothing if
// WORLD_SIZE is not set or 1. Throws Error naming the variable that is missing or no number in range.
[[nodiscard]] std::optional<ProcessGroupOptions> process_group_from_environment();

class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] bool is_first() const { return rank_ == 0; }
  [[nodiscard]] BatchShare share() const { return {.rank = rank_, .ranks = size_}; }

  // Each element becomes its sum over the processes. Throws Error naming the processes that are gone.
  void sum(std::span<float> values);
  void sum(std::span<double> values);
  [[nodiscard]] double sum(double value);
  // Each element becomes that of rank 0.
  void broadcast(std::span<float> values);
  void broadcast(std::span<double> values);
  // The group inside the module on LibTorch, for sums on a device; null where the processes are no module's.
  [[nodiscard]] virtual libtorch::Group* libtorch_group() { return nullptr; }
  // Payload of the calls so far, as this process gave it.
  [[nodiscard]] std::int64_t bytes_exchanged() const { return bytes_; }

 protected:
  ProcessGroup(int rank, int size) : rank_(rank), size_(size) {}

 private:
  virtual void sum_all(std::span<float> values) = 0;
  virtual void sum_all(std::span<double> values) = 0;
  virtual void broadcast_all(std::span<float> values) = 0;
  virtual void broadcast_all(std::span<double> values) = 0;

  int rank_, size_;
  std::int64_t bytes_ = 0;
};

// Throws Error where a batch of that size leaves a process without an example.
void require_shares(std::int64_t batch_size, const ProcessGroup& group);

// Loads the module on LibTorch, which carries the processes over c10d and Gloo, and meets the others. Throws Error if
// the module is missing or the others do not all appear in time.
[[nodiscard]] std::unique_ptr<ProcessGroup> make_process_group(const ProcessGroupOptions& options);

}  // namespace limn::train
