#include "fuzz/target.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace limn::fuzz {

void report(std::string_view finding) {
  std::fprintf(stderr, "finding: %.*s\n", static_cast<int>(finding.size()), finding.data());
  std::abort();
}

void check_error_text(std::string_view text) {
  constexpr std::size_t kLongest = 600;
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  if (text.empty()) report("an error without a text");
  if (text.size() > kLongest) report(fmt::format("an error of {} bytes: {}", text.size(), text.substr(0, kLongest)));
  if (std::ranges::any_of(text, is_control)) report(fmt::format("an error that is not one line: {}", text));
}

void check_memory(std::uint64_t peak, const MemoryBound& bound, std::size_t size) {
  const std::uint64_t most = bound.per_byte * size + bound.floor;
  if (peak > most) report(fmt::format("reading {} bytes held {} bytes of memory, allowed are {}", size, peak, most));
}

MemoryFile::MemoryFile(Input content) : descriptor_(memfd_create("input", MFD_CLOEXEC)) {
  if (descriptor_ < 0) report("no memory file");
  for (Input rest = content; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written <= 0) report("a memory file cannot be written");
    rest = rest.subspan(static_cast<std::size_t>(written));
  }
}

std::filesystem::path MemoryFile::path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

}  // namespace limn::fuzz
