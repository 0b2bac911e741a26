// The three parts of every data set, of strokes or of images.
#pragma once

#include <array>
#include <string_view>

namespace limn {

enum class Split : int { kTrain = 0, kValid = 1, kTest = 2 };
inline constexpr std::array<const char*, 3> kSplitNames{"train", "valid", "test"};
// The split of that name, or Error listing the three.
[[nodiscard]] Split split_named(std::string_view name);

}  // namespace limn
