// One client's socket under deadlines. cpp-httplib 0.11 reads headers of any length, waits for each byte anew and takes
// chunked bodies of any size. So the head of a request is read, bounded and checked here before the library sees it.
// The library gets the body only as far as its Content-Length.
//
// A Connection belongs to one thread; other threads may call close_from_outside() and waiting_since() meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "limn/serve/limits.hpp"

namespace limn::serve {

enum class HeadResult {
  kComplete,
  kClosed,     // or idle for too long: nothing to answer
  kTimedOut,   // 408
  kTooLarge,   // 431
  kMalformed,  // 400: a line that does not end in CR LF, a control character, two lengths, …
};

// The head's description of the body.
struct BodyPlan {
  std::uint64_t length = 0;
  bool has_length = false;
  bool is_chunked = false;
};

class Connection {
 public:
  // Takes the socket over: sets it to send at once, closes it in the end.
  Connection(int socket, const Limits& limits);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits for the next request's head.
  [[nodiscard]] HeadResult read_head();
  [[nodiscard]] const BodyPlan& body_plan() const { return plan_; }
  // Only now may the body be read, and this much of it.
  void allow_body(std::uint64_t bytes);
  // Nothing of the request is left, so that what follows is the next one.
  [[nodiscard]] bool is_request_read() const {
    return head_at_ == head_.size() && plan_.length == body_read_ && !plan_.is_chunked;
  }

  // Head, then the allowed part of the body. 0 at the end, below 0 where the client is too slow or gone.
  [[nodiscard]] std::int64_t read(char* to, std::size_t size);
  // All of it, or below 0.
  [[nodiscard]] std::int64_t write(const char* from, std::size_t size);
  [[nodiscard]] bool is_peer_gone() const;

  // Sends what is written and reads what the client still sends, briefly: closing at once would lose both.
  void linger();
  // Ends all waiting at once.
  void close_from_outside();
  // When the wait for a request began, as ticks of Clock; 0 while one is answered.
  [[nodiscard]] std::int64_t waiting_since() const { return waiting_since_.load(); }
  [[nodiscard]] bool is_closed() const { return is_closed_.load(); }
  [[nodiscard]] int socket() const { return socket_; }

 private:
  // Bytes into buffer_, at least one. 0: closed; below 0: the deadline passed.
  [[nodiscard]] std::int64_t receive(Clock::time_point deadline);
  [[nodiscard]] HeadResult check_head();
  [[nodiscard]] bool check_field(std::string_view line, std::string& kept);

  int socket_;
  const Limits& limits_;
  std::string buffer_;  // received, not handed on
  std::string head_;    // of the current request, checked
  std::size_t head_at_ = 0;
  BodyPlan plan_;
  std::uint64_t body_read_ = 0;
  std::uint64_t body_allowed_ = 0;
  Clock::time_point body_deadline_;
  Clock::time_point reply_deadline_;
  std::atomic<std::int64_t> waiting_since_{0};
  std::atomic<bool> is_closed_{false};
};

}  // namespace limn::serve
