// What every reader must bear: a file cut anywhere and a file with random bytes changed. A reader may return
// or throw limn::Error in one line; anything else fails the test (and sanitizers see the rest).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/core/random.hpp"
#include "testing/errors.hpp"

namespace limn {

inline Bytes bytes_of(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

inline std::string string_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

using testing::error_of;

// True if `read(bytes)` returned; false if it threw an Error. Any other exception, and an error text that is
// empty or not one printable line, is a failure of the test.
template <class Read>
bool survives(const Read& read, std::span<const std::byte> bytes, const std::string& what) {
  try {
    (void)read(bytes);
    return true;
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_FALSE(text.empty()) << what;
    EXPECT_EQ(text.find_first_of("\n\r\t\v\f\033"), std::string::npos) << what << ": " << text;
    EXPECT_LT(text.size(), 600U) << what << ": " << text;
  } catch (const std::exception& other) {
    ADD_FAILURE() << what << ": threw " << other.what();
  }
  return false;
}

// Cuts `file` at every length. Returns how many of the shorter files were accepted.
template <class Read>
std::size_t accepted_truncations(const Read& read, std::span<const std::byte> file) {
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < file.size(); ++size) {
    // A copy of exactly that size, so that AddressSanitizer sees a read beyond it.
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    accepted += survives(read, cut, "cut at " + std::to_string(size)) ? 1 : 0;
  }
  return accepted;
}

// Reads `file` with one to four of its bytes changed, `rounds` times.
template <class Read>
void expect_survives_changes(const Read& read, std::span<const std::byte> file, int rounds, std::uint64_t seed) {
  for (int round = 0; round < rounds; ++round) {
    RandomStream random(seed, Purpose::kTest, static_cast<std::uint64_t>(round));
    Bytes changed(file.begin(), file.end());
    const auto changes = 1 + random.below(4);
    for (std::uint64_t i = 0; i < changes; ++i) {
      const auto place = random.below(changed.size());
      changed[place] = random.below(2) == 0 ? changed[place] ^ static_cast<std::byte>(1U << random.below(8))
                                            : static_cast<std::byte>(random.below(256));
    }
    survives(read, changed, "round " + std::to_string(round) + " of seed " + std::to_string(seed));
  }
}

// A folder of the test's own, gone when it ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            (std::string("limn_") + test->test_suite_name() + "_" + test->name() + "_" + std::to_string(::getpid()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace limn
