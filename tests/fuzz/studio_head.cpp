// Requests to the studio of any method and path with any headers: a line "METHOD PATH", a line "name: value" for each
// header, an empty line and the body. What refuse() lets pass is answered. Runs are watched; a token is asked for where
// the input begins with '#'. Any answer will do but one that blames the studio (500).
#include <algorithm>

#include "fuzz/target.hpp"
#include "limn/serve/studio.hpp"
#include "serve/served_studio.hpp"

using namespace limn;
using serve::HttpReply;

namespace {

class Nobody final : public serve::ReplyStream {
 public:
  bool write(std::string_view /*bytes*/) override { return true; }
  [[nodiscard]] bool is_open() const override { return true; }
};

struct Served {
  explicit Served(const std::string& token)
      : studio(models::standard_registry(), [&] {
          serve::StudioOptions options = testing::tiny_studio_options(folder);
          make_directories(folder / "runs/a/samples");
          write_file(folder / "runs/a/config.toml", "family = \"vae\"\nnum_steps = 9\n");
          write_file(folder / "runs/a/metrics.jsonl", "{\"step\":3,\"split\":\"train\",\"total\":1.5}\n");
          write_file(folder / "runs/a/samples/step-3.png", "not looked at");
          options.runs = folder / "runs";
          options.token = token;
          options.limits.requests_per_second = options.limits.request_burst = 1e12;
          return options;
        }()) {}
  testing::TemporaryFolder folder;
  serve::Studio studio;
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

serve::HttpRequest request_of(std::string_view text) {
  serve::HttpRequest request{.method = {}, .path = {}, .address = "127.0.0.1", .headers = {}, .body = {}};
  const std::string_view first = take_line(text);
  const std::size_t space = std::min(first.find(' '), first.size());
  request.method = first.substr(0, space);
  request.path = first.substr(std::min(space + 1, first.size()));
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(": "), line.size());
    request.headers[serve::lower_case(line.substr(0, colon))] = line.substr(std::min(colon + 2, line.size()));
  }
  request.body = text;
  return request;
}

// What the server below lets through: a length is a number of at most 15 digits.
bool can_arrive(const serve::HttpRequest& request) {
  const std::string_view length = request.header("content-length");
  return length.size() <= 15 && std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; });
}

void answer(const serve::Studio& studio, const serve::HttpRequest& request) {
  try {
    HttpReply reply = studio.answer(request);
    if (reply.status >= 500) fuzz::report(reply.body);
    Nobody out;
    while (reply.stream && reply.stream(out)) {
    }
  } catch (const serve::Refusal& refusal) {
    if (refusal.status() >= 500) fuzz::report(refusal.what());
    (void)serve::error_reply(refusal.status(), refusal.what(), refusal.where());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Served open(""), closed("0123456789abcdef0123456789abcdef");
  constexpr fuzz::MemoryBound kBound{.per_byte = 4096, .floor = 256 << 20};
  return fuzz::survive(data, size, kBound, [](fuzz::Input input) {
    std::string_view text = fuzz::text_of(input);
    const bool asks_for_token = text.starts_with('#');
    if (asks_for_token) text.remove_prefix(1);
    const serve::Studio& studio = (asks_for_token ? closed : open).studio;
    const serve::HttpRequest request = request_of(text);
    if (!can_arrive(request)) return;
    if (const auto refused = studio.refuse(request); refused.has_value()) {
      if (refused->status >= 500) fuzz::report(refused->body);
      return;
    }
    answer(studio, request);
  });
}
