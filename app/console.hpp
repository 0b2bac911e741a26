// The display while limn works: one live line on a terminal, a plain line now and then elsewhere. On stderr.
#pragma once

#include <chrono>
#include <string>

#include "limn/train/trainer.hpp"

namespace limn::app {

class Console {
 public:
  explicit Console(bool is_quiet);

  void show(const train::Progress& progress);
  // Losses on a split that training does not see.
  void show_losses(std::string_view split, std::int64_t step, const Metrics& metrics, bool is_best = false);
  // A line of its own, above the live one. Shown even when quiet if `is_important`.
  void line(const std::string& text, bool is_important = false);
  // Leaves the live line standing and goes to the next.
  void finish();

 private:
  void clear_live();

  bool is_quiet_;
  bool is_terminal_;
  bool has_live_line_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace limn::app
