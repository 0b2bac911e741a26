// Names of files and folders that are being written: `.NAME.PID.N.tmp` beside the target NAME. For the sources of core
// that write files.
#pragma once

#include <filesystem>

namespace limn {

// The folder that the target lies in.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& target);

// A name that no other call of this process returns. A former process may have left something there.
[[nodiscard]] std::filesystem::path temporary_name(const std::filesystem::path& target);

// Marks an open temporary as owned until the descriptor is closed, also by the end of the process. Other machines and
// containers that see the folder do not see the process.
void lock_temporary(int descriptor);

// As remove_leftovers(), but looks into each folder only once in the life of the process: a thousand files that are
// written into one folder need one look.
void remove_leftovers_once(const std::filesystem::path& target);

}  // namespace limn
