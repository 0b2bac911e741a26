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
#include "testing/training.hpp"

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

inline SketchRnnRun small_sketch_rnn(const std::string& cell) {
  SketchRnnRun run;
  run.model = {.enc_model = cell,
               .enc_rnn_size = 10,
               .dec_model = cell,
               .dec_rnn_size = 19,
               .z_size = 6,
               .num_mixture = 3,
               .hyper_num_units = 9,
               .hyper_embedding_size = 4,
               .recurrent_dropout_prob = 0.7,
               .input_dropout_prob = 0.8,
               .output_dropout_prob = 0.6};
  run.train = {.batch_size = 7, .learning_rate = 0.003, .average_weights = true, .seed = (std::int64_t{1} << 33) + 5};
  return run;
}

inline DrawRun small_draw(bool reads, bool writes) {
  DrawRun run;
  run.model = {.time_steps = 4,
               .enc_rnn_size = 17,
               .dec_rnn_size = 18,
               .z_size = 3,
               .read_attention = reads,
               .write_attention = writes,
               .read_size = 3,
               .write_size = 4,
               .likelihood = reads == writes ? "bernoulli" : "gaussian"};
  run.data.image_size = 12;
  run.data.color = "grey";
  run.train.batch_size = 7;
  return run;
}

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
