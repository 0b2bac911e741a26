// Where a run computes, as --device names it. Plain functions; any thread.
#pragma once

#include <string>
#include <vector>

namespace limn::train {

struct Device {
  std::string name = {};    // LibTorch's: "cuda:0"; empty: limn's own kernels on the CPU
  std::string remark = {};  // for the user: what was chosen and why, or ""
};

// "cpu" is limn's kernels, "torch:cpu" LibTorch on the CPU, any other name a device of LibTorch. "auto" takes a GPU
// where LibTorch has one that works, else "cpu". A process of several on one machine (LOCAL_RANK) takes the GPU of its
// own number where none is named. Throws Error for a device that is not here: why, and which are.
[[nodiscard]] Device choose_device(const std::string& wanted);

// The names that --device takes here: "auto", "cpu", and with the module on LibTorch "torch:cpu" and its other devices.
// Loads the module, which takes a second.
[[nodiscard]] std::vector<std::string> device_choices();

// A word on --device for --help; loads nothing.
[[nodiscard]] std::string device_help();

}  // namespace limn::train
