// Downloading one file over http or https, whatever the network does: progress, retries with growing delays,
// continuing where an earlier attempt or an earlier run stopped, and a check of size and MD5 before the file
// appears under its name. download() may be called from several threads at once for different files.
//
// A partial file (part_file.hpp) is only ever continued with bytes that the server says are of the same
// edition (If-Range with the ETag or the date, and both compared again in the answer); otherwise it starts
// anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace limn::fetch {

struct RemoteFile {
  std::string url;         // http or https
  std::string md5;         // hexadecimal, as published; empty: what the server's x-goog-hash or Content-MD5 says
  std::int64_t size = -1;  // bytes, as published; -1: unknown
};

struct DownloadProgress {
  std::int64_t received = 0;      // bytes here, those of earlier runs included
  std::int64_t total = -1;        // -1: the server did not say
  std::int64_t resumed_from = 0;  // bytes that were here before
};

struct DownloadOptions {
  int retries = 5;                    // after this many failures in a row without a new byte it gives up
  std::int64_t first_delay_ms = 500;  // before the first retry; doubled each time up to 16 times that
  std::int64_t connect_timeout_ms = 20'000;
  std::int64_t stall_timeout_s = 30;  // a connection without a byte for so long counts as dropped
  int max_redirects = 5;
  std::int64_t max_bytes = std::int64_t{1} << 36;  // no file is larger; bounds what an endless answer may take
  std::function<void(const DownloadProgress&)> on_progress = {};
  std::function<void(const std::string& reason)> on_retry = {};  // before waiting
  std::function<bool()> should_stop = {};                        // asked several times a second
};

struct DownloadResult {
  std::int64_t bytes = 0;
  std::int64_t resumed_from = 0;  // of these bytes, those that an earlier run had left
  std::string md5;                // of the file
  bool is_md5_checked = false;    // it was published or sent, and agrees
};

// Fetches `file` to `target`, replacing what is there, all or nothing; the folder must exist. Throws Error
// naming the URL and what to do: no network, 404 and other refusals, a server that keeps failing, a wrong
// length or MD5, redirects in circles or away from http and https, a full disk, should_stop. The bytes so far
// then stay beside the target for the next run, unless they are wrong.
DownloadResult download(const RemoteFile& file, const std::filesystem::path& target,
                        const DownloadOptions& options = {});

}  // namespace limn::fetch
