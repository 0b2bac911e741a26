#include "app/processes.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/interrupts.hpp"
#include "limn/core/error.hpp"
#include "limn/core/thread.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::app {
namespace {

// In the environment of the processes: the descriptor of the pipe that takes their errors.
constexpr const char* kLaunched = "LIMN_LAUNCHED";
// How long the others have to notice by themselves that one is gone, and to say so.
constexpr auto kGrace = std::chrono::seconds(15);

struct Child {
  pid_t pid = 0;
  bool has_ended = false;
  int status = 0;
};

// A port of the loopback device that nobody uses at this moment.
int free_port() {
  const int handle = socket(AF_INET, SOCK_STREAM, 0);
  require(handle >= 0, "--nproc: cannot open a socket: {}", std::strerror(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool is_bound = bind(handle, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(handle);
  require(is_bound, "--nproc: cannot bind to the loopback device: {}", std::strerror(errno));
  return ntohs(address.sin_port);
}

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> words;
  for (std::size_t first = 0; first < all.size(); first = all.find('\0', first) + 1)
    words.emplace_back(all.c_str() + first);
  return words;
}

// A pipe that this process reads without waiting, and that those which it starts inherit the other end of.
struct ErrorPipe {
  int reading = -1, writing = -1;

  ErrorPipe() {
    int ends[2];
    require(pipe(ends) == 0, "--nproc: cannot make a pipe: {}", std::strerror(errno));
    reading = ends[0];
    writing = ends[1];
    fcntl(reading, F_SETFD, FD_CLOEXEC);
    fcntl(reading, F_SETFL, O_NONBLOCK);
  }
  ~ErrorPipe() {
    close(reading);
    close(writing);
  }
  ErrorPipe(const ErrorPipe&) = delete;
  ErrorPipe& operator=(const ErrorPipe&) = delete;

  // The first error that came, or "". Each ends with a newline.
  [[nodiscard]] std::string first() const {
    std::string all;
    char some[PIPE_BUF];
    for (ssize_t n; (n = read(reading, some, sizeof some)) > 0;) all.append(some, static_cast<std::size_t>(n));
    return all.substr(0, all.find('\n'));
  }
};

void set_environment(int rank, int count, int port, const ErrorPipe& errors) {
  const auto set = [](const char* name, const std::string& value) { setenv(name, value.c_str(), 1); };
  set(kLaunched, std::to_string(errors.writing));
  set("MASTER_ADDR", "127.0.0.1");
  set("MASTER_PORT", std::to_string(port));
  set("RANK", std::to_string(rank));
  set("LOCAL_RANK", std::to_string(rank));
  set("WORLD_SIZE", std::to_string(count));
  const int threads = std::max(1, kernels::default_thread_count() / count);
  setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), 0);
}

Child start(int rank, int count, int port, const ErrorPipe& errors, const std::vector<std::string>& words) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  require(pid >= 0, "--nproc: cannot start process {}: {}; {}", rank, std::strerror(errno), kProcessLimitAdvice);
  if (pid > 0) return {.pid = pid};
  setpgid(0, 0);                     // a terminal's Ctrl-C goes to the parent alone, which hands it on
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // no process outlives the one that the user sees
  if (getppid() != parent) _exit(1);
  set_environment(rank, count, port, errors);
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (auto& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv("/proc/self/exe", argv.data());
  _exit(127);
}

void signal_all(const std::vector<Child>& children, int number) {
  for (const auto& child : children)
    if (!child.has_ended) kill(child.pid, number);
}

void collect(std::vector<Child>& children) {
  for (auto& child : children)
    if (!child.has_ended && waitpid(child.pid, &child.status, WNOHANG) == child.pid) child.has_ended = true;
}

bool has_failed(const Child& child) {
  const bool is_stopped = WIFEXITED(child.status) && WEXITSTATUS(child.status) == 128 + SIGTERM;
  return child.has_ended && child.status != 0 && !is_stopped;
}

}  // namespace

bool is_launched() { return std::getenv(kLaunched) != nullptr; }

bool tell_parent(const std::string& error) {
  if (!is_launched()) return false;
  const int descriptor = std::atoi(std::getenv(kLaunched));
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISFIFO(status.st_mode)) return false;
  // So short that the errors of several processes do not mix.
  const std::string line = error.substr(0, PIPE_BUF - 1) + "\n";
  return write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

void run_processes(int count) {
  const auto words = own_arguments();
  const int port = free_port();
  watch_for_interrupts();
  const ErrorPipe errors;
  std::vector<Child> children;
  for (int rank = 0; rank < count; ++rank) children.push_back(start(rank, count, port, errors, words));

  bool is_handed_on = false, is_grace_over = false;
  std::optional<std::chrono::steady_clock::time_point> end;
  while (std::ranges::any_of(children, [](const Child& c) { return !c.has_ended; })) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    collect(children);
    if (is_interrupted() && !is_handed_on) {
      is_handed_on = true;
      signal_all(children, SIGTERM);
    }
    if (end) {
      is_grace_over = std::chrono::steady_clock::now() > *end;
      if (is_grace_over) signal_all(children, SIGKILL);
    } else if (std::ranges::any_of(children, has_failed)) {
      end = std::chrono::steady_clock::now() + kGrace;
    }
  }
  const auto status_of = [&](int rank) { return children[static_cast<std::size_t>(rank)].status; };
  for (int rank = 0; rank < count && !is_grace_over; ++rank)
    require(!WIFSIGNALED(status_of(rank)), "training process {} of {} was ended by signal {}; continue with --resume",
            rank, count, WTERMSIG(status_of(rank)));
  if (const std::string error = errors.first(); !error.empty()) fail("{}", error);
  for (int rank = 0; rank < count; ++rank)
    require(!has_failed(children[static_cast<std::size_t>(rank)]),
            "training process {} of {} ended with status {}; continue with --resume", rank, count,
            WEXITSTATUS(status_of(rank)));
  if (std::ranges::any_of(children, [](const Child& c) { return c.status != 0; }))
    throw Interrupted{is_interrupted() ? interrupt_signal() : SIGTERM};
}

}  // namespace limn::app
