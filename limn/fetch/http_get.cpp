#include "limn/fetch/http_get.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>

#include "limn/core/error.hpp"
#include "limn/core/version.hpp"

namespace limn::fetch {
namespace {

constexpr std::size_t kMaxHeaders = 200;  // more of them are ignored

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::once_flag is_initialised;

Handle make_handle() {
  std::call_once(is_initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  Handle handle(curl_easy_init(), curl_easy_cleanup);
  require(handle != nullptr, "libcurl cannot be started; is memory short?");
  return handle;
}

// The data of curl's callbacks.
struct Transfer {
  const HttpGet& request;
  HttpAnswer answer;
  std::exception_ptr thrown;  // by on_body or should_stop; must not pass through curl's C code
  bool is_stopped = false;
};

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t on_header(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    transfer.answer = {};
    const std::size_t space = line.find(' ');
    for (std::size_t i = space; i != std::string_view::npos && i + 1 < line.size() && i < space + 3; ++i)
      if (std::isdigit(static_cast<unsigned char>(line[i + 1])) != 0)
        transfer.answer.status = 10 * transfer.answer.status + (line[i + 1] - '0');
  } else if (const std::size_t colon = line.find(':');
             colon != std::string_view::npos && transfer.answer.headers.size() < kMaxHeaders) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    // Google sends x-goog-hash once for each kind of hash: the values are joined, as HTTP allows.
    std::string& value = transfer.answer.headers[name];
    value += (value.empty() ? "" : ", ") + std::string(trimmed(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t on_body(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    transfer.request.on_body(transfer.answer, std::as_bytes(std::span<const char>(data, size * count)));
  } catch (...) {
    transfer.thrown = std::current_exception();
    return 0;
  }
  return size * count;
}

int on_tick(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.is_stopped = transfer.request.should_stop && transfer.request.should_stop();
  return transfer.is_stopped ? 1 : 0;
}

void set_options(CURL* curl, Transfer& transfer) {
  const HttpGet& request = transfer.request;
  const char* const protocols = request.url.starts_with("https:") ? "https" : "http,https";
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, static_cast<long>(request.max_redirects));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout_s));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, (std::string("limn/") + kVersion).c_str());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_tick);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  if (request.first_byte > 0) curl_easy_setopt(curl, CURLOPT_RANGE, fmt::format("{}-", request.first_byte).c_str());
}

HttpEnd end_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpEnd::kComplete;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return HttpEnd::kUnknownHost;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return HttpEnd::kDropped;
    default:
      return HttpEnd::kImpossible;
  }
}

std::string detail_of(CURLcode code, const char* message, int max_redirects) {
  switch (code) {
    case CURLE_TOO_MANY_REDIRECTS:
      return fmt::format("it redirects more than {} times", max_redirects);
    case CURLE_UNSUPPORTED_PROTOCOL:
      return "it redirects to, or speaks, something that is not http or https";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "its certificate is not to be trusted";
    case CURLE_PARTIAL_FILE:
      return "the connection failed";
    default:
      return *message != '\0' ? message : curl_easy_strerror(code);
  }
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

HttpOutcome http_get(const HttpGet& request) {
  check_url(request.url);
  const Handle handle = make_handle();
  Transfer transfer{.request = request, .answer = {}, .thrown = nullptr};
  char message[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, message);
  set_options(handle.get(), transfer);
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, curl_slist_free_all);
  if (request.first_byte > 0 && !request.if_range.empty()) {
    headers.reset(curl_slist_append(nullptr, ("If-Range: " + request.if_range).c_str()));
    curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  }
  const CURLcode code = curl_easy_perform(handle.get());
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (transfer.is_stopped) return {.end = HttpEnd::kStopped, .answer = transfer.answer, .detail = "interrupted"};
  HttpOutcome outcome{.end = end_of(code), .answer = std::move(transfer.answer), .detail = {}};
  if (code != CURLE_OK) outcome.detail = printable(detail_of(code, message, request.max_redirects), 200);
  return outcome;
}

void check_url(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  require(parsed != nullptr, "libcurl cannot be started; is memory short?");
  char* scheme = nullptr;
  const bool is_url = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
                      curl_url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;
  const std::string found = is_url ? scheme : "";
  curl_free(scheme);
  require(found == "http" || found == "https", "{}: not a URL that begins with http:// or https://",
          printable(url, 200));
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 0x80) ||
                          std::string_view("-_.~").find(c) != std::string_view::npos;
    encoded += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace limn::fetch
