#include "limn/runs/run_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <sstream>
#include <thread>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json.hpp"

namespace limn::runs {
namespace {

namespace fs = std::filesystem;

// What is left of a run whose config.toml is gone: something that a new run would mix with its own or overwrite.
bool holds_files_of_run(const fs::path& root) {
  const fs::path checkpoints = root / "checkpoints";
  std::error_code ignored;  // a folder that cannot be read cannot be written either, and that says why
  return is_there(root / "metrics.jsonl") || (is_there(checkpoints) && !fs::is_empty(checkpoints, ignored));
}

// Only what a run wrote: a folder named by mistake keeps everything else.
void delete_run(const fs::path& root) {
  for (const char* name : {"config.toml", "plan.jsonl", "metrics.jsonl", "log.txt"}) fs::remove(root / name);
  for (const char* name : {"checkpoints", "samples"}) fs::remove_all(root / name);
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) fs::remove(entry.path());
}

constexpr std::string_view kNumbered = "step-";

// Of "step-500.safetensors" 500; nothing of any other name.
std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kNumbered)) return std::nullopt;
  name.remove_prefix(kNumbered.size());
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc() || std::string_view(end, name.data() + name.size()) != ".safetensors") return std::nullopt;
  return step;
}

constexpr int kTries = 10;
constexpr auto kPause = std::chrono::milliseconds(10);

// Takes the lock unless another holds it. True too where there are no locks.
bool is_free(int descriptor, int kind) { return ::flock(descriptor, kind | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

}  // namespace

// An advisory lock on the folder itself, which ends with the process however that ends. On file systems without locks
// it holds nobody up.
class RunDirectory::Lock {
 public:
  explicit Lock(const fs::path& folder) : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    // A reader that looks whether the run is in use has the lock for a moment.
    for (int tries = 1; descriptor_ >= 0 && !is_free(descriptor_, LOCK_EX); ++tries) {
      if (tries < kTries) {
        std::this_thread::sleep_for(kPause);
        continue;
      }
      ::close(descriptor_);
      fail("{}: another limn is training this run; stop it first, or choose another --out", folder.string());
    }
  }
  ~Lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int descriptor_;
};

std::optional<bool> RunDirectory::is_in_use(const fs::path& root) {
  const int descriptor = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  // Shared, so that several readers do not take each other for a training.
  const bool is_locked_now = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  const bool is_held = !is_locked_now && errno == EWOULDBLOCK;
  ::close(descriptor);
  if (!is_locked_now && !is_held) return std::nullopt;
  return is_held;
}

bool RunDirectory::holds_run(const fs::path& root) {
  std::error_code ignored;
  return fs::exists(root / "config.toml", ignored);
}

void RunDirectory::require_run(const fs::path& root) {
  if (is_there(root / "config.toml")) return;
  if (holds_files_of_run(root))
    fail(
        "{}: holds files of a run without its config.toml, so it cannot continue; replace them with --overwrite, or "
        "choose another --out",
        root.string());
  fail("{}: holds no run to resume; leave --resume out to start one", root.string());
}

RunDirectory::RunDirectory(fs::path root, Mode mode)
    : root_(std::move(root)),
      log_(std::make_shared<GrowingFile>(root_ / "log.txt")),
      metrics_(std::make_shared<GrowingFile>(root_ / "metrics.jsonl")) {
  if (mode == Mode::kNamed) return;
  const bool has_run = is_there(config()), has_anything = has_run || holds_files_of_run(root_);
  if (mode == Mode::kFresh && has_run)
    fail("{}: holds another run; continue it with --resume, replace it with --overwrite, or choose another --out",
         root_.string());
  if (mode == Mode::kResume || (mode == Mode::kFresh && has_anything)) require_run(root_);
  make_directories(root_);
  lock_ = std::make_shared<const Lock>(root_);
  if (mode == Mode::kOverwrite && has_anything) {
    try {
      delete_run(root_);
    } catch (const fs::filesystem_error& error) {
      fail("{}: cannot remove the old run: {}", root_.string(), error.code().message());
    }
  }
  make_directories(root_ / "checkpoints");
  make_directories(root_ / "samples");
  for (const fs::path& written : {config(), plan(), metrics()}) remove_leftovers(written);
  for (const char* own : {"checkpoints", "samples"}) remove_leftovers_in(root_ / own);
}

fs::path RunDirectory::numbered(std::int64_t step) const {
  return root_ / "checkpoints" / fmt::format("{}{}.safetensors", kNumbered, step);
}

void RunDirectory::remove_numbered(std::int64_t kept) const {
  std::vector<std::pair<std::int64_t, fs::path>> numbered;
  std::error_code error;
  for (fs::directory_iterator entry(root_ / "checkpoints", error), end; !error && entry != end; entry.increment(error))
    if (const auto step = step_of(entry->path().filename().string())) numbered.emplace_back(*step, entry->path());
  require(!error, "{}: cannot read the folder: {}", (root_ / "checkpoints").string(), error.message());
  std::ranges::sort(numbered);
  for (std::size_t i = 0; i + static_cast<std::size_t>(kept) < numbered.size(); ++i) {
    fs::remove(numbered[i].second, error);
    require(!error, "{}: cannot be removed: {}", numbered[i].second.string(), error.message());
  }
}

fs::path RunDirectory::samples_stem(std::int64_t step) const {
  return root_ / "samples" / fmt::format("step-{}", step);
}

void RunDirectory::log(std::string_view message) const {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &parts);
  log_->append_line(fmt::format("{} {}", stamp, message));
}

void RunDirectory::append_metrics(std::int64_t step, std::string_view split, const Metrics& values) const {
  OrderedJson line{{"step", step}, {"split", split}};
  // JSON has no NaN: what is not finite becomes null.
  for (const auto& [name, value] : values) {
    if (std::isfinite(value))
      line[name] = value;
    else
      line[name] = nullptr;
  }
  metrics_->append_line(json_text(line));
}

void RunDirectory::flush() const {
  log_->flush();
  metrics_->flush();
}

void RunDirectory::truncate_metrics(std::int64_t step) const {
  if (!is_there(metrics())) return;
  std::istringstream lines(read_text_file(metrics()));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const Json object = parse_json(line);
    if (!object.is_object() || !object.contains("step") || !object["step"].is_number_integer()) continue;
    if (object["step"].get<std::int64_t>() <= step) kept += line + "\n";
  }
  write_file(metrics(), kept);
}

}  // namespace limn::runs
