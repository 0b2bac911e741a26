#include "limn/models/pytorch_tensors.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "limn/arrays/gunzip.hpp"
#include "limn/arrays/pytorch_file.hpp"
#include "limn/core/error.hpp"

namespace limn::models {
namespace {

namespace fs = std::filesystem;

// DataParallel, torch.compile, and modules that hold the model.
constexpr std::array<std::string_view, 5> kWrappers{"module.", "_orig_mod.", "model.", "vae.", "net."};
constexpr std::array<const char*, 3> kEndings{".pth", ".pt", ".safetensors"};

SafetensorsFile read_one(const fs::path& path) {
  const std::string beginning = arrays::beginning_of(path, 16), ending = ending_of(path);
  const bool is_named_so = ending == ".pth" || ending == ".pt";
  if (!is_named_so && !arrays::is_pytorch_file(as_bytes(beginning))) return SafetensorsFile::read(path);
  return arrays::as_safetensors(arrays::read_pytorch(path), path.string());
}

// The longest of the wrappers that all names have in front; "" if there is none.
std::string_view wrapper_of(const SafetensorsFile& file) {
  for (const std::string_view wrapper : kWrappers) {
    const auto has_it = [&](const auto& tensor) {
      return tensor.first.starts_with(wrapper) && tensor.first.size() > wrapper.size();
    };
    if (!file.tensors().empty() && std::ranges::all_of(file.tensors(), has_it)) return wrapper;
  }
  return {};
}

fs::path part_of(const fs::path& folder, const char* part) {
  for (const char* ending : kEndings) {
    const fs::path path = folder / (std::string(part) + ending);
    if (fs::exists(path)) return path;
  }
  fail("{}: holds no {}.pth, .pt or .safetensors; a model in two files has encoder.pth and decoder.pth",
       folder.string(), part);
}

}  // namespace

SafetensorsFile without_wrappers(SafetensorsFile file) {
  while (true) {
    const std::string_view wrapper = wrapper_of(file);
    if (wrapper.empty()) return file;
    SafetensorsContent content{.tensors = {}, .metadata = file.metadata()};
    for (const auto& [name, tensor] : file.tensors()) content.tensors[name.substr(wrapper.size())] = tensor;
    file = SafetensorsFile::parse(serialize_safetensors(content), file.origin());
  }
}

SafetensorsFile read_state_dict(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return without_wrappers(read_one(path));
  const SafetensorsFile encoder = without_wrappers(read_one(part_of(path, "encoder"))),
                        decoder = without_wrappers(read_one(part_of(path, "decoder")));
  SafetensorsContent content;
  for (const auto& [name, tensor] : encoder.tensors()) content.tensors["encoder." + name] = tensor;
  for (const auto& [name, tensor] : decoder.tensors()) content.tensors["decoder." + name] = tensor;
  return SafetensorsFile::parse(serialize_safetensors(content), path.string());
}

}  // namespace limn::models
