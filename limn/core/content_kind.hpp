// What files and folders hold, to say of one that is not read what it is.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace limn {

// `begin` are the first 300 bytes or more, fewer only of a shorter file. "a PNG picture", "an HTML page", …; empty for
// text and for what is not known.
[[nodiscard]] std::string_view content_kind(std::string_view begin);

// What lies directly in the folder, by endings: "3 .npz and 1 .txt files", "2 folders", "nothing". Hidden files do not
// count.
[[nodiscard]] std::string folder_contents(const std::filesystem::path& folder);

}  // namespace limn
