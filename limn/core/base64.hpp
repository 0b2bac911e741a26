// Base64 (RFC 4648 §4), with padding, without line breaks. Plain functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "limn/core/file.hpp"

namespace limn {

[[nodiscard]] std::string encode_base64(std::span<const std::byte> bytes);
// Nothing if the text is not base64: a foreign character, a wrong length, misplaced padding.
[[nodiscard]] std::optional<Bytes> decode_base64(std::string_view text);

}  // namespace limn
