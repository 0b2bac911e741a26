#include "limn/train/device.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "limn/core/error.hpp"
#include "limn/train/libtorch_module.hpp"

namespace limn::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTorchPrefix = "torch:";

bool has_module() {
  std::error_code ignored;
  return std::ranges::any_of(libtorch_module_paths(), [&](const fs::path& path) { return fs::exists(path, ignored); });
}

// Files of drivers (NVIDIA, AMD, Windows' Linux). Without one LibTorch, which takes a second to load, is not asked.
bool may_have_gpu() {
  std::error_code ignored;
  return std::ranges::any_of(std::array{"/dev/nvidiactl", "/dev/kfd", "/dev/dxg"},
                             [&](const char* path) { return fs::exists(path, ignored); });
}

// LibTorch's devices, the best first.
std::vector<std::string> devices_of(const libtorch::Api& api) {
  std::array<char, 1024> text{};
  call_libtorch(api.devices, libtorch::ErrorText{text.data(), std::ssize(text)});
  std::istringstream stream(text.data());
  std::vector<std::string> names;
  for (std::string name; std::getline(stream >> std::ws, name, ',');) names.push_back(name);
  return names;
}

std::string description(const libtorch::Api& api, const std::string& name) {
  return fmt::format("computing on {} by LibTorch {}", name == "cpu" ? "the CPU" : name, api.torch_version);
}

// "cuda" of the second process on a machine is "cuda:1".
std::string of_this_process(const std::string& name) {
  const char* rank = std::getenv("LOCAL_RANK");
  return name == "cuda" && rank != nullptr && *rank != '\0' ? fmt::format("cuda:{}", rank) : name;
}

Device best_device() {
  if (!may_have_gpu()) return {};
  if (!has_module())
    return {.remark = "a GPU seems to be here, but limn's module on LibTorch is not: computing on the CPU"};
  try {
    const libtorch::Api& api = load_libtorch_module("--device auto");
    const std::string best = devices_of(api).front();
    if (best == "cpu") return {.remark = "a GPU seems to be here, but LibTorch has none: computing on the CPU"};
    const std::string name = of_this_process(best.substr(0, best.find(':')));
    call_libtorch(api.try_device, name.c_str());
    return {.name = name, .remark = description(api, name)};
  } catch (const Error& error) {
    return {.remark = fmt::format("computing on the CPU: {}", error.what())};
  }
}

}  // namespace

std::vector<std::string> device_choices() {
  std::vector<std::string> choices{"auto", "cpu"};
  if (!has_module()) return choices;
  for (const std::string& name : devices_of(load_libtorch_module("LibTorch")))
    choices.push_back(name == "cpu" ? kTorchPrefix + name : name);
  return choices;
}

std::string device_help() {
  return fmt::format("auto (a GPU where one works) or cpu; {} torch:cpu, cuda[:i] or another device of LibTorch",
                     has_module() ? "also" : "with limn's module on LibTorch, which is not here, also");
}

Device choose_device(const std::string& wanted) {
  if (wanted == "cpu") return {};
  if (wanted == "auto") return best_device();
  const std::string option = fmt::format("--device {}", printable(wanted));
  require(!wanted.empty(), "--device: expected a name; {}", device_help());
  const libtorch::Api& api = load_libtorch_module(option);
  const std::string prefix = kTorchPrefix;
  const std::string name = of_this_process(wanted.starts_with(prefix) ? wanted.substr(prefix.size()) : wanted);
  try {
    call_libtorch(api.try_device, name.c_str());
  } catch (const Error& error) {
    fail("{}: {}; expected one of {}", option, error.what(), fmt::join(device_choices(), ", "));
  }
  return {.name = name, .remark = description(api, name)};
}

}  // namespace limn::train
