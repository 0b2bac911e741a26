// What the tests of render share: small sketches, a folder that vanishes, the expectation of an error's text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "limn/core/random.hpp"
#include "limn/sketch/sketch.hpp"
#include "testing/errors.hpp"

namespace limn::test {

inline sketch::Sketch square() {
  return sketch::from_strokes(
      std::vector<sketch::Stroke>{{{10, 10}, {50, 10}, {50, 50}, {10, 50}, {10, 10}}, {{20, 30}, {40, 30}}});
}

inline sketch::Sketch dot_at(float x, float y) { return sketch::from_strokes(std::vector<sketch::Stroke>{{{x, y}}}); }

// `strokes` strokes of 1 to 9 points in a square of 200.
inline sketch::Sketch scribble(std::uint64_t seed, int strokes) {
  RandomStream random(seed, Purpose::kTest);
  std::vector<sketch::Stroke> all;
  for (int s = 0; s < strokes; ++s) {
    sketch::Stroke stroke;
    const auto points = 1 + random.below(9);
    for (std::uint64_t i = 0; i < points; ++i) stroke.push_back({random.uniform(0, 200), random.uniform(0, 200)});
    all.push_back(std::move(stroke));
  }
  return sketch::from_strokes(all);
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "limn-render-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) fail("{}: cannot make a folder for the test", path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return std::filesystem::path(path_) / name; }
  [[nodiscard]] std::filesystem::path path() const { return path_; }

 private:
  std::string path_;
};

using testing::error_of;

}  // namespace limn::test
