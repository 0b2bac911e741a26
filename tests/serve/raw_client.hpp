// A client of few manners: sends any bytes to a port of this machine and reads what comes back. Every wait is
// bounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace limn::testing {

struct RawReply {
  int status = 0;    // 0: no status line came
  std::string head;  // in lower case
  std::string body;  // chunks put together
  [[nodiscard]] bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False once the other end does not take it.
  bool send(std::string_view bytes) const;
  // What comes until the other end closes, or `time` is over. has_closed() says which.
  std::string read_all(std::chrono::milliseconds time = std::chrono::seconds(5));
  // What comes until it holds `text`, with it; less if the time is over.
  std::string read_until(std::string_view text, std::chrono::milliseconds time = std::chrono::seconds(5));
  [[nodiscard]] bool has_closed() const { return has_closed_; }
  // Closes at once, as a browser does that goes to another page.
  void abandon();

 private:
  bool receive(std::string& to, std::chrono::steady_clock::time_point deadline);
  int socket_ = -1;
  bool has_closed_ = false;
};

[[nodiscard]] RawReply parse_reply(const std::string& bytes);

// A request of one connection, which it asks to be closed. `headers` are whole lines with \r\n.
[[nodiscard]] RawReply request(int port, std::string_view method, std::string_view path, std::string_view body = {},
                               std::string_view headers = "Content-Type: application/json\r\n",
                               std::string_view host = "127.0.0.1");

}  // namespace limn::testing
