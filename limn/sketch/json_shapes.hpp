// The one place that decides what nested numbers mean. Strokes come as lists of points [[x, y], [x, y], …], or as
// Quick, Draw!'s columns [[x, x, …], [y, y, …]], perhaps with a third list of times. A drawing of two strokes of two
// points may be either. So the strokes of a whole file are looked at before one is read, and a file that may still be
// either is refused or read with a note, never silently guessed.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "limn/sketch/exact_strokes.hpp"
#include "limn/sketch/json_values.hpp"

namespace limn::sketch {

// Told what the user should know about how a file was read. May be empty.
using NoteSink = std::function<void(const std::string&)>;
inline void tell(const NoteSink& note, const std::string& text) {
  if (note) note(text);
}

// Where strokes stand, which tells what they are if they may be either: pairs in plain lists are points as limn writes
// them; else it tells what is likely: the member "drawing" of Quick, Draw! is columns unless its times are none, "ink"
// of Google's handwriting service is columns.
enum class StrokeSource { kPlain, kDrawing, kInk };
enum class StrokeLayout { kPoints, kColumns };

// Where in a file a value stands, for messages about it, which alone make a text of it. The text that it is made of
// must outlive it.
class JsonPlace {
 public:
  template <std::convertible_to<std::string_view> Text>
  JsonPlace(const Text& text) : text_(text) {}

  // A stroke there, the first of which is 1.
  [[nodiscard]] JsonPlace stroke(std::size_t number) const {
    JsonPlace place(*this);
    place.stroke_ = number;
    return place;
  }
  [[nodiscard]] std::string text() const {
    return stroke_ == 0 ? std::string(text_) : fmt::format("{}: stroke {}", text_, stroke_);
  }

 private:
  std::string_view text_;
  std::size_t stroke_ = 0;  // 0: no stroke of it
};

// The shapes of strokes, taken together. A value.
class StrokeShapes {
 public:
  // `rows` is a stroke: a list of lists of numbers. Throws Error that begins with `what` for one that can be neither.
  void add(JsonValue rows, const JsonPlace& what);
  // A stroke that is one list of numbers: x, y, x, y, …
  void add_flat() { has_flat_ = true; }
  [[nodiscard]] bool has_flat() const { return has_flat_; }

  // The layout, if the shapes leave only one. Points of more than two numbers are not looked for in drawings of Quick,
  // Draw!, nor any points in ink.
  [[nodiscard]] std::optional<StrokeLayout> certain(StrokeSource source) const;
  // The layout to assume where they may be either. Nothing where neither is likelier.
  [[nodiscard]] std::optional<StrokeLayout> likely(StrokeSource source) const;
  [[nodiscard]] bool is_empty() const { return only_points_ + only_columns_ + either_ == 0; }
  // Whether some are points and others columns for sure.
  [[nodiscard]] bool contradict() const { return only_points_ > 0 && only_columns_ > 0; }

 private:
  struct Range {
    std::size_t least = SIZE_MAX;
    std::size_t most = 0;
    void add(std::size_t value);
    [[nodiscard]] bool is_one_value() const { return least == most; }
  };

  bool has_flat_ = false;
  std::int64_t only_points_ = 0;
  std::int64_t only_columns_ = 0;
  std::int64_t either_ = 0;
  Range rows_;                       // of the strokes that may be either: how many lists they have
  Range lengths_;                    // and how many numbers in each
  std::optional<double> last_time_;  // of their third lists
  bool is_timed_ = true;             // these are times from 0 on that never fall
};

// The stroke read thus. `what` begins the message about a number that is too large.
[[nodiscard]] ExactStroke stroke_of(JsonValue rows, StrokeLayout layout, const JsonPlace& what);
// A position of a page. Throws Error for a coordinate beyond 1e30.
[[nodiscard]] ExactPosition checked_position(double x, double y, const JsonPlace& what);

// The layouts of drawings that come one by one: each decides for itself where it can, and those that may be either
// follow the others of the file.
class DrawingLayouts {
 public:
  // `origin` begins messages, `unit` is what the drawings are in the file: "line", "record".
  DrawingLayouts(std::string origin, StrokeSource source) : origin_(std::move(origin)), source_(source) {}

  // The layout of the next drawing. Throws Error where it contradicts earlier ones; `what` says where it stands.
  [[nodiscard]] StrokeLayout next(const StrokeShapes& shapes, const std::string& what);
  // After the last one: tells if drawings were read as what was likely.
  void finish(const NoteSink& note) const;

 private:
  std::string origin_;
  StrokeSource source_;
  std::optional<StrokeLayout> seen_;     // by a drawing that was certain
  std::optional<StrokeLayout> assumed_;  // of the first that was not
  std::int64_t assumed_count_ = 0;
  std::string first_assumed_;
};

}  // namespace limn::sketch

template <>
struct fmt::formatter<limn::sketch::JsonPlace> : fmt::formatter<std::string> {
  auto format(const limn::sketch::JsonPlace& place, fmt::format_context& context) const {
    return fmt::formatter<std::string>::format(place.text(), context);
  }
};
