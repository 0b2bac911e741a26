// A library to LD_PRELOAD into a program of one process: one of its system calls fails, or is the last one.
//
// A filter of the kernel (seccomp) turns the calls of kKinds into signals, and the handler makes each call itself or
// leaves it out. So a call is seen wherever in a library it stands, as fwrite()'s in libc. Calls are counted from
// main() on: what the loader and the libraries do before that is not the program's. A library loaded later counts.
//
// LIMN_FAULT       "KIND NUMBER HOW", as "write 12 28": call number 12 (from 1) of that kind fails with errno 28;
// unset:
//                  none does. HOW may also be `short` (half of the bytes), `full` (this write and every later one fails
//                  with ENOSPC), `kill` (SIGKILL in place of the call) or `torn` (half of the bytes, then SIGKILL).
// LIMN_FAULT_LOG   a file that gets a line for the call that failed; if none is to fail, for each call:
//                  "KIND NUMBER<TAB>PATH[<TAB>SECOND PATH]".
//
// Nothing here allocates, throws or waits: the handler runs in the middle of anything.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#if !defined(__x86_64__)
#error "the registers of a call are those of x86-64"
#endif

// The one place whose calls the filter lets pass.
extern "C" long limn_fault_call(long number, long a, long b, long c, long d, long e, long f);
extern "C" const char limn_fault_call_end[];
asm(R"(
.text
.globl limn_fault_call
.hidden limn_fault_call
.hidden limn_fault_call_end
.type limn_fault_call, @function
limn_fault_call:
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 8(%rsp), %r9
  syscall
.globl limn_fault_call_end
limn_fault_call_end:
  ret
.size limn_fault_call, .-limn_fault_call
)");

namespace {

enum class Names { kNone, kDescriptor, kPath, kPathAt, kTwoPaths, kTwoPathsAt };  // where a call says what it is about

struct Call {
  long number;
  std::string_view kind;
  Names names;
};
constexpr std::array kCalls{
    Call{SYS_write, "write", Names::kDescriptor},
    Call{SYS_pwrite64, "write", Names::kDescriptor},
    Call{SYS_writev, "write", Names::kDescriptor},
    Call{SYS_read, "read", Names::kDescriptor},
    Call{SYS_pread64, "read", Names::kDescriptor},
    Call{SYS_readv, "read", Names::kDescriptor},
    Call{SYS_open, "open", Names::kPath},
    Call{SYS_openat, "open", Names::kPathAt},
    Call{SYS_creat, "open", Names::kPath},
    Call{SYS_close, "close", Names::kDescriptor},
    Call{SYS_fsync, "fsync", Names::kDescriptor},
    Call{SYS_fdatasync, "fsync", Names::kDescriptor},
    Call{SYS_rename, "rename", Names::kTwoPaths},
    Call{SYS_renameat, "rename", Names::kTwoPathsAt},
    Call{SYS_renameat2, "rename", Names::kTwoPathsAt},
    Call{SYS_mmap, "mmap", Names::kNone},
    Call{SYS_mkdir, "mkdir", Names::kPath},
    Call{SYS_mkdirat, "mkdir", Names::kPathAt},
    Call{SYS_unlink, "unlink", Names::kPath},
    Call{SYS_unlinkat, "unlink", Names::kPathAt},
    Call{SYS_rmdir, "unlink", Names::kPath},
    Call{SYS_ftruncate, "truncate", Names::kDescriptor},
    Call{SYS_fstat, "stat", Names::kDescriptor},
    Call{SYS_stat, "stat", Names::kPath},
    Call{SYS_lstat, "stat", Names::kPath},
    Call{SYS_newfstatat, "stat", Names::kPathAt},
    Call{SYS_statx, "stat", Names::kPathAt},
    Call{SYS_getdents64, "list", Names::kDescriptor},
};

using Arguments = std::array<long, 6>;

long call(long number, const Arguments& a) { return limn_fault_call(number, a[0], a[1], a[2], a[3], a[4], a[5]); }

// A line that is put together without memory of the heap.
class Line {
 public:
  void add(std::string_view text) {
    const std::size_t n = std::min(text.size(), sizeof text_ - size_);
    std::memcpy(text_ + size_, text.data(), n);
    size_ += n;
  }
  void add(long number) {
    char digits[24];
    std::size_t at = sizeof digits;
    do digits[--at] = static_cast<char>('0' + number % 10);
    while ((number /= 10) > 0);
    add({digits + at, sizeof digits - at});
  }
  // The file that a descriptor stands for.
  void add_descriptor(long descriptor) {
    Line link;
    link.add("/proc/self/fd/");
    link.add(descriptor);
    link.add(std::string_view("\0", 1));
    char target[PATH_MAX];
    const long n = call(SYS_readlink, {reinterpret_cast<long>(link.text_), reinterpret_cast<long>(target), PATH_MAX});
    add({target, static_cast<std::size_t>(std::max(0L, n))});
  }
  void add_path(long text) { add(reinterpret_cast<const char*>(text)); }
  void write_to(long descriptor) const {
    call(SYS_write, {descriptor, reinterpret_cast<long>(text_), static_cast<long>(size_)});
  }

 private:
  char text_[2 * PATH_MAX + 64];
  std::size_t size_ = 0;
};

enum class How { kTrace, kError, kShort, kFull, kKill, kTorn };

// What main() sets up before the first call is counted.
struct Plan {
  How how = How::kTrace;
  std::string_view kind;
  std::uint64_t number = 0;
  long error = 0;
  long log = -1;
};
Plan plan;
std::array<std::atomic<std::uint64_t>, kCalls.size()> counters;  // that of a kind is at its first call

std::size_t first_of_kind(std::string_view kind) {
  std::size_t i = 0;
  while (kCalls[i].kind != kind) ++i;
  return i;
}

void log_call(const Call& made, std::uint64_t number, const Arguments& a) {
  if (plan.log < 0) return;
  Line line;
  line.add(made.kind);
  line.add(" ");
  line.add(static_cast<long>(number));
  line.add("\t");
  switch (made.names) {
    case Names::kNone:
      break;
    case Names::kDescriptor:
      line.add_descriptor(static_cast<int>(a[0]));
      break;
    case Names::kPath:
    case Names::kTwoPaths:
      line.add_path(a[0]);
      break;
    case Names::kPathAt:
    case Names::kTwoPathsAt: {
      // Relative to a folder that is open, as when a tree is removed; an empty path means the descriptor itself.
      const std::string_view path = reinterpret_cast<const char*>(a[1]);
      const bool is_below = static_cast<int>(a[0]) != AT_FDCWD && !path.starts_with('/');
      if (is_below) line.add_descriptor(static_cast<int>(a[0]));
      if (is_below && !path.empty()) line.add("/");
      line.add(path);
    }
  }
  if (made.names == Names::kTwoPaths || made.names == Names::kTwoPathsAt) {
    line.add("\t");
    line.add_path(made.names == Names::kTwoPaths ? a[1] : a[3]);
  }
  line.add("\n");
  line.write_to(plan.log);
}

// The call with half of its bytes, at least one of several.
long half(long number, Arguments a) {
  if (number == SYS_writev || number == SYS_readv) {
    if (a[2] <= 1) {
      const auto* piece = reinterpret_cast<const iovec*>(a[1]);
      const iovec part{piece->iov_base, (piece->iov_len + 1) / 2};
      a[1] = reinterpret_cast<long>(&part);
      return call(number, a);
    }
    a[2] /= 2;
    return call(number, a);
  }
  a[2] = (a[2] + 1) / 2;
  return call(number, a);
}

[[noreturn]] void die() {
  call(SYS_kill, {call(SYS_getpid, {}), SIGKILL});
  while (true) call(SYS_pause, {});
}

long make_call(const Call& made, const Arguments& a) {
  const std::uint64_t number = 1 + counters[first_of_kind(made.kind)].fetch_add(1);
  const bool is_of_kind = plan.kind == made.kind;
  const bool is_hit = is_of_kind && number == plan.number;
  if (plan.how == How::kTrace || is_hit) log_call(made, number, a);
  if (plan.how == How::kFull && is_of_kind && number >= plan.number) return -ENOSPC;
  if (!is_hit) return call(made.number, a);
  switch (plan.how) {
    case How::kShort:
      return half(made.number, a);
    case How::kTorn:
      half(made.number, a);
      die();
    case How::kKill:
      die();
    default:
      // A close that fails closes all the same, except for a wrong descriptor.
      if (made.number == SYS_close) call(made.number, a);
      return -plan.error;
  }
}

void on_call(int, siginfo_t* info, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const Arguments a{registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                    registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
  const auto* made =
      std::find_if(kCalls.begin(), kCalls.end(), [&](const Call& c) { return c.number == info->si_syscall; });
  registers[REG_RAX] = made == kCalls.end() ? -ENOSYS : make_call(*made, a);
}

[[noreturn]] void give_up(std::string_view why) {
  Line line;
  line.add("fault_shim: ");
  line.add(why);
  line.add("\n");
  line.write_to(STDERR_FILENO);
  _exit(126);
}

void read_plan() {
  if (const char* path = std::getenv("LIMN_FAULT_LOG")) {
    const int log = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    constexpr int kOutOfTheWay = 500;  // the program's own descriptors get the numbers that they would get without it
    plan.log = ::fcntl(log, F_DUPFD_CLOEXEC, kOutOfTheWay);
    if (plan.log < 0) give_up("LIMN_FAULT_LOG cannot be written");
    ::close(log);
  }
  const char* text = std::getenv("LIMN_FAULT");
  if (text == nullptr) return;
  const std::string_view all = text;
  const std::size_t first = all.find(' '), last = all.rfind(' ');
  if (first == last) give_up("LIMN_FAULT is not KIND NUMBER HOW");
  plan.kind = all.substr(0, first);
  plan.number = std::strtoull(text + first, nullptr, 10);
  const std::string_view how = all.substr(last + 1);
  plan.how = how == "short"  ? How::kShort
             : how == "full" ? How::kFull
             : how == "kill" ? How::kKill
             : how == "torn" ? How::kTorn
                             : How::kError;
  plan.error = std::strtol(text + last, nullptr, 10);
  const bool is_known = std::any_of(kCalls.begin(), kCalls.end(), [](const Call& c) { return c.kind == plan.kind; });
  if (!is_known || plan.number == 0 || (plan.how == How::kError && plan.error <= 0))
    give_up("LIMN_FAULT is not KIND NUMBER HOW");
}

// Loads word `offset` of the call's description; jumps by `same` or `other` after comparing it with `value`.
constexpr sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr sock_filter compare(std::uint32_t value, std::uint8_t same, std::uint8_t other) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, same, other);
}

void install_filter() {
  struct sigaction action {};
  action.sa_sigaction = on_call;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
  const auto end = reinterpret_cast<std::uintptr_t>(limn_fault_call_end);
  constexpr std::size_t kHead = 5;
  std::array<sock_filter, kHead + kCalls.size() + 2> filter{
      load(offsetof(seccomp_data, instruction_pointer)),
      compare(static_cast<std::uint32_t>(end), 0, 2),
      load(offsetof(seccomp_data, instruction_pointer) + 4),
      compare(static_cast<std::uint32_t>(end >> 32), static_cast<std::uint8_t>(1 + kCalls.size()), 0),
      load(offsetof(seccomp_data, nr)),
  };
  for (std::size_t i = 0; i < kCalls.size(); ++i)
    filter[kHead + i] =
        compare(static_cast<std::uint32_t>(kCalls[i].number), static_cast<std::uint8_t>(kCalls.size() - i), 0);
  filter[filter.size() - 2] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  filter[filter.size() - 1] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::sigaction(SIGSYS, &action, nullptr) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    give_up("this system does not let a program filter its calls");
}

using Main = int(int, char**, char**);
Main* real_main = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  read_plan();
  install_filter();
  return real_main(argc, argv, environment);
}

}  // namespace

// Takes the place of glibc's own: main() is called through counted_main().
extern "C" int __libc_start_main(Main* main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld_fini)(),
                                 void* stack_end) {
  real_main = main;
  using Start = int(Main*, int, char**, void (*)(), void (*)(), void (*)(), void*);
  auto* const start = reinterpret_cast<Start*>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}
