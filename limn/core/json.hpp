// Trees of JSON, parsed and written in one source: the templates of nlohmann/json take the compiler seconds in each
// file that parses or writes for itself. Who includes this links nlohmann_json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace limn {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// The value. is_discarded() if `text` is not JSON, or if lists and objects stand in each other deeper than `max_depth`:
// copying and writing a tree go as deep as it is nested.
[[nodiscard]] Json parse_json(std::string_view text, int max_depth = 100);
// The same, with the members of objects in the order of the text. An object of n members takes n² time.
[[nodiscard]] OrderedJson parse_ordered_json(std::string_view text, int max_depth = 100);

// On one line, or indented by that many spaces. A byte that is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_text(const Json& value, int indent = -1);
[[nodiscard]] std::string json_text(const OrderedJson& value, int indent = -1);

}  // namespace limn
