// A run's metrics.jsonl, as those who look at it read it; before it, where an input has a zero byte, its config.toml.
#include <algorithm>
#include <fstream>

#include "fuzz/target.hpp"
#include "limn/runs/run_record.hpp"
#include "testing/temporary_folder.hpp"

using namespace limn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const testing::TemporaryFolder run;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = std::min(text.find('\0'), size);
  std::ofstream(run / "metrics.jsonl", std::ios::binary) << (zero == size ? text : text.substr(zero + 1));
  std::ofstream(run / "config.toml", std::ios::binary) << (zero == size ? "" : text.substr(0, zero));
  constexpr fuzz::MemoryBound kBound{.per_byte = 256, .floor = 256 << 10};
  return fuzz::survive(data, size, kBound, [](fuzz::Input) {
    const runs::RunRecord record = runs::read_run(run.path());
    (void)record.seems_to_run();
    (void)record.seconds_left();
    for (const auto& [name, curve] : record.curves) (void)runs::thinned(curve, 7);
  });
}
