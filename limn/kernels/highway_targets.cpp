// Highway's run-time dispatch: its headers declare these functions. Debian has them in a shared library only, which a
// wheel cannot carry and which measures the clock when it is loaded: 8 ms of every command. The CPU is asked as the
// compiler's builtins ask it, which also look whether the system saves the registers.
#include <hwy/targets.h>

#include <atomic>
#include <cstdint>

namespace hwy {
namespace {

std::atomic<std::int64_t> disabled_targets{0};
std::atomic<std::int64_t> targets_for_test{0};

#if HWY_ARCH_X86
std::int64_t cpu_targets() {
  __builtin_cpu_init();
  std::int64_t targets = HWY_EMU128 | HWY_SCALAR;
  if (!__builtin_cpu_supports("ssse3")) return targets;
  targets |= HWY_SSSE3;
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("aes"))
    return targets;
  targets |= HWY_SSE4;
  // The set of the target also has F16C, which all CPUs with AVX2 have.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
      !__builtin_cpu_supports("bmi2"))
    return targets;
  targets |= HWY_AVX2;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512cd"))
    return targets;
  targets |= HWY_AVX3;
  if (__builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512vbmi") &&
      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("vaes") && __builtin_cpu_supports("avx512vnni") &&
      __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq") &&
      __builtin_cpu_supports("gfni"))
    targets |= HWY_AVX3_DL;
  return targets;
}
#else
// Elsewhere a build uses the one target that the compiler may use without asking.
std::int64_t cpu_targets() { return HWY_STATIC_TARGET | HWY_EMU128 | HWY_SCALAR; }
#endif

}  // namespace

std::int64_t SupportedTargets() {
  static const std::int64_t of_cpu = cpu_targets();
  const std::int64_t for_test = targets_for_test;
  const std::int64_t targets = (for_test != 0 ? for_test : of_cpu) & ~disabled_targets;
  return targets == 0 ? HWY_STATIC_TARGET : targets;
}

void DisableTargets(std::int64_t disabled) {
  // The static target always stays.
  disabled_targets = disabled & ~(HWY_ENABLED_BASELINE | HWY_SCALAR | HWY_EMU128);
  GetChosenTarget().DeInit();
}

void SetSupportedTargetsForTest(std::int64_t targets) {
  targets_for_test = targets;
  GetChosenTarget().DeInit();
}

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy
