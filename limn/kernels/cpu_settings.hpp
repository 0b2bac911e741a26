// The CPU as the kernels use it, and the two environment variables with which a user holds them back. LIMN_SIMD names
// the best vector instructions to use, in our kernels and in oneDNN. LIMN_GEMM names the backend of the products
// (gemm.hpp): own or onednn. For tests, comparisons and reports of faults.
#pragma once

#include <string>
#include <vector>

namespace limn::kernels {

inline constexpr const char* kSimdVariable = "LIMN_SIMD";
inline constexpr const char* kGemmVariable = "LIMN_GEMM";

// Vector instructions by Highway's names in small letters, best first: "avx3" (AVX-512), "avx2", "sse4", "ssse3",
// "neon", "scalar". Those that the kernels were compiled for.
[[nodiscard]] std::vector<std::string> compiled_simd();
// Those of them that this CPU has and LIMN_SIMD allows. The first is in use.
[[nodiscard]] std::vector<std::string> usable_simd();

// oneDNN's version, "2.6.3", and the instructions that it uses by the names of ONEDNN_MAX_CPU_ISA, "AVX512_CORE"; ""
// in a build without oneDNN.
[[nodiscard]] std::string onednn_version();
[[nodiscard]] std::string onednn_instructions();

// Heeds both variables. Throws Error for a value that cannot be used here. Call it before the first kernel runs.
void heed_cpu_settings();

}  // namespace limn::kernels
