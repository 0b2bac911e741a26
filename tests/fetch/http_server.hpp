// An HTTP server for tests, on a loopback port of its own, as well or badly behaved as its handler makes it:
// the handler gives the very bytes that go over the wire, and the connection is closed after them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace limn::testing {

struct ServedRequest {
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case

  [[nodiscard]] std::string header(const std::string& name) const;
  // N of "Range: bytes=N-"; -1 without one.
  [[nodiscard]] std::int64_t first_byte() const;
};

using Headers = std::map<std::string, std::string>;
// A whole answer. Content-Length is that of the body unless the headers name one.
[[nodiscard]] std::string answer(int status, Headers headers, const std::string& body = "");

class HttpServer {
 public:
  using Handler = std::function<std::string(const ServedRequest&)>;
  // Answers in a thread of its own, one connection after the other.
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] std::vector<ServedRequest> requests() const;

 private:
  void serve();
  void serve_one(int connection);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> is_ending_ = false;
  mutable std::mutex mutex_;
  std::vector<ServedRequest> requests_;
  std::thread thread_;
};

}  // namespace limn::testing
