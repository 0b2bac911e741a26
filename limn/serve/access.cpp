#include "limn/serve/access.hpp"

#include <arpa/inet.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "limn/core/error.hpp"

namespace limn::serve {
namespace {

// "name:80", "[::1]:80", "name" to the name in lower case without brackets; "" for anything else.
std::string host_name(std::string_view host) {
  std::string_view name, port;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return "";
    name = host.substr(1, end - 1);
    port = host.substr(end + 1);
  } else {
    const std::size_t colon = host.find(':');
    name = host.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : host.substr(colon);
  }
  const bool is_port =
      port.empty() || (port.size() > 1 && port.size() <= 6 && port[0] == ':' &&
                       std::ranges::all_of(port.substr(1), [](char c) { return c >= '0' && c <= '9'; }));
  return is_port ? lower_case(name) : "";
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

// Takes the same time wherever they differ.
bool are_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

bool is_loopback(std::string_view host) {
  const std::string name = lower_case(host);
  in_addr four{};
  if (inet_pton(AF_INET, name.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  return name == "localhost" || name == "::1";
}

std::string make_token() {
  std::array<unsigned char, 16> bytes{};
  require(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
          "the system gives no random numbers for a token; set one in LIMN_SERVE_TOKEN");
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

AccessRules::AccessRules(std::string token, std::vector<std::string> names)
    : token_(std::move(token)), names_(std::move(names)) {
  for (auto& name : names_) {
    // Host is compared without its port, so that a name with one would let nobody in.
    require(!name.empty() && host_name(name) == lower_case(name),
            "--allow-host '{}': expected the name of a host without a port, such as studio.example", printable(name));
    name = lower_case(name);
  }
}

bool AccessRules::is_our_host(std::string_view host) const {
  const std::string name = host_name(host);
  return name == "localhost" || is_address(name) || (!name.empty() && std::ranges::find(names_, name) != names_.end());
}

bool AccessRules::has_token(const HttpRequest& request) const {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = request.header("authorization");
  return given.starts_with(kScheme) && are_equal(given.substr(kScheme.size()), token_);
}

std::optional<Refusal> AccessRules::complaint(const HttpRequest& request, bool is_api) const {
  const std::string_view host = request.header("host");
  if (!is_our_host(host))
    return Refusal(421,
                   "this studio does not go by the name in Host; open it by its address, or start limn serve with "
                   "--allow-host NAME");
  const std::string_view origin = request.header("origin");
  const std::size_t scheme = origin.find("://");
  const bool is_same_origin =
      scheme != std::string_view::npos && lower_case(origin.substr(scheme + 3)) == lower_case(host);
  if (!origin.empty() && !is_same_origin) return Refusal(403, "pages of other sites may not use this studio");
  const std::string_view site = request.header("sec-fetch-site");
  if (is_api && !site.empty() && site != "same-origin" && site != "none")
    return Refusal(403, "pages of other sites may not use this studio");
  if (is_api && asks_for_token() && !has_token(request))
    return Refusal(401, "this studio asks for its token, which limn serve printed: send it as Authorization: Bearer …");
  return std::nullopt;
}

// The policy of the page. Everything comes from the page's own place; files are saved from blobs.
std::string content_security_policy(PagePlace place) {
  const bool is_served = place == PagePlace::kServer;
  return fmt::format(
      "default-src 'none'; script-src 'self'{}; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
      "manifest-src 'self'; base-uri 'none'; form-action 'none'; {}require-trusted-types-for 'script'; "
      "trusted-types {}",
      is_served ? "" : " 'wasm-unsafe-eval'", is_served ? "frame-ancestors 'none'; " : "",
      is_served ? "'none'" : "limn-scripts");
}

std::vector<std::pair<std::string, std::string>> security_headers() {
  return {{"Content-Security-Policy", content_security_policy(PagePlace::kServer)},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"}};
}

}  // namespace limn::serve
