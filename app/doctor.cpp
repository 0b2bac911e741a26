// limn doctor: what this machine has, and whether limn computes right on it. Made to be pasted into a report, so it
// shows no folder and no name of a user.
#include <fmt/ranges.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <thread>

#include "app/bench/machine.hpp"
#include "app/commands.hpp"
#include "app/duration.hpp"
#include "app/printing.hpp"
#include "app/self_checks.hpp"
#include "limn/core/error.hpp"
#include "limn/core/json.hpp"
#include "limn/core/version.hpp"
#include "limn/fetch/http_get.hpp"
#include "limn/kernels/cpu_settings.hpp"
#include "limn/kernels/precision.hpp"
#include "limn/kernels/products/gemm.hpp"
#include "limn/kernels/threads/parallel.hpp"
#include "limn/models/registry.hpp"
#include "limn/train/device.hpp"
#include "limn/train/libtorch_module.hpp"

namespace limn::app {
namespace {

namespace fs = std::filesystem;

std::string words(const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, " ")); }

std::string build() {
#if defined(__clang__)
  const std::string compiler = std::string("Clang ") + __clang_version__;
#else
  const std::string compiler = std::string("GCC ") + __VERSION__;
#endif
  const std::string sanitizers = LIMN_SANITIZERS;
  return fmt::format("{}, {}{}, {}", compiler, LIMN_BUILD_TYPE, sanitizers.empty() ? "" : " with " + sanitizers,
                     kernels::has_onednn() ? "with oneDNN" : "without oneDNN");
}

std::string system_text() {
  utsname names{};
  if (uname(&names) != 0) return "unknown";
  return fmt::format("{} {} {}, glibc {}", names.sysname, names.release, names.machine, gnu_get_libc_version());
}

// Those instructions of the CPU for which limn or its libraries have code.
std::string cpu_features() {
  constexpr std::array kNames{"sse4_1",   "sse4_2",      "avx",         "avx2",        "fma",
                              "f16c",     "avx_vnni",    "avx512f",     "avx512bw",    "avx512dq",
                              "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile",
                              "amx_bf16", "amx_int8",    "asimd",       "sve",         "bf16"};
  std::string flags = proc_value("/proc/cpuinfo", "flags");
  if (flags.empty()) flags = proc_value("/proc/cpuinfo", "Features");
  std::istringstream stream(flags);
  const std::set<std::string> all{std::istream_iterator<std::string>(stream), {}};
  std::vector<std::string> found;
  std::ranges::copy_if(kNames, std::back_inserter(found), [&](const char* name) { return all.contains(name); });
  return found.empty() ? "none that limn uses" : words(found);
}

std::string memory() {
  const auto bytes = [](const char* key) {
    return 1024 * std::strtoll(proc_value("/proc/meminfo", key).c_str(), nullptr, 10);
  };
  const std::int64_t total = bytes("MemTotal");
  std::string text = fmt::format("{}, {} free", size_text(total), size_text(bytes("MemAvailable")));
  // Of cgroup v2 and v1; without a limit they hold a word or a number beyond all memory.
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::int64_t limit = 0;
    if (std::ifstream(path) >> limit && limit < total)
      text += fmt::format("; this container may use {}", size_text(limit));
  }
  return text;
}

std::string products() {
  const std::string library = kernels::has_onednn() ? fmt::format("oneDNN {} with {}", kernels::onednn_version(),
                                                                  kernels::onednn_instructions())
                                                    : "";
  if (kernels::gemm_backend() == kernels::GemmBackend::kPortable)
    return library.empty() ? "our own" : "our own; " + library + " is there";
  return library + (kernels::has_bf16() ? ", bf16 too" : "");
}

// `text` without the folders of the module's file and of everything else that looks like a path.
std::string without_folders(std::string text) {
  for (const fs::path& path : train::libtorch_module_paths()) {
    for (const std::string& name : {fs::absolute(path).string(), path.string()})
      for (std::size_t at = 0; (at = text.find(name)) != text.npos;)
        text.replace(at, name.size(), path.filename().string());
  }
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string word; stream >> word;) parts.push_back(word.substr(word.rfind('/') + 1));
  return words(parts);
}

std::string libtorch() {
  constexpr const char* kPurpose = "LibTorch";
  try {
    const libtorch::Api& api = train::load_libtorch_module(kPurpose);
    return api.torch_version;
  } catch (const Error& error) {
    return without_folders(std::string(error.what()).substr(std::strlen(kPurpose) + 2));
  }
}

// The names that --device takes.
std::string devices() {
  try {
    return fmt::format("{}", fmt::join(train::device_choices(), ", "));
  } catch (const Error&) {
    return "auto, cpu";  // the line on LibTorch says why
  }
}

// The files of the libraries that limn links; their names end with their versions.
std::string libraries() {
  static constexpr std::array kNames{"libcairo",  "libcpp-httplib", "libdnnl",  "libfmt",      "libgif",
                                     "libgomp",   "libjpeg",        "libpng16", "libprotobuf", "libpugixml",
                                     "libstdc++", "libz",           "libzip"};
  std::set<std::string> files;
  const auto take = [](dl_phdr_info* info, std::size_t, void* found) {
    std::error_code ignored;
    const std::string file = fs::canonical(info->dlpi_name, ignored).filename().string();
    const bool is_ours = std::ranges::any_of(
        kNames, [&](const std::string& each) { return file.starts_with(each + ".") || file.starts_with(each + "-"); });
    if (is_ours) static_cast<std::set<std::string>*>(found)->insert(file);
    return 0;
  };
  dl_iterate_phdr(take, &files);
  return words({files.begin(), files.end()});
}

// This library is loaded when it is needed.
std::string downloads() {
  try {
    return fetch::http_library();
  } catch (const Error& error) {
    return error.what();
  }
}

// Variables that change what limn computes with. A file's name may tell of its folder.
std::string environment() {
  std::vector<std::string> set;
  for (const char* name : {"OMP_NUM_THREADS", kernels::kSimdVariable, kernels::kGemmVariable, "ONEDNN_MAX_CPU_ISA",
                           "DNNL_MAX_CPU_ISA", "CUDA_VISIBLE_DEVICES", "WORLD_SIZE"})
    if (const char* value = std::getenv(name)) set.push_back(fmt::format("{}={}", name, printable(value)));
  if (std::getenv(train::kLibtorchVariable) != nullptr) set.emplace_back(train::kLibtorchVariable);
  return set.empty() ? "no variable of limn's is set" : words(set);
}

std::string working_folder() {
  std::string text = "may be written";
  if (access(".", W_OK) != 0) text = fmt::format("may not be written: {}", std::strerror(errno));
  struct statvfs space {};
  if (statvfs(".", &space) != 0) return text;
  return fmt::format("{}, {} free", text, size_text(static_cast<std::int64_t>(space.f_bavail * space.f_frsize)));
}

std::string built_in(const models::Registry& registry) {
  std::set<std::string> data;
  for (const models::Family& family : registry.families()) data.insert(family.built_in_data);
  std::vector<std::string> models;
  for (const models::BuiltinModel& model : registry.builtin_models())
    if (!model.bytes.empty()) models.push_back(model.name);
  return fmt::format("data {}; models {}", fmt::join(data, " "), models.empty() ? "none" : words(models));
}

OrderedJson facts(const models::Registry& registry) {
  const std::vector<std::string> simd = kernels::usable_simd();
  return {{"limn", kVersion},
          {"build", build()},
          {"system", system_text()},
          {"cpu", cpu_name()},
          {"cpu_features", cpu_features()},
          {"cores", std::thread::hardware_concurrency()},
          {"threads", kernels::thread_count()},
          {"memory", memory()},
          {"simd", simd.front()},
          {"simd_usable", words(simd)},
          {"simd_compiled", words(kernels::compiled_simd())},
          {"products", products()},
          {"libtorch", libtorch()},
          {"devices", devices()},
          {"libraries", libraries()},
          {"downloads", downloads()},
          {"environment", environment()},
          {"built_in", built_in(registry)},
          {"working_folder", working_folder()}};
}

void print_report(const OrderedJson& facts, std::span<const SelfCheck> checks) {
  constexpr std::size_t kLongest = 1000;
  for (const auto& [name, value] : facts.items()) {
    std::string label = name;
    std::ranges::replace(label, '_', ' ');
    print("{:<16} {}\n", label, printable(value.is_string() ? value.get<std::string>() : json_text(value), kLongest));
  }
  print("\nLargest error against float64, beside its bound:\n");
  for (const SelfCheck& check : checks)
    print("{:<28} {:.1e}  {:.1e}  {}\n", check.name, check.error, check.bound, check.agrees() ? "agrees" : "WRONG");
}

OrderedJson checks_json(std::span<const SelfCheck> checks) {
  OrderedJson list = OrderedJson::array();
  for (const SelfCheck& check : checks)
    list.push_back({{"name", check.name}, {"error", check.error}, {"bound", check.bound}, {"agrees", check.agrees()}});
  return list;
}

}  // namespace

void add_doctor(const Command& app, const models::Registry& registry) {
  const Command command = app.add_command("doctor", "what this machine has, and whether limn computes right on it");
  auto is_json = std::make_shared<bool>(false);
  command.add("--json", is_json.get(), "one JSON object");
  command.set_footer(
      "\nTakes a second or two. The lines name no folder and no user: paste them into a report of a fault.\n"
      "Exit status 1 where a result differs from float64 by more than its bound.\n"
      "\nExample:\n  limn doctor\n");
  command.set_action([is_json, &registry] {
    OrderedJson report = facts(registry);
    const std::vector<SelfCheck> checks = run_self_checks();
    if (*is_json) {
      report["checks"] = checks_json(checks);
      print("{}\n", json_text(report));
    } else {
      print_report(report, checks);
    }
    require_agreement(checks);
  });
}

}  // namespace limn::app
