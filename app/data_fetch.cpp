// limn data fetch: public data sets and models, downloaded with progress and gone on with after an
// interruption.
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "app/commands.hpp"
#include "app/duration.hpp"
#include "app/interrupts.hpp"
#include "app/printing.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/json.hpp"
#include "limn/fetch/http_get.hpp"
#include "limn/fetch/md5.hpp"
#include "limn/fetch/part_file.hpp"
#include "limn/fetch/sources.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;
using json = OrderedJson;
using Clock = std::chrono::steady_clock;

struct FetchArguments {
  std::vector<std::string> sources;
  std::string to;
  std::string format;
  std::string from;
  bool overwrites = false;
  bool is_unchecked = false;
  bool is_json = false;
  bool is_quiet = false;
};

// On stderr: one live line on a terminal, a plain one now and then elsewhere.
class FetchProgress {
 public:
  FetchProgress(std::string name, bool is_quiet)
      : name_(std::move(name)),
        is_quiet_(is_quiet),
        is_terminal_(::isatty(STDERR_FILENO) == 1),
        next_(Clock::now() + pause()) {}
  ~FetchProgress() { clear(); }
  FetchProgress(const FetchProgress&) = delete;
  FetchProgress& operator=(const FetchProgress&) = delete;

  void show(const fetch::DownloadProgress& p) {
    const auto now = Clock::now();
    if (is_quiet_ || now < next_) return;
    next_ = now + pause();
    const std::string amount =
        p.total > 0
            ? fmt::format("{:3.0f} %  {} of {}", 100.0 * static_cast<double>(p.received) / static_cast<double>(p.total),
                          size_text(p.received), size_text(p.total))
            : size_text(p.received);
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const auto rate = static_cast<std::int64_t>(static_cast<double>(p.received - p.resumed_from) / seconds);
    say("{}{}  {}  {}/s{}", is_terminal_ ? "\r\x1b[K" : "", name_, amount, size_text(rate), is_terminal_ ? "" : "\n");
    has_live_line_ = is_terminal_;
  }
  void note(const std::string& reason) {
    if (is_quiet_) return;
    clear();
    say("limn: note: {}; trying again\n", reason);
  }

 private:
  [[nodiscard]] Clock::duration pause() const {
    using namespace std::chrono_literals;
    return is_terminal_ ? Clock::duration(200ms) : Clock::duration(5s);
  }
  void clear() {
    if (has_live_line_) say("\r\x1b[K");
    has_live_line_ = false;
  }

  std::string name_;
  bool is_quiet_;
  bool is_terminal_;
  bool has_live_line_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
};

// A file that is there stays, unless it is known to be another.
json keep(const fetch::SourceFile& file, const fs::path& path, const FetchArguments& a) {
  const std::string md5 = fetch::md5_of_file(path);
  const bool is_checked = !a.is_unchecked && !file.remote.md5.empty();
  require(!is_checked || md5 == file.remote.md5,
          "{}: is there already, but its MD5 is {} where {} was published; --overwrite fetches it anew, "
          "--unchecked keeps it",
          path.string(), md5, file.remote.md5);
  fetch::remove_note_of_whole_file(path);
  return {{"path", path.string()},
          {"bytes", fs::file_size(path)},
          {"md5", md5},
          {"is_md5_checked", is_checked},
          {"status", "kept"}};
}

json fetch(const fetch::SourceFile& file, const fs::path& path, const FetchArguments& a) {
  std::error_code ignored;
  if (!a.overwrites && fs::exists(path, ignored)) return keep(file, path, a);
  FetchProgress progress(file.name, a.is_quiet);
  fetch::RemoteFile remote = file.remote;
  if (a.is_unchecked) remote.md5.clear();
  const auto result = fetch::download(remote, path,
                                      {.on_progress = [&](const fetch::DownloadProgress& p) { progress.show(p); },
                                       .on_retry = [&](const std::string& reason) { progress.note(reason); },
                                       .should_stop = is_interrupted});
  return {{"path", path.string()},
          {"url", remote.url},
          {"bytes", result.bytes},
          {"md5", result.md5},
          {"is_md5_checked", result.is_md5_checked},
          {"resumed_from", result.resumed_from},
          {"status", "fetched"}};
}

void report(const json& file, const FetchArguments& a) {
  if (a.is_json) return;
  print("{}\n", file["path"].get<std::string>());
  flush_output();
  if (a.is_quiet) return;
  say("  {}, {}{}\n", size_text(file["bytes"].get<std::int64_t>()),
      file["status"] == "kept" ? "was there already" : "fetched",
      file["is_md5_checked"] == true ? ", its MD5 agrees" : "");
}

void fetch_all(const FetchArguments& a) {
  // Everything that can be wrong with the names is found before anything is fetched.
  std::vector<fetch::SourceFiles> sources;
  for (const std::string& source : a.sources) sources.push_back(fetch::files_of_source(source, a.format, a.from));
  for (const fetch::SourceFiles& source : sources)
    for (const fetch::SourceFile& file : source.files) fetch::check_url(file.remote.url);
  watch_for_interrupts();
  json all = json::array();
  for (const fetch::SourceFiles& source : sources) {
    const fs::path folder = a.to.empty() ? fs::path("data") / source.folder : fs::path(a.to);
    make_directories(folder);
    for (const fetch::SourceFile& file : source.files) {
      all.push_back(fetch(file, folder / file.name, a));
      report(all.back(), a);
    }
  }
  if (a.is_json) print("{}\n", json_text(json{{"files", all}}));
}

}  // namespace

void add_data_fetch(const Command& data) {
  const Command command = data.add_command("fetch", "download public data sets and models");
  auto a = std::make_shared<FetchArguments>();
  command.add("SOURCE", &a->sources, "quickdraw:CATEGORY, mnist, fashion-mnist or magenta:MODEL, see below").required();
  command.add("--to", &a->to, "folder for the files [data/quickdraw, data/mnist, …]").named("DIR");
  command.add("--format", &a->format, "one of the source's formats, see below [its first]").named("NAME");
  command.add("--from", &a->from, "another address: file F is at URL/F").named("URL");
  command.add("--overwrite", &a->overwrites, "fetch again what is there");
  command.add("--unchecked", &a->is_unchecked, "do not compare with the published MD5, for sets that were repacked");
  command.add("--json", &a->is_json, "one JSON object at the end");
  command.add("--quiet", &a->is_quiet, "no progress");
  command.set_footer(
      "\nAn interrupted download continues where it stopped.\n\nSources, their formats and "
      "addresses:\n" +
      fetch::sources_help() +
      "\nExamples:\n"
      "  limn data fetch quickdraw:cat \"quickdraw:alarm clock\"\n"
      "  limn data fetch quickdraw:cat --format ndjson --to downloads\n"
      "  limn data fetch mnist --from https://ossci-datasets.s3.amazonaws.com/mnist\n");
  command.set_action([a] { fetch_all(*a); });
}

}  // namespace limn::app
