// How far apart two drawings look, whoever drew them and in which order: the modified Hausdorff distance of their ink.
// A drawing's ink is the set of cells of a grid over its own box that its strokes cross, each with the stroke's
// direction. Size, place, the order of strokes and the spacing of points do not count. An InkMap is a value, immutable
// once made: any number of threads may compare maps.
#pragma once

#include <cstdint>
#include <vector>

#include "limn/sketch/sketch.hpp"

namespace limn::sketch {

inline constexpr int kInkSide = 32;       // cells along each side of the box
inline constexpr int kInkDirections = 6;  // of 30 degrees each: a line and its reverse are one direction
inline constexpr int kInkTurn = 2;        // cells that a difference of one direction counts as

class InkMap {
 public:
  // Of positions in any units. The box is square, as large as the longer side, with the drawing in its middle. Strokes
  // without two distinct points leave no ink.
  explicit InkMap(const Sketch& sketch);

  [[nodiscard]] bool is_blank() const { return cells_.empty(); }
  // Inked cells, each once.
  [[nodiscard]] std::int64_t cells() const { return static_cast<std::int64_t>(cells_.size()); }

  // D of docs/papers/new-drawings.md, as a share of the box's side: 0 for equal ink; infinite if either is blank.
  friend double ink_distance(const InkMap& a, const InkMap& b);

 private:
  // The mean over the ink of this of the distance to the nearest ink of `other`, in cells.
  [[nodiscard]] double directed_distance(const InkMap& other) const;

  std::vector<std::uint16_t> cells_;  // ascending places in [kInkDirections, kInkSide, kInkSide]
  std::vector<float> nearest_;        // of every place: the distance to the nearest ink, in cells; empty if blank
};

}  // namespace limn::sketch
