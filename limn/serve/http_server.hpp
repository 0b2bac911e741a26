// The HTTP server around the studio: sockets, threads, limits of connections. Below it lies cpp-httplib, which parses
// requests and writes replies, behind serve/connection.hpp, which guards it. Started once; any thread may call stop().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "limn/serve/http.hpp"
#include "limn/serve/limits.hpp"

namespace limn::serve {

struct HttpHandlers {
  // Called with head and no body, before any of the body is read. A reply here is the answer; the body stays
  // unread.
  std::function<std::optional<HttpReply>(const HttpRequest&)> refuse;
  // The answer. May throw Refusal; any other exception becomes a 500.
  std::function<HttpReply(const HttpRequest&)> answer;
  // Of every reply.
  std::vector<std::pair<std::string, std::string>> headers;
};

class HttpServer {
 public:
  HttpServer(HttpHandlers handlers, const Limits& limits);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes the port, 0 for any free one, and returns it. Throws Error if it cannot be had.
  int bind(const std::string& host, int port);
  // Serves until stop(). Returns when all connections are closed.
  void run();
  // Ends run() within the time of one slice of work, whatever clients do.
  void stop();

  [[nodiscard]] int open_connections() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace limn::serve
