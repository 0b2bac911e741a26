#include "limn/train/libtorch_module.hpp"

#include <dlfcn.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

namespace limn::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFileName = "limn_libtorch.so";
constexpr const char* kRemedy =
    "install the packages libtorch-dev and libgloo-dev and build limn with -DLIMN_WITH_TORCH=ON";

// RTLD_DEEPBIND: LibTorch of PyTorch's wheels exports its own oneDNN, whose calls must not reach ours. Sanitizers
// refuse it, because it hides their allocator.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(RTLD_DEEPBIND)
constexpr int kLoadFlags = RTLD_NOW | RTLD_LOCAL;
#else
constexpr int kLoadFlags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

std::string load_error() {
  const char* text = dlerror();
  return text == nullptr ? "the loader gives no reason" : printable(text, 300);
}

}  // namespace

std::vector<fs::path> libtorch_module_paths() {
  const char* named = std::getenv(kLibtorchVariable);
  if (named != nullptr && *named != '\0') return {named};
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {folder / kFileName, (folder / LIMN_LIBEXEC_FROM_BIN / kFileName).lexically_normal()};
}

const libtorch::Api& load_libtorch_module(const std::string& purpose) {
  const auto paths = libtorch_module_paths();
  const auto path = std::ranges::find_if(paths, [](const fs::path& p) { return fs::exists(p); });
  if (path == paths.end()) {
    std::vector<std::string> names;
    for (const fs::path& each : paths) names.push_back(each.string());
    fail("{}: limn's module on LibTorch is not there; looked for {}; {}", purpose, fmt::join(names, " and "), kRemedy);
  }
  void* const module = dlopen(fs::absolute(*path).c_str(), kLoadFlags);
  const bool is_named = paths.size() == 1;  // by the variable
  const std::string correct = fmt::format("correct or unset {}", kLibtorchVariable);
  if (module == nullptr)
    fail("{}: cannot load {}: {}; {}", purpose, path->string(), load_error(), is_named ? correct : kRemedy);
  const auto function = reinterpret_cast<libtorch::ApiFunction>(dlsym(module, libtorch::kApiSymbol));
  if (function == nullptr)
    fail("{}: {} is not a module of limn; {}", purpose, path->string(), is_named ? correct : kRemedy);
  const libtorch::Api* const api = function(libtorch::kApiVersion);
  require(api != nullptr && api->version == libtorch::kApiVersion,
          "{}: {} is of another version of limn (this one needs interface {}); build both together, or set {} to the "
          "right module",
          purpose, path->string(), libtorch::kApiVersion, kLibtorchVariable);
  return *api;
}

}  // namespace limn::train
