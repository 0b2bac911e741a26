// Finds and loads the optional module on LibTorch (limn/libtorch) where a command asks for it. No LibTorch here.
// Any thread may call. A loaded module stays loaded: LibTorch cannot be unloaded.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/train/libtorch_api.hpp"

namespace limn::train {

// Names the module's file; where it is set, nothing else is looked at.
inline constexpr const char* kLibtorchVariable = "LIMN_LIBTORCH_MODULE";

// The files that are tried, in this order: the one of kLibtorchVariable, or the module beside the program and the one
// in the installed libexec folder.
[[nodiscard]] std::vector<std::filesystem::path> libtorch_module_paths();

// The table of the first of these files that exists. `purpose` opens the message: "several processes". Throws Error:
// which files were tried, or what is wrong with the one that is there, and which package and option bring the module.
[[nodiscard]] const libtorch::Api& load_libtorch_module(const std::string& purpose);

// Calls a function of the table with `arguments` and a place for its error. Throws that as Error.
template <class Function, class... Arguments>
void call_libtorch(Function function, Arguments... arguments) {
  std::array<char, 1024> text{};
  if (function(arguments..., {text.data(), static_cast<std::int64_t>(text.size())}) != 0) fail("{}", text.data());
}

}  // namespace limn::train
