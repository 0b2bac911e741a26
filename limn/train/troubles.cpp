#include "limn/train/troubles.hpp"

#include <algorithm>
#include <cmath>

#include "limn/core/error.hpp"

namespace limn::train {
namespace {

// A model at its start looks ill in every way: it gets this share of its plan, and so many steps.
constexpr double kShareToWatch = 0.2;
constexpr std::int64_t kStepsToWait = 200;
// Validations, and the share of the steps so far, without a better model.
constexpr std::int64_t kPatience = 3;
constexpr double kPatientShare = 0.15;
// How much of what validation had gained is lost again.
constexpr double kLoss = 0.01;
// The KL divergence of a model that explodes against that of the best one.
constexpr double kExplosion = 10;
constexpr double kFewestNats = 0.5;
constexpr double kManyBlanks = 0.25;

bool is_young(const TroubleWatch::Validation& now) {
  return now.step < kStepsToWait || static_cast<double>(now.step) < kShareToWatch * static_cast<double>(now.num_steps);
}

double fit(const Metrics& losses) {
  const double reconstruction = metric(losses, "reconstruction");
  return std::isnan(reconstruction) ? metric(losses, "total") : reconstruction;
}

}  // namespace

void TroubleWatch::say(std::vector<std::string>& lines, const char* trouble, const std::string& line) {
  if (line.empty())
    said_.erase(trouble);
  else if (said_.insert(trouble).second)
    lines.push_back(line);
}

std::vector<std::string> TroubleWatch::look(const Validation& now) {
  if (now.valid.empty()) return {};
  seen_.push_back({now.step, now.valid, now.train});
  std::vector<std::string> lines;
  if (is_young(now)) return lines;
  const auto is_less = [&](const Seen& a, const Seen& b) { return now.objective(a.valid) < now.objective(b.valid); };
  const auto best = std::ranges::min_element(seen_, is_less);
  const double first = now.objective(seen_.front().valid), least = now.objective(best->valid);
  const double figure = now.objective(now.valid);
  const double kl = metric(now.valid, "kl"), kl_of_best = metric(best->valid, "kl");

  const bool is_worse_than_untrained = seen_.size() > 1 && !(figure < first);
  const bool explodes = is_worse_than_untrained && !(kl < kExplosion * kl_of_best);
  say(lines, "kl",
      explodes && !std::isnan(kl_of_best)
          ? fmt::format("the KL divergence grew from {:.3g} at step {} to {:.3g}, and validation is worse than at the "
                        "start: try a lower --learning-rate, or --set grad_clip_mode=norm",
                        kl_of_best, best->step, kl)
          : "");

  const bool is_stale = seen_.end() - best > kPatience &&
                        static_cast<double>(now.step - best->step) > kPatientShare * static_cast<double>(now.step);
  const bool is_worse = figure - least > kLoss * (first - least);
  const bool overfits = is_stale && is_worse && fit(now.train) < fit(best->train);
  say(lines, "overfitting",
      overfits ? fmt::format("validation gets worse since step {} while training gets better: the model learns its "
                             "examples by heart; stop here (best keeps step {}), or start again with more data, "
                             "augmentation or a smaller model",
                             best->step, best->step)
               : "");

  const std::optional<double> nats = now.nats_of_latents ? now.nats_of_latents() : std::nullopt;
  say(lines, "collapse",
      nats && *nats < kFewestNats
          ? fmt::format("the decoder ignores z (posterior collapse): another drawing's z does as well, {:.2f} nats "
                        "apart; try a smaller KL weight, for sketches also a larger kl_tolerance",
                        *nats)
          : "");
  return lines;
}

std::vector<std::string> TroubleWatch::look_at_blanks(const Validation& now, std::int64_t blanks, std::int64_t count) {
  std::vector<std::string> lines;
  if (count == 0 || is_young(now)) return lines;
  const bool are_many = static_cast<double>(blanks) > kManyBlanks * static_cast<double>(count);
  say(lines, "blanks",
      are_many ? fmt::format("{} of {} new drawings are blank: z of new drawings lies where no training drawing is; "
                             "use --set fit_prior=true, a smaller kl_weight, or train for longer",
                             blanks, count)
               : "");
  return lines;
}

}  // namespace limn::train
