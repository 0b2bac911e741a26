// What a client sends to the studio, up to the HTTP library: heads and bodies of requests, one after the other.
#include <sys/socket.h>

#include "fuzz/target.hpp"
#include "limn/serve/connection.hpp"

using namespace limn;
using serve::Connection;
using serve::HeadResult;

namespace {

// As http_server.cpp does it, with the body given to nobody.
void serve_all(Connection& connection, const serve::Limits& limits) {
  char piece[1000];
  while (connection.read_head() == HeadResult::kComplete) {
    const auto& plan = connection.body_plan();
    if (!plan.is_chunked && plan.length <= limits.max_body_bytes) connection.allow_body(limits.max_body_bytes);
    while (connection.read(piece, sizeof piece) > 0) {
    }
    if (!connection.is_request_read()) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  serve::Limits limits;
  limits.max_head_bytes = 2000;  // within reach of small inputs
  constexpr fuzz::MemoryBound kBound{.per_byte = 16, .floor = 256 << 10};
  return fuzz::survive(data, size, kBound, [&](fuzz::Input input) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fuzz::report("no sockets");
    Connection connection(ends[0], limits);
    // What does not fit into the socket is not sent: this is one thread.
    (void)!::send(ends[1], input.data(), input.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(ends[1], SHUT_WR);
    serve_all(connection, limits);
    ::close(ends[1]);
  });
}
