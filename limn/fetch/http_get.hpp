// One GET over http or https, by libcurl, which stays out of this header. download.hpp decides what an answer means,
// whether to try again and where the bytes go. Calls may run at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace limn::fetch {

// A server's answer before the bytes. Of several answers in a chain of redirects, the last.
struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case

  // The value of a header, "" if it was not sent.
  [[nodiscard]] std::string header(const std::string& name) const;
};

// A request. The server side of HTTP is limn/serve/http.hpp.
struct HttpGet {
  std::string url;
  std::int64_t first_byte = 0;  // above 0: asks for the bytes from there on
  std::string if_range;         // … if the file is still this edition; else for all of it
  std::int64_t connect_timeout_ms = 0;
  std::int64_t stall_timeout_s = 0;
  int max_redirects = 0;
  // Each piece of the body of the last answer, as it comes. What it throws ends the transfer and leaves
  // http_get().
  std::function<void(const HttpAnswer& answer, std::span<const std::byte> piece)> on_body;
  std::function<bool()> should_stop;  // may be empty; asked several times a second
};

enum class HttpEnd {
  kComplete,     // an answer, whatever its status, with all of its body
  kDropped,      // no connection, or one that failed or stalled; another attempt may go through
  kUnknownHost,  // its name leads nowhere: mistyped, or no network
  kImpossible,   // another attempt would fail too: a redirect too many or to another protocol, a bad
                 // certificate, …
  kStopped,      // should_stop
};

struct HttpOutcome {
  HttpEnd end = HttpEnd::kComplete;
  HttpAnswer answer;
  std::string detail;  // unless complete: why, for people
};

// Follows redirects, from https only to https. Sends neither cookies nor credentials. Throws Error for a URL
// that is neither http nor https, or malformed.
[[nodiscard]] HttpOutcome http_get(const HttpGet& request);

// The library that downloads, with its version and those of its own libraries. Throws Error where it is not there.
[[nodiscard]] std::string http_library();

// Throws Error unless `url` is an http or https URL with a host.
void check_url(const std::string& url);

// `text` with everything percent-encoded but letters, digits, '-', '_', '.' and '~': one segment of a path.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace limn::fetch
