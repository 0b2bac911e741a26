#include "serve/raw_client.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace limn::testing {

using Clock = std::chrono::steady_clock;

RawClient::RawClient(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to the server under test");
}

RawClient::~RawClient() { abandon(); }

void RawClient::abandon() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

bool RawClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::receive(std::string& to, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd entry{.fd = socket_, .events = POLLIN, .revents = 0};
  if (left <= 0 || poll(&entry, 1, static_cast<int>(left)) <= 0) return false;
  char chunk[65536];
  const ssize_t got = recv(socket_, chunk, sizeof chunk, 0);
  if (got <= 0) {
    has_closed_ = true;
    return false;
  }
  to.append(chunk, static_cast<std::size_t>(got));
  return true;
}

std::string RawClient::read_all(std::chrono::milliseconds time) {
  std::string bytes;
  const auto deadline = Clock::now() + time;
  while (receive(bytes, deadline)) {
  }
  return bytes;
}

std::string RawClient::read_until(std::string_view text, std::chrono::milliseconds time) {
  std::string bytes;
  const auto deadline = Clock::now() + time;
  while (bytes.find(text) == std::string::npos && receive(bytes, deadline)) {
  }
  return bytes;
}

RawReply parse_reply(const std::string& bytes) {
  RawReply reply;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.1 ") || end == std::string::npos) return reply;
  reply.status = std::atoi(bytes.c_str() + 9);
  reply.head = bytes.substr(0, end + 2);
  std::ranges::transform(reply.head, reply.head.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  reply.body = bytes.substr(end + 4);
  if (!reply.has("transfer-encoding: chunked")) return reply;
  std::string whole;
  std::size_t at = 0;
  while (at < reply.body.size()) {
    const std::size_t line = reply.body.find("\r\n", at);
    const auto size = static_cast<std::size_t>(std::strtoull(reply.body.c_str() + at, nullptr, 16));
    if (line == std::string::npos || size == 0) break;
    whole += reply.body.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
  reply.body = whole;
  return reply;
}

RawReply request(int port, std::string_view method, std::string_view path, std::string_view body,
                 std::string_view headers, std::string_view host) {
  RawClient client(port);
  std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) +
                     "\r\nConnection: close\r\n" + std::string(headers);
  if (method == "POST" || !body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "\r\n";
  client.send(text);
  client.send(body);
  return parse_reply(client.read_all(std::chrono::seconds(30)));
}

}  // namespace limn::testing
