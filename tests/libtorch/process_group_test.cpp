// Several processes over the module on LibTorch, played by threads of this one: each has its own group, task and
// trainer. This program does not link LibTorch.
#include "limn/train/process_group.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <optional>
#include <thread>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/runs/run_record.hpp"
#include "limn/train/trainer.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

int free_port() {
  const int handle = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(handle, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(handle);
  return ntohs(address.sin_port);
}

// Runs `work` in `count` threads, each with a group of its own; rethrows nothing: the messages of what they threw.
std::vector<std::string> in_processes(int count, const std::function<void(train::ProcessGroup&)>& work) {
  const int port = free_port();
  std::vector<std::string> errors(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < count; ++rank)
    threads.emplace_back([&, rank] {
      try {
        const auto group = train::make_process_group(
            {.master_port = port, .rank = rank, .world_size = count, .timeout = std::chrono::seconds(60)});
        work(*group);
      } catch (const std::exception& error) {
        errors[static_cast<std::size_t>(rank)] = error.what();
      }
    });
  for (auto& thread : threads) thread.join();
  return errors;
}

TEST(ProcessGroup, SumsAndBroadcastsGiveEveryProcessTheSame) {
  const auto errors = in_processes(3, [](train::ProcessGroup& group) {
    const auto rank = static_cast<float>(group.rank());
    std::vector<float> values{rank, 10 * rank, 1};
    group.sum(values);
    EXPECT_THAT(values, ElementsAre(3, 30, 3));
    EXPECT_EQ(group.sum(0.5 + group.rank()), 4.5);
    std::vector<double> told{100.0 + group.rank()};
    group.broadcast(std::span(told));
    EXPECT_THAT(told, ElementsAre(100));
    EXPECT_EQ(group.bytes_exchanged(), 12 + 8 + 8);
  });
  EXPECT_THAT(errors, ElementsAre("", "", ""));
}

TEST(ProcessGroup, ALostProcessIsNamedByTheOthers) {
  const auto errors = in_processes(3, [](train::ProcessGroup& group) {
    if (group.rank() == 1) return;  // its connections close as those of a process that died
    std::vector<float> values(1000, 1);
    for (int i = 0; i < 3; ++i) group.sum(values);
  });
  EXPECT_THAT(errors[0], HasSubstr("lost contact with process 1"));
  EXPECT_EQ(errors[1], "");
  EXPECT_THAT(errors[2], HasSubstr("lost contact with process 1"));
}

testing::SketchRnnRun tiny_run() {
  testing::SketchRnnRun o;
  o.model.enc_rnn_size = 7;
  o.model.dec_rnn_size = 12;
  o.model.z_size = 5;
  o.model.num_mixture = 3;
  o.model.kl_tolerance = 0.02;  // is crossed during the run: the whole batch decides when
  o.model.kl_weight_start = 0.3;
  o.model.use_input_dropout = true;
  o.model.use_output_dropout = true;
  o.train = {.num_steps = 50,
             .batch_size = 11,
             .learning_rate = 5e-3,
             .average_weights = true,
             .save_every = 25,
             .valid_every = 25,
             .sample_every = 0,
             .log_every = 1};
  return o;
}

sketch::StrokeDataset tiny_data(const testing::SketchRnnRun& options) {
  sketch::SketchSplits all;
  for (int i = 0; i < 200; ++i) {
    sketch::Sketch sketch;
    for (int t = 0; t < 3 + i % 6; ++t)
      sketch.points.push_back({std::cos(0.7f * static_cast<float>(t + i)), std::sin(0.4f * static_cast<float>(t * i)),
                               t % 3 == 2 || t == 2 + i % 6});
    // More than a batch of 100 to validate.
    all[i % 5 == 4 || i >= 40 ? Split::kValid : Split::kTrain].push_back(sketch);
  }
  return {std::move(all), options.data, "tiny"};
}

// Losses after every step and of every validation.
struct Losses {
  std::vector<double> train, valid;
};
Losses losses_of(const std::filesystem::path& root) {
  const auto run = runs::read_run(root);
  return {run.curves.at({"total", "train"}).values, run.curves.at({"total", "valid"}).values};
}

Losses train_alone(const std::filesystem::path& root) {
  const auto options = tiny_run();
  const auto task = options.task(tiny_data(options));
  const models::Registry registry = models::standard_registry();
  const runs::RunDirectory run(root, runs::RunDirectory::Mode::kFresh);
  write_file(run.config(), "family = \"sketch-rnn\"\n");
  (void)train::Trainer(*task, registry, options.train, run).run();
  return losses_of(root);
}

// Up to `stop_at`, or to the end.
Losses train_together(int count, const std::filesystem::path& root, std::optional<std::int64_t> stop_at = {},
                      runs::RunDirectory::Mode mode = runs::RunDirectory::Mode::kFresh) {
  std::vector<std::vector<float>> weights(static_cast<std::size_t>(count));
  const runs::RunDirectory run(root, mode);
  write_file(run.config(), "family = \"sketch-rnn\"\n");
  const models::Registry registry = models::standard_registry();
  const auto errors = in_processes(count, [&](train::ProcessGroup& group) {
    const auto options = tiny_run();
    const auto task = options.task(tiny_data(options));
    const runs::RunDirectory other(root, runs::RunDirectory::Mode::kNamed);
    std::int64_t done = 0;
    train::Trainer trainer(*task, registry, options.train, group.is_first() ? run : other,
                           {.on_step = [&](const train::Progress& p) { done = p.step; },
                            .on_validation = {},
                            .on_notice = [](const std::string& text) { EXPECT_THAT(text, Not(HasSubstr("failed"))); },
                            .should_stop = [&] { return stop_at && done >= *stop_at; }},
                           &group);
    if (mode == runs::RunDirectory::Mode::kResume) trainer.resume();
    (void)trainer.run();
    auto& mine = weights[static_cast<std::size_t>(group.rank())];
    for (const auto& p : task->parameters()) mine.insert(mine.end(), p.value.begin(), p.value.end());
  });
  for (const auto& error : errors) EXPECT_EQ(error, "");
  for (const auto& mine : weights) EXPECT_EQ(mine, weights.front());
  return losses_of(root);
}

TEST(DataParallel, ProcessesThatShareABatchLearnWhatOneDoes) {
  const testing::TemporaryFolder folder;
  const Losses alone = train_alone(folder / "alone");
  ASSERT_EQ(alone.train.size(), 50u);
  ASSERT_EQ(alone.valid.size(), 2u);
  for (const int count : {2, 3}) {
    const Losses together = train_together(count, folder / std::to_string(count));
    ASSERT_EQ(together.train.size(), alone.train.size());
    for (std::size_t step = 0; step < alone.train.size(); ++step)
      EXPECT_NEAR(together.train[step], alone.train[step], 1e-5) << count << " processes, step " << step + 1;
    ASSERT_EQ(together.valid.size(), alone.valid.size());
    for (std::size_t i = 0; i < alone.valid.size(); ++i)
      EXPECT_NEAR(together.valid[i], alone.valid[i], 1e-5) << count << " processes, validation " << i;
  }
}

// The average that is validated is that of all processes, also after a resumption: the second process computes the
// second half of the split.
TEST(DataParallel, AResumedRunValidatesTheSameAverageInAllProcesses) {
  const testing::TemporaryFolder folder;
  const Losses whole = train_together(2, folder / "whole");
  (void)train_together(2, folder / "parts", 33);
  const Losses parts = train_together(2, folder / "parts", {}, runs::RunDirectory::Mode::kResume);
  EXPECT_EQ(parts.valid, whole.valid);
  EXPECT_EQ(parts.train, whole.train);
}

TEST(DataParallel, ABatchMustHoldAnExampleForEachProcess) {
  const testing::TemporaryFolder folder;
  const models::Registry registry = models::standard_registry();
  const auto errors = in_processes(2, [&](train::ProcessGroup& group) {
    auto options = tiny_run();
    options.train.batch_size = 1;
    const auto task = options.task(tiny_data(options));
    (void)train::Trainer(*task, registry, options.train,
                         runs::RunDirectory(folder / "run", runs::RunDirectory::Mode::kNamed), {}, &group);
  });
  EXPECT_THAT(errors[0] + errors[1], HasSubstr("cannot be shared by 2 processes"));
}

}  // namespace
}  // namespace limn
