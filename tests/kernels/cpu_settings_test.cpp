// LIMN_SIMD and LIMN_GEMM: what they name is in use, and what they cannot name is an error that says what they can.
#include "limn/kernels/cpu_settings.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "limn/core/error.hpp"
#include "limn/kernels/products/gemm.hpp"

namespace limn::kernels {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::ThrowsMessage;

// Both variables as they were before, whatever a test sets. oneDNN's limit is set by the program's environment alone.
class CpuSettings : public ::testing::Test {
 protected:
  CpuSettings() {
    for (const char* name : {kSimdVariable, kGemmVariable, "ONEDNN_MAX_CPU_ISA"}) {
      const char* const value = std::getenv(name);
      before_.emplace_back(name, value == nullptr ? "" : value);
    }
    ::setenv("ONEDNN_MAX_CPU_ISA", "ALL", 0);
  }
  ~CpuSettings() override {
    for (const auto& [name, value] : before_) value.empty() ? ::unsetenv(name) : ::setenv(name, value.c_str(), 1);
    heed_cpu_settings();
  }
  static void heed(const char* simd, const char* gemm) {
    ::setenv(kSimdVariable, simd, 1);
    ::setenv(kGemmVariable, gemm, 1);
    heed_cpu_settings();
  }

 private:
  std::vector<std::pair<const char*, std::string>> before_;
};

TEST_F(CpuSettings, TheSimdThatIsNamedIsTheBestInUse) {
  heed("", "");
  const std::vector<std::string> all = usable_simd();
  ASSERT_FALSE(all.empty());
  EXPECT_THAT(all, IsSubsetOf(compiled_simd()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    heed(all[i].c_str(), "");
    EXPECT_EQ(usable_simd(), std::vector(all.begin() + static_cast<std::ptrdiff_t>(i), all.end()));
  }
  heed("", "");
  EXPECT_EQ(usable_simd(), all);
}

TEST_F(CpuSettings, TheBackendThatIsNamedIsUsedUnlessAProgramChooses) {
  heed("", "own");
  EXPECT_EQ(gemm_backend(), GemmBackend::kPortable);
  if (has_onednn()) {
    set_gemm_backend(GemmBackend::kOneDnn);
    EXPECT_EQ(gemm_backend(), GemmBackend::kOneDnn);
    set_gemm_backend(GemmBackend::kAutomatic);
    EXPECT_EQ(gemm_backend(), GemmBackend::kPortable);
    heed("", "onednn");
    EXPECT_EQ(gemm_backend(), GemmBackend::kOneDnn);
  }
}

TEST_F(CpuSettings, UnknownValuesAreErrorsThatListTheKnownOnes) {
  for (const char* wrong : {"avx9", "AVX2", "avx2,sse4", " "})
    EXPECT_THAT([&] { heed(wrong, ""); }, ThrowsMessage<Error>(AllOf(HasSubstr(std::string("LIMN_SIMD=") + wrong),
                                                                     HasSubstr(usable_simd().back()))));
  EXPECT_THAT([] { heed("", "blas"); }, ThrowsMessage<Error>(HasSubstr("LIMN_GEMM=blas: expected own or onednn")));
}

TEST_F(CpuSettings, OneDnnIsDescribedWhereItIs) {
  EXPECT_EQ(onednn_version().empty(), !has_onednn());
  EXPECT_EQ(onednn_instructions().empty(), !has_onednn());
}

}  // namespace
}  // namespace limn::kernels
