// Drawings in JSON, whatever program wrote them: lists of strokes, objects of Quick, Draw! and objects that keep
// strokes under "strokes", "lines", "paths" or "points". json_shapes.hpp decides what the numbers in them mean.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "limn/sketch/json_shapes.hpp"
#include "limn/sketch/json_values.hpp"
#include "limn/sketch/quickdraw.hpp"

namespace limn::sketch {

// What a value is by its nesting. An object counts as what it keeps: {"points": [[x, y], …]} is a stroke.
enum class JsonLevel { kForeign, kNumber, kPoint, kStroke, kSketch, kSketches, kDeeper };
// Nothing for what is empty. `what` begins messages about objects that could mean two things.
[[nodiscard]] std::optional<JsonLevel> level_of(JsonValue value, const JsonPlace& what);

// The value within objects that only hold it: {"data": …}, {"sketches": …}. The value itself if it is none of these.
[[nodiscard]] JsonValue unwrapped(JsonValue value, const JsonPlace& what);
// The list within objects that say what it is, {"strokes": …} and its like; the value itself if it is none of these.
[[nodiscard]] JsonValue content_of(JsonValue value, const JsonPlace& what);

// The source of the strokes in a value of any level.
[[nodiscard]] StrokeSource source_of(JsonValue value, const JsonPlace& what);

// Adds the shapes of a sketch's strokes. `sketch` is of JsonLevel::kSketch, or empty; Error for anything else.
void add_shapes(StrokeShapes& shapes, JsonValue sketch, const JsonPlace& what);
[[nodiscard]] std::vector<ExactStroke> strokes_of(JsonValue sketch, StrokeLayout layout, const JsonPlace& what);
// A stroke alone: JsonLevel::kStroke.
void add_stroke_shape(StrokeShapes& shapes, JsonValue stroke, const JsonPlace& what);
[[nodiscard]] ExactStroke stroke_alone(JsonValue stroke, StrokeLayout layout, const JsonPlace& what);

// What Quick, Draw! keeps beside the drawing, as far as the object has it; no sketch yet.
[[nodiscard]] QuickDrawRecord record_of(JsonValue object, const JsonPlace& what);

}  // namespace limn::sketch
