// Files as PyTorch's torch.save() writes them, made without PyTorch.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limn/arrays/zip_archive.hpp"
#include "limn/core/file.hpp"

namespace limn::testing {

// The opcodes of protocol 2 for plain values.
inline std::string pickled_text(std::string_view text) {
  std::string code = "X";
  for (int i = 0; i < 4; ++i) code += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return code + std::string(text);
}
inline std::string pickled_int(std::int64_t number) {
  std::string code = "J";
  for (int i = 0; i < 4; ++i) code += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xff);
  return code;
}
inline std::string pickled_ints(const std::vector<std::int64_t>& numbers) {
  std::string code = "(";
  for (const std::int64_t number : numbers) code += pickled_int(number);
  return code + "t";
}
// Pairs of a key's and a value's code.
inline std::string pickled_dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string code = "}(";
  for (const auto& [key, value] : entries) code += key + value;
  return code + "u";
}
// As state_dict() gives it.
inline std::string pickled_ordered_dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string code = "ccollections\nOrderedDict\n)R(";
  for (const auto& [key, value] : entries) code += key + value;
  return code + "u}" + pickled_text("_metadata") + "ccollections\nOrderedDict\n)Rsb";
}

struct SavedTensor {
  std::string storage_type = "FloatStorage";  // in the module torch
  std::string key = "0";
  std::int64_t storage_count = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape, strides;
};
// `legacy`: the older file's sixth part of a storage, a view.
inline std::string pickled_tensor(const SavedTensor& tensor, bool legacy = false) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled_text("storage") + "ctorch\n" + tensor.storage_type + "\n" +
         pickled_text(tensor.key) + pickled_text("cpu") + pickled_int(tensor.storage_count) + (legacy ? "N" : "") +
         "tQ" + pickled_int(tensor.offset) + pickled_ints(tensor.shape) + pickled_ints(tensor.strides) +
         "\x89"
         "ccollections\nOrderedDict\n)RtR";
}
inline std::string pickled_parameter(const std::string& tensor) {
  return "ctorch._utils\n_rebuild_parameter\n(" + tensor +
         "\x88"
         "ccollections\nOrderedDict\n)RtR";
}
inline std::string protocol_2(const std::string& code) { return "\x80\x02" + code + "."; }

// The numbers as they lie in memory.
template <class T>
std::string memory_of(const std::vector<T>& numbers) {
  std::string bytes(numbers.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

// `code`: of the tree, without the protocol and the end. `storages`: key and bytes.
inline Bytes pytorch_zip(const std::string& code, const std::vector<std::pair<std::string, std::string>>& storages,
                         const std::string& byte_order = "little", const std::string& folder = "model") {
  std::vector<std::pair<std::string, Bytes>> entries;
  const auto add = [&](const std::string& name, std::string_view content) {
    const auto bytes = as_bytes(content);
    entries.emplace_back(folder + "/" + name, Bytes(bytes.begin(), bytes.end()));
  };
  add("data.pkl", protocol_2(code));
  if (!byte_order.empty()) add("byteorder", byte_order);
  for (const auto& [key, bytes] : storages) add("data/" + key, bytes);
  add("version", "3\n");
  return arrays::make_zip(entries);
}

// The file of PyTorch before 1.6. `storages`: key and bytes of numbers that have `number_size` bytes each.
inline std::string pytorch_legacy(const std::string& code,
                                  const std::vector<std::pair<std::string, std::string>>& storages,
                                  std::size_t number_size = 4) {
  std::string file = protocol_2(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12)) +
                     protocol_2("M\xe9\x03") + protocol_2(pickled_dict({{pickled_text("little_endian"), "\x88"}})) +
                     protocol_2(code);
  std::string keys = "](";
  for (const auto& [key, bytes] : storages) keys += pickled_text(key);
  file += protocol_2(keys + "e");
  for (const auto& [key, bytes] : storages) file += memory_of<std::uint64_t>({bytes.size() / number_size}) + bytes;
  return file;
}

}  // namespace limn::testing
