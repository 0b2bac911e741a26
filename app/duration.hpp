// Durations as people read them.
#pragma once

#include <string>

namespace limn::app {

// "1:23:45", "2:05" or "12s".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace limn::app
