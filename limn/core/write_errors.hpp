// The message of a failed write. For the sources of core that write files.
#pragma once

#include <filesystem>

namespace limn {

// Throws Error: "PATH: cannot write: No space left on device; free some space or …".
[[noreturn]] void fail_to_write(const std::filesystem::path& path, int error_number);

}  // namespace limn
