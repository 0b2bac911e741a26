// How the command line names what a data set holds: FILE, FILE#17, FILE:test, FILE:test#17. A value. And the names of
// what is part of limn and no file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "limn/core/split.hpp"

namespace limn {

// Whether a data set or a model of that name is looked for in limn itself: "builtin:doodles".
[[nodiscard]] inline bool is_builtin(std::string_view name) { return name.starts_with("builtin:"); }

// Indices count from 0, as NumPy's do: FILE#17 is what d['train'][17] is.
struct DataReference {
  std::string path;
  std::optional<Split> split;
  std::optional<std::int64_t> index;  // all of the split where none is named
};

// A ':' that no split follows and a '#' that no digits follow belong to the file's name. Throws Error for an index
// beyond 64 bits.
[[nodiscard]] DataReference parse_data_reference(std::string_view text);

// Advice on a name that no file has: FILE:tset and FILE#x begin with one that may be there.
[[nodiscard]] std::string advice_on_missing(const std::string& path);

}  // namespace limn
