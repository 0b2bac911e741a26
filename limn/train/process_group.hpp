// The processes of one data-parallel run, on one machine or many (LibTorch's c10d over Gloo). Each computes the
// gradients of its share of every batch; sum() adds them up, with the same bits in every process. All processes must
// make the same calls in the same order. One thread at a time. No LibTorch in this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "limn/core/epoch_plan.hpp"

namespace limn {

struct ProcessGroupOptions {
  std::string master_address = "127.0.0.1";  // of the process with rank 0, where all meet
  int master_port = 29500;                   // PyTorch's default
  int rank = 0;                              // 0 … world_size - 1
  int world_size = 1;
  // For how long one process waits for the others: to appear, and in each call. Long enough for a validation, which
  // only rank 0 makes; a process that dies is noticed at once, when its connections close.
  std::chrono::milliseconds timeout = std::chrono::minutes(30);
};

// MASTER_ADDR, MASTER_PORT, RANK and WORLD_SIZE as torchrun, Slurm's and Kubernetes' launchers set them; nothing if
// WORLD_SIZE is not set or 1. Throws Error naming the variable that is missing or no number in range.
[[nodiscard]] std::optional<ProcessGroupOptions> process_group_from_environment();

class ProcessGroup {
 public:
  // Meets the others. Throws Error if they do not all appear in time.
  explicit ProcessGroup(const ProcessGroupOptions& options);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  [[nodiscard]] int rank() const { return options_.rank; }
  [[nodiscard]] int size() const { return options_.world_size; }
  [[nodiscard]] bool is_first() const { return options_.rank == 0; }
  [[nodiscard]] BatchShare share() const { return {.rank = rank(), .ranks = size()}; }

  // Each element becomes its sum over the processes. Throws Error naming the processes that are gone.
  void sum(std::span<float> values);
  void sum(std::span<double> values);
  [[nodiscard]] double sum(double value);
  // Each element becomes that of rank 0.
  void broadcast(std::span<float> values);
  void broadcast(std::span<double> values);
  // Payload of the calls so far, as this process gave it.
  [[nodiscard]] std::int64_t bytes_exchanged() const { return bytes_; }

 private:
  struct Impl;
  template <class Call>
  void together(Call&& call);
  [[noreturn]] void report_loss(const std::string& cause);

  ProcessGroupOptions options_;
  std::unique_ptr<Impl> impl_;
  std::int64_t bytes_ = 0;
};

}  // namespace limn
