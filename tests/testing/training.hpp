// Training a task in a test: stopped where the test wants it, and everything that a run ends with.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limn/core/file.hpp"
#include "limn/models/draw/training.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/sketch_rnn/training.hpp"
#include "limn/models/vae/training.hpp"
#include "limn/train/trainer.hpp"
#include "testing/temporary_folder.hpp"

namespace limn::testing {

inline TaskSetting setting_of(const TrainOptions& options) {
  return {.batch_size = options.batch_size,
          .seed = static_cast<std::uint64_t>(options.seed),
          .precision = options.precision == "bf16" ? kernels::Precision::kBFloat16 : kernels::Precision::kFloat32};
}

// The options of a run by their types.
struct SketchRnnRun {
  SketchRnnOptions model = {};
  StrokeDataOptions data = {};
  TrainOptions train = {};
  [[nodiscard]] std::unique_ptr<TrainingTask> task(StrokeDataset set) const {
    return make_sketch_rnn_task(model, data, setting_of(train), std::move(set));
  }
  [[nodiscard]] std::vector<OptionField> fields() {
    auto all = limn::fields(model);
    for (const auto& more : {limn::fields(data), limn::fields(train)}) all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};
struct VaeRun {
  VaeOptions model = {};
  ImageDataOptions data = {};
  TrainOptions train = {};
  [[nodiscard]] std::unique_ptr<TrainingTask> task(ImageDataset set) const {
    return make_vae_task(model, data, setting_of(train), std::move(set));
  }
};
struct DrawRun {
  DrawOptions model = {};
  ImageDataOptions data{.binarize = "fixed"};
  TrainOptions train{.decay_rate = 1, .adam_beta1 = 0.5, .grad_clip = 5, .grad_clip_mode = "norm"};
  [[nodiscard]] std::unique_ptr<TrainingTask> task(ImageDataset set) const {
    return make_draw_task(model, data, setting_of(train), std::move(set));
  }
};

// Trains `task` in `root`; with `stop_at` it is asked to stop after that step.
inline TrainResult train_task(TrainingTask& task, const TrainOptions& options, const std::filesystem::path& root,
                              RunDirectory::Mode mode = RunDirectory::Mode::kFresh,
                              std::optional<std::int64_t> stop_at = {},
                              const Registry& registry = standard_registry()) {
  const RunDirectory run(root, mode);
  write_file(run.config(), "x = 1\n");
  std::int64_t done = 0;
  Trainer trainer(task, registry, options, run,
                  {.on_step = [&](const Progress& p) { done = p.step; },
                   .on_validation = {},
                   .on_notice = {},
                   .should_stop = [&] { return stop_at && done >= *stop_at; }});
  if (mode == RunDirectory::Mode::kResume) trainer.resume();
  return trainer.run();
}

// Weights, running means, moments, checkpoints: everything that a run ends with, byte by byte.
inline std::string run_outcome(const std::filesystem::path& root) {
  std::string all;
  for (const char* name : {"state", "last", "best"})
    all += read_text_file(root / "checkpoints" / (std::string(name) + ".safetensors"));
  return all;
}

// All TensorBoard events of a run, as bytes: tags stand in them as they are.
inline std::string events_of(const std::filesystem::path& root) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(root))
    if (entry.path().filename().string().starts_with("events.")) all += read_text_file(entry.path());
  return all;
}

// A run of 12 steps, saved every 5, that was stopped before and after a save and resumed, ends as one that never was.
// Returns that end.
using TrainInFolder = std::function<TrainResult(const std::filesystem::path& root, RunDirectory::Mode mode,
                                                std::optional<std::int64_t> stop_at)>;
inline std::string expect_resumes_bit_for_bit(const TrainInFolder& train) {
  using Mode = RunDirectory::Mode;
  const TemporaryFolder folder;
  (void)train(folder / "whole", Mode::kFresh, {});
  std::string expected = run_outcome(folder / "whole");
  for (const std::int64_t stop : {4, 11}) {
    const auto root = folder / ("stopped-" + std::to_string(stop));
    EXPECT_FALSE(train(root, Mode::kFresh, stop).is_finished);
    EXPECT_TRUE(train(root, Mode::kResume, {}).is_finished);
    EXPECT_TRUE(run_outcome(root) == expected) << "stopped at " << stop;
  }
  return expected;
}

}  // namespace limn::testing
