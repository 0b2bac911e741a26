// The state from which a run continues (checkpoints/state.safetensors), whatever its metadata and tensors say. Inputs
// as those of checkpoint.cpp.
#include <fstream>
#include <vector>

#include "fuzz/header_input.hpp"
#include "fuzz/target.hpp"
#include "limn/train/trainer.hpp"
#include "testing/temporary_folder.hpp"

using namespace limn;

namespace {

// One tensor of two numbers, which nothing trains.
class TinyTask final : public models::TrainingTask {
 public:
  TinyTask() : parameters_{{"w", {2}, values_, gradients_}}, buffers_{{"mean", {1}, means_, {}}} {}
  [[nodiscard]] std::span<const models::TaskParameter> parameters() const override { return parameters_; }
  [[nodiscard]] std::span<const models::TaskParameter> buffers() const override { return buffers_; }
  models::StepResult compute_gradients(std::int64_t) override { return {}; }
  Metrics evaluate(Split, std::int64_t, const models::Judging&) override { return {}; }
  [[nodiscard]] models::Checkpoint checkpoint(std::int64_t, const Metrics&) const override { return {}; }
  models::SampleDrawings sample_drawings(std::int64_t) override { return {}; }
  [[nodiscard]] std::int64_t steps_per_epoch() const override { return 1; }

 private:
  std::vector<float> values_ = {1, 2}, gradients_ = {0, 0}, means_ = {3};
  std::vector<models::TaskParameter> parameters_, buffers_;
};

// As write_file(), which would wait for the disk.
void put(const std::filesystem::path& path, std::span<const std::byte> content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size())).flush())
    fuzz::report("a file cannot be written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const testing::TemporaryFolder parent;
  const std::filesystem::path root = parent / "run";
  std::filesystem::remove_all(root);  // the events of the last input too
  std::filesystem::create_directories(root / "checkpoints");
  put(root / "config.toml", as_bytes("seed = 1\n"));
  static const models::Registry registry = models::standard_registry();
  constexpr fuzz::MemoryBound kBound{.per_byte = 256, .floor = 1 << 20};
  return fuzz::survive(data, size, kBound, [&](fuzz::Input input) {
    const runs::RunDirectory run(root, runs::RunDirectory::Mode::kResume);
    put(run.state(), fuzz::with_header_length(input));
    TinyTask task;
    train::Trainer trainer(task, registry, {.num_steps = 9}, run);
    if (!trainer.resume()) fuzz::report("a state that is there was not read");
    if (trainer.step() < 0) fuzz::report("a run continues before its first step");
  });
}
