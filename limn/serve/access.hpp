// The rules of who may talk to the studio. A page of another site, open in the same browser, must reach nothing: not by
// another name for this address (DNS rebinding), not by a form or fetch (no CORS, checked Origin, JSON only), not from
// another machine without the token. Immutable after construction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limn/serve/http.hpp"

namespace limn::serve {

// 127.0.0.0/8, ::1 or localhost.
[[nodiscard]] bool is_loopback(std::string_view host);
// 128 random bits in hexadecimal, from the operating system.
[[nodiscard]] std::string make_token();

class AccessRules {
 public:
  // An empty token asks for none. `names` are further values of Host that are ours, without a port, for a
  // reverse proxy or a machine's own name; addresses in numbers and localhost always are, as no name server
  // can turn those.
  AccessRules(std::string token, std::vector<std::string> names);

  // The reason to refuse the request, if there is one: Host, Origin, Sec-Fetch-Site, and for the API the token.
  [[nodiscard]] std::optional<Refusal> complaint(const HttpRequest& request, bool is_api) const;
  [[nodiscard]] bool asks_for_token() const { return !token_.empty(); }

 private:
  [[nodiscard]] bool is_our_host(std::string_view host) const;
  [[nodiscard]] bool has_token(const HttpRequest& request) const;

  std::string token_;
  std::vector<std::string> names_;
};

// Where the page lies: behind this server, or among static files. There a worker computes: WebAssembly may be compiled,
// and the policy limn-scripts names the two scripts that are started (web/js/module_engine.js). Its policy stands in
// the page itself, where browsers take no frame-ancestors.
enum class PagePlace { kServer, kStaticFiles };
[[nodiscard]] std::string content_security_policy(PagePlace place);
// Content-Security-Policy and the rest, of every reply.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> security_headers();

}  // namespace limn::serve
