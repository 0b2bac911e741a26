#include "limn/serve/http_server.hpp"

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "limn/core/error.hpp"
#include "limn/serve/connection.hpp"

namespace limn::serve {
namespace {

// A thread a connection: they block. Threads are made as they are needed and kept. enqueue() runs the task on
// the caller's own thread where all `most` are busy or the system allows no more, which is the sign to refuse it.
class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(std::size_t most) : most_(most) {}
  ~ConnectionThreads() override = default;

  void enqueue(std::function<void()> task) override {
    std::unique_lock lock(mutex_);
    if (tasks_.size() >= idle_ && !has_new_thread()) {
      lock.unlock();
      return task();
    }
    tasks_.push_back(std::move(task));
    lock.unlock();
    wake_.notify_one();
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

 private:
  [[nodiscard]] bool has_new_thread() {
    if (threads_.size() >= most_) return false;
    try {
      threads_.emplace_back([this] { work(); });
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      wake_.wait(lock, [this] { return is_stopping_ || !tasks_.empty(); });
      --idle_;
      if (tasks_.empty()) return;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool is_stopping_ = false;
};

// A Connection as the library wants to see it.
class GuardedStream final : public httplib::Stream {
 public:
  explicit GuardedStream(Connection& connection) : connection_(connection) {}

  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return !connection_.is_peer_gone(); }
  ssize_t read(char* to, std::size_t size) override { return connection_.read(to, size); }
  ssize_t write(const char* from, std::size_t size) override { return connection_.write(from, size); }
  void get_remote_ip_and_port(std::string& ip, int& port) const override { address_of(getpeername, ip, port); }
  void get_local_ip_and_port(std::string& ip, int& port) const override { address_of(getsockname, ip, port); }
  [[nodiscard]] socket_t socket() const override { return connection_.socket(); }

 private:
  template <class Query>
  void address_of(Query query, std::string& ip, int& port) const {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (query(connection_.socket(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return;
    char text[NI_MAXHOST] = "";
    getnameinfo(reinterpret_cast<sockaddr*>(&address), length, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    ip = text;
    port = 0;
  }

  Connection& connection_;
};

class SinkStream final : public ReplyStream {
 public:
  explicit SinkStream(httplib::DataSink& sink) : sink_(sink) {}
  bool write(std::string_view bytes) override { return bytes.empty() || sink_.write(bytes.data(), bytes.size()); }
  [[nodiscard]] bool is_open() const override { return sink_.is_writable(); }

 private:
  httplib::DataSink& sink_;
};

HttpRequest to_request(const httplib::Request& request) {
  HttpRequest result{
      .method = request.method, .path = request.path, .address = request.remote_addr, .headers = {}, .body = {}};
  for (const auto& [name, value] : request.headers) {
    auto& kept = result.headers[lower_case(name)];
    kept = kept.empty() ? value : kept + ", " + value;
  }
  return result;
}

void put_reply(HttpReply reply, httplib::Response& response) {
  response.status = reply.status;
  for (const auto& [name, value] : reply.headers) response.set_header(name, value);
  if (!reply.stream) {
    response.set_content(reply.body, reply.type);
    return;
  }
  auto stream = std::make_shared<std::function<bool(ReplyStream&)>>(std::move(reply.stream));
  response.set_chunked_content_provider(reply.type, [stream](std::size_t, httplib::DataSink& sink) {
    SinkStream out(sink);
    if ((*stream)(out)) return out.is_open();
    sink.done();
    return true;
  });
}

}  // namespace

class HttpServer::Implementation final : public httplib::Server {
 public:
  Implementation(HttpHandlers handlers, const Limits& limits) : handlers_(std::move(handlers)), limits_(limits) {
    // Room for connections that have been told to give way and still run to their end.
    constexpr std::size_t kLeaving = 16;
    new_task_queue = [this] {
      return new ConnectionThreads(static_cast<std::size_t>(limits_.max_connections) + kLeaving);
    };
    // Not the library's own SO_REUSEPORT, with which two servers could share a port without knowing.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_payload_max_length(limits_.max_body_bytes);
    // The value of the header Keep-Alive; serve() below keeps to it.
    set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(limits_.idle_time).count());
    set_keep_alive_max_count(static_cast<std::size_t>(limits_.max_requests_per_connection));
    httplib::Headers headers;
    for (const auto& [name, value] : handlers_.headers) headers.emplace(name, value);
    set_default_headers(std::move(headers));
    set_routes();
  }

  void listen_until_stopped() {
    accepting_thread_ = std::this_thread::get_id();
    const int socket = svr_sock_;
    // The library's own backlog is 5.
    if (socket != INVALID_SOCKET) ::listen(socket, 256);
    listen_after_bind();
  }

  // The library's stop() does nothing before it runs, and closes a socket that accept() may be about to use.
  // Without svr_sock_ its loop ends; close_listener() closes what bind() opened.
  void stop_all() {
    is_stopped_ = true;
    const int socket = svr_sock_.exchange(INVALID_SOCKET);
    if (socket != INVALID_SOCKET) {
      ::shutdown(socket, SHUT_RDWR);
      listener_ = socket;
    }
    const std::lock_guard lock(mutex_);
    for (Connection* connection : connections_) connection->close_from_outside();
  }

  void close_listener() {
    const int socket = listener_.exchange(INVALID_SOCKET);
    if (socket != INVALID_SOCKET) ::close(socket);
  }

  [[nodiscard]] int open_connections() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(connections_.size());
  }

 private:
  void set_routes() {
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      const HttpRequest head = to_request(request);
      if (auto reply = handlers_.refuse(head)) {
        put_reply(std::move(*reply), response);
        return HandlerResponse::Handled;
      }
      if (request.method == "POST") return HandlerResponse::Unhandled;
      answer(head, response);
      return HandlerResponse::Handled;
    });
    Post("[^]*",
         [this](const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& read) {
           HttpRequest whole = to_request(request);
           const bool is_read = read([&](const char* data, std::size_t size) {
             whole.body.append(data, size);
             return whole.body.size() <= limits_.max_body_bytes;
           });
           if (!is_read)
             return put_reply(error_reply(408, "the body did not come in full or in time; send it again"), response);
           answer(whole, response);
         });
    // Requests that the library refuses itself: a wrong request line, a path that is too long.
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty()) return;
      const auto reply = error_reply(response.status, "this is not a request that can be answered; see /openapi.json");
      response.set_content(reply.body, reply.type);
    });
  }

  void answer(const HttpRequest& request, httplib::Response& response) {
    try {
      put_reply(handlers_.answer(request), response);
    } catch (const Refusal& refusal) {
      put_reply(error_reply(refusal.status(), refusal.what(), refusal.where()), response);
    } catch (const std::exception& error) {
      put_reply(error_reply(500, error.what()), response);
    }
  }

  bool process_and_close_socket(socket_t socket) override {
    if (std::this_thread::get_id() == accepting_thread_) {
      refuse_connection(socket);
      return false;
    }
    Connection connection(socket, limits_);
    enter(connection);
    try {
      serve(connection);
    } catch (const std::exception&) {
      // The connection is in no known state; closing it is all that is left.
    }
    leave(connection);
    return true;
  }

  void serve(Connection& connection) {
    for (int i = 0; i < limits_.max_requests_per_connection && !is_stopped_; ++i) {
      const HeadResult head = connection.read_head();
      if (head == HeadResult::kClosed) return;
      if (head != HeadResult::kComplete) {
        refuse_head(connection, head);
        return connection.linger();
      }
      GuardedStream stream(connection);
      const bool is_last = i + 1 == limits_.max_requests_per_connection || has_doubtful_body(connection);
      bool wants_close = false;
      const bool is_sent = process_request(stream, is_last, wants_close, [&](httplib::Request&) {
        if (!has_doubtful_body(connection)) connection.allow_body(limits_.max_body_bytes);
      });
      if (!is_sent) return;
      if (is_last || wants_close || !connection.is_request_read()) return connection.linger();
    }
  }

  // A body that will not be read to its end, so that what follows it cannot be found.
  [[nodiscard]] bool has_doubtful_body(const Connection& connection) const {
    return connection.body_plan().is_chunked || connection.body_plan().length > limits_.max_body_bytes;
  }

  void refuse_head(Connection& connection, HeadResult head) const {
    HttpReply reply;
    if (head == HeadResult::kTimedOut)
      reply = error_reply(408, "the request's head did not come in time; send it again");
    if (head == HeadResult::kTooLarge)
      reply = error_reply(431, fmt::format("the request's head has more than {} bytes or {} lines",
                                           limits_.max_head_bytes, limits_.max_head_lines));
    if (head == HeadResult::kMalformed) reply = error_reply(400, "the request's head is not HTTP/1.1");
    const std::string text = raw(reply);
    (void)connection.write(text.data(), text.size());
  }

  void refuse_connection(int socket) const {
    const std::string text = raw(error_reply(503, "too many connections at once; try again in a moment"));
    (void)send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(socket, SHUT_RDWR);
    close(socket);
  }

  [[nodiscard]] std::string raw(const HttpReply& reply) const {
    const char* reason = reply.status == 408   ? "Request Timeout"
                         : reply.status == 431 ? "Request Header Fields Too Large"
                         : reply.status == 503 ? "Service Unavailable"
                                               : "Bad Request";
    std::string text = fmt::format("HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
                                   reply.status, reason, reply.type, reply.body.size());
    for (const auto* headers : {&handlers_.headers, &reply.headers})
      for (const auto& [name, value] : *headers) text += fmt::format("{}: {}\r\n", name, value);
    return text + "\r\n" + reply.body;
  }

  // Where there are too many, the one that has waited longest for a request gives way.
  void enter(Connection& connection) {
    const std::lock_guard lock(mutex_);
    connections_.insert(&connection);
    if (is_stopped_) connection.close_from_outside();
    if (connections_.size() <= static_cast<std::size_t>(limits_.max_connections)) return;
    Connection* oldest = nullptr;
    for (Connection* other : connections_) {
      if (other == &connection || other->waiting_since() == 0 || other->is_closed()) continue;
      if (oldest == nullptr || other->waiting_since() < oldest->waiting_since()) oldest = other;
    }
    if (oldest != nullptr) oldest->close_from_outside();
  }

  void leave(Connection& connection) {
    const std::lock_guard lock(mutex_);
    connections_.erase(&connection);
  }

  HttpHandlers handlers_;
  Limits limits_;
  std::thread::id accepting_thread_;
  mutable std::mutex mutex_;
  std::set<Connection*> connections_;
  std::atomic<bool> is_stopped_{false};
  std::atomic<int> listener_{INVALID_SOCKET};  // after stop_all()
};

HttpServer::HttpServer(HttpHandlers handlers, const Limits& limits)
    : implementation_(std::make_unique<Implementation>(std::move(handlers), limits)) {}
HttpServer::~HttpServer() {
  implementation_->stop_all();
  implementation_->close_listener();
}

int HttpServer::bind(const std::string& host, int port) {
  if (port == 0) {
    port = implementation_->bind_to_any_port(host);
    require(port > 0, "{}: cannot listen there; is it an address of this machine?", host);
    return port;
  }
  require(implementation_->bind_to_port(host, port),
          "{}:{}: cannot listen there; another program may have the port, choose one with --port, or 0 for any", host,
          port);
  return port;
}

void HttpServer::run() { implementation_->listen_until_stopped(); }
void HttpServer::stop() { implementation_->stop_all(); }
int HttpServer::open_connections() const { return implementation_->open_connections(); }

}  // namespace limn::serve
