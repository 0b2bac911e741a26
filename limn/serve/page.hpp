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
// Files of an exported studio alone lie below this path; the server does not know them.
inline constexpr std::string_view kOfExport = "/static/";

}  // namespace limn::serve
