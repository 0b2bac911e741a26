// The linker gives references to stderr to __wrap_stderr (--wrap=stderr in CMakeLists.txt), which lies in this module,
// so that objects of static libraries reach it without being position-independent. This file alone sees the true one.
#include <cstdio>

extern "C" {
extern FILE* true_stderr __asm__("__real_stderr");
[[gnu::visibility("hidden")]] FILE* own_stderr __asm__("__wrap_stderr") = nullptr;
}

namespace {

[[gnu::constructor]] void set_own_stderr() { own_stderr = true_stderr; }

}  // namespace
