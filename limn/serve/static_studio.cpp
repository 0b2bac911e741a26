#include "limn/serve/static_studio.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "limn/arrays/gzip.hpp"
#include "limn/core/atomic_folder.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/fingerprint.hpp"
#include "limn/core/json.hpp"
#include "limn/core/version.hpp"
#include "limn/models/registry.hpp"
#include "limn/serve/access.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/model_files.hpp"
#include "limn/serve/page.hpp"

namespace limn::serve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription = "studio.json";
constexpr std::string_view kServiceWorker = "service-worker.js";
constexpr std::string_view kModule = "limn-studio.wasm.gz";
// Of the libraries in the module, which their licences ask to go with it.
constexpr std::string_view kNotices = "third-party-notices.txt";
constexpr std::uint64_t kMostModuleBytes = std::uint64_t{1} << 26;

struct StaticFile {
  std::string name;
  Bytes bytes;
};

Bytes bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string_view page_file(std::string_view path) {
  const auto files = page_files();
  const auto found = std::ranges::find(files, path, &PageFile::path);
  require(found != files.end(), "the page has no {}", path);
  return found->bytes;
}

// The page says with its first elements that a module in the page answers, and what it may load.
std::string static_index() {
  constexpr std::string_view kBefore = "<meta charset=\"utf-8\">\n";
  std::string page(page_file("/"));
  const std::size_t at = page.find(kBefore);
  require(at != std::string::npos, "the page does not begin with its character set");
  page.insert(at + kBefore.size(), fmt::format("  <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
                                               "  <meta name=\"referrer\" content=\"no-referrer\">\n"
                                               "  <meta name=\"limn-engine\" content=\"module\">\n",
                                               content_security_policy(PagePlace::kStaticFiles)));
  return page;
}

Bytes module_bytes(const fs::path& path) {
  Bytes module = read_file(path, kMostModuleBytes);
  constexpr std::string_view kMagic{"\0asm", 4};
  const std::string_view text(reinterpret_cast<const char*>(module.data()), module.size());
  require(text.starts_with(kMagic), "{}: is not a WebAssembly module; scripts/build-wasm.sh makes limn-studio.wasm",
          path.string());
  // wasm/src/studio_calls.cpp writes it.
  constexpr std::string_view kMark = "limn-studio-module ";
  const std::size_t at = text.find(kMark);
  require(at != std::string_view::npos,
          "{}: is a WebAssembly module without the studio's calls; take limn-studio.wasm, which scripts/build-wasm.sh "
          "makes beside it",
          path.string());
  const std::string_view rest = text.substr(at + kMark.size(), 32);
  const std::string_view version = rest.substr(0, rest.find('\0'));
  require(version == kVersion, "{}: is of limn {}, and this is limn {}; build it anew with scripts/build-wasm.sh",
          path.string(), printable(std::string(version)), kVersion);
  return module;
}

// Nothing about the machine and the data that it was trained on goes to a public place, but how the data were
// simplified, which models::prepare() asks for.
Bytes model_bytes(const models::Registry& registry, const fs::path& path) {
  models::Checkpoint checkpoint = registry.read(path);
  const Json training = parse_json(checkpoint.training_config);
  constexpr const char* kSimplify = "simplify";
  Json kept = Json::object();
  if (training.contains(kSimplify)) kept[kSimplify] = training[kSimplify];
  checkpoint.training_config = json_text(kept);
  models::round_to_half(checkpoint);
  return models::serialize_checkpoint(checkpoint, DType::kF16);
}

// Of all names and bytes: the cache of a browser is of one version of the folder.
std::string version_of(std::span<const StaticFile> files) {
  Fingerprint all;
  for (const StaticFile& file : files) {
    all.add(as_bytes(file.name));
    all.add(file.bytes);
  }
  return all.text();
}

std::vector<StaticFile> page_of_folder() {
  std::vector<StaticFile> files{{"index.html", bytes_of(static_index())}};
  for (const PageFile& file : page_files())
    if (file.path != "/" && file.path != "/openapi.json" && !file.path.starts_with(kOfExport))
      files.push_back({std::string(file.path.substr(1)), bytes_of(file.bytes)});
  return files;
}

// The first lines tell the worker what it keeps.
StaticFile service_worker(std::span<const StaticFile> files) {
  auto names = OrderedJson::array();
  for (const StaticFile& file : files) names.push_back(file.name);
  const std::string kept = json_text(OrderedJson{{"version", version_of(files)}, {"files", names}});
  return {std::string(kServiceWorker),
          bytes_of(fmt::format("const KEPT = {};\n{}", kept,
                               page_file(std::string(kOfExport) + std::string(kServiceWorker))))};
}

void require_ours(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored) || fs::is_empty(folder, ignored)) return;
  require(fs::exists(folder / kDescription, ignored) && fs::exists(folder / kServiceWorker, ignored),
          "{}: is a folder with other files; name a new one, or one that limn serve --export wrote", folder.string());
}

}  // namespace

StaticStudioSize write_static_studio(const models::Registry& registry, const StaticStudioOptions& options,
                                     const fs::path& folder) {
  require_ours(folder);
  std::vector<StaticFile> files = page_of_folder();
  files.push_back({std::string(kModule), arrays::gzipped(module_bytes(options.module))});
  StaticStudioSize size;
  for (const StaticFile& file : files) size.first_drawing += file.bytes.size();
  files.push_back({std::string(kNotices), bytes_of(page_file(std::string(kOfExport) + std::string(kNotices)))});

  const StudioModels models = load_models(registry, options.models);
  OrderedJson description = studio_json(models, Limits{}, false);
  for (std::size_t i = 0; i < options.models.size(); ++i) {
    const std::string name = fmt::format("models/{}.safetensors.gz", models.all()[i]->id());
    description["models"][i]["file"] = name;
    files.push_back({name, arrays::gzipped(model_bytes(registry, options.models[i]))});
    if (i == 0) size.first_drawing += files.back().bytes.size();
  }
  files.push_back({kDescription, bytes_of(json_text(description) + "\n")});
  size.first_drawing += files.back().bytes.size();
  files.push_back(service_worker(files));

  AtomicFolder made(folder, AtomicFolder::Target::kReplaced);
  for (const StaticFile& file : files) {
    fs::create_directories((made.temporary_path() / file.name).parent_path());
    made.write(file.name, file.bytes);
    size.all += file.bytes.size();
  }
  made.commit();
  return size;
}

}  // namespace limn::serve
