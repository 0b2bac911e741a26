#include "limn/core/temporary.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "limn/core/file.hpp"

namespace limn {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".tmp";

constinit std::atomic<unsigned> next_number{0};

// The names of leftovers in the folders that were looked at.
constinit std::mutex seen_mutex;
std::map<fs::path, std::vector<std::string>> seen_folders;

struct TemporaryName {
  std::string_view target;
  pid_t owner;
  unsigned number;
};

// Cuts ".<digits>" from the end of `name`.
template <class Number>
bool cut_number(std::string_view& name, Number& value) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view digits = name.substr(dot + 1);
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return false;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  name = name.substr(0, dot);
  return error == std::errc{} && end == digits.data() + digits.size();
}

std::optional<TemporaryName> parse_name(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kEnding)) return {};
  name.remove_prefix(1);
  name.remove_suffix(kEnding.size());
  TemporaryName parsed{};
  if (!cut_number(name, parsed.number) || !cut_number(name, parsed.owner)) return {};
  parsed.target = name;
  return parsed.target.empty() || parsed.owner <= 0 ? std::nullopt : std::optional(parsed);
}

// In a container each process may have the same number. This process has made no number from `next_number` on.
bool may_own(const TemporaryName& name) {
  if (name.owner == ::getpid()) return name.number < next_number.load();
  return ::kill(name.owner, 0) == 0 || errno != ESRCH;
}

bool is_locked(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return false;
  const bool is_free = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  ::close(descriptor);
  return !is_free;
}

// Everything in the folder that has the name of a temporary and no owner.
std::vector<std::string> leftovers_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;  // a folder that cannot be read cannot be written either, and the writer says why
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (const auto parsed = parse_name(name); parsed && !may_own(*parsed)) names.push_back(std::move(name));
  }
  return names;
}

void remove_if_free(const fs::path& path, const TemporaryName& name) {
  // A process may have got the number since the folder was looked at.
  std::error_code ignored;
  if (!may_own(name) && !is_locked(path)) fs::remove_all(path, ignored);
}

void remove_those_of(const fs::path& target, std::vector<std::string>& names) {
  const std::string wanted = target.filename().string();
  std::erase_if(names, [&](const std::string& name) {
    const auto parsed = parse_name(name);
    if (!parsed || parsed->target != wanted) return false;
    remove_if_free(folder_of(target) / name, *parsed);
    return true;
  });
}

}  // namespace

fs::path folder_of(const fs::path& target) { return target.has_parent_path() ? target.parent_path() : fs::path("."); }

fs::path temporary_name(const fs::path& target) {
  return target.parent_path() /
         fmt::format(".{}.{}.{}{}", target.filename().string(), ::getpid(), next_number.fetch_add(1), kEnding);
}

// Where a file system has no locks, the number of the process alone must do.
void lock_temporary(int descriptor) { (void)::flock(descriptor, LOCK_EX | LOCK_NB); }

void remove_leftovers(const fs::path& target) {
  std::vector<std::string> names = leftovers_in(folder_of(target));
  remove_those_of(target, names);
}

void remove_leftovers_in(const fs::path& folder) {
  for (const std::string& name : leftovers_in(folder))
    if (const auto parsed = parse_name(name)) remove_if_free(folder / name, *parsed);
}

void remove_leftovers_once(const fs::path& target) {
  std::error_code error;
  const fs::path folder = fs::absolute(folder_of(target), error).lexically_normal();
  if (error) return;
  const std::lock_guard lock(seen_mutex);
  const auto [place, is_new] = seen_folders.try_emplace(folder);
  if (is_new) place->second = leftovers_in(folder);
  if (!place->second.empty()) remove_those_of(target, place->second);
}

}  // namespace limn
