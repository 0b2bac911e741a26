// Base64 (RFC 4648) for data that is embedded in text.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace limn {

[[nodiscard]] std::string base64_text(std::span<const std::byte> data);

}  // namespace limn
