// Symbols of the C library under names of our own, which the linker puts in their place (--wrap in CMakeLists.txt).
// This file alone sees the true ones.
//
// stderr: objects of Debian's static libraries name it as a program's do, not as a shared library's.
// hypot: glibc 2.35 has a new version of it, which differs in how it reports errors alone. The old one keeps the module
// loadable with glibc 2.34.
#include <cstdio>

extern "C" {
extern FILE* true_stderr __asm__("__real_stderr");
[[gnu::visibility("hidden")]] FILE* own_stderr __asm__("__wrap_stderr") = nullptr;

#ifdef __x86_64__
double old_hypot(double x, double y);
float old_hypotf(float x, float y);
__asm__(".symver old_hypot, hypot@GLIBC_2.2.5");
__asm__(".symver old_hypotf, hypotf@GLIBC_2.2.5");
#else
double old_hypot(double x, double y) __asm__("__real_hypot");
float old_hypotf(float x, float y) __asm__("__real_hypotf");
#endif
[[gnu::visibility("hidden")]] double own_hypot(double x, double y) __asm__("__wrap_hypot");
[[gnu::visibility("hidden")]] float own_hypotf(float x, float y) __asm__("__wrap_hypotf");
double own_hypot(double x, double y) { return old_hypot(x, y); }
float own_hypotf(float x, float y) { return old_hypotf(x, y); }
}

namespace {

[[gnu::constructor]] void set_own_stderr() { own_stderr = true_stderr; }

}  // namespace
