// Drawings that a person brings to a model that draws strokes. A drawing of one's own has any size and any number of
// points; it is brought to the size that the model knows (paper.hpp), and what the model draws is brought back. The
// data that a model was trained on, and data sets in general, are in the model's units already and stay as they are.
// Values and plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "limn/models/paper.hpp"
#include "limn/models/sketch_model.hpp"

namespace limn::models {

// Whether `path`, without a split or a number, holds drawings in the units of the model's data: what the checkpoint
// says that it was trained on, a file in such a folder, and the formats of data sets (.npz, .npy, .pkl, .pickle, .cpkl,
// .limn, .ndjson, .bin, packed by gzip or not, and builtin:…). Looks at names alone.
[[nodiscard]] bool is_in_data_units(const Checkpoint& checkpoint, std::string_view path);
// The first part of it alone: what the checkpoint says that it was trained on.
[[nodiscard]] bool is_training_data(const Checkpoint& checkpoint, std::string_view path);

struct FittedDrawing {
  sketch::Sketch sketch;  // simplified, in the model's data units
  PaperMap map;           // from the model's data units to the drawing's own
};
// The first `points` points of the drawing, all where that is 0, in the size that the whole would have if the model had
// drawn it: at most `max_points` points. A stroke that is cut stays open. Throws Error for positions that are not
// finite.
[[nodiscard]] FittedDrawing fitted(const SketchModel& model, const TypicalDrawing& typical,
                                   const sketch::Sketch& drawing, std::size_t points, std::int64_t max_points);

// The same of a drawing that the model is to complete, as the model finds it likeliest (limn/models/readings.hpp): the
// order of its first line, unless that line is the one that is cut, and, where nothing is cut, the size of the whole.
[[nodiscard]] FittedDrawing fitted_beginning(const SketchModel& model, const TypicalDrawing& typical,
                                             const sketch::Sketch& drawing, std::size_t points,
                                             std::int64_t max_points);

// A drawing of the model, in the units and at the place of the one that was fitted.
[[nodiscard]] sketch::Sketch brought_back(const sketch::Sketch& drawn, const PaperMap& map);
// `given`, in its own units, with what the model added to the first `prefix` points of `drawn`.
[[nodiscard]] sketch::Sketch continued(const sketch::Sketch& given, const sketch::Sketch& drawn, std::size_t prefix,
                                       const PaperMap& map);

// How many times as large as the model's own the drawings are: the median of their longer sides by that of the model's
// drawings. 1 where there is nothing to compare.
[[nodiscard]] double relative_size(const SketchModel& model, const TypicalDrawing& typical, const Drawings& drawings);
// The same by the deviation of their offsets, which the scale factor is of the training data. It does not need a model
// that draws well, but follows how densely the points lie.
[[nodiscard]] double relative_offsets(const SketchModel& model, const Drawings& drawings);

}  // namespace limn::models
