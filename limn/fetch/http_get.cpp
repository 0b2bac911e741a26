#include "limn/fetch/http_get.hpp"

#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>

#include "limn/core/error.hpp"
#include "limn/core/version.hpp"

namespace limn::fetch {
namespace {

constexpr std::size_t kMaxHeaders = 200;  // more of them are ignored

// The functions of libcurl, which is loaded at the first download: with it come 20 libraries more, which would take 10
// ms of every command's start.
struct Curl {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
  decltype(&curl_url) url;
  decltype(&curl_url_cleanup) url_cleanup;
  decltype(&curl_url_set) url_set;
  decltype(&curl_url_get) url_get;
  decltype(&curl_free) free;
  decltype(&curl_version) version;
};

Curl load_curl() {
  constexpr const char* kLibrary = "libcurl.so.4";
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  require(library != nullptr, "downloads need {}, which cannot be loaded; install the package libcurl4", kLibrary);
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    require(function != nullptr, "{} has no function {}; install the package libcurl4 of this system", kLibrary, name);
  };
  Curl curl{};
  find(curl.global_init, "curl_global_init");
  find(curl.easy_init, "curl_easy_init");
  find(curl.easy_cleanup, "curl_easy_cleanup");
  find(curl.easy_setopt, "curl_easy_setopt");
  find(curl.easy_perform, "curl_easy_perform");
  find(curl.easy_strerror, "curl_easy_strerror");
  find(curl.slist_append, "curl_slist_append");
  find(curl.slist_free_all, "curl_slist_free_all");
  find(curl.url, "curl_url");
  find(curl.url_cleanup, "curl_url_cleanup");
  find(curl.url_set, "curl_url_set");
  find(curl.url_get, "curl_url_get");
  find(curl.free, "curl_free");
  find(curl.version, "curl_version");
  curl.global_init(CURL_GLOBAL_DEFAULT);
  return curl;
}

// It stays loaded. Throws Error where it is not there, and looks again at the next call.
const Curl& curl() {
  static const Curl loaded = load_curl();
  return loaded;
}

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

Handle make_handle() {
  Handle handle(curl().easy_init(), curl().easy_cleanup);
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

void set_options(CURL* handle, Transfer& transfer) {
  const auto set = curl().easy_setopt;
  const HttpGet& request = transfer.request;
  const char* const protocols = request.url.starts_with("https:") ? "https" : "http,https";
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_PROTOCOLS_STR, protocols);
  set(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  set(handle, CURLOPT_FOLLOWLOCATION, 1L);
  set(handle, CURLOPT_MAXREDIRS, static_cast<long>(request.max_redirects));
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
  set(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout_s));
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_USERAGENT, (std::string("limn/") + kVersion).c_str());
  set(handle, CURLOPT_HEADERFUNCTION, on_header);
  set(handle, CURLOPT_HEADERDATA, &transfer);
  set(handle, CURLOPT_WRITEFUNCTION, on_body);
  set(handle, CURLOPT_WRITEDATA, &transfer);
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, on_tick);
  set(handle, CURLOPT_XFERINFODATA, &transfer);
  if (request.first_byte > 0) set(handle, CURLOPT_RANGE, fmt::format("{}-", request.first_byte).c_str());
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
      return *message != '\0' ? message : curl().easy_strerror(code);
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
  curl().easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, message);
  set_options(handle.get(), transfer);
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, curl().slist_free_all);
  if (request.first_byte > 0 && !request.if_range.empty()) {
    headers.reset(curl().slist_append(nullptr, ("If-Range: " + request.if_range).c_str()));
    curl().easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  }
  const CURLcode code = curl().easy_perform(handle.get());
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (transfer.is_stopped) return {.end = HttpEnd::kStopped, .answer = transfer.answer, .detail = "interrupted"};
  HttpOutcome outcome{.end = end_of(code), .answer = std::move(transfer.answer), .detail = {}};
  if (code != CURLE_OK) outcome.detail = printable(detail_of(code, message, request.max_redirects), 200);
  return outcome;
}

std::string http_library() { return curl().version(); }

void check_url(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl().url(), curl().url_cleanup);
  require(parsed != nullptr, "libcurl cannot be started; is memory short?");
  char* scheme = nullptr;
  const bool is_url = curl().url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
                      curl().url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;
  const std::string found = is_url ? scheme : "";
  curl().free(scheme);
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
