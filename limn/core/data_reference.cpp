#include "limn/core/data_reference.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "limn/core/error.hpp"

namespace limn {

DataReference parse_data_reference(std::string_view text) {
  DataReference reference;
  const std::size_t hash = text.rfind('#');
  if (hash != text.npos && hash + 1 < text.size() && text.find_first_not_of("0123456789", hash + 1) == text.npos) {
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(text.data() + hash + 1, text.data() + text.size(), index);
    require(error == std::errc{}, "{}: no file holds so many; use a smaller number", text);
    reference.index = index;
    text = text.substr(0, hash);
  }
  const std::size_t colon = text.rfind(':');
  if (colon != text.npos && std::ranges::find(kSplitNames, text.substr(colon + 1)) != kSplitNames.end()) {
    reference.split = split_named(text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  reference.path = text;
  return reference;
}

std::string advice_on_missing(const std::string& path) {
  for (const char mark : {'#', ':'}) {
    const std::string before = path.substr(0, path.rfind(mark));
    std::error_code ignored;
    if (before.size() < path.size() && std::filesystem::exists(before, ignored))
      return fmt::format(
          "{} is there; its sketches or images are named as :train, :valid, :test, #17 or :test#17 after "
          "its name, where some are chosen",
          before);
  }
  // Where limn data fetch puts what it downloads.
  const std::filesystem::path fetched = std::filesystem::path("data") / path;
  std::error_code ignored;
  if (std::filesystem::exists(fetched, ignored)) return fmt::format("{} is there; name that", fetched.string());
  return "check the path";
}

}  // namespace limn
