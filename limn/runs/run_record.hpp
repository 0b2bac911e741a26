// The record of a run so far, for its readers: limn plot, limn watch and the studio. A run may be read while
// it trains and after it was killed; a line that is not whole is skipped. Plain functions; nothing is kept between
// calls.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limn/core/metrics.hpp"

namespace limn::runs {

// Of a line of validation in metrics.jsonl: the step of the best model so far.
inline constexpr const char* kBestStep = "best_step";

// Values of one loss on one split, by step.
struct LossCurve {
  std::vector<double> steps;
  std::vector<double> values;
};

struct RunRecord {
  std::string family;          // "sketch-rnn", "vae" or "draw"; empty where config.toml does not say
  std::int64_t num_steps = 0;  // of the whole run, as planned so far; 0 where that is not known
  bool is_in_nats = true;      // whether its losses are: those of likelihood=mse are only up to a constant
  std::int64_t step = 0;       // the last one written
  std::map<std::pair<std::string, std::string>, LossCurve> curves;  // by (loss, split)
  Metrics last_train;     // the figures of the last training line, losses first
  double best_total = 0;  // on validation, where best_step > 0
  std::int64_t best_step = 0;
  std::filesystem::path last_sample;   // the newest picture; empty if there is none yet
  std::string last_message;            // the last line of log.txt
  double idle_seconds = 0;             // since the run last wrote a line
  std::optional<bool> is_in_use = {};  // whether a process holds the run directory, where the file system can say so

  [[nodiscard]] bool is_finished() const { return num_steps > 0 && step >= num_steps; }
  // Whether a process trains it. Where is_in_use does not say: whether it has written as recently as one that trains
  // would, within a minute or 30 times as long as its steps between two lines take.
  [[nodiscard]] bool seems_to_run() const;
  // Of the rest, at the speed of the last line; NaN where it is not known.
  [[nodiscard]] double seconds_left() const;
};

// Throws Error naming the folder if it holds no run.
[[nodiscard]] RunRecord read_run(const std::filesystem::path& root);

// Means over windows of neighbouring values, so that a curve has at most `most_points`.
[[nodiscard]] LossCurve thinned(const LossCurve& curve, std::size_t most_points);

}  // namespace limn::runs
