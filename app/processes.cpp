#include "app/processes.hpp"

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "app/interrupts.hpp"
#include "limn/core/error.hpp"
#include "limn/kernels/threads/parallel.hpp"

namespace limn::app {
namespace {

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

void set_environment(int rank, int count, int port) {
  const auto set = [](const char* name, const std::string& value) { setenv(name, value.c_str(), 1); };
  set(kLaunched, "1");
  set("MASTER_ADDR", "127.0.0.1");
  set("MASTER_PORT", std::to_string(port));
  set("RANK", std::to_string(rank));
  set("LOCAL_RANK", std::to_string(rank));
  set("WORLD_SIZE", std::to_string(count));
  const int threads = std::max(1, kernels::default_thread_count() / count);
  setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), 0);
}

Child start(int rank, int count, int port, const std::vector<std::string>& words) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  require(pid >= 0, "--nproc: cannot start process {}: {}", rank, std::strerror(errno));
  if (pid > 0) return {.pid = pid};
  setpgid(0, 0);                     // a terminal's Ctrl-C goes to the parent alone, which hands it on
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // no process outlives the one that the user sees
  if (getppid() != parent) _exit(1);
  set_environment(rank, count, port);
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

std::string fate(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

bool is_launched() { return std::getenv(kLaunched) != nullptr; }

void run_processes(int count) {
  const auto words = own_arguments();
  const int port = free_port();
  watch_for_interrupts();
  std::vector<Child> children;
  for (int rank = 0; rank < count; ++rank) children.push_back(start(rank, count, port, words));

  bool is_handed_on = false;
  int failed = -1;
  std::chrono::steady_clock::time_point end;
  while (std::ranges::any_of(children, [](const Child& c) { return !c.has_ended; })) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    collect(children);
    if (is_interrupted() && !is_handed_on) {
      is_handed_on = true;
      signal_all(children, SIGTERM);
    }
    if (failed < 0) {
      const auto bad = std::ranges::find_if(children, [](const Child& c) { return c.has_ended && c.status != 0; });
      if (bad == children.end()) continue;
      failed = static_cast<int>(bad - children.begin());
      end = std::chrono::steady_clock::now() + kGrace;
    } else if (std::chrono::steady_clock::now() > end) {
      signal_all(children, SIGKILL);
    }
  }
  require(failed < 0, "training process {} of {} {}; continue with --resume", failed, count,
          failed < 0 ? "" : fate(children[static_cast<std::size_t>(failed)].status));
}

}  // namespace limn::app
