// Entities that an SVG declares in its own DOCTYPE, as Illustrator writes them for namespaces and styles: pugixml knows
// only XML's five. Nothing outside of the text is ever opened.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "limn/sketch/svg_notes.hpp"

namespace limn::sketch::svg {

// What the entities of a text of n bytes may come to: kEntityFactor n + kEntityFloor bytes are put in, at most
// kMaxEntities, those of entities in entities counted each time.
inline constexpr std::size_t kEntityFactor = 8;
inline constexpr std::size_t kMaxEntities = std::size_t{32} << 20;
inline constexpr std::size_t kEntityFloor = std::size_t{1} << 16;
inline constexpr int kMaxEntityDepth = 16;  // of entities in entities

// The text without its DOCTYPE and with the references to internal general entities replaced, in attribute values and
// between elements; nothing where it declares none. One that stands for another file becomes nothing, which is noted;
// one that is not declared stays. Throws Error beyond the bounds. `origin` begins the error messages.
[[nodiscard]] std::optional<std::string> with_entities(std::string_view svg, const std::string& origin, Notes& notes);

}  // namespace limn::sketch::svg
