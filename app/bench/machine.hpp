// What the system says of this machine and of this process.
#pragma once

#include <string>

namespace limn::app {

// The value of the first "key : value" in a file of /proc; "" without one.
[[nodiscard]] std::string proc_value(const std::string& path, const std::string& key);
[[nodiscard]] std::string cpu_name();

// Gives freed memory back to the system and lets peak_memory() start anew; false where the kernel refuses.
bool reset_peak_memory();
[[nodiscard]] double peak_memory();  // bytes

}  // namespace limn::app
