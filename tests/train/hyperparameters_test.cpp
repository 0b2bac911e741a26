// Each of Magenta's 28 hyperparameters does something: a tiny run, one option changed, and what it must
// change. What an option leaves alone is asserted too, so that dropout, for one, stays out of evaluation.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "limn/core/file.hpp"
#include "limn/models/checkpoint.hpp"
#include "limn/sketch/doodles.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "limn/train/trainer.hpp"
#include "testing/temporary_folder.hpp"
#include "testing/training.hpp"

namespace limn::train {
namespace {

constexpr std::int64_t kLater = 200;  // a step at which schedules have moved

testing::SketchRnnRun base_options() {
  testing::SketchRnnRun options;
  options.model = {.enc_rnn_size = 6,
                   .dec_rnn_size = 9,
                   .z_size = 4,
                   .num_mixture = 3,
                   .hyper_num_units = 5,
                   .hyper_embedding_size = 2};
  options.data = {.random_scale_factor = 0, .augment_stroke_prob = 0};
  options.train = {.num_steps = 4,
                   .batch_size = 5,
                   .learning_rate = 0.01,
                   .decay_rate = 0.99,
                   .grad_clip = 0.05,
                   .seed = 3,
                   .save_every = 2,
                   .valid_every = 100,
                   .sample_every = 0,
                   .log_every = 1};
  return options;
}

sketch::SketchSplits doodles(std::uint64_t first) {
  sketch::SketchSplits splits;
  const std::array<std::size_t, 3> counts{21, 4, 3};
  for (std::size_t split = 0; split < counts.size(); ++split)
    while (splits.sketches[split].size() < counts[split])
      splits.sketches[split].push_back(sketch::draw_doodle(9, first++).sketch);
  return splits;
}

// What can be seen of a run, by name.
using Observations = std::map<std::string, std::string>;

std::string text_of(const Metrics& metrics) {
  std::ostringstream out;
  for (const auto& m : metrics) out << m.name << ' ' << m.value << '\n';
  return out.str();
}

void observe_task(const testing::SketchRnnRun& options, const std::vector<std::string>& paths, Observations& seen) {
  sketch::StrokeDataset data = sketch::StrokeDataset::load(paths, options.data);
  seen["examples"] = std::to_string(data.size(Split::kTrain));
  seen["N_max"] = std::to_string(data.max_seq_len());
  const auto task = options.task(std::move(data));
  std::ostringstream shapes, weights;
  for (const auto& p : task->parameters()) {
    shapes << p.name << ' ' << shape_text(p.shape) << '\n';
    for (const float w : p.value) weights << w << ' ';
  }
  seen["shapes"] = shapes.str();
  seen["first weights"] = weights.str();
  const models::StepResult first = task->compute_gradients(0), later = task->compute_gradients(kLater);
  seen["batch"] = std::to_string(first.indices.size());
  seen["first loss"] = text_of(first.losses);
  seen["later loss"] = text_of(later.losses);
  seen["evaluation"] = text_of(task->evaluate(Split::kValid, 0, {}));
  std::ostringstream rate;
  rate << learning_rate_at(options.train, kLater, options.train.num_steps);
  seen["later rate"] = rate.str();
}

void observe_run(const testing::SketchRnnRun& options, const std::vector<std::string>& paths,
                 const testing::TemporaryFolder& folder, Observations& seen) {
  const runs::RunDirectory run(folder / "run", runs::RunDirectory::Mode::kFresh);
  const auto task = options.task(sketch::StrokeDataset::load(paths, options.data));
  std::ostringstream saves;
  std::set<std::int64_t> saved;
  const models::Registry registry = models::standard_registry();
  Trainer trainer(*task, registry, options.train, run,
                  {.on_step =
                       [&](const Progress&) {
                         if (std::filesystem::exists(run.last()))
                           saved.insert(models::read_checkpoint(run.last()).step);
                       },
                   .on_validation = {},
                   .on_notice = {},
                   .should_stop = {}});
  seen["steps"] = std::to_string(trainer.run().step);
  saved.insert(models::read_checkpoint(run.last()).step);
  for (const auto step : saved) saves << step << ' ';
  seen["saves"] = saves.str();
  std::ostringstream kept;
  for (const auto& [name, values] : models::read_checkpoint(run.last()).weights)
    for (const float w : values) kept << w << ' ';
  seen["checkpoint"] = kept.str();
  std::ostringstream weights;
  for (const auto& p : task->parameters())
    for (const float w : p.value) weights << w << ' ';
  seen["weights"] = weights.str();
}

Observations observe(const testing::SketchRnnRun& options, const std::vector<std::string>& sets = {"one"}) {
  const testing::TemporaryFolder folder;
  std::vector<std::string> paths;
  for (const auto& name : sets) {
    paths.push_back((folder / (name + ".npz")).string());
    sketch::write_sketches(paths.back(), doodles(name == "one" ? 0 : 100));
  }
  Observations seen;
  observe_task(options, paths, seen);
  observe_run(options, paths, folder, seen);
  return seen;
}

struct Case {
  std::string changed;                 // name=value
  std::vector<std::string> changes;    // observations that must differ
  std::vector<std::string> keeps;      // and that must not
  std::vector<std::string> both = {};  // set in both runs
};

const std::vector<std::string> kAllOfLoss{"first loss", "later loss"};

std::vector<Case> cases() {
  const std::vector<std::string> input_on{"use_input_dropout=true", "use_recurrent_dropout=false"};
  const std::vector<std::string> output_on{"use_output_dropout=true", "use_recurrent_dropout=false"};
  return {
      {"num_steps=3", {"steps", "weights"}, {"first loss", "later rate"}},
      {"schedule=plan", {"weights", "later rate"}, {"first loss", "evaluation"}},
      {"average_weights=true", {"checkpoint"}, {"weights", "first loss", "later rate"}},
      {"average_eta=1", {"checkpoint"}, {"weights", "first loss"}, {"average_weights=true"}},
      {"save_every=1", {"saves"}, {"weights"}},
      {"max_seq_len=30", {"examples", "N_max"}, {"shapes", "first weights"}},
      {"dec_rnn_size=10", {"shapes", "first loss"}, {"batch"}},
      {"dec_model=layer_norm", {"shapes", "first loss"}, {"batch"}},
      {"dec_model=hyper", {"shapes", "first loss"}, {"batch"}},
      {"enc_rnn_size=7", {"shapes", "first loss"}, {"batch"}},
      {"enc_model=layer_norm", {"shapes", "first loss"}, {"batch"}},
      {"enc_model=hyper", {"shapes", "first loss"}, {"batch"}},
      {"z_size=5", {"shapes", "first loss"}, {"batch"}},
      {"num_mixture=4", {"shapes", "first loss"}, {"batch"}},
      {"conditional=false", {"shapes", "first loss", "evaluation"}, {"batch"}},
      {"kl_weight=0.9", {"later loss", "evaluation"}, {"first loss", "first weights"}},
      {"kl_weight_start=0.2", {"first loss", "later loss"}, {"evaluation"}},
      {"kl_decay_rate=0.9", {"later loss"}, {"first loss", "evaluation"}},
      {"kl_tolerance=0.7", {"first loss", "evaluation"}, {"first weights"}},
      {"batch_size=6", {"batch", "first loss", "weights"}, {"first weights", "evaluation"}},
      {"grad_clip=0.001", {"weights"}, {"first loss", "evaluation"}},
      {"learning_rate=0.02", {"weights", "later rate"}, {"first loss"}},
      {"decay_rate=0.5", {"weights", "later rate"}, {"first loss"}},
      {"min_learning_rate=0.005", {"weights", "later rate"}, {"first loss"}},
      {"use_recurrent_dropout=false", kAllOfLoss, {"evaluation", "first weights"}},
      {"recurrent_dropout_prob=0.4", kAllOfLoss, {"evaluation", "first weights"}},
      {"use_input_dropout=true", kAllOfLoss, {"evaluation", "first weights"}},
      {"input_dropout_prob=0.4", kAllOfLoss, {"evaluation", "first weights"}, input_on},
      {"use_output_dropout=true", kAllOfLoss, {"evaluation", "first weights"}},
      {"output_dropout_prob=0.4", kAllOfLoss, {"evaluation", "first weights"}, output_on},
      {"random_scale_factor=0.3", kAllOfLoss, {"evaluation", "first weights", "examples"}},
      {"augment_stroke_prob=0.5", kAllOfLoss, {"evaluation", "first weights", "examples"}},
  };
}

void compare(const Case& c, const Observations& before, const Observations& after) {
  for (const auto& name : c.changes)
    EXPECT_NE(before.at(name), after.at(name)) << c.changed << " does not change: " << name;
  for (const auto& name : c.keeps) EXPECT_EQ(before.at(name), after.at(name)) << c.changed << " changes: " << name;
}

TEST(Hyperparameters, EachHasAnEffectAndNoOther) {
  std::map<std::vector<std::string>, Observations> bases;
  for (const Case& c : cases()) {
    testing::SketchRnnRun options = base_options();
    set_options(options.fields(), c.both);
    if (!bases.contains(c.both)) bases[c.both] = observe(options);
    set_options(options.fields(), std::vector{c.changed});
    compare(c, bases.at(c.both), observe(options));
  }
}

TEST(Hyperparameters, SeveralDataSetsAreJoined) {
  const auto options = base_options();
  const auto one = observe(options), both = observe(options, {"one", "two"});
  EXPECT_EQ(one.at("examples"), "21");
  EXPECT_EQ(both.at("examples"), "42");
  EXPECT_NE(one.at("evaluation"), both.at("evaluation"));
}

// With data_set, which is not an option but the data: as many as Magenta has, under its names, besides limn's own.
TEST(Hyperparameters, AreMagentas) {
  const std::set<std::string> own{"schedule", "average_weights", "average_eta"};
  std::set<std::string> covered{"data_set"};
  for (const Case& c : cases())
    if (const std::string name = c.changed.substr(0, c.changed.find('=')); !own.contains(name)) covered.insert(name);
  EXPECT_EQ(covered.size(), 28U);
  testing::SketchRnnRun options;
  std::set<std::string> known;
  for (const auto& field : options.fields()) known.insert(field.name);
  for (const auto& name : covered) EXPECT_TRUE(name == "data_set" || known.contains(name)) << name;
}

}  // namespace
}  // namespace limn::train
