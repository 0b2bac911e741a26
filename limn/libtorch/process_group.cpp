#include "limn/libtorch/process_group.hpp"

#include <fmt/ranges.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <vector>

#include "limn/core/thread.hpp"
#include "limn/libtorch/border.hpp"

namespace limn::libtorch {

struct Group {
  int rank = 0, size = 1;
  std::chrono::milliseconds timeout{};
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
#ifdef USE_C10D_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl;  // made for the first tensor on CUDA
#endif
};

namespace {

// How long the living have to say so once a process is missed.
constexpr auto kRollCall = std::chrono::seconds(5);

// The message of a library, in one line.
std::string first_line(const std::string& text) { return printable(text.substr(0, text.find('\n')), 160); }

std::unique_ptr<Group> meet(const GroupSetting& setting) {
  auto group = std::make_unique<Group>();
  group->rank = setting.rank;
  group->size = setting.world_size;
  group->timeout = std::chrono::milliseconds(setting.timeout_ms);
  const std::string address = setting.master_address;
  try {
    c10d::TCPStoreOptions store;
    store.port = static_cast<std::uint16_t>(setting.master_port);
    store.isServer = setting.rank == 0;
    store.numWorkers = static_cast<std::size_t>(setting.world_size);
    store.waitWorkers = true;
    store.timeout = group->timeout;
    group->store = c10::make_intrusive<c10d::TCPStore>(address, store);
    const auto gloo = c10d::ProcessGroupGloo::Options::create(group->timeout);
    // On one machine the loopback device: names and addresses of the machine's other networks need not work.
    const bool is_local = address == "127.0.0.1" || address == "localhost";
    gloo->devices.push_back(is_local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                     : c10d::ProcessGroupGloo::createDefaultDevice());
    group->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(group->store, setting.rank, setting.world_size, gloo);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again) throw;
    fail_to_start_thread(fmt::format("process {} of {}", setting.rank, setting.world_size), error.code().message());
  } catch (const std::exception& error) {
    fail(
        "process {} of {}: cannot meet the others at {}:{} ({}); see that all are started and that address and port "
        "are those of rank 0",
        setting.rank, setting.world_size, address, setting.master_port, first_line(error.what()));
  }
  return group;
}

// Everyone who is left says so in the store; who does not is gone.
[[noreturn]] void report_loss(Group& group, const std::string& cause) {
  const auto key = [](int rank) { return fmt::format("alive/{}", rank); };
  std::vector<int> gone;
  try {
    group.store->set(key(group.rank), std::vector<std::uint8_t>{1});
    for (int other = 0; other < group.size; ++other) {
      if (other == group.rank) continue;
      try {
        group.store->wait({key(other)}, kRollCall);
      } catch (const std::exception&) {
        gone.push_back(other);
      }
    }
  } catch (const std::exception&) {
    gone = {0};  // the store lives in rank 0
  }
  const std::string who = gone.empty() ? "another process" : fmt::format("process {}", fmt::join(gone, ", "));
  fail(
      "process {} of {}: lost contact with {} ({}); the run can be continued with --resume, with any number of "
      "processes",
      group.rank, group.size, who, first_line(cause));
}

// Makes `call` on the tensors and waits for it.
template <class Call>
void together(Group& group, std::vector<torch::Tensor>& tensors, Call&& call) {
  try {
    call(*group.gloo, tensors)->wait(group.timeout);
  } catch (const std::exception& failure) {
    report_loss(group, failure.what());
  }
}

// The same on the values, as a tensor that shares their memory.
template <class T, class Call>
Status together(Group* group, T* values, std::int64_t count, ErrorText error, Call&& call) {
  return guarded(error, [&] {
    const auto type = std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64;
    std::vector<torch::Tensor> tensors{torch::from_blob(values, {count}, type)};
    together(*group, tensors, call);
  });
}

template <class T>
Status sum(Group* group, T* values, std::int64_t count, ErrorText error) {
  return together(group, values, count, error, [](auto& gloo, auto& tensors) { return gloo.allreduce(tensors); });
}

template <class T>
Status broadcast(Group* group, T* values, std::int64_t count, ErrorText error) {
  return together(group, values, count, error, [](auto& gloo, auto& tensors) { return gloo.broadcast(tensors); });
}

}  // namespace

int size_of(const Group& group) { return group.size; }

#ifdef USE_C10D_NCCL
// Its wait() holds up the device's work, not the host's.
void sum_over_nccl(Group& group, torch::Tensor& tensor) {
  std::vector<torch::Tensor> tensors{tensor};
  try {
    if (!group.nccl) {
      const auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = group.timeout;
      group.nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(
          c10::make_intrusive<c10d::PrefixStore>("nccl", group.store), group.rank, group.size, options);
    }
    group.nccl->allreduce(tensors)->wait();
  } catch (const std::exception& failure) {
    report_loss(group, failure.what());
  }
}
#endif

void sum_over(Group& group, torch::Tensor& tensor) {
#ifdef USE_C10D_NCCL
  if (tensor.is_cuda()) return sum_over_nccl(group, tensor);
#endif
  // Gloo's own CUDA path is not in every build: what is elsewhere goes over the host.
  const bool is_in_place = tensor.is_cpu() && tensor.is_contiguous();
  std::vector<torch::Tensor> tensors{(is_in_place ? tensor : tensor.cpu().contiguous()).view({-1})};
  together(group, tensors, [](auto& gloo, auto& all) { return gloo.allreduce(all); });
  if (!is_in_place) tensor.copy_(tensors[0].view(tensor.sizes()));
}

void add_process_groups(Api& api) {
  api.group_create = [](const GroupSetting* setting, Group** group, ErrorText error) {
    return guarded(error, [&] { *group = meet(*setting).release(); });
  };
  api.group_destroy = [](Group* group) { delete group; };
  api.group_sum_f32 = sum<float>;
  api.group_sum_f64 = sum<double>;
  api.group_broadcast_f32 = broadcast<float>;
  api.group_broadcast_f64 = broadcast<double>;
}

}  // namespace limn::libtorch
