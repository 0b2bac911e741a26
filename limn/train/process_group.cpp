#include "limn/train/process_group.hpp"

#include <fmt/ranges.h>
#include <torch/torch.h>

#include <charconv>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "limn/core/error.hpp"

namespace limn {
namespace {

// How long the living have to say so once a process is missed.
constexpr auto kRollCall = std::chrono::seconds(5);

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

int number_of(const char* name, int low, int high) {
  const auto text = environment(name);
  require(text.has_value(), "{} is not set although WORLD_SIZE is; start limn by torchrun or set MASTER_ADDR, "
          "MASTER_PORT, RANK and WORLD_SIZE", name);
  int value = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  require(code == std::errc() && end == text->data() + text->size() && value >= low && value <= high,
          "{}={}: expected a number from {} to {}", name, printable(*text), low, high);
  return value;
}

// What a library said, in one line.
std::string first_line(const std::string& text) { return printable(text.substr(0, text.find('\n')), 160); }

// The memory of `values` as a tensor, not copied.
template <class T>
std::vector<torch::Tensor> tensors_of(std::span<T> values) {
  const auto type = std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64;
  return {torch::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, type)};
}

}  // namespace

struct ProcessGroup::Impl {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
};

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

ProcessGroup::ProcessGroup(const ProcessGroupOptions& options)
    : options_(options), impl_(std::make_unique<Impl>()) {
  try {
    c10d::TCPStoreOptions store;
    store.port = static_cast<std::uint16_t>(options.master_port);
    store.isServer = options.rank == 0;
    store.numWorkers = static_cast<std::size_t>(options.world_size);
    store.waitWorkers = true;
    store.timeout = options.timeout;
    impl_->store = c10::make_intrusive<c10d::TCPStore>(options.master_address, store);
    const auto gloo = c10d::ProcessGroupGloo::Options::create(options.timeout);
    // On one machine the loopback device: names and addresses of the machine's other networks need not work.
    const bool is_local = options.master_address == "127.0.0.1" || options.master_address == "localhost";
    gloo->devices.push_back(is_local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                     : c10d::ProcessGroupGloo::createDefaultDevice());
    impl_->group =
        c10::make_intrusive<c10d::ProcessGroupGloo>(impl_->store, options.rank, options.world_size, gloo);
  } catch (const std::exception& error) {
    fail("process {} of {}: cannot meet the others at {}:{} ({}); see that all are started and that address and port "
         "are those of rank 0", options.rank, options.world_size, options.master_address, options.master_port,
         first_line(error.what()));
  }
}

ProcessGroup::~ProcessGroup() = default;

template <class Call>
void ProcessGroup::together(Call&& call) {
  try {
    call()->wait(options_.timeout);
  } catch (const std::exception& error) {
    report_loss(error.what());
  }
}

// Everyone who is left says so in the store; who does not is gone.
void ProcessGroup::report_loss(const std::string& cause) {
  const auto key = [&](int rank) { return fmt::format("alive/{}", rank); };
  std::vector<int> gone;
  try {
    impl_->store->set(key(rank()), std::vector<std::uint8_t>{1});
    for (int other = 0; other < size(); ++other) {
      if (other == rank()) continue;
      try {
        impl_->store->wait({key(other)}, kRollCall);
      } catch (const std::exception&) {
        gone.push_back(other);
      }
    }
  } catch (const std::exception&) {
    gone = {0};  // the store lives in rank 0
  }
  const std::string who = gone.empty() ? "another process" : fmt::format("process {}", fmt::join(gone, ", "));
  fail("process {} of {}: lost contact with {} ({}); the run can be continued with --resume, with any number of "
       "processes", rank(), size(), who, first_line(cause));
}

void ProcessGroup::sum(std::span<float> values) {
  auto tensors = tensors_of(values);
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  together([&] { return impl_->group->allreduce(tensors); });
}

void ProcessGroup::sum(std::span<double> values) {
  auto tensors = tensors_of(values);
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  together([&] { return impl_->group->allreduce(tensors); });
}

double ProcessGroup::sum(double value) {
  sum(std::span(&value, 1));
  return value;
}

void ProcessGroup::broadcast(std::span<float> values) {
  auto tensors = tensors_of(values);
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  together([&] { return impl_->group->broadcast(tensors); });
}

void ProcessGroup::broadcast(std::span<double> values) {
  auto tensors = tensors_of(values);
  bytes_ += static_cast<std::int64_t>(values.size_bytes());
  together([&] { return impl_->group->broadcast(tensors); });
}

}  // namespace limn
