// Parts of a whole that follow each other and are numbered through, such as the shards of a split or data sets that
// are joined: which part an index lies in.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace limn {

class Consecutive {
 public:
  struct Place {
    std::size_t part;
    std::int64_t index;  // in the part
  };

  void add(std::int64_t size) { ends_.push_back(total() + size); }
  [[nodiscard]] std::int64_t total() const { return ends_.empty() ? 0 : ends_.back(); }
  // Of 0 <= index < total(). Parts may be empty, and there may be many of them.
  [[nodiscard]] Place place(std::int64_t index) const {
    assert(index >= 0 && index < total());
    const auto part = static_cast<std::size_t>(std::ranges::upper_bound(ends_, index) - ends_.begin());
    return {part, part == 0 ? index : index - ends_[part - 1]};
  }

 private:
  std::vector<std::int64_t> ends_;
};

}  // namespace limn
