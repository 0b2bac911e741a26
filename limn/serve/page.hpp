// The page of the studio, which the build embeds from web/ (cmake/LimnEmbed.cmake). Constant data.
#pragma once

#include <span>
#include <string_view>

namespace limn::serve {

struct PageFile {
  std::string_view path;  // "/", "/app.js", …
  std::string_view type;  // MIME
  std::string_view bytes;
  std::string_view tag;  // changes with the bytes
};
[[nodiscard]] std::span<const PageFile> page_files();

}  // namespace limn::serve
