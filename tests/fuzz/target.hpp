// What every fuzz target is made of: a reader is given bytes from a stranger and may return, or throw limn::Error in
// one printable line. Anything else ends the program: another exception, a crash, a sanitizer's report, or more memory
// than the target allows for an input of that size.
//
// A target is one source file with LLVMFuzzerTestOneInput(). libFuzzer calls it under scripts/fuzz.sh; replay.cpp does
// in the ordinary build. One thread at a time.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/heap_peak.hpp"
#include "limn/core/error.hpp"
#include "limn/core/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace limn::fuzz {

using Input = std::span<const std::byte>;

// The heap that reading n bytes may hold at once: per_byte · n + floor bytes.
struct MemoryBound {
  std::uint64_t per_byte;
  std::uint64_t floor;
};

// Says on stderr what is wrong, and aborts.
[[noreturn]] void report(std::string_view finding);
// Reports a text that is empty, longer than an error should be or not one printable line.
void check_error_text(std::string_view text);
void check_memory(std::uint64_t peak, const MemoryBound& bound, std::size_t size);

// Gives the input to `read`, which takes an Input. Returns 0, as libFuzzer wants.
template <class Read>
int survive(const std::uint8_t* data, std::size_t size, const MemoryBound& bound, const Read& read) {
  const Input input = std::as_bytes(std::span(data, size));
  const HeapPeak peak;
  try {
    read(input);
  } catch (const Error& error) {
    check_error_text(error.what());
  }
  check_memory(peak.bytes(), bound, size);
  return 0;
}

[[nodiscard]] inline std::string_view text_of(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// The bytes as a file in memory, for readers that take a path.
class MemoryFile {
 public:
  explicit MemoryFile(Input content);
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::filesystem::path path() const;

 private:
  int descriptor_;
};

}  // namespace limn::fuzz
