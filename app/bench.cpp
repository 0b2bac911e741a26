// limn bench: how fast this machine trains and draws, beside its matrix products, in one run.
#include <memory>

#include "app/bench/cases.hpp"
#include "app/commands.hpp"
#include "app/threads.hpp"
#include "limn/core/error.hpp"
#include "limn/core/thread.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/train/libtorch_module.hpp"

namespace limn::app {
namespace {

constexpr std::int64_t kQuickBatch = 8;

// The module on LibTorch; null, and `remark` says why, where it is missing.
const libtorch::Api* module_for_checks(std::string& remark) {
  try {
    return &train::load_libtorch_module("the check against plain LibTorch");
  } catch (const Error& error) {
    remark = error.what();
    return nullptr;
  }
}

void bench(BenchOptions options, bool has_batch_size) {
  require_known_rows(options.only);
  use_threads(options.threads);
  options.threads = kernels::thread_count();
  require_threads("bench", options.threads - 1);  // of OpenMP, for oneDNN's own GEMM
  if (options.is_quick && !has_batch_size) options.batch_size = kQuickBatch;
  const auto data = sketch::StrokeDataset::load(options.data, {});
  data.require_batch(options.batch_size);  // before anything is timed
  std::string remark;
  if (!options.is_alone) options.plain = module_for_checks(remark);
  BenchReport report(options, measure_gemm_limit(options));
  if (!remark.empty()) report.note(remark);
  bench_training(options, data, report);
  bench_draw_training(options, report);
  bench_vae(options, report);
  bench_growth(options, data, report);
  bench_kernels(options, report);
  bench_generation(options, data, report);
  report.finish();
}

}  // namespace

void add_bench(const Command& app) {
  const Command command =
      app.add_command("bench", "how fast this machine trains and draws, compared with its matrix products");
  auto options = std::make_shared<BenchOptions>();
  options->threads = 0;
  command.add("--data", &options->data, "sketches whose lengths are used; several are joined")
      .named("PATH")
      .shows_default();
  command.add("--batch-size", &options->batch_size, "sketches a training step")
      .whole_number(1, 100'000)
      .shows_default();
  command.add("--threads", &options->threads, "threads to use [OMP_NUM_THREADS or all cores]").whole_number(1, 1024);
  command.add("--only", &options->only, "only what has this in its name: train, lstm, gemm, generate, …").named("NAME");
  command.add("--quick", &options->is_quick, "small batches and few runs: about a minute");
  command.add("--alone", &options->is_alone, "without the check against plain LibTorch");
  command.add("--json", &options->is_json, "one JSON object");
  command.set_footer(
      "\nTimes are medians, ± half the distance of the quartiles. GFLOP/s count the matrix products of real points.\n"
      "Where limn's module on LibTorch is there, every result is checked against plain LibTorch's before it is timed.\n"
      "scripts/bench-pytorch.sh compares with today's PyTorch.\n"
      "\nExamples:\n"
      "  limn bench --quick\n"
      "  limn bench --data sheep.npz --only lstm\n");
  command.set_action([options, command] { bench(*options, command.has("--batch-size")); });
}

}  // namespace limn::app
