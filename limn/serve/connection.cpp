#include "limn/serve/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "limn/serve/http.hpp"

namespace limn::serve {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
}

// False once the deadline passes.
bool wait_for(int socket, short events, Clock::time_point deadline) {
  while (true) {
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    const int ready = poll(&entry, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

// METHOD /target HTTP/1.1
bool is_request_line(std::string_view line) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  constexpr std::array<std::string_view, 7> kMethods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const std::string_view target = line.substr(first + 1, last - first - 1), version = line.substr(last + 1);
  return std::ranges::find(kMethods, line.substr(0, first)) != kMethods.end() && target.starts_with('/') &&
         target.find(' ') == std::string_view::npos && (version == "HTTP/1.1" || version == "HTTP/1.0");
}

}  // namespace

Connection::Connection(int socket, const Limits& limits) : socket_(socket), limits_(limits) {
  const int yes = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

Connection::~Connection() {
  shutdown(socket_, SHUT_RDWR);
  ::close(socket_);
}

std::int64_t Connection::receive(Clock::time_point deadline) {
  char chunk[4096];
  while (!is_closed_) {
    const ssize_t got = recv(socket_, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got > 0) {
      buffer_.append(chunk, static_cast<std::size_t>(got));
      return got;
    }
    if (got == 0) return 0;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return 0;
    if (!wait_for(socket_, POLLIN, deadline)) return -1;
  }
  return 0;
}

HeadResult Connection::read_head() {
  head_.clear();
  head_at_ = 0;
  plan_ = {};
  body_read_ = body_allowed_ = 0;
  waiting_since_ = Clock::now().time_since_epoch().count();
  const auto idle_end = Clock::now() + limits_.idle_time;
  if (buffer_.empty() && receive(idle_end) <= 0) return HeadResult::kClosed;
  const auto deadline = Clock::now() + limits_.head_time;
  std::size_t end = buffer_.find(kHeadEnd);
  while (end == std::string::npos) {
    if (buffer_.size() > limits_.max_head_bytes) return HeadResult::kTooLarge;
    const std::size_t searched = buffer_.size() < 3 ? 0 : buffer_.size() - 3;
    const std::int64_t got = Clock::now() < deadline ? receive(deadline) : -1;
    if (got == 0) return HeadResult::kClosed;
    if (got < 0) return HeadResult::kTimedOut;
    end = buffer_.find(kHeadEnd, searched);
  }
  if (end > limits_.max_head_bytes) return HeadResult::kTooLarge;
  waiting_since_ = 0;
  reply_deadline_ = Clock::now() + limits_.reply_time + limits_.body_time;
  head_ = buffer_.substr(0, end + kHeadEnd.size());
  buffer_.erase(0, end + kHeadEnd.size());
  return check_head();
}

// The library parses head_ again; what it would do with some headers is not wanted, so those are left out:
// ranges (expanded by a recursive regular expression), compression (at the slowest level), 100-continue.
HeadResult Connection::check_head() {
  std::string kept;
  std::size_t lines = 0;
  std::string_view rest = head_;
  while (rest != kLineEnd) {
    const std::size_t end = rest.find(kLineEnd);
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + kLineEnd.size());
    if (++lines > limits_.max_head_lines) return HeadResult::kTooLarge;
    if (has_control(line)) return HeadResult::kMalformed;
    if (lines == 1) {
      if (line.size() > limits_.max_line_bytes) return HeadResult::kTooLarge;
      if (!is_request_line(line)) return HeadResult::kMalformed;
      (kept += line) += kLineEnd;
    } else if (!check_field(line, kept)) {
      return HeadResult::kMalformed;
    }
  }
  if (plan_.is_chunked && plan_.has_length) return HeadResult::kMalformed;
  head_ = kept + std::string(kLineEnd);
  return HeadResult::kComplete;
}

bool Connection::check_field(std::string_view line, std::string& kept) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string name = lower_case(line.substr(0, colon));
  if (!std::ranges::all_of(name, is_token_character)) return false;
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "range" || name == "accept-encoding" || name == "expect") return true;
  if (name == "transfer-encoding") plan_.is_chunked = true;
  if (name == "content-length") {
    constexpr std::size_t kMostDigits = 15;
    const bool is_number = !value.empty() && value.size() <= kMostDigits &&
                           std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number || plan_.has_length) return false;
    plan_.has_length = true;
    plan_.length = std::stoull(std::string(value));
  }
  ((kept += line.substr(0, colon)) += ": ") += value;
  kept += kLineEnd;
  return true;
}

void Connection::allow_body(std::uint64_t bytes) {
  body_allowed_ = std::min<std::uint64_t>(bytes, plan_.length);
  body_deadline_ = Clock::now() + limits_.body_time;
}

std::int64_t Connection::read(char* to, std::size_t size) {
  if (head_at_ < head_.size()) {
    const std::size_t count = std::min(size, head_.size() - head_at_);
    std::memcpy(to, head_.data() + head_at_, count);
    head_at_ += count;
    return static_cast<std::int64_t>(count);
  }
  if (body_read_ >= body_allowed_) return 0;
  if (buffer_.empty()) {
    if (Clock::now() >= body_deadline_) return -1;
    const std::int64_t got = receive(body_deadline_);
    if (got <= 0) return -1;
  }
  const std::size_t count = std::min({size, buffer_.size(), static_cast<std::size_t>(body_allowed_ - body_read_)});
  std::memcpy(to, buffer_.data(), count);
  buffer_.erase(0, count);
  body_read_ += count;
  return static_cast<std::int64_t>(count);
}

std::int64_t Connection::write(const char* from, std::size_t size) {
  std::size_t sent = 0;
  while (sent < size && !is_closed_) {
    const ssize_t count = send(socket_, from + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return -1;
    if (!wait_for(socket_, POLLOUT, std::min(reply_deadline_, Clock::now() + limits_.stall_time))) return -1;
  }
  return sent == size ? static_cast<std::int64_t>(size) : -1;
}

bool Connection::is_peer_gone() const {
  if (is_closed_) return true;
  pollfd entry{.fd = socket_, .events = POLLRDHUP, .revents = 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Connection::linger() {
  constexpr auto kTime = std::chrono::milliseconds(500);
  constexpr std::int64_t kMostBytes = 4 << 20;
  shutdown(socket_, SHUT_WR);
  const auto deadline = Clock::now() + kTime;
  std::int64_t dropped = 0;
  while (dropped < kMostBytes && Clock::now() < deadline) {
    buffer_.clear();
    const std::int64_t got = receive(deadline);
    if (got <= 0) return;
    dropped += got;
  }
}

void Connection::close_from_outside() {
  is_closed_ = true;
  shutdown(socket_, SHUT_RDWR);
}

}  // namespace limn::serve
