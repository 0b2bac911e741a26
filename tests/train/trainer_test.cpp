// The trainer on a task small enough to reason about: a quadratic bowl whose gradient has noise drawn from the step.
#include "limn/train/trainer.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>
#include <sstream>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

using ::testing::HasSubstr;
using Mode = runs::RunDirectory::Mode;

// The least that a family can be: its checkpoints hold a bowl.
class BowlModel : public models::Model {
 public:
  explicit BowlModel(models::Checkpoint checkpoint) : checkpoint_(std::move(checkpoint)) {}
  const models::Checkpoint& checkpoint() const override { return checkpoint_; }
  models::Content content() const override { return models::Content::kImages; }
  std::int64_t latent_size() const override { return 0; }
  std::vector<std::pair<std::string, std::string>> facts() const override { return {}; }
  std::string inability(models::Ability) const override { return "it is a bowl"; }
  models::Drawings read(const std::vector<std::string>&, std::int64_t) const override { return {}; }
  models::Drawings draw(std::int64_t, const models::DrawingOptions&) const override { return {}; }
  models::Drawings draw_latents(const models::Latents&, const models::DrawingOptions&) const override { return {}; }
  models::Latents latents_of(const models::Drawings&, const models::LatentOptions&) const override { return {}; }
  models::Evaluation evaluate(const models::EvaluationRequest&) const override { return {}; }

 private:
  models::Checkpoint checkpoint_;
};

const models::Registry kBowls({models::Family{.name = "bowl",
                                              .make_model = [](models::Checkpoint c) -> std::unique_ptr<models::Model> {
                                                return std::make_unique<BowlModel>(std::move(c));
                                              }}});

class BowlTask : public models::TrainingTask {
 public:
  explicit BowlTask(std::size_t size = 7) : value_(size, 1.0f), gradient_(size) {
    parameters_ = {{"bowl", {static_cast<std::int64_t>(size)}, value_, gradient_}};
  }

  std::function<double(std::int64_t)> poison = [](std::int64_t) { return 0.0; };  // added to the loss and gradient
  std::function<void()> before_writing = [] {}, before_drawing = [] {}, before_judging = [] {};

  std::span<const models::TaskParameter> parameters() const override { return parameters_; }
  models::StepResult compute_gradients(std::int64_t step) override {
    RandomStream random(9, Purpose::kTest, static_cast<std::uint64_t>(step));
    const double added = poison(step);
    double total = added;
    for (std::size_t i = 0; i < value_.size(); ++i) {
      total += 0.5 * value_[i] * value_[i];
      gradient_[i] = value_[i] + 0.1f * random.normal() + static_cast<float>(added);
    }
    return {{{"total", total}}, {step, step + 1}};
  }
  Metrics evaluate(Split, std::int64_t, const models::Judging&) override {
    before_judging();
    double total = 0;
    for (const float v : value_) total += v * v;
    return {{"total", total}};
  }
  models::Checkpoint checkpoint(std::int64_t step, const Metrics& metrics) const override {
    before_writing();
    models::Checkpoint c{.model = "bowl", .step = step, .metrics = metrics_to_json(metrics)};
    c.weights["bowl"] = value_;
    c.shapes["bowl"] = {static_cast<std::int64_t>(value_.size())};
    return c;
  }
  models::SampleDrawings sample_drawings(std::int64_t) override {
    before_drawing();
    return {.columns = 1,
            .rows = {{"bowl", {.content = models::Content::kImages, .shape = {1, 1, 1}, .pixels = {value_.front()}}}}};
  }
  std::int64_t steps_per_epoch() const override { return 10; }
  const std::vector<float>& value() const { return value_; }

 private:
  std::vector<float> value_, gradient_;
  std::vector<models::TaskParameter> parameters_;
};

TrainOptions options(std::int64_t steps) {
  return {.num_steps = steps,
          .learning_rate = 0.02,
          .decay_rate = 0.999,
          .save_every = 10,
          .valid_every = 5,
          .sample_every = 20};
}

struct Ended {};

std::vector<float> train(const std::filesystem::path& root, std::int64_t steps, Mode mode,
                         std::optional<std::int64_t> stop_at = {}) {
  BowlTask task;
  (void)testing::train_task(task, options(steps), root, mode, stop_at, kBowls);
  return task.value();
}

TEST(Trainer, LearnsAndKeepsTheBestAndTheLast) {
  const testing::TemporaryFolder folder;
  const auto value = train(folder / "run", 200, Mode::kFresh);
  double norm = 0;
  for (const float v : value) norm += v * v;
  EXPECT_LT(norm, 0.2);
  for (const char* file : {"checkpoints/best.safetensors", "checkpoints/last.safetensors",
                           "checkpoints/state.safetensors", "metrics.jsonl", "samples/step-200.png"})
    EXPECT_TRUE(std::filesystem::exists(folder / "run" / file)) << file;
}

TEST(Trainer, StoppingAndResumingAnywhereEqualsNeverStoppingBitForBit) {
  const testing::TemporaryFolder folder;
  const auto whole = train(folder / "whole", 60, Mode::kFresh);
  const std::string metrics = read_text_file(folder / "whole" / "checkpoints/best.safetensors");
  for (const std::int64_t stop : {1, 7, 10, 25, 59}) {
    const auto root = folder / ("stopped-" + std::to_string(stop));
    (void)train(root, 60, Mode::kFresh, stop);
    EXPECT_EQ(train(root, 60, Mode::kResume), whole) << "stopped at " << stop;
    EXPECT_EQ(read_text_file(root / "checkpoints/best.safetensors"), metrics) << "stopped at " << stop;
  }
}

TEST(Trainer, APlannedAndAveragedRunResumesBitForBitToo) {
  const auto run = [](const std::filesystem::path& root, Mode mode, std::optional<std::int64_t> stop_at) {
    TrainOptions planned = options(60);
    planned.schedule = "plan";
    planned.average_weights = true;
    BowlTask task;
    return testing::train_task(task, planned, root, mode, stop_at, kBowls);
  };
  (void)testing::expect_resumes_bit_for_bit(run);
}

TEST(Trainer, KeepsAndJudgesTheAverageAndTrainsTheWeights) {
  const testing::TemporaryFolder folder;
  TrainOptions averaged = options(60);
  averaged.average_weights = true;
  averaged.average_eta = 0;  // the plain mean of all steps: far from the last weights
  BowlTask task;
  (void)testing::train_task(task, averaged, folder / "averaged", Mode::kFresh, {}, kBowls);
  const auto last = train(folder / "last", 60, Mode::kFresh);
  EXPECT_EQ(task.value(), last);
  const models::Checkpoint kept = kBowls.read(folder / "averaged/checkpoints/last.safetensors");
  EXPECT_GT(kept.weights.at("bowl").front(), last.front() + 0.05f);
  double squares = 0;
  for (const float v : kept.weights.at("bowl")) squares += v * v;
  EXPECT_NEAR(metric(metrics_from_json(kept.metrics), "total"), squares, 1e-6);
}

// What a run planned by time takes at each step, on a machine whose clock the test turns.
struct TimedRun {
  std::map<std::int64_t, std::vector<float>> values = {};  // after each step
  std::map<std::int64_t, std::int64_t> planned = {};
  std::optional<std::int64_t> ends_at = {};  // as a killed process
  std::string train_for = "30s";
  std::function<double(std::int64_t)> poison = [](std::int64_t) { return 0.0; };  // of BowlTask

  TrainResult run(const std::filesystem::path& root, Mode mode, const std::function<double(std::int64_t)>& seconds);
};

TrainResult TimedRun::run(const std::filesystem::path& root, Mode mode,
                          const std::function<double(std::int64_t)>& seconds) {
  TrainOptions timed = options(1);
  timed.train_for = train_for;
  timed.schedule = "plan";
  BowlTask task;
  task.poison = poison;
  double clock = 1000;
  const runs::RunDirectory directory(root, mode);
  write_file(directory.config(), "x = 1\n");
  Trainer trainer(task, kBowls, timed, directory,
                  {.on_step =
                       [&](const Progress& p) {
                         values[p.step] = task.value();
                         planned[p.step] = p.num_steps;
                         clock += seconds(p.step);
                         if (ends_at == p.step) throw Ended();
                       },
                   .on_validation = {},
                   .on_notice = {},
                   .should_stop = {},
                   .clock = [&] { return clock; }});
  if (mode == Mode::kResume) (void)trainer.resume();
  return trainer.run();
}

TEST(Trainer, ATimeIsPlannedAndKept) {
  const testing::TemporaryFolder folder;
  TimedRun timed;
  const TrainResult result = timed.run(folder / "run", Mode::kFresh, [](auto) { return 0.1; });
  EXPECT_TRUE(result.is_finished);
  EXPECT_NEAR(static_cast<double>(result.step), 300, 3);
  EXPECT_THAT(read_text_file(folder / "run/log.txt"), HasSubstr("steps in 30s"));
}

TEST(Trainer, ATimedRunThatGoesBackCountsItsTimeOnce) {
  const testing::TemporaryFolder folder;
  TimedRun timed;
  int bad = 0;
  timed.poison = [&](std::int64_t step) { return step >= 200 && bad++ < 3 ? NAN : 0.0; };
  const TrainResult result = timed.run(folder / "run", Mode::kFresh, [](auto) { return 0.1; });
  EXPECT_TRUE(result.is_finished);
  EXPECT_THAT(read_text_file(folder / "run/log.txt"), HasSubstr("back to step"));
  EXPECT_NEAR(static_cast<double>(result.step), 300, 6);
}

TEST(Trainer, ATimedRunThatIsKilledTakesTheSameStepsAgain) {
  const testing::TemporaryFolder folder;
  const auto slows_down = [](std::int64_t step) { return step < 41 ? 0.1 : 0.3; };
  TimedRun killed;
  killed.ends_at = 68;
  EXPECT_THROW((void)killed.run(folder / "run", Mode::kFresh, slows_down), Ended);
  ASSERT_NE(killed.planned.at(68), killed.planned.at(61)) << "the last state is of step 60, and the plan moved since";
  TimedRun resumed;
  (void)resumed.run(folder / "run", Mode::kResume, [](auto) { return 0.05; });
  for (std::int64_t step = 61; step <= 68; ++step) {
    EXPECT_EQ(resumed.planned.at(step), killed.planned.at(step)) << step;
    EXPECT_EQ(resumed.values.at(step), killed.values.at(step)) << step;
  }
}

TEST(Trainer, ATimedRunGoesOnWithMoreTime) {
  const testing::TemporaryFolder folder;
  TimedRun first, second;
  const TrainResult half = first.run(folder / "run", Mode::kFresh, [](auto) { return 0.1; });
  second.train_for = "1m";
  const TrainResult whole = second.run(folder / "run", Mode::kResume, [](auto) { return 0.1; });
  EXPECT_NEAR(static_cast<double>(whole.step), 2.0 * static_cast<double>(half.step), 6);
}

// As a model whose KL has a weight that grows: what training gains, it pays with a KL that the full weight of `total`
// counts against it.
class AnnealedTask : public BowlTask {
 public:
  static double weight_at(std::int64_t step) { return step < 40 ? 0.01 : 1.0; }
  Metrics evaluate(Split, std::int64_t step, const models::Judging&) override {
    const double reconstruction = step < 40 ? 10 - 0.1 * static_cast<double>(step) : 7;
    const double kl = step < 40 ? 0.4 * static_cast<double>(step) : 100.0 / static_cast<double>(step);
    return {{"total", reconstruction + kl}, {"reconstruction", reconstruction}, {"kl", kl}};
  }
  double objective(const Metrics& losses, std::int64_t step) const override {
    return metric(losses, "reconstruction") + weight_at(step) * metric(losses, "kl");
  }
};

TEST(Trainer, TheBestIsJudgedByWhatTrainingMinimises) {
  const testing::TemporaryFolder folder;
  std::vector<std::int64_t> best;
  AnnealedTask task;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  Trainer trainer(task, kBowls, options(60), run,
                  {.on_step = {},
                   .on_validation =
                       [&](std::int64_t step, const Metrics&, bool is_best) {
                         if (is_best) best.push_back(step);
                       },
                   .on_notice = {},
                   .should_stop = {}});
  const TrainResult result = trainer.run();
  EXPECT_THAT(best, ::testing::ElementsAre(5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60));
  EXPECT_EQ(result.best_step, 60);
  EXPECT_DOUBLE_EQ(result.best_total, 7 + 100.0 / 60);
  const std::string metrics = read_text_file(run.metrics());
  EXPECT_THAT(metrics, HasSubstr("\"best_step\":60"));
}

// What was the best at a weight of another time is weighed anew.
TEST(Trainer, ABestModelOfASmallWeightGivesWayAtTheFullOne) {
  struct Task : AnnealedTask {
    Metrics evaluate(Split, std::int64_t step, const models::Judging&) override {
      if (step < 40) return {{"total", 105}, {"reconstruction", 5}, {"kl", 100}};
      return {{"total", 9}, {"reconstruction", 8}, {"kl", 1}};
    }
  } task;
  const testing::TemporaryFolder folder;
  EXPECT_EQ(testing::train_task(task, options(60), folder / "run", Mode::kFresh, {}, kBowls).best_step, 40);
}

TEST(Trainer, AStateOf010TakesTheFiguresOfItsBestModelFromThatModel) {
  const testing::TemporaryFolder folder;
  const auto outcome = [&](const std::string& name, bool is_old) {
    AnnealedTask task, rest;
    const auto root = folder / name;
    (void)testing::train_task(task, options(60), root, Mode::kFresh, 20, kBowls);
    if (is_old) {
      const auto file = SafetensorsFile::read(root / "checkpoints/state.safetensors");
      SafetensorsContent content{.tensors = file.tensors(), .metadata = file.metadata()};
      EXPECT_EQ(content.metadata.erase("best_metrics"), 1u);
      write_safetensors(root / "checkpoints/state.safetensors", content);
    }
    (void)testing::train_task(rest, options(60), root, Mode::kResume, {}, kBowls);
    return testing::run_outcome(root);
  };
  EXPECT_TRUE(outcome("old", true) == outcome("new", false));
}

// A stopped run is judged for its readers, on a bounded number of examples and with its own weights untouched.
TEST(Trainer, AStoppedRunIsJudgedAndItsLastModelTakenIfThatIsBetter) {
  struct Task : BowlTask {
    std::vector<std::int64_t> bounds;
    Metrics evaluate(Split split, std::int64_t step, const models::Judging& judging) override {
      bounds.push_back(judging.most);
      return BowlTask::evaluate(split, step, judging);
    }
  };
  const testing::TemporaryFolder folder;
  const auto stopped_at = [&](std::int64_t step, bool gets_worse) {
    Task task;
    if (gets_worse) task.poison = [](std::int64_t at) { return at >= 10 ? -50.0 : 0.0; };
    const auto root = folder / fmt::format("{}-{}", step, gets_worse);
    (void)testing::train_task(task, options(60), root, Mode::kFresh, step, kBowls);
    const auto last = models::read_checkpoint(root / "checkpoints/last.safetensors");
    EXPECT_EQ(last.step, step);
    EXPECT_EQ(last.weights.at("bowl"), task.value());
    EXPECT_EQ(metric(metrics_from_json(last.metrics), "total"), metric(task.BowlTask::evaluate({}, 0, {}), "total"));
    EXPECT_GT(task.bounds.back(), 0);
    EXPECT_EQ(read_text_file(root / "metrics.jsonl").find(fmt::format("\"step\":{},\"split\":\"valid\"", step)),
              std::string::npos)
        << "a line that a resumed run would not have";
    return models::resolve_model_path(root).filename();
  };
  EXPECT_EQ(stopped_at(7, false), "last.safetensors");
  EXPECT_EQ(stopped_at(34, true), "best.safetensors");
  EXPECT_EQ(stopped_at(3, false), "best.safetensors") << "the only one, before the first validation";
  const auto best = models::read_checkpoint(folder / "3-false/checkpoints/best.safetensors");
  EXPECT_EQ(best.step, 3);
  EXPECT_TRUE(std::isfinite(metric(metrics_from_json(best.metrics), "total")));
  // A best model that comes later stands for the run.
  (void)train(folder / "7-false", 60, Mode::kResume, 10);
  EXPECT_EQ(models::resolve_model_path(folder / "7-false").filename(), "best.safetensors");
}

TEST(Trainer, AStopThatCannotBeJudgedIsANotice) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  std::int64_t done = 0;
  std::vector<std::string> notices;
  task.before_judging = [&] { require(done < 7, "no bound"); };
  Trainer trainer(task, kBowls, options(60), run,
                  {.on_step = [&](const Progress& p) { done = p.step; },
                   .on_validation = {},
                   .on_notice = [&](const std::string& n) { notices.push_back(n); },
                   .should_stop = [&] { return done >= 7; }});
  EXPECT_EQ(trainer.run().step, 7);
  EXPECT_THAT(notices, ::testing::ElementsAre("step 7: validation failed, and training continues: no bound"));
  EXPECT_EQ(SafetensorsFile::read(run.state()).metadata("step"), "7");
}

TEST(Trainer, LossesOnTheTestSplitAreRecordedWhereTheyAreAskedFor) {
  const testing::TemporaryFolder folder;
  TrainOptions with_test = options(20);
  with_test.test_every = 8;
  BowlTask task;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  std::vector<std::int64_t> steps;
  Trainer trainer(task, kBowls, with_test, run,
                  {.on_step = {},
                   .on_validation = {},
                   .on_notice = {},
                   .should_stop = {},
                   .on_test = [&](std::int64_t step, const Metrics&) { steps.push_back(step); }});
  (void)trainer.run();
  EXPECT_THAT(steps, ::testing::ElementsAre(8, 16, 20));
  const std::string metrics = read_text_file(run.metrics());
  for (const std::int64_t step : steps)
    EXPECT_THAT(metrics, HasSubstr(fmt::format("\"step\":{},\"split\":\"test\"", step)));
  EXPECT_THAT(testing::events_of(run.root()), HasSubstr("total/test"));
  (void)train(folder / "without", 20, Mode::kFresh);
  EXPECT_EQ(read_text_file(folder / "without/metrics.jsonl").find("\"test\""), std::string::npos);
}

TEST(Trainer, SaysThatNewDrawingsAreBlankAndThatZIsNotRead) {
  struct Task : BowlTask {
    models::SampleDrawings sample_drawings(std::int64_t) override {
      models::Drawings blank;
      blank.sketches.resize(4);
      return {.columns = 4, .rows = {{"given", blank}, {models::kNewDrawings, blank}}};
    }
    std::optional<double> nats_of_latents() override { return 0.01; }
  };
  const testing::TemporaryFolder folder;
  Task task;
  TrainOptions often = options(300);
  often.sample_every = 100;
  (void)testing::train_task(task, often, folder / "run", Mode::kFresh, {}, kBowls);
  const std::string log = read_text_file(folder / "run/log.txt");
  EXPECT_THAT(log, HasSubstr("step 200: 4 of 4 new drawings are blank"));
  EXPECT_THAT(log, HasSubstr("step 200: the decoder ignores z"));
  EXPECT_EQ(log.find("are blank"), log.rfind("are blank")) << "said once";
}

TEST(Trainer, ShownLossesDoNotZigzagAndRecordedOnesAreAsTheyAre) {
  const testing::TemporaryFolder folder;
  struct Zigzag : BowlTask {
    models::StepResult compute_gradients(std::int64_t step) override {
      models::StepResult result = BowlTask::compute_gradients(step);
      result.losses[0].value = step % 2 == 0 ? 0.47 : 0.79;
      return result;
    }
  } task;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  std::vector<double> shown;
  TrainOptions often = options(200);
  often.log_every = 1;
  Trainer trainer(task, kBowls, often, run,
                  {.on_step = [&](const Progress& p) { shown.push_back(metric(p.losses, "total")); },
                   .on_validation = {},
                   .on_notice = {},
                   .should_stop = {}});
  (void)trainer.run();
  for (std::size_t i = 100; i < shown.size(); ++i) EXPECT_NEAR(shown[i], 0.63, 0.005) << i;
  EXPECT_THAT(read_text_file(run.metrics()), HasSubstr("\"total\":0.79"));
}

// A prior only makes drawings better: a checkpoint is written without it.
TEST(Trainer, APriorThatCannotBeFittedIsANotice) {
  class Unfittable final : public BowlTask {
   public:
    std::optional<models::FittedPrior> fit_prior(const models::Checkpoint&) override {
      throw models::NotFinite("bowl: its z is not finite");
    }
  };
  const testing::TemporaryFolder folder;
  Unfittable task;
  EXPECT_TRUE(testing::train_task(task, options(20), folder / "run", Mode::kFresh, {}, kBowls).is_finished);
  for (const char* name : {"best", "last"})
    EXPECT_FALSE(
        models::read_checkpoint(folder / "run/checkpoints" / (std::string(name) + ".safetensors")).prior.has_value());
  EXPECT_THAT(read_text_file(folder / "run/log.txt"),
              HasSubstr("step 20: the checkpoint has no fitted prior: bowl: its z is not finite"));
}

// What cannot be read now is fitted at the next save, to the weights that the checkpoint holds.
TEST(Trainer, APriorWhoseDataCannotBeReadIsFittedLater) {
  class Unreadable final : public BowlTask {
   public:
    int failures = 0;
    std::optional<models::FittedPrior> fit_prior(const models::Checkpoint& checkpoint) override {
      if (checkpoint.step == 20 && failures-- > 0) fail("data: cannot be read");
      return {};
    }
  };
  const testing::TemporaryFolder folder;
  TrainOptions rare = options(30);
  rare.save_every = rare.valid_every = 20;
  Unreadable task, expected;
  task.failures = 2;  // of the best and of the last
  EXPECT_TRUE(testing::train_task(task, rare, folder / "run", Mode::kFresh, {}, kBowls).is_finished);
  EXPECT_TRUE(testing::train_task(expected, rare, folder / "whole", Mode::kFresh, {}, kBowls).is_finished);
  EXPECT_EQ(testing::run_outcome(folder / "run"), testing::run_outcome(folder / "whole"));
  EXPECT_THAT(read_text_file(folder / "run/log.txt"), HasSubstr("data: cannot be read"));
}

// Each checkpoint is the last thing that some run does: what it leaves resumes to the same files.
TEST(Trainer, EndedBeforeAnyOfItsWritesItResumesToTheSameFiles) {
  const testing::TemporaryFolder folder;
  int writes = 0;
  {
    BowlTask task;
    task.before_writing = [&] { ++writes; };
    (void)testing::train_task(task, options(60), folder / "whole", Mode::kFresh, {}, kBowls);
  }
  ASSERT_GT(writes, 12);
  for (int end = 1; end < writes; ++end) {  // the first leaves no run to resume
    const auto root = folder / ("ended-" + std::to_string(end));
    BowlTask task;
    int done = 0;
    task.before_writing = [&] {
      if (done++ == end) throw Ended();
    };
    EXPECT_THROW((void)testing::train_task(task, options(60), root, Mode::kFresh, {}, kBowls), Ended) << end;
    (void)train(root, 60, Mode::kResume);
    EXPECT_EQ(testing::run_outcome(root), testing::run_outcome(folder / "whole")) << "ended before write " << end;
  }
}

// A run that is killed between the two could not continue.
TEST(Trainer, NoCheckpointComesBeforeTheFirstState) {
  const testing::TemporaryFolder folder;
  BowlTask task;
  task.before_writing = [&] { EXPECT_TRUE(std::filesystem::exists(folder / "run/checkpoints/state.safetensors")); };
  (void)testing::train_task(task, options(20), folder / "run", Mode::kFresh, {}, kBowls);
}

TEST(Trainer, KilledAtAnyMomentItResumesToTheSameWeights) {
  const testing::TemporaryFolder folder;
  const auto whole = train(folder / "whole", 300, Mode::kFresh);
  RandomStream random(4, Purpose::kTest);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto root = folder / ("killed-" + std::to_string(attempt));
    for (int kill_number = 0; kill_number < 3; ++kill_number) {
      const pid_t child = fork();
      if (child == 0) {
        (void)train(root, 300,
                    runs::RunDirectory::holds_run(root) && std::filesystem::exists(root / "config.toml")
                        ? Mode::kResume
                        : Mode::kOverwrite);
        _exit(0);
      }
      usleep(static_cast<useconds_t>(random.below(40'000)));
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    const bool has_run = std::filesystem::exists(root / "config.toml");
    EXPECT_EQ(train(root, 300, has_run ? Mode::kResume : Mode::kOverwrite), whole) << "attempt " << attempt;
  }
}

TEST(Trainer, AStepThatIsNotFiniteIsSkippedAndLoggedWithItsBatch) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  task.poison = [](std::int64_t step) { return step == 4 ? std::nan("") : 0.0; };
  std::vector<std::string> notices;
  Trainer trainer(task, kBowls, options(20), run,
                  {.on_step = {},
                   .on_validation = {},
                   .on_notice = [&](const std::string& n) { notices.push_back(n); },
                   .should_stop = {}});
  EXPECT_TRUE(trainer.run().is_finished);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_THAT(notices[0], HasSubstr("step 4"));
  EXPECT_THAT(notices[0], HasSubstr("batch: 4 5"));
  for (const float v : task.value()) EXPECT_TRUE(std::isfinite(v));
  EXPECT_THAT(read_text_file(run.root() / "log.txt"), HasSubstr("step 4"));
}

// Three tensors of two modules, with gradients that are given.
class ThreeTensors : public BowlTask {
 public:
  ThreeTensors() : BowlTask(3), value_{0, 0, 0}, gradient_(3) {
    for (const auto& [i, name] : {std::pair{0U, "encoder.a"}, {1U, "encoder.b"}, {2U, "decoder.c"}})
      parameters_.push_back({name, {1}, std::span(value_).subspan(i, 1), std::span(gradient_).subspan(i, 1)});
  }
  static std::vector<double> gradients(std::int64_t step) {
    return step == 0 ? std::vector<double>{30, 40, 2} : std::vector<double>{0.3, -0.1, 0.2};
  }
  std::span<const models::TaskParameter> parameters() const override { return parameters_; }
  models::StepResult compute_gradients(std::int64_t step) override {
    const auto given = gradients(step);
    std::ranges::copy(given, gradient_.begin());
    return {{{"total", 1.0}}, {}};
  }
  const std::vector<float>& value() const { return value_; }

 private:
  std::vector<float> value_, gradient_;
  std::vector<models::TaskParameter> parameters_;
};

// Two steps of Adam (Kingma & Ba 2015, algorithm 1), the first of which is clipped by `factors`.
std::vector<double> two_steps(const std::vector<double>& factors) {
  std::vector<double> value;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    double m = 0, v = 0, w = 0;
    for (int t = 1; t <= 2; ++t) {
      const double g = ThreeTensors::gradients(t - 1)[i] * (t == 1 ? factors[i] : 1.0);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      w -= 0.02 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    }
    value.push_back(w);
  }
  return value;
}

TEST(Trainer, ClipsTheNormOfAllOfModulesOrOfTensors) {
  const testing::TemporaryFolder folder;
  const double all = std::sqrt(30.0 * 30 + 40 * 40 + 2 * 2);
  const std::map<std::string, std::vector<double>> factors{{"all", {1 / all, 1 / all, 1 / all}},
                                                           {"module", {1 / 50.0, 1 / 50.0, 1 / 2.0}},
                                                           {"tensor", {1 / 30.0, 1 / 40.0, 1 / 2.0}}};
  for (const auto& [scope, factor] : factors) {
    ThreeTensors task;
    TrainOptions two = options(2);
    two.decay_rate = 1;
    two.grad_clip = 1;
    two.grad_clip_mode = "norm";
    two.grad_clip_scope = scope;
    (void)testing::train_task(task, two, folder / scope, Mode::kFresh, {}, kBowls);
    const auto expected = two_steps(factor);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(task.value()[i], expected[i], 1e-6) << scope << i;
  }
}

// The squares that Adam averages would be infinite, and with them the state of the run.
TEST(Trainer, AGradientWhoseSquareIsNotFiniteIsNotApplied) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  task.poison = [](std::int64_t step) { return step == 4 ? 1e20 : 0.0; };
  std::vector<std::string> notices;
  Trainer trainer(task, kBowls, options(20), run,
                  {.on_step = {},
                   .on_validation = {},
                   .on_notice = [&](const std::string& n) { notices.push_back(n); },
                   .should_stop = {}});
  EXPECT_TRUE(trainer.run().is_finished);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_THAT(notices[0], HasSubstr("too large"));
  for (const float v : task.value()) EXPECT_LT(std::abs(v), 2.0f);
}

TEST(Trainer, GoesBackWithHalfTheRateAfterAStreakOfBadSteps) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  int bad = 3;
  task.poison = [&](std::int64_t step) { return step >= 14 && bad-- > 0 ? INFINITY : 0.0; };
  std::vector<std::string> notices;
  std::vector<double> rates;
  Trainer trainer(task, kBowls, options(20), run,
                  {.on_step = [&](const Progress& p) { rates.push_back(p.learning_rate); },
                   .on_validation = {},
                   .on_notice = [&](const std::string& n) { notices.push_back(n); },
                   .should_stop = {}});
  EXPECT_TRUE(trainer.run().is_finished);
  EXPECT_THAT(notices.back(), HasSubstr("back to step 10"));
  EXPECT_NEAR(rates.back() / learning_rate_at(options(20), 19, 20), 0.5, 1e-12);
}

TEST(Trainer, GoingBackBeyondTheBestModelKeepsIt) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  int bad = 3;
  task.poison = [&](std::int64_t step) { return step >= 14 && bad-- > 0 ? INFINITY : 0.0; };
  TrainOptions seldom = options(20);
  seldom.save_every = 100;  // so that it goes back to the start
  std::vector<std::pair<std::int64_t, bool>> validations;
  Trainer trainer(task, kBowls, seldom, run,
                  {.on_step = {},
                   .on_validation = [&](std::int64_t step, const Metrics&,
                                        bool is_best) { validations.emplace_back(step, is_best); },
                   .on_notice = {},
                   .should_stop = {}});
  EXPECT_TRUE(trainer.run().is_finished);
  ASSERT_EQ(validations.size(), 7u);
  EXPECT_EQ(validations[2].first, 15) << "in the streak";
  EXPECT_EQ(validations[3], std::pair(std::int64_t{5}, false)) << "half the rate comes half as far";
}

TEST(Trainer, StoppedAtABadStepItSavesAfterTheNextGoodOne) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  bool is_interrupted = false;
  task.poison = [&](std::int64_t step) {
    is_interrupted |= step == 13;
    return step == 13 || step == 14 ? std::nan("") : 0.0;
  };
  Trainer trainer(task, kBowls, options(100), run,
                  {.on_step = {}, .on_validation = {}, .on_notice = {}, .should_stop = [&] { return is_interrupted; }});
  EXPECT_EQ(trainer.run().step, 16);
  EXPECT_EQ(SafetensorsFile::read(run.state()).metadata("step"), "16");
}

TEST(Trainer, TheEndIsSavedThoughTheLastStepIsBad) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  task.poison = [](std::int64_t step) { return step == 16 ? std::nan("") : 0.0; };
  Trainer trainer(task, kBowls, options(17), run);
  EXPECT_EQ(trainer.run().step, 17);
  EXPECT_EQ(SafetensorsFile::read(run.state()).metadata("step"), "17");
}

TEST(Trainer, GivesUpWithAClearErrorWhenGoingBackDoesNotHelp) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  task.poison = [](std::int64_t step) { return step >= 14 ? std::nan("") : 0.0; };
  Trainer trainer(task, kBowls, options(100), run);
  try {
    (void)trainer.run();
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("diverged"));
    EXPECT_THAT(error.what(), HasSubstr("smaller --learning-rate"));
  }
  const auto state = SafetensorsFile::read(run.state());
  EXPECT_EQ(state.metadata("step"), "10");
}

TEST(Trainer, AFullDiskNamesTheFileAndLeavesTheEarlierCheckpointWhole) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  (void)train(root, 10, Mode::kFresh);
  const std::string before = read_text_file(root / "checkpoints/state.safetensors");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{300, old.rlim_max};  // a line of the log fits, a checkpoint does not
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message = "no error";
  try {
    std::filesystem::remove(root / "metrics.jsonl");
    std::filesystem::remove(root / "log.txt");
    (void)train(root, 20, Mode::kResume);
  } catch (const Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_THAT(message, HasSubstr("cannot write"));
  EXPECT_EQ(read_text_file(root / "checkpoints/state.safetensors"), before);
  for (const auto& entry : std::filesystem::directory_iterator(root / "checkpoints"))
    EXPECT_THAT(entry.path().string(), ::testing::EndsWith(".safetensors"));
}

// Runs `task` for 40 steps in `folder`/run, and returns its notices.
std::vector<std::string> notices_of(BowlTask& task, const testing::TemporaryFolder& folder) {
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  std::vector<std::string> notices;
  Trainer trainer(task, kBowls, options(40), run,
                  {.on_step = {},
                   .on_validation = {},
                   .on_notice = [&](const std::string& n) { notices.push_back(n); },
                   .should_stop = {}});
  EXPECT_TRUE(trainer.run().is_finished);
  return notices;
}

TEST(Trainer, WhatOnlyShowsNeverEndsARun) {
  const testing::TemporaryFolder folder, undisturbed;
  BowlTask fine;
  EXPECT_TRUE(notices_of(fine, undisturbed).empty());
  BowlTask task;
  task.before_drawing = [] { fail("the offset drawn is not finite"); };
  int judged = 0;
  task.before_judging = [&] { require(++judged != 2, "no bound"); };
  const auto notices = notices_of(task, folder);
  ASSERT_EQ(notices.size(), 2u) << "the same failure twice is said once";
  EXPECT_EQ(notices[0], "step 10: validation failed, and training continues: no bound");
  EXPECT_EQ(notices[1], "step 20: the sample picture failed, and training continues: the offset drawn is not finite");
  EXPECT_THAT(read_text_file(folder / "run/log.txt"), HasSubstr(notices[1]));
  EXPECT_EQ(testing::run_outcome(folder / "run"), testing::run_outcome(undisturbed / "run"));
}

// A disk that is full for a while, as far as these files can tell.
TEST(Trainer, WhatCouldNotBeWrittenIsWrittenLater) {
  const testing::TemporaryFolder folder, undisturbed;
  BowlTask fine;
  (void)notices_of(fine, undisturbed);
  BowlTask task;
  const auto root = folder / "run";
  // A folder of the name is in the way; what was there is put aside.
  const std::filesystem::path in_the_way[] = {root / "checkpoints/best.safetensors", root / "metrics.jsonl",
                                              root / "samples/step-20.png"};
  int judged = 0;
  task.before_judging = [&] {
    ++judged;
    for (const auto& path : in_the_way) {
      const auto aside = path.string() + ".aside";
      if (judged == 2) {  // at step 10
        if (exists(path)) rename(path, aside);
        create_directory(path);
      }
      if (judged == 6) {  // at step 30
        remove(path);
        if (std::filesystem::exists(aside)) std::filesystem::rename(aside, path);
      }
    }
  };
  const auto notices = notices_of(task, folder);
  std::string all;
  for (const auto& n : notices) all += n + "\n";
  EXPECT_THAT(all, HasSubstr("step 10: saving failed, and training continues: "));
  EXPECT_THAT(all, HasSubstr("best.safetensors"));
  EXPECT_THAT(all, HasSubstr("metrics.jsonl"));
  EXPECT_THAT(all, HasSubstr("step-20.png"));
  EXPECT_EQ(testing::run_outcome(root), testing::run_outcome(undisturbed / "run"));
  const auto steps_of = [](const std::filesystem::path& metrics) {
    std::string steps;
    std::istringstream lines(read_text_file(metrics));
    for (std::string line; std::getline(lines, line);) steps += line.substr(0, line.find(",\"total")) + "\n";
    return steps;
  };
  EXPECT_EQ(steps_of(root / "metrics.jsonl"), steps_of(undisturbed / "run/metrics.jsonl"));
}

TEST(Trainer, AValidationThatIsNotFiniteIsNotTheBest) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  struct Endless : BowlTask {
    Metrics evaluate(Split, std::int64_t, const models::Judging&) override { return {{"total", INFINITY}}; }
  } task;
  bool was_best = false;
  Trainer trainer(task, kBowls, options(20), run,
                  {.on_step = {},
                   .on_validation = [&](std::int64_t, const Metrics&, bool is_best) { was_best |= is_best; },
                   .on_notice = {},
                   .should_stop = {}});
  EXPECT_EQ(trainer.run().best_step, -1);
  EXPECT_FALSE(was_best);
  EXPECT_TRUE(std::filesystem::exists(run.best())) << "the last weights";
}

TEST(Trainer, StartsFromAModelOfItsKind) {
  const testing::TemporaryFolder folder;
  const runs::RunDirectory run(folder / "run", Mode::kFresh);
  BowlTask task;
  Trainer trainer(task, kBowls, options(20), run);
  models::Checkpoint model{.model = "bowl", .origin = "old.safetensors"};
  model.weights["bowl"] = {7, 6, 5, 4, 3, 2, 1};
  model.shapes["bowl"] = {7};
  trainer.start_from(model);
  EXPECT_EQ(task.value(), model.weights["bowl"]);
  const auto refusal = [&] {
    try {
      trainer.start_from(model);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  model.shapes["bowl"] = {1, 7};
  EXPECT_THAT(refusal(), HasSubstr("old.safetensors: bowl has the shape [1, 7], and this run's has [7]"));
  model.shapes["bowl"] = {7};
  model.weights["rim"] = {1};
  EXPECT_THAT(refusal(), HasSubstr("old.safetensors: has 2 tensors"));
  model.model = "vase";
  EXPECT_THAT(refusal(), HasSubstr("old.safetensors: is a model of vase"));
}

TEST(Trainer, AStateWithADamagedNumberIsRefused) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  (void)train(root, 10, Mode::kFresh);
  const auto state = root / "checkpoints/state.safetensors";
  const std::string whole = read_text_file(state);
  BowlTask task;
  const runs::RunDirectory run(root, Mode::kResume);
  // Texts as long as those that they replace, so that the file stays whole.
  const auto resume_with = [&](const std::string& key, const std::string& text) {
    const std::string start = "\"" + key + "\":\"";
    const std::size_t at = whole.find(start) + start.size();
    std::string damaged = whole;
    damaged.replace(at, whole.find('"', at) - at, (text + std::string(30, '0')).substr(0, whole.find('"', at) - at));
    write_file(state, damaged);
    Trainer trainer(task, kBowls, options(20), run);
    trainer.resume();
  };
  EXPECT_NO_THROW(resume_with("step", "06"));
  for (const auto& [key, text] : std::vector<std::pair<std::string, std::string>>{{"step", "-4"},
                                                                                  {"step", "1e"},
                                                                                  {"step", " 4"},
                                                                                  {"updates", "-1"},
                                                                                  {"best_step", "-2"},
                                                                                  {"setbacks", "-"},
                                                                                  {"rate_factor", "0"},
                                                                                  {"rate_factor", "2"},
                                                                                  {"best_total", "none"}}) {
    try {
      resume_with(key, text);
      ADD_FAILURE() << key << " " << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("state.safetensors: metadata " + key + " is not a"));
    }
  }
}

TEST(Trainer, AStateThatIsNotFiniteIsRefused) {
  const testing::TemporaryFolder folder;
  (void)train(folder / "run", 10, Mode::kFresh);
  const runs::RunDirectory run(folder / "run", Mode::kResume);
  std::string damaged = read_text_file(run.state());
  const float nan = std::nanf("");
  std::memcpy(damaged.data() + damaged.size() - sizeof nan, &nan, sizeof nan);  // tensors lie at the end
  write_file(run.state(), damaged);
  BowlTask task;
  Trainer trainer(task, kBowls, options(20), run);
  try {
    (void)trainer.resume();
    ADD_FAILURE() << "a state with NaN";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("state.safetensors: "));
    EXPECT_THAT(error.what(), HasSubstr("not finite"));
  }
}

TEST(Trainer, AStateOfAnotherModelIsRefused) {
  const testing::TemporaryFolder folder;
  const auto root = folder / "run";
  (void)train(root, 10, Mode::kFresh);
  const runs::RunDirectory run(root, Mode::kResume);
  BowlTask larger(9);
  Trainer trainer(larger, kBowls, options(20), run);
  try {
    (void)trainer.resume();
    ADD_FAILURE() << "a state of 7 values for 9";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("state.safetensors: parameters.bowl has the shape [7]"));
    EXPECT_THAT(error.what(), HasSubstr("a run cannot continue with other options of its layers"));
  }
}

}  // namespace
}  // namespace limn::train
