// The module's only exported function.

#include "limn/libtorch/border.hpp"
#include "limn/libtorch/process_group.hpp"
#include "limn/libtorch/run.hpp"
#include "limn/libtorch/streams.hpp"

namespace limn::libtorch {
namespace {

const Api kApi = [] {
  construct_streams();
  Api api{};
  api.version = kApiVersion;
  api.torch_version = TORCH_VERSION;
  add_devices(api);
  add_process_groups(api);
  add_runs(api);
  add_decoder(api);
  add_operations(api);
  add_counts(api);
  add_evaluators(api);
  return api;
}();

}  // namespace
}  // namespace limn::libtorch

extern "C" __attribute__((visibility("default"))) const limn::libtorch::Api* limn_libtorch_api(std::int32_t version) {
  return version == limn::libtorch::kApiVersion ? &limn::libtorch::kApi : nullptr;
}
