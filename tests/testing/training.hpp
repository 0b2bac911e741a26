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

inline models::TaskSetting setting_of(const train::TrainOptions& options) {
  return {.batch_size = options.batch_size,
          .seed = static_cast<std::uint64_t>(options.seed),
          .precision = options.precision == "bf16" ? kernels::Precision::kBFloat16 : kernels::Precision::kFloat32,
          .fits_prior = options.fit_prior};
}

// The options of a run by their types.
struct SketchRnnRun {
  models::SketchRnnOptions model = {};
  sketch::StrokeDataOptions data = {};
  train::TrainOptions train = {};
  [[nodiscard]] std::unique_ptr<models::TrainingTask> task(sketch::StrokeDataset set) const {
    return models::make_sketch_rnn_task(model, data, setting_of(train), std::move(set));
  }
  [[nodiscard]] std::vector<OptionField> fields() {
    auto all = models::fields(model);
    for (const auto& more : {sketch::fields(data), train::fields(train)})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};
struct VaeRun {
  models::VaeOptions model = {};
  image::ImageDataOptions data = {};
  train::TrainOptions train = {};
  [[nodiscard]] std::unique_ptr<models::TrainingTask> task(image::ImageDataset set) const {
    return models::make_vae_task(model, data, setting_of(train), std::move(set));
  }
};
struct DrawRun {
  models::DrawOptions model = {};
  image::ImageDataOptions data{.binarize = "fixed"};
  train::TrainOptions train{.decay_rate = 1, .adam_beta1 = 0.5, .grad_clip = 5, .grad_clip_mode = "norm"};
  [[nodiscard]] std::unique_ptr<models::TrainingTask> task(image::ImageDataset set) const {
    return models::make_draw_task(model, data, setting_of(train), std::move(set));
  }
};

// Trains `task` in `root`; with `stop_at` it is asked to stop after that step.
inline train::TrainResult train_task(models::TrainingTask& task, const train::TrainOptions& options,
                                     const std::filesystem::path& root,
                                     runs::RunDirectory::Mode mode = runs::RunDirectory::Mode::kFresh,
                                     std::optional<std::int64_t> stop_at = {},
                                     const models::Registry& registry = models::standard_registry()) {
  const runs::RunDirectory run(root, mode);
  write_file(run.config(), "x = 1\n");
  std::int64_t done = 0;
  train::Trainer trainer(task, registry, options, run,
                         {.on_step = [&](const train::Progress& p) { done = p.step; },
                          .on_validation = {},
                          .on_notice = {},
                          .should_stop = [&] { return stop_at && done >= *stop_at; }});
  if (mode == runs::RunDirectory::Mode::kResume) trainer.resume();
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
using TrainInFolder = std::function<train::TrainResult(const std::filesystem::path& root, runs::RunDirectory::Mode mode,
                                                       std::optional<std::int64_t> stop_at)>;
inline std::string expect_resumes_bit_for_bit(const TrainInFolder& train) {
  using Mode = runs::RunDirectory::Mode;
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
