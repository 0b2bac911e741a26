// Durations and sizes as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace limn::app {

// "1:23:45", "2:05" or "12s".
[[nodiscard]] std::string duration_text(double seconds);
// "9.9 MB".
[[nodiscard]] std::string size_text(std::int64_t bytes);

}  // namespace limn::app
