// The measurements of limn bench and their presentation: timings as median and quartiles, rows of a table, peak memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "limn/train/libtorch_api.hpp"

namespace limn::app {

struct BenchOptions {
  std::vector<std::string> data{"builtin:doodles-10"};
  std::int64_t batch_size = 100;
  int threads = 1;
  bool is_quick = false;  // small batches and few runs: shows that it works, not how fast
  bool is_json = false;
  bool is_alone = false;                 // without the check against plain LibTorch
  std::string only;                      // rows whose name contains this
  const libtorch::Api* plain = nullptr;  // the module on LibTorch; null: no check
};

// Throws Error listing the rows unless one of them has `only` in its name.
void require_known_rows(const std::string& only);

// Seconds of one run: the median of several and the quartiles around it.
struct Timing {
  double median = 0, low = 0, high = 0;
  int runs = 0;
};

// Runs at least `least` times, then until `seconds` have gone by, but at most `most` times.
struct TimingBudget {
  int least = 3;
  int most = 25;
  double seconds = 4;
};
[[nodiscard]] Timing time_runs(const std::function<void()>& run, const TimingBudget& budget);

struct BenchRow {
  std::string name;   // "train lstm f32"
  std::string shape;  // "100 sketches, 6123 rows"
  double flops = 0;   // 2 · multiply-adds of the matrix products of one run; 0 where they are not the work
  double points = 0;  // sketch points that one run handles; 0 where there are none
  std::vector<std::int64_t> lengths = {};  // points of each sketch of a training step
  std::optional<double> difference = {};   // between ours and LibTorch's, checked before timing; with the module only
  // |ours - twin| / |twin| over all gradients, and how far other rounding moves ours.
  double gradient_difference = 0;
  double gradient_rounding = 0;
  Timing ours = {};
  // How far the time lies from the straight line through the first and the last size, as a share of it.
  std::optional<double> from_line = {};
  double peak_bytes = 0;  // the most memory that the process had while ours ran; 0: not measured
};

// Prints rows as they come, or all of them as one JSON object at the end.
class BenchReport {
 public:
  BenchReport(const BenchOptions& options, double gemm_flops_per_second);

  [[nodiscard]] bool wants(const std::string& name) const;
  void add(const BenchRow& row);
  // A sentence for the reader.
  void note(const std::string& text);
  void finish() const;

 private:
  const BenchOptions& options_;
  double gemm_rate_;
  std::vector<BenchRow> rows_;
  std::vector<std::string> notes_;
};

// Throws Error unless the difference is within `limit`: a benchmark of wrong results is worth nothing.
void require_agreement(const std::string& name, double difference, double limit);

}  // namespace limn::app
