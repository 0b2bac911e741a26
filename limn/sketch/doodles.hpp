// The built-in data set: doodles of a few kinds that the program draws itself, so that everything runs with
// no download. A doodle is a pure function of (seed, number), the same on every machine: whole units, the
// longer side 255, at most kDoodleMaxPoints points, like Google's Quick, Draw!.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limn/sketch/sketch.hpp"
#include "limn/sketch/sketch_store.hpp"

namespace limn::sketch {

inline constexpr std::int64_t kDoodleMaxPoints = 64;
inline constexpr std::uint64_t kDoodleSeed = 1;

// Which kinds take turns in a row of doodles. A family never changes; what is added later is a new one.
enum class DoodleFamily {
  kThirty,
  kTen,  // the first ten of these, in their order: the only ones in limn 0.1.0
};

// A data set's name: "builtin:doodles", "builtin:doodles-30" (the same) or "builtin:doodles-10". None of another name.
[[nodiscard]] std::optional<DoodleFamily> doodles_named(std::string_view name);
inline constexpr const char* kDoodleNames = "builtin:doodles and builtin:doodles-10";  // for messages
// The name for records: that of a family, "builtin:doodles-30", for "builtin:doodles". Other names stay as they are.
[[nodiscard]] std::string exact_data_name(const std::string& name);
// What a record means by a name. "builtin:doodles" alone is of a limn that knew ten kinds.
[[nodiscard]] std::string recorded_data_name(const std::string& name);

// "cat", "face", …: what a doodle can be.
[[nodiscard]] std::vector<std::string> doodle_kinds(DoodleFamily family = DoodleFamily::kThirty);

struct Doodle {
  Sketch sketch;
  std::string kind;
};
// Doodle `number` of the endless row of that seed. The kinds take turns, in the order of doodle_kinds().
[[nodiscard]] Doodle draw_doodle(std::uint64_t seed, std::uint64_t number, DoodleFamily family = DoodleFamily::kThirty);

// A set whose sketches are drawn when they are asked for, each time: for those who want a few of them.
class DrawnDoodles final : public SketchStore {
 public:
  explicit DrawnDoodles(DoodleFamily family, std::uint64_t seed = kDoodleSeed) : family_(family), seed_(seed) {}

  [[nodiscard]] std::int64_t size(Split split) const override;
  [[nodiscard]] std::int64_t length(Split split, std::int64_t index) const override;
  [[nodiscard]] Sketch sketch(Split split, std::int64_t index) const override;
  [[nodiscard]] LengthRange lengths(Split split) const override;

 private:
  DoodleFamily family_;
  std::uint64_t seed_;
};

// All of a set. All different, of each kind 1,000 for training. For validation and test 20 of each of the thirty, or 50
// of each of the ten.
[[nodiscard]] SketchSplits builtin_doodles(DoodleFamily family = DoodleFamily::kThirty,
                                           std::uint64_t seed = kDoodleSeed);

}  // namespace limn::sketch
