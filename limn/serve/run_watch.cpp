#include "limn/serve/run_watch.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/fingerprint.hpp"
#include "limn/runs/run_directory.hpp"
#include "limn/serve/studio_models.hpp"

namespace limn::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostPicture = 16 << 20;  // bytes
constexpr std::size_t kMostRuns = 500;
constexpr int kMostFolderDepth = 3;

std::uint64_t hash_of(std::string_view text, std::uint64_t start = Fingerprint::kStart) {
  Fingerprint hash(start);
  hash.add(as_bytes(text));
  return hash.value();
}

// Changes when the file does, also when it is replaced by another of the same size.
std::uint64_t state_of(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return 0;
  return hash_of(
      fmt::format("{} {} {} {}", status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
}

std::int64_t step_of(const std::string& stem) {
  constexpr std::string_view kPrefix = "step-";
  if (!stem.starts_with(kPrefix)) return -1;
  std::int64_t step = -1;
  const char* end = stem.data() + stem.size();
  const auto [stop, error] = std::from_chars(stem.data() + kPrefix.size(), end, step);
  return error == std::errc() && stop == end ? step : -1;
}

// A PNG is taken before an SVG of the same step.
std::map<std::int64_t, std::string> find_samples(const fs::path& folder) {
  std::map<std::int64_t, std::string> samples;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string ending = it->path().extension().string();
    const std::int64_t step = step_of(it->path().stem().string());
    if (step < 0 || (ending != ".png" && ending != ".svg")) continue;
    auto& kept = samples[step];
    if (kept.empty() || ending == ".png") kept = ending.substr(1);
  }
  while (samples.size() > kMostSamples) samples.erase(samples.begin());
  return samples;
}

}  // namespace

// One run's folder and what was last read of it.
class RunWatch::Folder {
 public:
  Folder(fs::path path, std::string id, std::string name)
      : path_(std::move(path)), id_(std::move(id)), name_(std::move(name)) {}

  // Null while nothing can be read.
  std::shared_ptr<const WatchedRun> read() {
    const std::lock_guard lock(mutex_);
    const std::uint64_t state = state_of(path_ / "metrics.jsonl") ^ (3 * state_of(path_ / "config.toml"));
    try {
      if (!is_read_ || state != state_) {
        record_ = runs::read_run(path_);
        for (auto& [key, curve] : record_.curves) curve = runs::thinned(curve, kMostCurvePoints);
        read_at_ = std::chrono::steady_clock::now();
        idle_then_ = record_.idle_seconds;
        state_ = state;
        is_read_ = true;
      }
    } catch (const Error&) {
      return nullptr;  // a run that is being written over: it will be whole in a moment
    }
    record_.is_in_use = runs::RunDirectory::is_in_use(path_);
    auto run = std::make_shared<WatchedRun>();
    record_.idle_seconds =
        idle_then_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - read_at_).count();
    run->id = id_;
    run->name = name_;
    run->record = record_;
    run->samples = find_samples(path_ / "samples");
    run->version = hash_of(fmt::format("{} {}", state, record_.seems_to_run()));
    for (const auto& [step, ending] : run->samples)
      run->version = hash_of(fmt::format("{}{}", step, ending), run->version);
    return run;
  }

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
  const std::string id_, name_;
  std::mutex mutex_;
  bool is_read_ = false;
  std::uint64_t state_ = 0;
  runs::RunRecord record_;
  double idle_then_ = 0;
  std::chrono::steady_clock::time_point read_at_;
};

RunWatch::RunWatch(fs::path root) : root_(std::move(root)) {
  require(fs::is_directory(root_), "{}: is not a folder; give --runs the folder that holds your runs", root_.string());
}
RunWatch::~RunWatch() = default;

// Finds new runs, at most once a second. The caller holds mutex_.
void RunWatch::look_around() const {
  const auto second =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch());
  if (second.count() == looked_at_) return;
  looked_at_ = second.count();
  std::map<std::string, std::shared_ptr<Folder>, std::less<>> found;
  const auto add = [&](const fs::path& path) {
    const fs::path shown =
        path == root_ ? fs::absolute(path).lexically_normal().filename() : path.lexically_relative(root_);
    const std::string name = printable(shown.string());
    const std::string id = fmt::format("{}-{:08x}", slug(name), hash_of(path.string()) & 0xffffffffU);
    const auto known = folders_.find(id);
    found[id] = known != folders_.end() ? known->second : std::make_shared<Folder>(path, id, name);
  };
  std::error_code error;
  if (runs::RunDirectory::holds_run(root_)) add(root_);
  fs::recursive_directory_iterator it(root_, fs::directory_options::skip_permission_denied, error), end;
  for (; !error && it != end && found.size() < kMostRuns; it.increment(error)) {
    if (!it->is_directory(error)) continue;
    const bool is_run = runs::RunDirectory::holds_run(it->path());
    if (is_run) add(it->path());
    if (is_run || it.depth() + 1 >= kMostFolderDepth) it.disable_recursion_pending();
  }
  folders_ = std::move(found);
}

std::vector<std::shared_ptr<const WatchedRun>> RunWatch::runs() const {
  std::vector<std::shared_ptr<Folder>> folders;
  {
    const std::lock_guard lock(mutex_);
    look_around();
    for (const auto& [id, folder] : folders_) folders.push_back(folder);
  }
  std::vector<std::shared_ptr<const WatchedRun>> all;
  for (const auto& folder : folders)
    if (auto run = folder->read()) all.push_back(std::move(run));
  std::ranges::stable_sort(all, {}, [](const auto& run) { return run->record.idle_seconds; });
  return all;
}

std::shared_ptr<RunWatch::Folder> RunWatch::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  look_around();
  const auto found = folders_.find(id);
  return found == folders_.end() ? nullptr : found->second;
}

std::shared_ptr<const WatchedRun> RunWatch::run(std::string_view id) const {
  const auto folder = find(id);
  return folder ? folder->read() : nullptr;
}

RunWatch::Picture RunWatch::sample(std::string_view id, std::int64_t step) const {
  const auto folder = find(id);
  if (!folder) return {};
  const auto samples = find_samples(folder->path() / "samples");
  const auto found = samples.find(step);
  if (found == samples.end()) return {};
  const fs::path path = folder->path() / "samples" / fmt::format("step-{}.{}", step, found->second);
  return {.bytes = read_text_file(path, kMostPicture), .ending = found->second};
}

}  // namespace limn::serve
