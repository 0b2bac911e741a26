// The safetensors file format: our checkpoints. Reading checks every length against the file before memory is
// taken; offsets must tile the buffer without gap or overlap. docs/checkpoint.md lists the names we use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limn/core/file.hpp"

namespace limn {

// Data types as the format names them. Values of other types than F32 are converted by read_f32().
enum class DType { kF16, kBF16, kF32, kF64, kI8, kI16, kI32, kI64, kU8, kBool };

[[nodiscard]] std::size_t size_of(DType type);
[[nodiscard]] std::string_view name_of(DType type);

struct TensorData {
  DType type = DType::kF32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // little-endian, row-major; points into the file or the caller's memory

  [[nodiscard]] std::int64_t count() const;
};

// A whole file in memory. The spans of its tensors live as long as it does.
class SafetensorsFile {
 public:
  // Throws Error naming the file and what is wrong in it.
  [[nodiscard]] static SafetensorsFile read(const std::filesystem::path& path);
  [[nodiscard]] static SafetensorsFile parse(Bytes bytes, std::string origin);

  [[nodiscard]] const std::map<std::string, TensorData>& tensors() const { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // The name of the file in messages.
  [[nodiscard]] const std::string& origin() const { return origin_; }
  // The metadata value, or Error naming file and key.
  [[nodiscard]] const std::string& metadata(const std::string& key) const;
  [[nodiscard]] bool contains(const std::string& name) const { return tensors_.contains(name); }
  // The tensor as float32, checked to have exactly `shape`. F16, BF16 and F64 are converted.
  [[nodiscard]] std::vector<float> read_f32(const std::string& name, std::span<const std::int64_t> shape) const;
  [[nodiscard]] std::vector<float> read_f32(const std::string& name, std::initializer_list<std::int64_t> shape) const {
    return read_f32(name, std::span<const std::int64_t>(shape.begin(), shape.size()));
  }

 private:
  Bytes bytes_;
  std::string origin_;
  std::map<std::string, TensorData> tensors_;
  std::map<std::string, std::string> metadata_;
};

// The metadata of a file, of which nothing but the header is read. Throws Error as SafetensorsFile does for a header
// that is damaged.
[[nodiscard]] std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);

// Tensors in a file stand in the order of their names, each aligned to 8 bytes by the header's padding.
struct SafetensorsContent {
  std::map<std::string, TensorData> tensors;
  std::map<std::string, std::string> metadata;
};
[[nodiscard]] Bytes serialize_safetensors(const SafetensorsContent& content);
// Replaces `path`, all or nothing.
void write_safetensors(const std::filesystem::path& path, const SafetensorsContent& content);

// "[4, 256]", for messages.
[[nodiscard]] std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace limn
