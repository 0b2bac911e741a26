// How writing fails, and what makes it last. For the sources that write files.
#pragma once

#include <filesystem>

namespace limn {

// Throws Error: "PATH: cannot write: No space left on device; free some space or …".
[[noreturn]] void fail_to_write(const std::filesystem::path& path, int error_number);

// Flushes a file or a folder to the disk. 0, or the errno; what cannot be flushed counts as flushed.
[[nodiscard]] int flush_to_disk(int descriptor);

// The same for a folder by its name, "" for the working folder. A rename itself reaches the disk with its folder.
int flush_folder(const std::filesystem::path& folder);

}  // namespace limn
