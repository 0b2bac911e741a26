// Training on a device of LibTorch against training by limn's kernels, over the interface that the trainer uses: the
// same task from the same weights, with the same batches, noise, masks, clipping and schedules. This program does not
// link LibTorch.
#include "limn/train/device.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "libtorch/device_under_test.hpp"
#include "limn/core/error.hpp"
#include "limn/train/libtorch_module.hpp"
#include "limn/train/steps.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

using testing::device_under_test;
using ::testing::HasSubstr;
using testing::small_draw;
using testing::small_sketch_rnn;
using testing::some_doodles;
using testing::some_shapes;
using Mode = runs::RunDirectory::Mode;

// Relative, of the first and the tenth loss, and of all gradients of the first step together.
constexpr double kFirstLoss = 1e-5, kTenthLoss = 1e-3, kGradients = 1e-4;
constexpr std::int64_t kSteps = 10;
// Layer-normalised cells are chaotic: other roundings of the weights move their gradients more than that. Both errors
// are draws from one distribution. So many such errors are allowed there, and none elsewhere.
constexpr double kRoundings = 30;

const auto* const kDeviceIsHere = ::testing::AddGlobalTestEnvironment(new testing::DeviceIsHere);

// A task with all that a trainer keeps beside it.
struct Training {
  std::unique_ptr<models::TrainingTask> task;
  TrainOptions options;
  std::vector<Moments> moments = zero_moments(*task);
  WeightAverage average{*task, options.average_eta};
  std::unique_ptr<Steps> steps = {};

  void begin(const std::string& device) {
    const HostState state{*task, moments, average};
    steps =
        device.empty() ? make_host_steps(state, options, nullptr) : make_device_steps(state, options, nullptr, device);
    task->plan(kSteps);
    steps->from_host(0);
  }
  std::vector<StepOutcome> take(std::int64_t first, std::int64_t count) {
    for (std::int64_t step = first; step < first + count; ++step)
      (void)steps->take(step, options.learning_rate / static_cast<double>(step + 1), [] { return Agreement{}; });
    return steps->outcomes();
  }
  [[nodiscard]] std::vector<double> gradients() {
    steps->to_host();
    std::vector<double> all;
    for (const auto& p : task->parameters()) all.insert(all.end(), p.gradient.begin(), p.gradient.end());
    return all;
  }
};

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}
double distance(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return norm(a);
}

// How far rounding the weights otherwise moves the gradients of the kernels.
double condition(Training training, const std::vector<double>& gradients) {
  bool is_up = false;
  for (const auto& p : training.task->parameters())
    for (float& value : p.value) value = std::nextafter(value, (is_up = !is_up) ? 1e9F : -1e9F);
  training.begin("");
  (void)training.take(0, 1);
  return distance(training.gradients(), gradients);
}

template <class Run>
Training training_of(const Run& run, const auto& data) {
  return {.task = run.task(data(run.data)), .options = run.train};
}

struct Tensor {
  std::string name;
  std::span<const float> values;
};
// Parameters and buffers, then their averages.
std::vector<Tensor> tensors_of(const Training& training) {
  std::vector<Tensor> all;
  for (const auto tensors : {training.task->parameters(), training.task->buffers()})
    for (const auto& t : tensors) all.push_back({t.name, t.value});
  const std::size_t count = all.size();
  for (std::size_t i = 0; i < training.average.values().size(); ++i)
    all.push_back({all[i % count].name, training.average.values()[i]});
  return all;
}

// A bias before a batch normalisation is taken away again: its gradient is rounding, which Adam makes as large as any
// other. The running mean after it moves with it.
bool is_left_to_rounding(const models::TrainingTask& task, const std::string& name) {
  if (name.ends_with(".running_mean")) return true;
  if (!name.ends_with(".bias")) return false;
  const std::size_t first = name.find('.') + 1;
  const std::string number = name.substr(first, name.rfind('.') - first);
  if (number.find_first_not_of("0123456789") != std::string::npos) return false;
  const std::string mean = name.substr(0, first) + std::to_string(std::stoi(number) + 1) + ".running_mean";
  return std::ranges::any_of(task.buffers(), [&](const auto& b) { return b.name == mean; });
}

double largest(std::span<const float> values) {
  double most = 0;
  for (const float value : values) most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}
double difference(std::span<const float> a, std::span<const float> b) {
  double most = 0;
  for (std::size_t i = 0; i < b.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

template <class Run>
void expect_same_training(const Run& run, const auto& data, bool is_chaotic = false) {
  const double rate = run.train.learning_rate;
  Training ours = training_of(run, data), theirs = training_of(run, data);
  ours.begin("");
  theirs.begin(device_under_test());
  std::vector<StepOutcome> expected = ours.take(0, 1), actual = theirs.take(0, 1);
  const std::vector<double> gradients = ours.gradients();
  double limit = kGradients * norm(gradients);
  if (is_chaotic) limit = std::max(limit, kRoundings * condition(training_of(run, data), gradients));
  EXPECT_LE(distance(theirs.gradients(), gradients), limit) << "of " << norm(gradients);
  for (std::size_t i = 0; i < ours.task->buffers().size(); ++i) {
    const auto &found = theirs.task->buffers()[i], &wanted = ours.task->buffers()[i];
    EXPECT_LE(difference(found.value, wanted.value), kGradients * largest(wanted.value)) << found.name;
  }
  for (auto& outcome : ours.take(1, kSteps - 1)) expected.push_back(std::move(outcome));
  for (auto& outcome : theirs.take(1, kSteps - 1)) actual.push_back(std::move(outcome));
  ASSERT_EQ(std::ssize(actual), kSteps);
  for (std::int64_t step : {std::int64_t{0}, kSteps - 1}) {
    const StepOutcome &a = actual[static_cast<std::size_t>(step)], &e = expected[static_cast<std::size_t>(step)];
    const double relative = step == 0 ? kFirstLoss : kTenthLoss;
    EXPECT_EQ(a.step, step);
    EXPECT_TRUE(a.is_applied);
    EXPECT_EQ(a.result.indices, e.result.indices);
    ASSERT_EQ(a.result.losses.size(), e.result.losses.size());
    for (std::size_t i = 0; i < a.result.losses.size(); ++i) {
      const Metric &loss = a.result.losses[i], &wanted = e.result.losses[i];
      EXPECT_EQ(loss.name, wanted.name);
      EXPECT_NEAR(loss.value, wanted.value, relative * std::max(std::abs(wanted.value), 1e-2)) << loss.name << step;
    }
    if (step > 0) continue;
    EXPECT_NEAR(a.gradient_norm, e.gradient_norm, limit + kFirstLoss * e.gradient_norm);
  }
  // The results of the steps: weights, running means, the average.
  theirs.steps->to_host();
  const std::vector<Tensor> wanted = tensors_of(ours), found = tensors_of(theirs);
  ASSERT_EQ(found.size(), wanted.size());
  ASSERT_EQ(theirs.average.is_empty(), ours.average.is_empty());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (is_left_to_rounding(*ours.task, wanted[i].name)) continue;
    EXPECT_LE(difference(found[i].values, wanted[i].values), kTenthLoss * largest(wanted[i].values) + 0.2 * rate)
        << wanted[i].name;
  }
}

class SketchRnnDevice : public ::testing::TestWithParam<const char*> {
 protected:
  void expect_same() const { expect_same_training(run, some_doodles, run.model.dec_model != "lstm"); }
  testing::SketchRnnRun run = small_sketch_rnn(GetParam());
};

TEST_P(SketchRnnDevice, TrainsTheSameWithoutDropout) {
  run.model.use_recurrent_dropout = false;
  expect_same();
}
TEST_P(SketchRnnDevice, TrainsTheSameWithRecurrentDropout) { expect_same(); }
TEST_P(SketchRnnDevice, TrainsTheSameWithEveryDropout) {
  run.model.use_input_dropout = run.model.use_output_dropout = true;
  expect_same();
}
TEST_P(SketchRnnDevice, TrainsTheSameWithInputAndOutputDropoutAlone) {
  run.model.use_recurrent_dropout = false;
  run.model.use_input_dropout = run.model.use_output_dropout = true;
  expect_same();
}
TEST_P(SketchRnnDevice, TrainsTheSameOverThePadding) {
  run.model.pen_loss_over_padding = true;
  run.model.use_input_dropout = true;
  expect_same();
}
TEST_P(SketchRnnDevice, TrainsTheSameUnconditional) {
  run.model.conditional = false;
  expect_same();
}
TEST_P(SketchRnnDevice, TrainsTheSameInTheFormsOfOtherPrograms) {
  run.model.kl_reduction = "sum";
  run.model.pen_loss_at_end = false;
  run.model.loss_steps = "longest";
  expect_same();
  run.model.pen_reduction = "mean";
  run.model.offset_loss_at_end = true;
  run.model.density_floor = 1e-5;
  expect_same();
}
TEST_P(SketchRnnDevice, TrainsTheSameUnderTheTolerance) {
  run.model.kl_tolerance = 1e3;
  run.train.schedule = "plan";
  expect_same();
}
TEST_P(SketchRnnDevice, ClipsTheSame) {
  for (const char* scope : {"all", "module", "tensor"}) {
    run.train.grad_clip_mode = "norm";
    run.train.grad_clip_scope = scope;
    run.train.grad_clip = 0.02;
    expect_same();
  }
  run.train.grad_clip_mode = "none";
  expect_same();
}
INSTANTIATE_TEST_SUITE_P(Cells, SketchRnnDevice, ::testing::Values("lstm", "layer_norm", "hyper"),
                         [](const auto& suite) { return std::string(suite.param); });

class VaeDevice : public ::testing::TestWithParam<const char*> {};
TEST_P(VaeDevice, TrainsTheSame) {
  for (const char* likelihood : {"bce", "mse"}) {
    testing::VaeRun run;
    const std::string arch = GetParam();
    run.model = {.arch = arch,
                 .hidden = 12,
                 .z_size = 3,
                 .channels = 4,
                 .likelihood = likelihood,
                 .beta = 0.7,
                 .beta_warmup_steps = 5};
    run.data.image_size = arch == "dense" ? 9 : arch == "conv40" ? 48 : 14;
    run.data.color = arch == "dense" ? "grey" : "rgb";
    run.train = {.batch_size = 7, .learning_rate = 0.003, .average_weights = true, .grad_clip_mode = "none", .seed = 3};
    expect_same_training(run, some_shapes);
  }
}
INSTANTIATE_TEST_SUITE_P(Networks, VaeDevice, ::testing::Values("dense", "conv40", "conv20"),
                         [](const auto& suite) { return std::string(suite.param); });

TEST(DrawDevice, TrainsTheSame) {
  for (const bool reads : {false, true}) {
    for (const bool writes : {false, true}) {
      testing::DrawRun run = small_draw(reads, writes);
      run.train.seed = 3;
      run.train.average_weights = true;
      expect_same_training(run, some_shapes);
    }
  }
}

struct Counts {
  std::int64_t launches = 0, waits = 0;
};
Counts count(bool continues) {
  Counts counts;
  call_libtorch(load_libtorch_module("test").count_operations, std::int32_t{continues}, &counts.launches,
                &counts.waits);
  return counts;
}

// docs/performance.md has the figures that this prints.
template <class Run>
std::int64_t launches_without_a_wait(const char* name, const Run& run, const auto& data,
                                     const std::string& device = device_under_test()) {
  Training theirs = training_of(run, data);
  theirs.begin(device);
  (void)theirs.take(0, 1);
  (void)count(true);
  for (std::int64_t step = 1; step < 4; ++step) (void)theirs.steps->take(step, 1e-3, [] { return Agreement{}; });
  const Counts taken = count(true);
  (void)theirs.steps->outcomes();
  const Counts told = count(false);
  EXPECT_EQ(taken.waits, 0) << name;
  EXPECT_GT(taken.launches, 30) << name;
  EXPECT_LT(told.launches, 10) << name;
  std::printf("%s on %s: %lld launches per step, %lld for the figures of 3 steps\n", name, device.c_str(),
              static_cast<long long>(taken.launches / 3), static_cast<long long>(told.launches));
  return taken.launches / 3;
}

// LibTorch compiles the element-wise part of the cells' steps for CUDA, and does not count what it compiled.
void expect_fewer_launches_on_cuda(const char* name, std::int64_t launches, const testing::SketchRnnRun& run) {
  if (!device_under_test().starts_with("cuda")) return;
  EXPECT_LT(launches, 0.9 * static_cast<double>(launches_without_a_wait(name, run, some_doodles, "cpu"))) << name;
}

TEST(DeviceRun, NoStepWaitsForTheDevice) {
  for (const char* cell : {"lstm", "layer_norm", "hyper"}) {
    testing::SketchRnnRun run = small_sketch_rnn(cell);
    const std::string dropping = std::string(cell) + " with recurrent dropout";
    expect_fewer_launches_on_cuda(dropping.c_str(), launches_without_a_wait(dropping.c_str(), run, some_doodles), run);
    run.model.use_recurrent_dropout = false;
    (void)launches_without_a_wait(cell, run, some_doodles);
  }
  testing::VaeRun vae;
  vae.model = {.hidden = 12, .z_size = 3};
  vae.data = {.image_size = 9, .color = "grey"};
  vae.train.batch_size = 7;
  (void)launches_without_a_wait("vae", vae, some_shapes);
  (void)launches_without_a_wait("draw, 4 glimpses", small_draw(true, true), some_shapes);
}

// Products in bf16 are near those in float32, and not the same.
TEST(DeviceRun, TrainsInBf16) {
  for (const char* precision : {"f32", "bf16"}) {
    testing::SketchRnnRun run = small_sketch_rnn("lstm");
    run.train.precision = precision;
    Training theirs = training_of(run, some_doodles);
    theirs.begin(device_under_test());
    testing::SketchRnnRun exact = small_sketch_rnn("lstm");
    Training ours = training_of(exact, some_doodles);
    ours.begin("");
    const double actual = metric(theirs.take(0, 1)[0].result.losses, "total");
    const double expected = metric(ours.take(0, 1)[0].result.losses, "total");
    EXPECT_NEAR(actual, expected, 3e-2 * std::abs(expected));
    EXPECT_EQ(std::abs(actual - expected) > 1e-5 * std::abs(expected), std::string(precision) == "bf16");
  }
}

struct Ended {
  TrainResult result;
  std::vector<std::string> notices;
};

Ended train(const std::filesystem::path& root, const std::string& device, Mode mode,
            std::optional<std::int64_t> stop_at, std::int64_t log_every = 4, double poison = 0) {
  testing::VaeRun options;
  options.model = {.arch = "conv20", .hidden = 12, .z_size = 3, .channels = 2};
  options.data.image_size = 12;
  options.data.color = "rgb";
  options.train = {.num_steps = 12,
                   .batch_size = 7,
                   .learning_rate = 0.005,
                   .average_weights = true,
                   .seed = 3,
                   .save_every = 5,
                   .valid_every = 6,
                   .sample_every = 0,
                   .log_every = log_every,
                   .fit_prior = false};
  const auto task = options.task(some_shapes(options.data));
  if (poison != 0) task->parameters()[0].value[0] = static_cast<float>(poison);
  const runs::RunDirectory run(root, mode);
  write_file(run.config(), "x = 1\n");
  const models::Registry registry = models::standard_registry();
  Ended ended;
  std::int64_t done = 0;
  Trainer trainer(*task, registry, options.train, run,
                  {.on_step = [&](const Progress& p) { done = p.step; },
                   .on_validation = {},
                   .on_notice = [&](const std::string& text) { ended.notices.push_back(text); },
                   .should_stop = [&] { return stop_at && done >= *stop_at; }},
                  nullptr, device);
  if (mode == Mode::kResume) trainer.resume();
  ended.result = trainer.run();
  return ended;
}

TEST(DeviceRun, StoppedAndResumedEqualsNeverStoppedBitForBit) {
  if (device_under_test() != "cpu") GTEST_SKIP() << "a GPU adds in no fixed order";
  (void)testing::expect_resumes_bit_for_bit([](const auto& root, Mode mode, auto stop_at) {
    return train(root, device_under_test(), mode, stop_at, 1).result;
  });
}

TEST(DeviceRun, ContinuesOnAnotherDeviceAndSaysSo) {
  const testing::TemporaryFolder folder;
  const double whole = train(folder / "whole", "", Mode::kFresh, {}).result.best_total;
  for (const bool begins_on_device : {true, false}) {
    const auto root = folder / (begins_on_device ? "there" : "here");
    const Ended begun = train(root, begins_on_device ? device_under_test() : "", Mode::kFresh, 4);
    EXPECT_FALSE(begun.result.is_finished);
    EXPECT_THAT(begun.notices, ::testing::IsEmpty());
    const Ended ended = train(root, begins_on_device ? "" : device_under_test(), Mode::kResume, {});
    EXPECT_TRUE(ended.result.is_finished);
    EXPECT_NEAR(ended.result.best_total, whole, 1e-2 * whole);
    ASSERT_EQ(ended.notices.size(), 1U);
    const std::string device = device_under_test() == "cpu" ? "torch:cpu" : device_under_test();
    EXPECT_THAT(ended.notices[0], HasSubstr(begins_on_device ? "on cpu what " + device + " has trained"
                                                             : "on " + device + " what cpu has trained"));
  }
}

TEST(DeviceRun, LogsEachStepsOwnFigures) {
  const testing::TemporaryFolder folder;
  (void)train(folder / "here", "", Mode::kFresh, {});
  (void)train(folder / "there", device_under_test(), Mode::kFresh, {});
  const auto steps_of = [&](const char* run) {
    std::vector<std::string> steps;
    std::istringstream lines(read_text_file(folder / run / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) steps.push_back(line.substr(0, line.find("total")));
    return steps;
  };
  EXPECT_EQ(steps_of("there"), steps_of("here"));
  EXPECT_THAT(steps_of("there"), ::testing::SizeIs(6));  // steps 1, 4, 8, 12 and validations after 6 and 12
}

TEST(DeviceRun, ARunThatStaysNotFiniteIsRefused) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(
      [&] { (void)train(folder / "run", device_under_test(), Mode::kFresh, {}, 1, std::numeric_limits<float>::max()); },
      ::testing::ThrowsMessage<Error>(HasSubstr("training diverged")));
}

TEST(ChooseDevice, NamesWhatIsHere) {
  EXPECT_EQ(choose_device("cpu").name, "");
  EXPECT_EQ(choose_device("torch:cpu").name, "cpu");
  EXPECT_THAT(choose_device("torch:cpu").remark, HasSubstr("the CPU by LibTorch"));
  EXPECT_THAT(device_choices(), ::testing::IsSupersetOf({"auto", "cpu", "torch:cpu"}));
  EXPECT_THAT(
      [] { (void)choose_device("sofa"); },
      ::testing::ThrowsMessage<Error>(::testing::AllOf(
          HasSubstr("--device sofa: LibTorch"), HasSubstr("expected one of auto, cpu"), HasSubstr("torch:cpu"))));
  EXPECT_THAT([] { (void)choose_device("cuda:977"); }, ::testing::ThrowsMessage<Error>(HasSubstr("cuda:977")));
  EXPECT_THROW((void)choose_device(""), Error);
}

}  // namespace
}  // namespace limn::train
