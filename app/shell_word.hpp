// A text as one word of a shell's command line, for the commands that limn prints to be pasted.
#pragma once

#include <string>

namespace limn::app {

// `text` as it is where a POSIX shell reads it as one word, and in quotes otherwise: "my runs/a" is 'my runs/a'.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace limn::app
