// The device that tests of devices compare with limn's kernels, and small data for them. The device is LibTorch's CPU,
// or what LIMN_TEST_DEVICE names; without that device a test program is skipped.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "limn/core/error.hpp"
#include "limn/image/dataset.hpp"
#include "limn/sketch/dataset.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/train/device.hpp"

namespace limn::testing {

inline std::string device_under_test() {
  const char* name = std::getenv("LIMN_TEST_DEVICE");
  return name == nullptr || *name == '\0' ? "cpu" : name;
}

class DeviceIsHere : public ::testing::Environment {
  void SetUp() override {
    try {
      (void)train::choose_device(device_under_test() == "cpu" ? "torch:cpu" : device_under_test());
    } catch (const Error& error) {
      if (device_under_test() == "cpu") throw;
      std::printf("SKIPPED device_test: %s\n", error.what());
      std::fflush(stdout);
      std::_Exit(kSkipped);  // what GoogleTest skips from here it counts as passed
    }
  }
  static constexpr int kSkipped = 77;  // of tests/harness/main.cpp
};

inline sketch::StrokeDataset some_doodles(const sketch::StrokeDataOptions& options) {
  sketch::SketchSplits splits;
  std::uint64_t number = 0;
  for (std::size_t split = 0; split < splits.sketches.size(); ++split)
    while (splits.sketches[split].size() < (split == 0 ? 23U : 6U))
      splits.sketches[split].push_back(sketch::draw_doodle(9, number++).sketch);
  return {std::move(splits), options, "doodles"};
}

inline const image::ImageDataset& some_shapes(const image::ImageDataOptions& options) {
  static std::map<std::pair<std::int64_t, std::string>, image::ImageDataset> loaded;
  const std::pair key(options.image_size, options.color);
  const std::vector<std::string> paths{"builtin:shapes"};
  auto found = loaded.find(key);
  if (found == loaded.end()) found = loaded.emplace(key, image::ImageDataset::load(paths, options)).first;
  return found->second;
}

}  // namespace limn::testing
