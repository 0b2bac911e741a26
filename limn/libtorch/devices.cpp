#include <fmt/ranges.h>

#include "limn/libtorch/run.hpp"

namespace limn::libtorch {
namespace {

// A device that is there may not work: its driver may be too old, its memory full.
void try_out(const torch::Device& device) {
  const torch::Tensor two = torch::ones({1}, torch::TensorOptions(device).dtype(torch::kFloat32)) * 2;
  require(two.item<float>() == 2, "LibTorch: device {} computes wrong: 2 · 1 = {}", device.str(), two.item<float>());
}

bool works(const std::string& name) {
  try {
    try_out(torch::Device(name));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  // ROCm's devices have this name too.
  const auto gpus = static_cast<int>(torch::cuda::device_count());
  for (int i = 0; i < gpus; ++i) names.push_back(fmt::format("cuda:{}", i));
  for (const char* name : {"xpu", "mps"})
    if (works(name)) names.emplace_back(name);
  names.emplace_back("cpu");
  return names;
}

torch::Device device_named(const std::string& name) {
  try {
    const torch::Device device(name);
    try_out(device);
    return device;
  } catch (const std::exception& error) {
    const std::string_view text = error.what();
    fail("LibTorch {} cannot use the device {} here ({})", TORCH_VERSION, printable(name),
         printable(text.substr(0, text.find('\n')), 200));
  }
}

void add_devices(Api& api) {
  api.devices = [](ErrorText names, ErrorText error) {
    return guarded(error, [&] { write_error(names, fmt::format("{}", fmt::join(device_names(), ", "))); });
  };
  api.try_device = [](const char* device, ErrorText error) {
    return guarded(error, [&] { (void)device_named(device); });
  };
}

}  // namespace limn::libtorch
