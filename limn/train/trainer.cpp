#include "limn/train/trainer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/checkpoint.hpp"
#include "limn/models/run_checkpoints.hpp"
#include "limn/render/png.hpp"
#include "limn/runs/run_record.hpp"
#include "limn/train/device_passes.hpp"
#include "limn/train/sample_pictures.hpp"

namespace limn::train {
namespace {

using Clock = std::chrono::steady_clock;

// So many steps in a row that are not finite send the run back; so many returns without a better model end it.
constexpr int kBadStepsToGoBack = 3;
constexpr std::int64_t kMostSetbacks = 5;
// The time of so many seconds of training is enough to judge a run that is stopped; whoever stops it waits for that.
constexpr double kSecondsToJudge = 5;
// So many steps may be on a device without their figures having been read.
constexpr std::int64_t kMostPending = 100;

// Histograms of everything are large: all of the first validations, then of every tenth.
bool has_histograms(std::int64_t validation) {
  constexpr std::int64_t kFirst = 20, kSpacing = 10;
  return validation <= kFirst || validation % kSpacing == 0;
}

// A device without its number, in words: steps on two devices of a kind have the same bits.
std::string kind_of(const std::string& device) {
  const std::string kind = device.substr(0, device.find(':'));
  return kind.empty() ? "cpu" : kind == "cpu" ? "torch:cpu" : kind;
}

// The weights and running means of a model in place of the task's, which come back in the end.
class BorrowedTask {
 public:
  BorrowedTask(models::TrainingTask& task, const models::Checkpoint& model) : task_(task) {
    require_start(task, model);
    for (const auto tensors : {task.parameters(), task.buffers()})
      for (const auto& tensor : tensors) own_.emplace_back(tensor.value.begin(), tensor.value.end());
    take_values(task, model);
  }
  ~BorrowedTask() {
    auto own = own_.begin();
    for (const auto tensors : {task_.parameters(), task_.buffers()})
      for (const auto& tensor : tensors) std::ranges::copy(*own++, tensor.value.begin());
  }
  BorrowedTask(const BorrowedTask&) = delete;
  BorrowedTask& operator=(const BorrowedTask&) = delete;

  static void take_values(models::TrainingTask& task, const models::Checkpoint& model) {
    for (const auto tensors : {task.parameters(), task.buffers()})
      for (const auto& tensor : tensors) std::ranges::copy(model.weights.at(tensor.name), tensor.value.begin());
  }

 private:
  models::TrainingTask& task_;
  std::vector<std::vector<float>> own_;
};

}  // namespace

void require_start(const models::TrainingTask& task, const models::Checkpoint& model) {
  const models::Checkpoint ours = task.checkpoint(0, {});
  require(model.model == ours.model, "{}: is a model of {}, and this run trains {}; give a model of that kind",
          model.origin, model.model, ours.model);
  for (const auto tensors : {task.parameters(), task.buffers()})
    for (const auto& tensor : tensors) {
      const auto shape = model.shapes.find(tensor.name);
      require(shape != model.shapes.end(), "{}: has no {}; options of the layers must be those of the model",
              model.origin, tensor.name);
      require(shape->second == tensor.shape,
              "{}: {} has the shape [{}], and this run's has [{}]; options of the layers must be those of the model",
              model.origin, tensor.name, fmt::join(shape->second, ", "), fmt::join(tensor.shape, ", "));
    }
  require(model.weights.size() == ours.weights.size(),
          "{}: has {} tensors, and this run's model has {}; options of the layers must be those of the model",
          model.origin, model.weights.size(), ours.weights.size());
}

Trainer::Trainer(models::TrainingTask& task, const models::Registry& registry, const TrainOptions& options,
                 const runs::RunDirectory& run, TrainObserver observer, ProcessGroup* group, const std::string& device)
    : task_(task),
      registry_(registry),
      options_(options),
      run_(run),
      observer_(std::move(observer)),
      group_(group),
      moments_(zero_moments(task)),
      average_(task, options.average_eta),
      device_(device),
      plan_(options),
      start_(now()) {
  if (group_ != nullptr) {
    require_shares(options.batch_size, *group_);
    task_.join({.share = group_->share(), .sum = [this](std::span<double> values) { group_->sum(values); }});
  }
  const HostState state{task_, moments_, average_};
  steps_ =
      device_.empty() ? make_host_steps(state, options_, group_) : make_device_steps(state, options_, group_, device_);
  if (is_first()) {
    if (can_write_events()) events_.emplace(run.root());
    data_ = task.data_fingerprint();
  }
}

void Trainer::notice(const std::string& message) {
  if (!is_first()) return;
  if (observer_.on_notice) observer_.on_notice(message);
  try {
    run_.log(message);
  } catch (const Error& error) {
    // Said once: the log's own failure cannot stand in the log.
    if (std::exchange(failures_["log"], error.what()) != error.what() && observer_.on_notice)
      observer_.on_notice(error.what());
  }
}

void Trainer::try_to(const std::string& purpose, const std::function<void()>& work) {
  std::string failure;
  try {
    work();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const std::string before = std::exchange(failures_[purpose], failure);
  if (!failure.empty() && before.empty())
    notice(fmt::format("step {}: {} failed, and training continues: {}", at_.step, purpose, failure));
}

double Trainer::now() const {
  if (observer_.clock) return observer_.clock();
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

void Trainer::resume_plan() {
  if (!plan_.is_timed()) return;
  if (is_there(run_.plan())) plan_.set_entries(plan_from_json_lines(read_text_file(run_.plan()), run_.plan().string()));
  plan_.extend(at_.step, seconds_before_);
  write_file(run_.plan(), plan_to_json_lines(plan_.entries()));
}

void Trainer::share_plan() {
  if (group_ == nullptr) return;
  constexpr std::size_t kNumbers = 3;  // of an entry
  double count = static_cast<double>(plan_.entries().size());
  group_->broadcast(std::span(&count, 1));
  std::vector<double> numbers(static_cast<std::size_t>(count) * kNumbers);
  if (is_first())
    for (std::size_t i = 0; const Plan::Entry& e : plan_.entries())
      for (const double number : {static_cast<double>(e.from), static_cast<double>(e.num_steps), e.budget})
        numbers[i++] = number;
  group_->broadcast(std::span(numbers));
  std::vector<Plan::Entry> entries;
  for (std::size_t i = 0; i < numbers.size(); i += kNumbers)
    entries.push_back({.from = static_cast<std::int64_t>(numbers[i]),
                       .num_steps = static_cast<std::int64_t>(numbers[i + 1]),
                       .budget = numbers[i + 2]});
  plan_.set_entries(std::move(entries));
}

// Written before it holds: a resumed run must find every plan that steps were taken by.
std::int64_t Trainer::better_plan() {
  const auto planned = is_first() ? plan_.better(at_.step, seconds()) : std::nullopt;
  if (!planned) return 0;
  Plan next = plan_;
  next.adjust({.from = at_.step + 1, .num_steps = *planned, .budget = plan_.budget()});
  std::int64_t written = 0;
  try_to("writing the plan", [&] {
    write_file(run_.plan(), plan_to_json_lines(next.entries()));
    written = *planned;
  });
  return written;
}

void Trainer::follow_plan() {
  plan_.go_to(at_.step);
  if (is_planned(options_)) task_.plan(plan_.num_steps());
}

// Everything that a step depends on becomes that of the first process.
void Trainer::share_state() {
  if (group_ == nullptr) return;
  for (const auto& p : task_.parameters()) group_->broadcast(p.value);
  for (const auto& b : task_.buffers()) group_->broadcast(b.value);
  for (auto& moments : moments_) {
    group_->broadcast(std::span(moments.first));
    group_->broadcast(std::span(moments.second));
  }
  std::array<double, 3> position{static_cast<double>(at_.step), static_cast<double>(at_.updates), at_.rate_factor};
  group_->broadcast(std::span(position));
  at_.step = static_cast<std::int64_t>(position[0]);
  at_.updates = static_cast<std::int64_t>(position[1]);
  at_.rate_factor = position[2];
  share_average();
}

void Trainer::share_average() {
  double is_there = average_.is_empty() ? 0 : 1;
  group_->broadcast(std::span(&is_there, 1));
  if (is_there == 0) return average_.set_values({});
  if (average_.is_empty()) average_.start();
  std::vector<std::vector<float>> values(average_.values().begin(), average_.values().end());
  for (auto& each : values) group_->broadcast(std::span(each));
  average_.set_values(std::move(values));
}

// The processes make the same sums, so their weights are the same bits; a machine that computes otherwise is found
// here.
void Trainer::check_same_weights() {
  if (group_ == nullptr) return;
  std::uint32_t hash = models::kHashOfNothing;
  for (const auto& p : task_.parameters()) hash = models::hash_of(p.value, hash);
  for (const auto& average : average_.values()) hash = models::hash_of(average, hash);
  const auto mine = static_cast<double>(hash);
  const double difference = group_->sum(mine) - mine * group_->size();
  require(group_->sum(std::abs(difference)) == 0,
          "process {} of {}: the processes' weights differ at step {}; use the same limn on machines of the same kind, "
          "and continue with --resume",
          group_->rank(), group_->size(), at_.step);
}

bool Trainer::accept(std::span<const StepOutcome> outcomes) {
  for (const StepOutcome& outcome : outcomes) {
    if (outcome.is_applied) {
      bad_in_a_row_ = 0;
      ++at_.updates;
      continue;
    }
    notice(fmt::format(
        "step {}: loss {} or gradient norm {} is too large or is not finite; the step is not applied; batch: {}",
        outcome.step, metric(outcome.result.losses, "total"), outcome.gradient_norm,
        fmt::join(outcome.result.indices, " ")));
    if (++bad_in_a_row_ >= kBadStepsToGoBack) return false;
  }
  return true;
}

void Trainer::go_back(std::int64_t failed) {
  if (is_first()) {
    const double factor = at_.rate_factor / 2;
    const std::int64_t setbacks = at_.setbacks + 1;
    require(setbacks <= kMostSetbacks && is_there(run_.state()),
            "{}: training diverged: losses or gradients stay not finite at step {} although the learning rate was "
            "halved {} times; start again with a smaller --learning-rate or grad_clip",
            run_.root().string(), failed, setbacks - 1);
    const Position before = at_;
    (void)load_state();
    at_.best_total = before.best_total;  // its checkpoint is there, though the state may be older
    at_.best_step = before.best_step;
    at_.best_metrics = before.best_metrics;
    at_.rate_factor = factor;
    at_.setbacks = setbacks;
    try_to("cutting the metrics", [&] { run_.truncate_metrics(at_.step); });
    write_events([&](EventWriter& events) { events.start_after(at_.step); });
  }
  share_state();
  steps_->from_host(at_.updates);
  bad_in_a_row_ = 0;
  notice(fmt::format("step {}: {} steps in a row were not finite; back to step {} with {} of the learning rate", failed,
                     kBadStepsToGoBack, at_.step, at_.rate_factor));
  // Steps are drawn from their number, so the same steps come again: the smaller rate is what differs.
  save_state(OnFailure::kGoOn);
}

Metrics Trainer::judge(Split split) {
  const WeightAverage::Use averaged(average_);
  const auto passes = steps_->passes();
  return task_.evaluate(split, at_.step, {.is_shared = group_ != nullptr, .passes = passes.get()});
}

void Trainer::validate() {
  Metrics figures = judge(Split::kValid);
  if (!is_first()) return;
  const WeightAverage::Use averaged(average_);
  last_metrics_ = std::move(figures);
  const bool is_best = is_better(last_metrics_, at_.best_step < 0 ? Metrics{} : at_.best_metrics);
  if (is_best) {
    at_.best_total = metric(last_metrics_, "total");
    at_.best_step = at_.step;
    at_.best_metrics = last_metrics_;
    at_.setbacks = 0;
    unsaved_best_ = checkpoint();
  }
  if (!last_metrics_.empty()) record(at_.step, kSplitNames[static_cast<int>(Split::kValid)], last_metrics_);
  if (observer_.on_validation && !last_metrics_.empty()) observer_.on_validation(at_.step, last_metrics_, is_best);
  write_unsaved_best();
  for (const std::string& trouble : troubles_.look(watched())) notice(fmt::format("step {}: {}", at_.step, trouble));
}

TroubleWatch::Validation Trainer::watched() const {
  return {.step = at_.step,
          .num_steps = plan_.num_steps(),
          .valid = last_metrics_,
          .train = shown_losses_,
          .objective = [this](const Metrics& losses) { return task_.objective(losses, at_.step); },
          .nats_of_latents = [this] { return task_.nats_of_latents(); }};
}

bool Trainer::is_better(const Metrics& figures, const Metrics& than) const {
  if (figures.empty()) return true;  // without a validation split the last weights are the best we know
  const double now = task_.objective(figures, at_.step), before = task_.objective(than, at_.step);
  return std::isfinite(now) && !(before <= now);  // what cannot be compared gives way
}

std::int64_t Trainer::examples_when_stopping() const {
  const auto batch = static_cast<double>(options_.batch_size);
  if (smoothed_seconds_ <= 0) return options_.batch_size;
  // Half of the time is for the best model.
  return static_cast<std::int64_t>(std::clamp(kSecondsToJudge / 2 / smoothed_seconds_, 1.0, 1e9) * batch);
}

Metrics Trainer::figures_of_best(std::int64_t most) {
  const models::Checkpoint best = registry_.read(run_.best());
  const BorrowedTask borrowed(task_, best);
  const auto passes = device_.empty() ? nullptr : make_device_passes(best, device_);
  return task_.evaluate(Split::kValid, at_.step, {.most = most, .passes = passes.get()});
}

void Trainer::judge_stopped() {
  const WeightAverage::Use averaged(average_);
  const std::int64_t most = examples_when_stopping();
  const auto passes = steps_->passes();
  const Metrics now = task_.evaluate(Split::kValid, at_.step, {.most = most, .passes = passes.get()});
  const bool has_best = at_.best_step >= 0;
  const bool beats_best = is_better(now, has_best && !now.empty() ? figures_of_best(most) : Metrics{});
  if (observer_.on_validation && !now.empty()) observer_.on_validation(at_.step, now, beats_best);
  models::Checkpoint last = with_prior(checkpoint());
  last.metrics = metrics_to_json(now);
  if (!has_best) registry_.write(run_.best(), last);
  if (has_best && beats_best) last.extra[models::kBeatsBest] = fmt::format("{}", at_.best_step);
  registry_.write(run_.last(), last);
}

void Trainer::test() {
  const Metrics metrics = judge(Split::kTest);
  if (metrics.empty() || !is_first()) return;
  record(at_.step, kSplitNames[static_cast<int>(Split::kTest)], metrics);
  if (observer_.on_test) observer_.on_test(at_.step, metrics);
}

void Trainer::draw() {
  const WeightAverage::Use averaged(average_);
  const std::string ending = render::can_paint() ? ".png" : ".svg";
  const std::filesystem::path path = run_.samples_stem(at_.step).string() + ending;
  const models::SampleDrawings drawings = task_.sample_drawings(at_.step);
  save_sample_picture(path, drawings, fmt::format("step {}", at_.step));
  std::int64_t blanks = 0, fresh = 0;
  for (const models::SampleRow& row : drawings.rows) {
    if (row.heading != models::kNewDrawings) continue;
    fresh += std::ssize(row.drawings.sketches);
    blanks += std::ranges::count_if(row.drawings.sketches, sketch::is_blank);
  }
  for (const std::string& trouble : troubles_.look_at_blanks(watched(), blanks, fresh))
    notice(fmt::format("step {}: {}", at_.step, trouble));
  if (events_ && render::can_paint()) events_->add_png(at_.step, "samples", read_file(path));
  if (options_.sample_grid == 0) return;
  const std::int64_t side = options_.sample_grid;
  for (const models::SampleGrid& grid : task_.sample_grids(at_.step, side * side))
    save_sample_grid(fmt::format("{}-{}{}", run_.samples_stem(at_.step).string(), grid.name, ending), grid.drawings,
                     static_cast<int>(side));
}

void Trainer::watch_layers() {
  if (!events_) return;
  const auto outputs = task_.layer_outputs(at_.step);
  std::vector<NamedValues> tensors;
  for (const auto& p : task_.parameters()) {
    tensors.push_back({"weights/" + p.name, p.value});
    tensors.push_back({"gradients/" + p.name, p.gradient});
  }
  for (const auto& output : outputs) tensors.push_back({"outputs/" + output.name, output.values});
  events_->add_histograms(at_.step, tensors);
}

// The model as it is, with the run's options beside its data's.
models::Checkpoint Trainer::checkpoint() const {
  const WeightAverage::Use averaged(average_);
  models::Checkpoint checkpoint = task_.checkpoint(at_.step, last_metrics_);
  TrainOptions options = options_;
  options.num_steps = plan_.num_steps();
  checkpoint.training_config = merged_json_objects(checkpoint.training_config, options_to_json(fields(options)));
  return checkpoint;
}

// Data that cannot be read are an error, as in a step: the checkpoint is then written later, with the same bytes.
models::Checkpoint Trainer::with_prior(models::Checkpoint checkpoint) {
  try {
    checkpoint.prior = task_.prior(checkpoint);
  } catch (const models::NotFinite& error) {
    notice(fmt::format("step {}: the checkpoint has no fitted prior: {}", checkpoint.step, error.what()));
  }
  return checkpoint;
}

void Trainer::write_unsaved_best() {
  if (!unsaved_best_) return;
  registry_.write(run_.best(), with_prior(*unsaved_best_));
  unsaved_best_.reset();
}

void Trainer::save_state(OnFailure on_failure) {
  steps_->to_host();
  check_same_weights();
  if (!is_first()) return;
  if (on_failure == OnFailure::kEnd)
    write_state();
  else
    try_to("saving", [&] { write_state(); });
}

void Trainer::write_state() {
  // A state says that its best model is there.
  write_unsaved_best();
  // The state last: a run that ends between the two continues from the earlier state and writes both again. Only the
  // first one comes before its checkpoint, since a checkpoint without a state is a run that cannot continue.
  const bool is_start = at_.step == 0;
  if (!is_start) {
    const models::Checkpoint now = with_prior(checkpoint());
    registry_.write(run_.last(), now);
    if (options_.keep_checkpoints > 0) registry_.write(run_.numbered(at_.step), now);
  }
  train::write_state(run_.state(), task_, moments_, average_,
                     {.at = at_,
                      .last_metrics = last_metrics_,
                      .data = data_,
                      .device = device_,
                      .seconds = plan_.is_timed() ? seconds() : 0},
                     options_.seed);
  if (is_start) registry_.write(run_.last(), with_prior(checkpoint()));
  if (options_.keep_checkpoints > 0) run_.remove_numbered(options_.keep_checkpoints);
}

// Of a state of 0.1.0, which has only the total of its best model.
Metrics Trainer::metrics_of_best_model() const {
  return is_there(run_.best()) ? metrics_from_json(registry_.read(run_.best()).metrics) : Metrics{};
}

TrainingState Trainer::load_state() {
  TrainingState state = read_state(run_.state(), task_, moments_, average_, [&] { return metrics_of_best_model(); });
  at_ = state.at;
  last_metrics_ = state.last_metrics;
  if (options_.average_weights && average_.is_empty()) average_.start();  // the run had none before
  return state;
}

// What was best on other data says nothing, and its losses would stay the best for ever.
void Trainer::accept_data(const std::string& trained_on, OtherData other_data) {
  if (data_.empty() || trained_on == data_) return;
  if (trained_on.empty()) {
    notice("the state is of limn 0.1.0, which did not record its data: they are taken to be the same");
    return;
  }
  require(
      other_data == OtherData::kMeant,
      "{}: was trained on other data, or with other options of the data; give the data of the run, start another run "
      "with --init-from, or say --new-data",
      run_.state().string());
  notice(fmt::format("continues at step {} on other data: the best model is judged anew", at_.step));
  at_.best_step = -1;
  at_.best_total = 0;
  at_.best_metrics.clear();
  at_.setbacks = 0;
}

bool Trainer::resume(OtherData other_data) {
  bool has_state = false;
  if (is_first()) {
    has_state = is_there(run_.state());
    // Starting from step 0 would overwrite what was trained.
    for (const std::filesystem::path& trained : {run_.best(), run_.last()})
      require(has_state || !is_there(trained),
              "{}: is missing, so the run cannot continue; start another one from its weights with --init-from {} and "
              "--out, or replace it with --overwrite",
              run_.state().string(), trained.string());
    if (has_state) {
      const TrainingState state = load_state();
      seconds_before_ = state.seconds;
      accept_data(state.data, other_data);
      if (kind_of(state.device) != kind_of(device_))
        notice(fmt::format("continues at step {} on {} what {} has trained: the results may differ in their last bits",
                           at_.step, kind_of(device_), kind_of(state.device)));
    }
    run_.truncate_metrics(has_state ? at_.step : -1);
    if (events_) events_->start_after(has_state ? at_.step : -1);
    if (has_state) run_.log(fmt::format("resumed at step {}", at_.step));
    if (has_state) resume_plan();
  }
  share_state();
  share_plan();
  follow_plan();
  return has_state || at_.step > 0;
}

void Trainer::start_from(const models::Checkpoint& model) {
  require_start(task_, model);
  BorrowedTask::take_values(task_, model);
}

void Trainer::write_events(const std::function<void(EventWriter&)>& write) {
  if (events_) try_to("writing events", [&] { write(*events_); });
}

void Trainer::record(std::int64_t step, std::string_view split, const Metrics& values) {
  if (!is_first()) return;
  Metrics line = values;
  if (split == kSplitNames[static_cast<int>(Split::kValid)])
    line.push_back({runs::kBestStep, static_cast<double>(at_.best_step)});
  try_to("writing metrics", [&] { run_.append_metrics(step, split, line); });
  write_events([&](EventWriter& events) { events.add_metrics(step, split, values); });
}

void Trainer::report(const StepOutcome& outcome, double seconds) {
  smoothed_seconds_ = smoothed_seconds_ == 0 ? seconds : 0.95 * smoothed_seconds_ + 0.05 * seconds;
  const double rate = static_cast<double>(options_.batch_size) / smoothed_seconds_;
  const std::int64_t done = outcome.step + 1;
  const bool is_last = done == plan_.num_steps();
  if (done % options_.log_every == 0 || done == 1 || is_last) {
    Metrics line = outcome.result.losses;
    line.push_back({"learning_rate", outcome.learning_rate});
    line.push_back({"gradient_norm", outcome.gradient_norm});
    line.push_back({"seconds", seconds});
    line.push_back({"examples_per_second", rate});
    record(done, kSplitNames[static_cast<int>(Split::kTrain)], line);
  }
  shown_losses_ = smoothed_losses_.add(outcome.result.losses);
  if (!observer_.on_step) return;
  observer_.on_step(
      {.step = done,
       .num_steps = plan_.is_known() ? plan_.num_steps() : 0,
       .epoch = static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(1, task_.steps_per_epoch())),
       .losses = shown_losses_,
       .learning_rate = outcome.learning_rate,
       .seconds_per_step = smoothed_seconds_,
       .examples_per_second = rate,
       .seconds_left = plan_.is_timed() ? std::max(0.0, plan_.budget() - this->seconds())
                                        : smoothed_seconds_ * static_cast<double>(plan_.num_steps() - done)});
}

bool Trainer::is_due(std::int64_t done) const {
  const auto is_turn = [&](std::int64_t every) { return every > 0 && done % every == 0; };
  return done == 1 || done == plan_.num_steps() || steps_->pending() >= kMostPending || is_turn(options_.log_every) ||
         is_turn(options_.valid_every) || is_turn(options_.test_every) || is_turn(options_.sample_every) ||
         is_turn(options_.save_every);
}

void Trainer::look(bool is_last) {
  const auto is_turn = [&](std::int64_t every) { return every > 0 && (is_last || at_.step % every == 0); };
  const bool validates = is_turn(options_.valid_every), draws = is_first() && is_turn(options_.sample_every);
  if (is_first() && (validates || draws)) steps_->to_host();
  if (validates) try_to("validation", [&] { validate(); });
  if (is_first() && validates && (is_last || has_histograms(at_.step / options_.valid_every)))
    try_to("histograms", [&] { watch_layers(); });
  if (is_turn(options_.test_every)) try_to("the test", [&] { test(); });
  if (draws) try_to("the sample picture", [&] { draw(); });
}

TrainResult Trainer::run() {
  const kernels::FlushDenormals flush;  // as the kernels' own threads do
  const auto log = [&](const std::string& message) {
    if (is_first()) try_to("writing the log", [&] { run_.log(message); });
  };
  follow_plan();
  if (at_.step == 0)
    log(plan_.is_timed() ? fmt::format("started: planned for {}", options_.train_for)
                         : fmt::format("started: {} steps", plan_.num_steps()));
  steps_->from_host(at_.updates);
  if (at_.step == 0)
    save_state(OnFailure::kEnd);  // so that there is a good state to go back to, and a checkpoint to sample from
  bool is_stopped = false;
  auto start = Clock::now();
  const auto tell = [&](std::span<const StepOutcome> outcomes) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    for (const StepOutcome& outcome : outcomes)
      if (outcome.is_applied) report(outcome, seconds / static_cast<double>(outcomes.size()));
  };
  // In a streak of bad steps nothing can be saved, so it does not stop before the streak's end.
  while (at_.step < plan_.num_steps() && !(is_stopped && bad_in_a_row_ == 0)) {
    const bool is_settled = steps_->pending() == 0;
    if (is_settled) start = Clock::now();
    const double learning_rate = learning_rate_at(options_, at_.step, plan_.num_steps()) * at_.rate_factor;
    const auto is_asked_to_stop = [&] { return observer_.should_stop && observer_.should_stop(); };
    // While steps are under way nobody knows how long one takes.
    const Agreement agreed = steps_->take(at_.step, learning_rate, [&] {
      return Agreement{.stops = group_ != nullptr && is_asked_to_stop(), .planned = is_settled ? better_plan() : 0};
    });
    is_stopped = agreed.stops;
    std::vector<StepOutcome> outcomes;
    if (steps_->is_prompt() || is_stopped || agreed.planned > 0 || is_due(at_.step + 1)) outcomes = steps_->outcomes();
    if (!accept(outcomes)) {
      go_back(at_.step);
      continue;
    }
    ++at_.step;
    if (agreed.planned > 0) {
      const bool is_new = !plan_.is_known();
      plan_.adjust({.from = at_.step, .num_steps = agreed.planned, .budget = plan_.budget()});
      const std::string text = fmt::format("planned: {} steps in {}", agreed.planned, options_.train_for);
      if (is_new)
        notice(text);
      else
        log(text);
    }
    follow_plan();
    tell(outcomes);
    if (group_ == nullptr) is_stopped = is_asked_to_stop();
    const bool is_last = at_.step == plan_.num_steps();
    if ((is_last || is_stopped) && steps_->pending() > 0) {
      outcomes = steps_->outcomes();
      if (!accept(outcomes)) {
        go_back(at_.step);
        continue;
      }
      tell(outcomes);
    }
    look(is_last);
    // A state must not be saved in the middle of a streak of bad steps: it is what the run goes back to.
    const bool is_good = bad_in_a_row_ == 0;
    if (is_last || (is_good && is_stopped))
      save_state(OnFailure::kEnd);
    else if (is_good && at_.step % options_.save_every == 0)
      save_state(OnFailure::kGoOn);
  }
  const bool is_finished = at_.step >= plan_.num_steps();
  steps_->to_host();
  if (is_first() && at_.best_step < 0) registry_.write(run_.best(), with_prior(checkpoint()));
  if (is_first() && !is_finished && at_.step % options_.valid_every != 0)
    try_to("validation", [&] { judge_stopped(); });
  log(fmt::format("{} after step {}", is_finished ? "finished" : "stopped", at_.step));
  if (is_first()) try_to("writing metrics", [&] { run_.flush(); });
  write_events([](EventWriter& events) { events.flush(); });
  return {.step = at_.step, .is_finished = is_finished, .best_total = at_.best_total, .best_step = at_.best_step};
}

}  // namespace limn::train
