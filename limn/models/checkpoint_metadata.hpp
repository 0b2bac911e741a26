// What every limn checkpoint says about itself, whatever its model (docs/checkpoint.md "Metadata"): the names of the
// entries and readers that trust nothing in the file. Plain functions, used by the checkpoints of this room.
#pragma once

#include <charconv>
#include <string>

#include "limn/core/error.hpp"
#include "limn/core/safetensors.hpp"

namespace limn {

inline constexpr const char* kFormatName = "limn";
inline constexpr int kFormatVersion = 1;

namespace metadata {

inline constexpr const char* kFormat = "format";
inline constexpr const char* kVersion = "format_version";
inline constexpr const char* kModel = "model";
inline constexpr const char* kConfig = "config";
inline constexpr const char* kTrainingConfig = "training_config";
inline constexpr const char* kStep = "step";
inline constexpr const char* kMetrics = "metrics";

}  // namespace metadata

// Throws Error naming the file unless it is a limn checkpoint of a version that this limn reads.
void check_format(const SafetensorsFile& file);

// The entry as a number. Throws Error naming the file if it is missing or none.
template <class T>
[[nodiscard]] T metadata_number(const SafetensorsFile& file, const char* key) {
  const std::string& text = file.metadata(key);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(),
          "{}: metadata {} is '{}', expected a number; the file is damaged", file.origin(), key, printable(text));
  return value;
}

[[nodiscard]] std::string metadata_or(const SafetensorsFile& file, const char* key, const std::string& otherwise);

// The text of an entry that must be a JSON object, "{}" if it is absent. Throws Error naming the file.
[[nodiscard]] std::string metadata_object(const SafetensorsFile& file, const char* key);

}  // namespace limn
