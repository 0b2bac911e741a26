// HTTP as values, between the socket and the studio and without an HTTP library: a request that was received, a reply
// that will be sent, and refusals, which are replies that say in a sentence what to do instead.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limn::serve {

// Header names are in lower case; a name that comes twice is joined with ", " as RFC 9110 §5.3 says.
using HeaderMap = std::map<std::string, std::string, std::less<>>;

struct HttpRequest {
  std::string method;
  std::string path;     // decoded, without the query, which nothing here reads
  std::string address;  // of the client, without its port
  HeaderMap headers;
  std::string body;

  // "" for a header that is not there.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

// Where a streamed reply goes.
class ReplyStream {
 public:
  virtual ~ReplyStream() = default;
  // False once the client has gone away or reads too slowly: stop then.
  virtual bool write(std::string_view bytes) = 0;
  // False once the client has gone away or the server stops. Costs a system call.
  [[nodiscard]] virtual bool is_open() const = 0;
};

struct HttpReply {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  // If set, called again and again instead of sending `body`, until it returns false.
  std::function<bool(ReplyStream&)> stream = {};
};

// A request that is turned down. what() is a sentence for the person at the other end.
class Refusal : public std::runtime_error {
 public:
  Refusal(int status, const std::string& sentence, std::string where = {})
      : std::runtime_error(sentence), status_(status), where_(std::move(where)) {}
  [[nodiscard]] int status() const { return status_; }
  // "line 3, column 7" of a body that is not JSON, "strokes[2][0]" of one that is; or "".
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  int status_;
  std::string where_;
};

// The ASCII letters of `text` in lower case, as names of headers and hosts are compared.
[[nodiscard]] std::string lower_case(std::string_view text);

// {"error": {"status": …, "message": …, "where": …}}, with Retry-After for 429 and 503.
[[nodiscard]] HttpReply error_reply(int status, std::string_view sentence, std::string_view where = {});

}  // namespace limn::serve
