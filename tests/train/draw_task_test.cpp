// A small DRAW through the trainer on the built-in shapes: what a user does, in seconds.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/image_model.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

using testing::DrawRun;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Mode = runs::RunDirectory::Mode;

DrawRun small_options(bool has_attention = true) {
  DrawRun options;
  options.model = {.time_steps = 4,
                   .enc_rnn_size = 17,
                   .dec_rnn_size = 18,
                   .z_size = 3,
                   .read_attention = has_attention,
                   .write_attention = has_attention,
                   .read_size = 3,
                   .write_size = 4};
  options.data.image_size = 12;
  options.data.color = "grey";
  options.train.num_steps = 12;
  options.train.batch_size = 7;
  options.train.seed = 3;
  options.train.save_every = 5;
  options.train.valid_every = 6;
  options.train.sample_every = 0;
  options.train.log_every = 1;
  return options;
}

// All tests prepare their data alike; drawing them takes a second.
image::ImageDataset shapes() {
  static const image::ImageDataset data = [] {
    const std::vector<std::string> paths{"builtin:shapes"};
    return image::ImageDataset::load(paths, small_options().data);
  }();
  return data;
}

TrainResult train(const std::filesystem::path& root, const DrawRun& options, Mode mode = Mode::kFresh,
                  std::optional<std::int64_t> stop_at = {}) {
  return testing::train_task(*options.task(shapes()), options.train, root, mode, stop_at);
}

TEST(DrawTraining, StoppedAndResumedEqualsNeverStoppedBitForBit) {
  for (const bool has_attention : {true, false})
    testing::expect_resumes_bit_for_bit([&](const auto& root, Mode mode, auto stop_at) {
      return train(root, small_options(has_attention), mode, stop_at);
    });
}

TEST(DrawTraining, TheNumberOfThreadsChangesNothing) {
  const testing::TemporaryFolder folder;
  std::vector<std::string> outcomes;
  for (const int threads : {1, 3}) {
    kernels::set_thread_count(threads);
    const auto root = folder / std::to_string(threads);
    (void)train(root, small_options());
    outcomes.push_back(testing::run_outcome(root));
  }
  kernels::set_thread_count(0);
  EXPECT_TRUE(outcomes[1] == outcomes[0]);
}

TEST(DrawTraining, LearnsShapesAndItsCheckpointDraws) {
  const testing::TemporaryFolder folder;
  auto options = small_options();
  options.model.enc_rnn_size = options.model.dec_rnn_size = 40;
  options.model.time_steps = 6;
  options.train.num_steps = 250;
  options.train.learning_rate = 5e-3;
  options.train.batch_size = 32;
  options.train.valid_every = 125;
  options.train.sample_every = 250;
  const TrainResult result = train(folder / "run", options);
  const auto data = shapes();
  const auto loaded = models::standard_registry().load(folder / "run");
  const models::ImageModel* const model = loaded->as_image_model();
  const models::ImageEvaluation best = models::evaluate(*model, data, Split::kValid);
  EXPECT_NEAR(best.total, result.best_total, 1e-6 * result.best_total);
  // A coin for each of the 144 pixels costs 99.8 nats.
  EXPECT_LT(best.total, 60);
  EXPECT_GT(best.kl, 3) << "nothing is told through z";
  EXPECT_FALSE(model->checkpoint().prior.has_value());
  EXPECT_EQ(model->decode(models::prior_latents(2, model->latent_size(), 1)).size(), 2 * 144u);
  EXPECT_TRUE(std::filesystem::exists(folder / "run" / "samples" / "step-250.png"));
  EXPECT_EQ(model->data_options().binarize, "fixed");
  EXPECT_THAT(read_text_file(folder / "run" / "metrics.jsonl"), HasSubstr("\"kl/6\""));
  const std::string events = testing::events_of(folder / "run");
  for (const char* tag : {"weights/", "gradients/", "outputs/encoder/z", "outputs/decoder/pixels"})
    EXPECT_THAT(events, HasSubstr(tag));
}

TEST(DrawTask, GradientsAreAFunctionOfTheStep) {
  const auto options = small_options();
  const auto first = options.task(shapes()), second = options.task(shapes());
  (void)first->compute_gradients(2);
  const models::StepResult again = first->compute_gradients(5), alone = second->compute_gradients(5);
  EXPECT_EQ(metric(again.losses, "total"), metric(alone.losses, "total"));
  for (std::size_t i = 0; i < first->parameters().size(); ++i)
    EXPECT_TRUE(std::ranges::equal(first->parameters()[i].gradient, second->parameters()[i].gradient));
}

TEST(DrawTask, RefusesDataThatDoNotFit) {
  auto options = small_options();
  options.model.image_width = 28;
  EXPECT_THAT([&] { (void)options.task(shapes()); },
              ThrowsMessage<Error>(HasSubstr("its images are 1×12×12, the options ask for 1×12×28")));
}

}  // namespace
}  // namespace limn::train
