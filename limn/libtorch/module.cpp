// The module's only exported function.
#include <torch/version.h>

#include "limn/libtorch/border.hpp"
#include "limn/libtorch/process_group.hpp"
#include "limn/libtorch/yardstick.hpp"

namespace limn::libtorch {
namespace {

const Api kApi = [] {
  Api api{};
  api.version = kApiVersion;
  api.torch_version = TORCH_VERSION;
  api.devices = [](ErrorText names, ErrorText error) {
    return guarded(error, [&] {
      std::string all = "cpu";
      for (std::size_t i = 0; i < torch::cuda::device_count(); ++i) all += fmt::format(", cuda:{}", i);
      write_error(names, all);
    });
  };
  add_process_groups(api);
  add_twins(api);
  add_operations(api);
  return api;
}();

}  // namespace
}  // namespace limn::libtorch

extern "C" __attribute__((visibility("default"))) const limn::libtorch::Api* limn_libtorch_api(std::int32_t version) {
  return version == limn::libtorch::kApiVersion ? &limn::libtorch::kApi : nullptr;
}
