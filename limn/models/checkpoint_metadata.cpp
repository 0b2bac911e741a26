#include "limn/models/checkpoint_metadata.hpp"

#include <nlohmann/json.hpp>

namespace limn {

using nlohmann::json;

void check_format(const SafetensorsFile& file) {
  require(file.metadata(metadata::kFormat) == kFormatName,
          "{}: its format is '{}', expected '{}'; it is not a limn checkpoint", file.origin(),
          printable(file.metadata(metadata::kFormat)), kFormatName);
  const auto version = metadata_number<std::int64_t>(file, metadata::kVersion);
  require(version >= 1 && version <= kFormatVersion,
          "{}: checkpoint version {}; this limn reads up to {}: use a newer limn", file.origin(), version,
          kFormatVersion);
}

std::string metadata_or(const SafetensorsFile& file, const char* key, const std::string& otherwise) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? otherwise : found->second;
}

std::string metadata_object(const SafetensorsFile& file, const char* key) {
  const std::string text = metadata_or(file, key, "{}");
  const auto is_shallow = [](int depth, json::parse_event_t, json&) {
    require(depth <= 16, "nested too deeply");
    return true;
  };
  json value;
  try {
    value = json::parse(text, is_shallow, false);
  } catch (const Error&) {
    value = json::value_t::discarded;
  }
  require(value.is_object(), "{}: metadata {} is not a JSON object; the file is damaged", file.origin(), key);
  return text;
}

}  // namespace limn
