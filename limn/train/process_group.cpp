#include "limn/train/process_group.hpp"

#include <charconv>
#include <csignal>
#include <cstdlib>

#include "limn/core/error.hpp"
#include "limn/train/libtorch_module.hpp"

namespace limn::train {
namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

int number_of(const char* name, int low, int high) {
  const auto text = environment(name);
  require(text.has_value(),
          "{} is not set although WORLD_SIZE is; start limn by torchrun or set MASTER_ADDR, "
          "MASTER_PORT, RANK and WORLD_SIZE",
          name);
  int value = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  require(code == std::errc() && end == text->data() + text->size() && value >= low && value <= high,
          "{}={}: expected a number from {} to {}", name, printable(*text), low, high);
  return value;
}

// The group of the module on LibTorch.
class LibtorchGroup final : public ProcessGroup {
 public:
  LibtorchGroup(const libtorch::Api& api, const ProcessGroupOptions& options)
      : ProcessGroup(options.rank, options.world_size), api_(api) {
    const libtorch::GroupSetting setting{.master_address = options.master_address.c_str(),
                                         .master_port = options.master_port,
                                         .rank = options.rank,
                                         .world_size = options.world_size,
                                         .timeout_ms = options.timeout.count()};
    call_libtorch(api_.group_create, &setting, &group_);
  }
  ~LibtorchGroup() override { api_.group_destroy(group_); }
  libtorch::Group* libtorch_group() override { return group_; }

 private:
  void sum_all(std::span<float> values) override { run(api_.group_sum_f32, values); }
  void sum_all(std::span<double> values) override { run(api_.group_sum_f64, values); }
  void broadcast_all(std::span<float> values) override { run(api_.group_broadcast_f32, values); }
  void broadcast_all(std::span<double> values) override { run(api_.group_broadcast_f64, values); }

  template <class Function, class T>
  void run(Function function, std::span<T> values) {
    call_libtorch(function, group_, values.data(), static_cast<std::int64_t>(values.size()));
  }

  const libtorch::Api& api_;
  libtorch::Group* group_ = nullptr;
};

}  // namespace

std::optional<ProcessGroupOptions> process_group_from_environment() {
  constexpr int kMostProcesses = 1 << 16;
  constexpr int kMostPorts = 65535;
  if (!environment("WORLD_SIZE") || number_of("WORLD_SIZE", 1, kMostProcesses) == 1) return std::nullopt;
  ProcessGroupOptions options;
  options.world_size = number_of("WORLD_SIZE", 1, kMostProcesses);
  options.rank = number_of("RANK", 0, options.world_size - 1);
  if (environment("MASTER_PORT")) options.master_port = number_of("MASTER_PORT", 1, kMostPorts);
  if (const auto address = environment("MASTER_ADDR")) options.master_address = *address;
  return options;
}

void ProcessGroup::sum(std::span<float> values) {
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  sum_all(values);
}

void ProcessGroup::sum(std::span<double> values) {
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  sum_all(values);
}

double ProcessGroup::sum(double value) {
  sum(std::span(&value, 1));
  return value;
}

void ProcessGroup::broadcast(std::span<float> values) {
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  broadcast_all(values);
}

void ProcessGroup::broadcast(std::span<double> values) {
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  broadcast_all(values);
}

void require_shares(std::int64_t batch_size, const ProcessGroup& group) {
  require(batch_size >= group.size(),
          "a batch of {} examples cannot be shared by {} processes; use --batch-size {} or more", batch_size,
          group.size(), group.size());
}

std::unique_ptr<ProcessGroup> make_process_group(const ProcessGroupOptions& options) {
  // LibTorch writes to sockets whose other end may be gone: an error that names the process, not the end of this one.
  std::signal(SIGPIPE, SIG_IGN);
  return std::make_unique<LibtorchGroup>(load_libtorch_module("several processes"), options);
}

}  // namespace limn::train
