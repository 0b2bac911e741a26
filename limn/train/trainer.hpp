// The training loop: one for every model. It steps Adam over a task, validates, keeps the best and the last
// checkpoint, and saves a state from which a killed run continues bit for bit. One thread; it calls the observer
// on that thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "limn/core/smoothed_metrics.hpp"
#include "limn/models/registry.hpp"
#include "limn/models/training.hpp"
#include "limn/runs/run_directory.hpp"
#include "limn/train/event_writer.hpp"
#include "limn/train/options.hpp"
#include "limn/train/plan.hpp"
#include "limn/train/process_group.hpp"
#include "limn/train/steps.hpp"
#include "limn/train/training_state.hpp"
#include "limn/train/troubles.hpp"
#include "limn/train/weight_average.hpp"

namespace limn::train {

// The figures of a progress display after each step.
struct Progress {
  std::int64_t step = 0;       // steps done
  std::int64_t num_steps = 0;  // steps of the whole run, as planned now; 0 before steps of a time are known
  double epoch = 0;
  Metrics losses;  // running means over about the last 100 steps
  double learning_rate = 0;
  double seconds_per_step = 0;     // smoothed
  double examples_per_second = 0;  // smoothed
  double seconds_left = 0;
};

// Called by the trainer; every member may be empty.
struct TrainObserver {
  std::function<void(const Progress&)> on_step;
  std::function<void(std::int64_t step, const Metrics& metrics, bool is_best)> on_validation;
  std::function<void(const std::string& message)> on_notice;  // something the user should read
  std::function<bool()> should_stop;                          // asked after each step: save, judge and return
  std::function<void(std::int64_t step, const Metrics& metrics)> on_test = {};  // with test_every
  std::function<double()> clock = {};  // seconds since some moment, by which a time is planned; empty: the machine's
};

struct TrainResult {
  std::int64_t step = 0;        // steps done in all
  bool is_finished = false;     // false: stopped on request
  double best_total = 0;        // of the best model, on validation; NaN where the data have no validation split
  std::int64_t best_step = -1;  // -1: no validation gave a finite total
};

// Throws Error naming the model where it is of another family than the task or its tensors have other shapes.
void require_start(const models::TrainingTask& task, const models::Checkpoint& model);

class Trainer {
 public:
  // With a group the processes train and validate together: only the first one reads and writes files and calls the
  // observer's on_validation. The group must outlive the trainer; the batch must hold an example for each process.
  // The registry checks checkpoints before they are written; it must outlive the trainer.
  // `device`: empty for limn's kernels on the CPU, or LibTorch's name of a device, which computes steps and validation;
  // pictures stay on the CPU. Throws Error for a device that is not here.
  Trainer(models::TrainingTask& task, const models::Registry& registry, const TrainOptions& options,
          const runs::RunDirectory& run, TrainObserver observer = {}, ProcessGroup* group = nullptr,
          const std::string& device = "");

  // Loads checkpoints/state.safetensors if there is one; false if the run had not saved yet. Throws Error where the
  // state was trained on other data, unless that is meant: the best model is then judged anew.
  enum class OtherData { kRefused, kMeant };
  bool resume(OtherData other_data = OtherData::kRefused);
  // Starts from the weights and running means of a model; the optimiser starts afresh. Before run(), in a run without a
  // state. Throws as require_start() does.
  void start_from(const models::Checkpoint& model);
  // Steps done so far.
  [[nodiscard]] std::int64_t step() const { return at_.step; }
  // Steps of the whole run, as planned now.
  [[nodiscard]] std::int64_t num_steps() const { return plan_.num_steps(); }
  // Trains to the end of the plan: options.num_steps, or what fits into options.train_for. What only shows (pictures,
  // metrics, events, the log, a validation) never ends a run: where it fails, a notice says so. Throws Error when the
  // first or the last state cannot be written (the earlier checkpoint stays whole; in between, the next save tries
  // again) or when losses stay not finite.
  TrainResult run();

 private:
  [[nodiscard]] bool is_first() const { return group_ == nullptr || group_->is_first(); }
  void share_state();
  void share_average();
  void share_plan();
  // Loads the plan of a run that continues.
  void resume_plan();
  // A better plan that is written down, or 0.
  [[nodiscard]] std::int64_t better_plan();
  // The plan as it is at this step, for the model's schedules too.
  void follow_plan();
  [[nodiscard]] double now() const;
  // Seconds of training so far, those before the last resume included.
  [[nodiscard]] double seconds() const { return seconds_before_ + now() - start_; }
  void check_same_weights();
  // Whether the outcomes of steps must be known after `done` steps: something is written, drawn or judged then.
  [[nodiscard]] bool is_due(std::int64_t done) const;
  // Counts what was applied and says what was not. False where so many in a row were not that the run goes back.
  [[nodiscard]] bool accept(std::span<const StepOutcome> outcomes);
  void go_back(std::int64_t failed);
  // Validation, figures of the test split and a picture, each where it is its turn.
  void look(bool is_last);
  // Of the weights that are kept; all processes make the call and get the same.
  [[nodiscard]] Metrics judge(Split split);
  void validate();
  // Validates a run that is stopped between two validations, on some examples, for its readers: nothing of it is in the
  // state, so that a resumed run ends like one that never stopped.
  void judge_stopped();
  [[nodiscard]] std::int64_t examples_when_stopping() const;
  [[nodiscard]] Metrics figures_of_best(std::int64_t most);
  // Whether a model with these figures takes the place of one with the others, by what training minimises now.
  [[nodiscard]] bool is_better(const Metrics& figures, const Metrics& than) const;
  void test();
  void draw();
  // Histograms of weights, of the last step's gradients and of layer outputs.
  void watch_layers();
  enum class OnFailure { kEnd, kGoOn };
  void save_state(OnFailure on_failure);
  void write_state();
  [[nodiscard]] models::Checkpoint checkpoint() const;
  // The same with the prior of its weights.
  [[nodiscard]] models::Checkpoint with_prior(models::Checkpoint checkpoint);
  // The best model, where it could not be written yet.
  void write_unsaved_best();
  [[nodiscard]] Metrics metrics_of_best_model() const;
  TrainingState load_state();
  void accept_data(const std::string& trained_on, OtherData other_data);
  // Where this build and this process write events.
  void write_events(const std::function<void(EventWriter&)>& write);
  void record(std::int64_t step, std::string_view split, const Metrics& values);
  void report(const StepOutcome& outcome, double seconds);
  void notice(const std::string& message);
  [[nodiscard]] TroubleWatch::Validation watched() const;
  // Does what a run can do without. A failure becomes a notice; those that follow until it works again do not.
  void try_to(const std::string& purpose, const std::function<void()>& work);

  models::TrainingTask& task_;
  const models::Registry& registry_;
  TrainOptions options_;
  const runs::RunDirectory& run_;
  TrainObserver observer_;
  ProcessGroup* group_;
  std::optional<EventWriter> events_;            // of the first process, where the build has them
  std::map<std::string, std::string> failures_;  // by purpose: what try_to() said of it last
  std::optional<models::Checkpoint> unsaved_best_;
  std::string data_;  // fingerprint of the task's
  std::vector<Moments> moments_;
  // mutable: a checkpoint is made while the task holds the average.
  mutable WeightAverage average_;
  std::string device_;
  std::unique_ptr<Steps> steps_;
  Plan plan_;
  double seconds_before_ = 0, start_ = 0;
  Position at_;
  Metrics last_metrics_;
  double smoothed_seconds_ = 0;
  SmoothedMetrics smoothed_losses_;
  Metrics shown_losses_;  // its last means
  TroubleWatch troubles_;
  int bad_in_a_row_ = 0;
};

}  // namespace limn::train
