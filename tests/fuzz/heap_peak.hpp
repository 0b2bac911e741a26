// How much memory a piece of code holds at most, the libraries below included: malloc() and its relatives are counted,
// by their sanitizer's hooks or else by standing in for them in this program. Under a sanitizer small allocations are
// looked at now and then only, so that a peak of many small ones may be missed by a few.
#pragma once

#include <cstdint>

namespace limn::fuzz {

class HeapPeak {
 public:
  // From now on. One at a time.
  HeapPeak();
  // The most that was held at once since then, beyond what was held before.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  std::int64_t held_before_;
};

}  // namespace limn::fuzz
