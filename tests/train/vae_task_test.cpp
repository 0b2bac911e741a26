// Small VAEs through the trainer on the built-in shapes: what a user does, in seconds.
#include <gmock/gmock.h>

#include <map>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/image_model.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::VaeRun;
using Mode = runs::RunDirectory::Mode;

VaeRun small_options(const std::string& arch) {
  VaeRun options;
  options.model = {.arch = arch, .hidden = 12, .z_size = 3, .channels = 2, .beta_warmup_steps = 5};
  options.data.image_size = arch == "dense" ? 9 : 12;
  options.data.color = arch == "dense" ? "grey" : "rgb";
  options.train = {.num_steps = 12,
                   .batch_size = 7,
                   .learning_rate = 0.005,
                   .decay_rate = 1,
                   .grad_clip_mode = "none",
                   .seed = 3,
                   .save_every = 5,
                   .valid_every = 6,
                   .sample_every = 0,
                   .log_every = 1};
  return options;
}

// Loaded once for each size: drawing the shapes takes longer than a training here.
const image::ImageDataset& shapes(const VaeRun& options) {
  static std::map<std::int64_t, image::ImageDataset> loaded;
  const std::vector<std::string> paths{"builtin:shapes"};
  auto found = loaded.find(options.data.image_size);
  if (found == loaded.end())
    found = loaded.emplace(options.data.image_size, image::ImageDataset::load(paths, options.data)).first;
  return found->second;
}

TrainResult train(const std::filesystem::path& root, const VaeRun& options, Mode mode = Mode::kFresh,
                  std::optional<std::int64_t> stop_at = {}) {
  return testing::train_task(*options.task(shapes(options)), options.train, root, mode, stop_at);
}

class VaeTraining : public ::testing::TestWithParam<const char*> {};

TEST_P(VaeTraining, StoppedAndResumedEqualsNeverStoppedBitForBit) {
  const std::string end = testing::expect_resumes_bit_for_bit(
      [](const auto& root, Mode mode, auto stop_at) { return train(root, small_options(GetParam()), mode, stop_at); });
  EXPECT_EQ(end.find("buffers.encoder.1.running_mean") != std::string::npos, std::string(GetParam()) != "dense");
}

TEST_P(VaeTraining, LearnsAndItsCheckpointDraws) {
  const testing::TemporaryFolder folder;
  auto options = small_options(GetParam());
  options.train.num_steps = 150;
  options.train.valid_every = 50;
  options.train.batch_size = 32;
  options.train.sample_every = 150;
  const TrainResult result = train(folder / "run", options);
  const auto& data = shapes(options);
  const auto loaded = models::standard_registry().load(folder / "run");
  const models::ImageModel* const model = loaded->as_image_model();
  const models::ImageEvaluation best = models::evaluate(*model, data, Split::kValid);
  EXPECT_NEAR(best.total, result.best_total, 1e-6 * result.best_total);
  // Every pixel at its own mean costs less than log 2; what is learned is more than that.
  EXPECT_LT(best.total, 0.6 * static_cast<double>(data.shape().size()));
  EXPECT_EQ(model->decode(models::prior_latents(2, model->latent_size(), 1)).size(),
            2 * static_cast<std::size_t>(data.shape().size()));
  EXPECT_EQ(loaded->checkpoint().prior, models::fit_prior(*model, data));
  EXPECT_TRUE(std::filesystem::exists(folder / "run" / "samples" / "step-150.png"));
  EXPECT_EQ(model->data_options().image_size, options.data.image_size);
  const std::string events = testing::events_of(folder / "run");
  for (const char* tag : {"outputs/encoder/mean", "outputs/decoder/pixels"}) EXPECT_THAT(events, HasSubstr(tag));
}

INSTANTIATE_TEST_SUITE_P(Archs, VaeTraining, ::testing::Values("dense", "conv20"));

TEST(DenseVaeTraining, TheNumberOfThreadsChangesNothing) {
  const testing::TemporaryFolder folder;
  auto options = small_options("dense");
  options.train.batch_size = 70;  // three groups
  std::vector<std::string> outcomes;
  for (const int threads : {1, 2, 3}) {
    kernels::set_thread_count(threads);
    const auto root = folder / std::to_string(threads);
    (void)train(root, options);
    outcomes.push_back(testing::run_outcome(root));
  }
  kernels::set_thread_count(0);
  EXPECT_EQ(outcomes[1], outcomes[0]);
  EXPECT_EQ(outcomes[2], outcomes[0]);
}

TEST(VaeTask, JudgesByTheBetaOfTheStep) {
  auto options = small_options("dense");
  options.model.beta = 4;
  options.model.beta_warmup_steps = 10;
  const auto task = options.task(shapes(options));
  const Metrics losses{{"total", 103}, {"reconstruction", 100}, {"kl", 3}};
  EXPECT_DOUBLE_EQ(task->objective(losses, 0), 100);
  EXPECT_DOUBLE_EQ(task->objective(losses, 5), 106);
  EXPECT_DOUBLE_EQ(task->objective(losses, 20), 112);
  const Metrics all = task->evaluate(Split::kValid, 0, {}), some = task->evaluate(Split::kValid, 0, {.most = 5});
  EXPECT_NE(metric(all, "reconstruction"), metric(some, "reconstruction"));
}

TEST(VaeTask, RefusesDataThatDoNotFit) {
  auto options = small_options("dense");
  options.model.image_height = 28;
  EXPECT_THAT([&] { (void)options.task(shapes(options)); },
              ThrowsMessage<Error>(HasSubstr("its images are 1×9×9, the options ask for 1×28×9")));
  options = small_options("conv40");
  EXPECT_THAT([&] { (void)options.task(shapes(options)); }, ThrowsMessage<Error>(HasSubstr("image_size=40")));
}

}  // namespace
}  // namespace limn::train
