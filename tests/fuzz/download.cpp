// What a server sends to a download, byte for byte, and what an earlier download left here. An input is the note beside
// the partial file, that file, and the answers one after the other, with zero bytes between them. Every connection,
// also one that an answer redirects, goes to a server in this process: it is named as the proxy.
#include "limn/fetch/download.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

#include "fuzz/target.hpp"
#include "testing/temporary_folder.hpp"

using namespace limn;

namespace {

constexpr std::int64_t kMostBytes = 1 << 16;

// Gives each connection the next answer, or none, and closes it. Lives as long as the process.
class Answers {
 public:
  Answers() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 16) != 0 || ::getsockname(listener_, any, &size) != 0)
      fuzz::report("no loopback port");
    const std::string proxy = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
    for (const char* name : {"http_proxy", "https_proxy", "all_proxy"}) ::setenv(name, proxy.c_str(), 1);
    ::setenv("no_proxy", "", 1);
    std::thread([this] { serve(); }).detach();
  }
  void set(std::deque<std::string> answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
  }

 private:
  [[noreturn]] void serve() {
    while (true) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      serve_one(connection);
      ::close(connection);
    }
  }
  void serve_one(int connection) {
    std::string request;
    for (char piece[2048]; request.find("\r\n\r\n") == std::string::npos;) {
      const ssize_t n = ::recv(connection, piece, sizeof piece, 0);
      if (n <= 0) return;
      request.append(piece, static_cast<std::size_t>(n));
    }
    const std::string answer = next();
    (void)!::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    // All of it is read before the close, which would otherwise drop the rest.
    ::shutdown(connection, SHUT_WR);
    for (char rest[256]; ::recv(connection, rest, sizeof rest, 0) > 0;) continue;
  }
  std::string next() {
    const std::lock_guard lock(mutex_);
    if (answers_.empty()) return {};
    std::string answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  const int listener_;
  std::mutex mutex_;
  std::deque<std::string> answers_;
};

void put(const std::filesystem::path& path, const std::string& content) {
  if (!(std::ofstream(path, std::ios::binary | std::ios::trunc) << content).flush())
    fuzz::report("a file cannot be written");
}

std::deque<std::string> pieces_of(std::string_view text) {
  std::deque<std::string> pieces;
  while (true) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    pieces.emplace_back(text.substr(0, end));
    if (end == text.size()) return pieces;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& answers = *new Answers;
  static const testing::TemporaryFolder folder;
  const std::filesystem::path target = folder / "file";
  std::deque<std::string> pieces = pieces_of(fuzz::text_of(std::as_bytes(std::span(data, size))));
  pieces.resize(std::max<std::size_t>(pieces.size(), 2));
  put(folder / "file.part.json", pieces[0]);
  put(folder / "file.part", pieces[1]);
  pieces.erase(pieces.begin(), pieces.begin() + 2);
  answers.set(std::move(pieces));
  // libcurl's buffers, and at first its tables.
  constexpr fuzz::MemoryBound kBound{.per_byte = 64, .floor = 8 << 20};
  return fuzz::survive(data, size, kBound, [&](fuzz::Input) {
    const fetch::DownloadResult result = fetch::download(
        {.url = "http://limn.test/file", .md5 = {}}, target,
        {.retries = 2, .first_delay_ms = 0, .connect_timeout_ms = 1000, .stall_timeout_s = 2, .max_bytes = kMostBytes});
    if (result.bytes > kMostBytes || std::filesystem::file_size(target) != static_cast<std::uint64_t>(result.bytes))
      fuzz::report("a file of another size than was told");
  });
}
