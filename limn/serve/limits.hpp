// Every bound of the studio in one place. Times are real time. The values suit one machine that a few people
// share; tests set smaller ones.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace limn::serve {

using Clock = std::chrono::steady_clock;

struct Limits {
  // Connections.
  int max_connections = 128;           // beyond it those that wait for a request give way, then newcomers get a 503
  std::size_t max_head_bytes = 16384;  // request line and headers
  std::size_t max_head_lines = 100;
  std::size_t max_line_bytes = 2048;        // the request line
  std::size_t max_body_bytes = 512 * 1024;  // some 25,000 points, or three channels of 120 × 120 pixels
  int max_requests_per_connection = 1000;
  std::chrono::milliseconds idle_time{15'000};   // between two requests of a connection
  std::chrono::milliseconds head_time{10'000};   // from the first to the last byte of the head
  std::chrono::milliseconds body_time{20'000};   // for the body
  std::chrono::milliseconds stall_time{10'000};  // without a byte taken by the client
  std::chrono::milliseconds reply_time{60'000};  // for a whole reply

  // Requests of one address: a bucket that refills.
  double requests_per_second = 500;
  double request_burst = 1000;

  // Work.
  int max_admitted = 64;                              // replies that compute at once or wait for their turn
  std::chrono::milliseconds slice_time{4};            // how long one computes while others wait
  std::chrono::milliseconds generation_time{20'000};  // of one reply, waiting included

  // Drawings.
  std::int64_t max_points = 20'000;  // as a person drew them, before simplification
  std::int64_t max_strokes = 2'000;
  std::int64_t max_drawings = 32;          // that a model makes for one request
  std::int64_t max_saved_drawings = 500;   // of one file
  std::int64_t max_saved_points = 40'000;  // of all drawings of a file
};

}  // namespace limn::serve
