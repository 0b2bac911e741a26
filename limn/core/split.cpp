#include "limn/core/split.hpp"

#include <fmt/ranges.h>

#include "limn/core/error.hpp"

namespace limn {

Split split_named(std::string_view name) {
  for (std::size_t i = 0; i < kSplitNames.size(); ++i)
    if (name == kSplitNames[i]) return static_cast<Split>(i);
  fail("{}: no such split; there are {}", printable(name), fmt::join(kSplitNames, ", "));
}

}  // namespace limn
