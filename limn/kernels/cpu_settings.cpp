#include "limn/kernels/cpu_settings.hpp"

#include <fmt/ranges.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "limn/core/error.hpp"
#include "limn/kernels/products/gemm_backend.hpp"

namespace limn::kernels {
namespace {

std::string name_of(std::int64_t target) {
  std::string name = hwy::TargetName(target);
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return name;
}

// The lowest bit of a set is its best target.
std::vector<std::string> names_of(std::int64_t targets) {
  std::vector<std::string> names;
  for (; targets != 0; targets &= targets - 1) names.push_back(name_of(targets & -targets));
  return names;
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void heed_simd(const std::string& wanted) {
  hwy::DisableTargets(0);
  if (wanted.empty()) return;
  const std::vector<std::string> names = usable_simd();
  require(std::ranges::find(names, wanted) != names.end(),
          "{}={}: no such vector instructions here; this CPU and this build have {}", kSimdVariable, printable(wanted),
          fmt::join(names, ", "));
  std::int64_t better = 0;
  for (std::int64_t rest = HWY_TARGETS; name_of(rest & -rest) != wanted; rest &= rest - 1) better |= rest & -rest;
  hwy::DisableTargets(better);
  if (variable("ONEDNN_MAX_CPU_ISA").empty() && variable("DNNL_MAX_CPU_ISA").empty()) limit_onednn(wanted);
}

}  // namespace

std::vector<std::string> compiled_simd() { return names_of(HWY_TARGETS); }
std::vector<std::string> usable_simd() { return names_of(hwy::SupportedTargets() & HWY_TARGETS); }

void heed_cpu_settings() {
  heed_simd(variable(kSimdVariable));
  const std::string backend = variable(kGemmVariable);
  require(backend.empty() || backend == "own" || backend == "onednn", "{}={}: expected own or onednn", kGemmVariable,
          printable(backend));
  require(backend != "onednn" || has_onednn(), "{}=onednn: this build has no oneDNN; use own", kGemmVariable);
  prefer_gemm_backend(backend.empty()    ? GemmBackend::kAutomatic
                      : backend == "own" ? GemmBackend::kPortable
                                         : GemmBackend::kOneDnn);
}

}  // namespace limn::kernels
