#include "app/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "app/duration.hpp"
#include "app/printing.hpp"

namespace limn::app {
namespace {

constexpr auto kLiveInterval = std::chrono::milliseconds(100);
constexpr auto kPlainInterval = std::chrono::seconds(10);

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 100;
}

std::string losses_text(const Metrics& losses) {
  std::string text;
  for (const auto& loss : losses)
    if (loss.name != "kl_weight" && !is_detail(loss.name)) text += fmt::format("  {} {:.4f}", loss.name, loss.value);
  return text;
}

std::string bar(double share, int width) {
  const int full = std::clamp(static_cast<int>(share * width), 0, width);
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
}

std::string progress_text(const train::Progress& p) {
  const std::string of = p.num_steps > 0 ? fmt::format("/{}", p.num_steps) : "";
  return fmt::format("step {}{}{}  lr {:.2e}  {:.0f} examples/s  {} left", p.step, of, losses_text(p.losses),
                     p.learning_rate, p.examples_per_second, duration_text(p.seconds_left));
}

}  // namespace

Console::Console(bool is_quiet)
    : is_quiet_(is_quiet), is_terminal_(isatty(STDERR_FILENO) == 1), next_(std::chrono::steady_clock::now()) {}

void Console::clear_live() {
  if (has_live_line_) write_message("\r\033[K");
  has_live_line_ = false;
}

void Console::show(const train::Progress& p) {
  if (is_quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_ && p.step != p.num_steps) return;
  if (!is_terminal_) {
    next_ = now + kPlainInterval;
    say("{}\n", progress_text(p));
    return;
  }
  next_ = now + kLiveInterval;
  const double share = p.num_steps ? static_cast<double>(p.step) / static_cast<double>(p.num_steps) : 0.0;
  std::string text = bar(share, 20) + " " + progress_text(p);
  text.resize(std::min(text.size(), terminal_width() - 1));
  clear_live();
  write_message(text);
  has_live_line_ = true;
}

void Console::show_losses(std::string_view split, std::int64_t step, const Metrics& metrics, bool is_best) {
  line(fmt::format("step {}  {}:{}{}", step, split, losses_text(metrics), is_best ? "  (best)" : ""));
}

void Console::line(const std::string& text, bool is_important) {
  if (is_quiet_ && !is_important) return;
  clear_live();
  say("{}\n", text);
}

void Console::finish() {
  if (has_live_line_) write_message("\n");
  has_live_line_ = false;
}

}  // namespace limn::app
