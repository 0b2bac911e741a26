#include "limn/fetch/download.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <thread>

#include "limn/core/base64.hpp"
#include "limn/core/error.hpp"
#include "limn/core/thread.hpp"
#include "limn/fetch/http_get.hpp"
#include "limn/fetch/md5.hpp"
#include "limn/fetch/part_file.hpp"

namespace limn::fetch {
namespace {

constexpr int kOk = 200, kPartialContent = 206, kRequestTimeout = 408, kRangeNotSatisfiable = 416,
              kTooManyRequests = 429, kServerErrors = 500;
// Attempts in all, however many bytes each brings: a server that sends one at a time shall not hold us for
// ever.
constexpr int kMaxAttempts = 200;
constexpr std::int64_t kLongestDelay = 16;  // times the first

bool is_ours_to_repeat(int status) {
  return status >= kServerErrors || status == kTooManyRequests || status == kRequestTimeout;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// "bytes 100-199/1000": where an answer begins, and how long the whole is (-1 for "*").
struct ContentRange {
  std::int64_t first = 0, total = -1;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const std::size_t dash = text.find('-'), slash = text.find('/');
  if (!text.starts_with(kUnit) || dash == std::string_view::npos || slash == std::string_view::npos || slash < dash)
    return std::nullopt;
  const auto first = number(text.substr(kUnit.size(), dash - kUnit.size()));
  const std::string_view total = text.substr(slash + 1);
  if (!first || (total != "*" && !number(total))) return std::nullopt;
  return ContentRange{.first = *first, .total = total == "*" ? -1 : *number(total)};
}

// The MD5 that the server tells in hexadecimal, or "". Google's storage hashes what it stores: no use where
// it unpacks that on the way.
std::string announced_md5(const HttpAnswer& answer) {
  std::string encoded = answer.header("content-md5");
  const std::string stored = answer.header("x-goog-stored-content-encoding");
  const std::string hashes = answer.header("x-goog-hash");
  constexpr std::string_view kKey = "md5=";
  if (const std::size_t at = hashes.find(kKey); at != std::string::npos && (stored.empty() || stored == "identity"))
    encoded = hashes.substr(at + kKey.size(), hashes.find(',', at) - at - kKey.size());
  const auto bytes = decode_base64(encoded);
  constexpr std::size_t kMd5Bytes = 16;
  if (!bytes || bytes->size() != kMd5Bytes) return {};
  std::string digest;
  for (const std::byte b : *bytes) digest += fmt::format("{:02x}", std::to_integer<int>(b));
  return digest;
}

// Thrown out of a transfer whose bytes are of no use to what is here.
struct WrongPart {};

// One download from the first attempt to the last.
class Download {
 public:
  Download(const RemoteFile& file, const std::filesystem::path& target, const DownloadOptions& options)
      : file_(file), options_(options), part_(target), resumed_from_(part_.size()) {
    if (part_.size() == 0 || part_.edition().url != file.url || part_.edition().validator().empty()) resumed_from_ = 0;
  }

  DownloadResult run() {
    fetch_all();
    std::string md5 = md5_of_file(part_.path());
    if (!is_right(md5) && resumed_from_ > 0) {
      // The beginning may have been spoiled while it lay here.
      retry(start_again("what came does not go with what was here"));
      fetch_all();
      md5 = md5_of_file(part_.path());
    }
    check(md5);
    DownloadResult result{
        .bytes = part_.size(), .resumed_from = resumed_from_, .md5 = md5, .is_md5_checked = !expected_md5().empty()};
    part_.commit();
    return result;
  }

 private:
  [[nodiscard]] std::string expected_md5() const { return file_.md5.empty() ? announced_md5_ : file_.md5; }
  [[nodiscard]] bool is_right(const std::string& md5) const {
    return (file_.size < 0 || part_.size() == file_.size) && (expected_md5().empty() || md5 == expected_md5());
  }
  // Wrong bytes are not kept: the next run could only continue from them.
  void check(const std::string& md5) {
    if (is_right(md5)) return;
    const std::int64_t size = part_.size();
    part_.discard();
    require(file_.size < 0 || size == file_.size,
            "{}: {} bytes came, {} were expected: damaged, or another edition; try again or another address", file_.url,
            size, file_.size);
    fail(
        "{}: its MD5 is {}, expected {}: damaged on the way, or another edition; try again or another "
        "address",
        file_.url, md5, expected_md5());
  }

  // Attempts until all bytes are here.
  void fetch_all() {
    int failures = 0;
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
      const std::int64_t before = part_.size();
      const std::string reason = try_once();
      if (reason.empty()) return;
      failures = part_.size() > before ? 1 : failures + 1;
      if (failures > options_.retries)
        fail("{}: {}, {} times in a row; try again later, the download continues from here", file_.url, reason,
             failures);
      retry(reason);
      wait(std::min(std::int64_t{1} << std::min(failures - 1, 30), kLongestDelay) * options_.first_delay_ms);
    }
    fail("{}: the connection failed {} times; try again later, the download continues from here", file_.url,
         kMaxAttempts);
  }

  // Empty if the file is whole; else why another attempt is worth it. Throws where it is not.
  std::string try_once() {
    try {
      return attempt();
    } catch (const WrongPart&) {
      return start_again("the server sent another part than it was asked for");
    }
  }

  std::string attempt() {
    const bool goes_on = part_.size() > 0 && part_.edition().url == file_.url && !part_.edition().validator().empty();
    has_begun_ = false;
    total_ = -1;
    const HttpOutcome outcome = http_get({.url = file_.url,
                                          .first_byte = goes_on ? part_.size() : 0,
                                          .if_range = goes_on ? part_.edition().validator() : "",
                                          .connect_timeout_ms = options_.connect_timeout_ms,
                                          .stall_timeout_s = options_.stall_timeout_s,
                                          .max_redirects = options_.max_redirects,
                                          .on_body = [&](const auto& answer, auto piece) { take(answer, piece); },
                                          .should_stop = options_.should_stop});
    switch (outcome.end) {
      case HttpEnd::kDropped:
        return outcome.detail;
      case HttpEnd::kStopped:
        stop();
      case HttpEnd::kUnknownHost:
        require_threads(file_.url, 1);  // libcurl looks names up in a thread
        fail("{}: no network, or no such host ({}); check the connection and the address", file_.url, outcome.detail);
      case HttpEnd::kImpossible:
        fail("{}: {}; try another address", file_.url, outcome.detail);
      case HttpEnd::kComplete:
        break;
    }
    return judge(outcome.answer);
  }

  // The end of an answer that came whole.
  std::string judge(const HttpAnswer& answer) {
    if (is_ours_to_repeat(answer.status)) return fmt::format("the server answered {}", answer.status);
    if (answer.status == kRangeNotSatisfiable && part_.size() > 0) return start_again("the file there is shorter now");
    require(answer.status != 404 && answer.status != 410,
            "{}: the server answered {}: the file does not exist; check its name", file_.url, answer.status);
    require(answer.status == kOk || answer.status == kPartialContent,
            "{}: the server answered {}; check the address, or take another one", file_.url, answer.status);
    begin(answer);  // an empty body brought no piece
    if (total_ >= 0 && part_.size() < total_) return "the answer was shorter than the file";
    require(total_ < 0 || part_.size() == total_, "{}: {} bytes came where the server had said {}; try another address",
            file_.url, part_.size(), total_);
    return {};
  }

  std::string start_again(const std::string& reason) {
    part_.restart({});
    resumed_from_ = 0;
    return reason + "; starting again";
  }

  // Once for each answer that holds the file: where its bytes belong.
  void begin(const HttpAnswer& answer) {
    if (has_begun_) return;
    has_begun_ = true;
    Edition edition{.url = file_.url, .etag = answer.header("etag"), .last_modified = answer.header("last-modified")};
    announced_md5_ = announced_md5(answer);
    if (answer.status == kOk) {
      // From the start: the first attempt, or the file changed, or the server knows no ranges.
      total_ = edition.size = number(answer.header("content-length")).value_or(-1);
      part_.restart(edition);
      resumed_from_ = 0;
    } else {
      const auto range = parse_content_range(answer.header("content-range"));
      if (range) total_ = edition.size = range->total;
      if (!range || range->first != part_.size() || !part_.edition().may_be(edition)) throw WrongPart();
    }
    require(total_ <= options_.max_bytes, "{}: {} bytes are more than a file may have here, {}; is the address right?",
            file_.url, total_, options_.max_bytes);
  }

  void take(const HttpAnswer& answer, std::span<const std::byte> piece) {
    if (answer.status != kOk && answer.status != kPartialContent) return;  // the page of an error
    begin(answer);
    if (part_.size() + static_cast<std::int64_t>(piece.size()) > options_.max_bytes) {
      part_.discard();
      fail("{}: more than {} bytes came; is the address right?", file_.url, options_.max_bytes);
    }
    part_.append(piece);
    if (options_.on_progress)
      options_.on_progress({.received = part_.size(), .total = total_, .resumed_from = resumed_from_});
  }

  void retry(const std::string& reason) const {
    if (options_.on_retry) options_.on_retry(fmt::format("{}: {}", file_.url, reason));
  }
  void wait(std::int64_t delay_ms) const {
    constexpr std::int64_t kTick = 50;
    for (std::int64_t waited = 0; waited < delay_ms; waited += kTick) {
      if (options_.should_stop && options_.should_stop()) stop();
      std::this_thread::sleep_for(std::chrono::milliseconds(std::min(kTick, delay_ms - waited)));
    }
  }
  [[noreturn]] void stop() const {
    fail("{}: interrupted after {} bytes; run it again to continue from there", file_.url, part_.size());
  }

  const RemoteFile& file_;
  const DownloadOptions& options_;
  PartFile part_;
  std::int64_t resumed_from_ = 0;
  // Of the attempt that runs.
  bool has_begun_ = false;
  std::int64_t total_ = -1;
  std::string announced_md5_;
};

}  // namespace

DownloadResult download(const RemoteFile& file, const std::filesystem::path& target, const DownloadOptions& options) {
  check_url(file.url);
  return Download(file, target, options).run();
}

}  // namespace limn::fetch
