// Which call answers which method and path. The calls to models are one table, for the server and for the WebAssembly
// module. Constant data.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "limn/serve/api.hpp"

namespace limn::serve {

// A path between its slashes: "/api/runs" is {"api", "runs"}.
using PathParts = std::vector<std::string_view>;
// Of a path that begins with '/'.
[[nodiscard]] PathParts split_path(std::string_view path);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "*" stands for one part
  HttpReply (*answer)(const ApiContext&, const PathParts&, const HttpRequest&);
};
[[nodiscard]] bool matches(const Route& route, const PathParts& parts);

// The models, drawing with them, and drawings as files.
[[nodiscard]] std::span<const Route> model_routes();

}  // namespace limn::serve
