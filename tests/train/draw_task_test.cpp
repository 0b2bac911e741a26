// A small DRAW through the trainer on the built-in shapes: what a user does, in seconds.
#include "limn/train/draw_task.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/models/image_model.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/train/draw_weights.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Mode = RunDirectory::Mode;

DrawTaskOptions small_options(bool has_attention = true) {
  DrawTaskOptions options;
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
ImageDataset shapes() {
  static const ImageDataset data = [] {
    const std::vector<std::string> paths{"builtin:shapes"};
    return ImageDataset::load(paths, small_options().data);
  }();
  return data;
}

TrainResult train(const std::filesystem::path& root, const DrawTaskOptions& options, Mode mode = Mode::kFresh,
                  std::optional<std::int64_t> stop_at = {}) {
  return testing::train_task(*make_draw_task(options, shapes()), options.train, root, mode, stop_at);
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
  const auto model = load_image_model(folder / "run");
  const ImageEvaluation best = evaluate(*model, data, Split::kValid);
  EXPECT_NEAR(best.total, result.best_total, 1e-6 * result.best_total);
  // A coin for each of the 144 pixels costs 99.8 nats.
  EXPECT_LT(best.total, 60);
  EXPECT_GT(best.kl, 3) << "nothing is told through z";
  EXPECT_EQ(model->decode(prior_latents(2, model->latent_size(), 1)).size(), 2 * 144u);
  EXPECT_TRUE(std::filesystem::exists(folder / "run" / "samples" / "step-250.png"));
  EXPECT_EQ(model->data_options().binarize, "fixed");
  EXPECT_THAT(read_text_file(folder / "run" / "metrics.jsonl"), HasSubstr("\"kl/6\""));
  const std::string events = testing::events_of(folder / "run");
  for (const char* tag : {"weights/", "gradients/", "outputs/encoder/z", "outputs/decoder/pixels"})
    EXPECT_THAT(events, HasSubstr(tag));
}

TEST(DrawTask, GradientsAreAFunctionOfTheStep) {
  const auto options = small_options();
  const auto first = make_draw_task(options, shapes()), second = make_draw_task(options, shapes());
  (void)first->compute_gradients(2);
  const StepResult again = first->compute_gradients(5), alone = second->compute_gradients(5);
  EXPECT_EQ(metric(again.losses, "total"), metric(alone.losses, "total"));
  for (std::size_t i = 0; i < first->parameters().size(); ++i)
    EXPECT_TRUE(std::ranges::equal(first->parameters()[i].gradient, second->parameters()[i].gradient));
}

TEST(DrawTask, RefusesDataThatDoNotFit) {
  auto options = small_options();
  options.model.image_width = 28;
  EXPECT_THAT([&] { (void)make_draw_task(options, shapes()); },
              ThrowsMessage<Error>(HasSubstr("its images are 1×12×12, the options ask for 1×12×28")));
}

TEST(DrawWeights, AreOrthogonalAndForgetNothingAtTheStart) {
  constexpr std::int64_t kHidden = 5;
  std::vector<float> weights(4 * kHidden * kHidden), bias(4 * kHidden, 9.0f), untouched;
  const std::vector<TaskParameter> parameters{{"encoder.weight_hh", {4 * kHidden, kHidden}, weights, untouched},
                                              {"encoder.bias", {4 * kHidden}, bias, untouched}};
  initialize_draw(parameters, 1);
  for (std::int64_t row = 0; row < 4 * kHidden; ++row) {
    for (std::int64_t other = row / kHidden * kHidden; other <= row; ++other) {
      double product = 0;
      for (std::int64_t k = 0; k < kHidden; ++k)
        product += static_cast<double>(weights[static_cast<std::size_t>(row * kHidden + k)]) *
                   static_cast<double>(weights[static_cast<std::size_t>(other * kHidden + k)]);
      EXPECT_NEAR(product, row == other ? 1 : 0, 1e-6) << row << ", " << other;
    }
  }
  for (std::size_t i = 0; i < bias.size(); ++i) EXPECT_EQ(bias[i], i / kHidden == 1 ? 1.0f : 0.0f);
}

}  // namespace
}  // namespace limn
