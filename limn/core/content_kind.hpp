// The kind of a file by its first bytes, to say of a file that is not read what it is.
#pragma once

#include <string_view>

namespace limn {

// `begin` are the first 300 bytes or more, fewer only of a shorter file. "a PNG picture", "an HTML page", …; empty for
// text and for what is not known.
[[nodiscard]] std::string_view content_kind(std::string_view begin);

}  // namespace limn
