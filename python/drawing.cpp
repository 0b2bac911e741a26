#include "python/drawing.hpp"

#include <nanobind/operators.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <tuple>

#include "limn/core/error.hpp"
#include "limn/core/file.hpp"
#include "limn/render/save.hpp"
#include "limn/render/svg_writer.hpp"
#include "limn/sketch/simplify.hpp"
#include "limn/sketch/sketch_file.hpp"
#include "limn/sketch/stroke_arrays.hpp"
#include "python/arrays.hpp"

namespace limn::python {
namespace {

namespace fs = std::filesystem;
using namespace nb::literals;

FloatArray stroke3_of(const Drawing& drawing) {
  std::vector<float> rows;
  rows.reserve(3 * drawing.sketch.points.size());
  for (const sketch::StrokePoint& p : drawing.sketch.points)
    rows.insert(rows.end(), {p.dx, p.dy, p.is_pen_lifted ? 1.0F : 0.0F});
  return array_of(std::move(rows), std::array{drawing.sketch.points.size(), std::size_t{3}});
}

FloatArray stroke5_of(const Drawing& drawing) {
  std::vector<float> rows;
  for (const sketch::StrokePoint& p : drawing.sketch.points)
    rows.insert(rows.end(), {p.dx, p.dy, p.is_pen_lifted ? 0.0F : 1.0F, p.is_pen_lifted ? 1.0F : 0.0F, 0});
  rows.insert(rows.end(), {0, 0, 0, 0, 1});
  return array_of(std::move(rows), std::array{drawing.sketch.points.size() + 1, std::size_t{sketch::kStroke5}});
}

std::vector<FloatArray> strokes_of(const Drawing& drawing) {
  std::vector<FloatArray> strokes;
  for (const sketch::Stroke& stroke : sketch::to_strokes(drawing.sketch)) {
    std::vector<float> positions;
    for (const sketch::Position& p : stroke) positions.insert(positions.end(), {p.x, p.y});
    strokes.push_back(array_of(std::move(positions), std::array{stroke.size(), std::size_t{2}}));
  }
  return strokes;
}

// Throws Error if a position is not finite: files would hold something else, and models know nothing of it.
sketch::Sketch checked(sketch::Sketch sketch) {
  float x = 0, y = 0;
  for (std::size_t i = 0; i < sketch.points.size(); ++i) {
    x += sketch.points[i].dx;
    y += sketch.points[i].dy;
    require(std::isfinite(x) && std::isfinite(y), "drawing: point {} has no place; positions must be finite in float32",
            i);
  }
  return sketch;
}

// As Python has it: equal drawings have equal ones.
std::size_t hash_of(const Drawing& drawing) {
  std::size_t hash = drawing.sketch.points.size();
  for (const sketch::StrokePoint& p : drawing.sketch.points)
    for (const float value : {p.dx, p.dy, p.is_pen_lifted ? 1.0F : 0.0F})
      hash = hash * 1'000'003 ^ std::hash<float>{}(value);
  return hash;
}

Drawing scaled(const Drawing& drawing, float factor) {
  require(std::isfinite(factor), "factor: is not finite");
  return {checked(sketch::scaled(drawing.sketch, factor, factor))};
}

Drawing simplified(const Drawing& drawing, double epsilon) {
  require(std::isfinite(epsilon) && epsilon >= 0, "epsilon {}: expected 0 or more", epsilon);
  return {sketch::simplified(drawing.sketch, epsilon)};
}

Drawing from_strokes(const nb::sequence& strokes) {
  std::vector<sketch::Stroke> all;
  for (const nb::handle given : strokes) {
    const GivenFloats positions = floats_of(given, "stroke");
    require(positions.ndim() == 2 && positions.shape(1) == 2, "stroke {}: is {}, expected [n, 2] of x, y", all.size(),
            shape_text(positions));
    sketch::Stroke& stroke = all.emplace_back();
    for (std::size_t i = 0; i < positions.shape(0); ++i)
      stroke.push_back({positions.data()[2 * i], positions.data()[2 * i + 1]});
  }
  return {checked(sketch::from_strokes(all))};
}

// What reading notes, as Python's warnings.
class Reading {
 public:
  explicit Reading(std::optional<bool> absolute) {
    if (absolute) options_.absolute = *absolute ? "true" : "false";
    options_.note = [this](const std::string& text) { notes_.push_back(text); };
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  [[nodiscard]] const sketch::SketchReadOptions& options() const { return options_; }
  // With Python's lock held. Throws what a filter of warnings makes of one.
  void warn() const {
    for (const std::string& text : notes_)
      if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) != 0) throw nb::python_error();
  }

 private:
  sketch::SketchReadOptions options_;
  std::vector<std::string> notes_;
};

std::vector<Drawing> read_sketches(const fs::path& reference, std::optional<bool> absolute) {
  Reading reading(absolute);
  std::vector<sketch::Sketch> sketches;
  {
    const nb::gil_scoped_release release;
    sketches = sketch::read_sketches(sketch::parse_sketch_reference(reference.string()), reading.options());
  }
  reading.warn();
  return as_drawings(std::move(sketches));
}

std::map<std::string, std::vector<Drawing>> read_splits(const fs::path& path, std::optional<bool> absolute) {
  Reading reading(absolute);
  sketch::SketchSplits splits;
  {
    const nb::gil_scoped_release release;
    splits = sketch::read_sketches(path, reading.options());
  }
  reading.warn();
  std::map<std::string, std::vector<Drawing>> named;
  for (std::size_t i = 0; i < kSplitNames.size(); ++i) named[kSplitNames[i]] = as_drawings(splits.sketches[i]);
  return named;
}

bool is_picture(const fs::path& path) { return render::is_sheet_file(path); }

void write_sketches(const fs::path& path, nb::handle drawings) {
  sketch::SketchSplits splits;
  if (nb::isinstance<nb::dict>(drawings)) {
    for (const auto& [name, some] : nb::cast<nb::dict>(drawings)) {
      require(nb::isinstance<nb::str>(name), "splits are named 'train', 'valid' and 'test'");
      splits[split_named(nb::cast<std::string>(name))] = sketches_of(some);
    }
  } else {
    splits[Split::kTrain] = sketches_of(drawings);
  }
  const nb::gil_scoped_release release;
  if (!is_picture(path)) return sketch::write_sketches(path, splits);
  std::vector<render::SheetCell> cells;
  for (const auto& split : splits.sketches)
    for (const sketch::Sketch& sketch : split) cells.push_back(render::cell_of(sketch));
  render::save_sheet(path, render::grid_sheet(std::move(cells)));
}

void save(const Drawing& drawing, const fs::path& path) {
  if (ending_of(path) == ".svg") return write_file(path, render::svg_text(drawing.sketch));
  if (is_picture(path)) return render::save_sheet(path, render::single_sheet(drawing.sketch));
  sketch::SketchSplits splits;
  splits[Split::kTrain] = {drawing.sketch};
  sketch::write_sketches(path, splits);
}

std::string text_of(const Drawing& drawing) {
  return fmt::format("Drawing({} points, {} strokes)", drawing.sketch.points.size(),
                     sketch::to_strokes(drawing.sketch).size());
}

}  // namespace

sketch::Sketch sketch_of_rows(nb::handle rows) {
  const GivenFloats array = floats_of(rows, "drawing");
  if (array.ndim() == 1 && array.size() == 0) return {};
  require(array.ndim() == 2, "drawing: is {}, expected [n, 3], [n, 4] or [n, 5]", shape_text(array));
  sketch::SplitRows split;
  split.origins.fill("array");
  split.sketches[0].push_back(
      {.columns = static_cast<std::int64_t>(array.shape(1)), .values = {array.data(), array.data() + array.size()}});
  return checked(std::move(sketch::sketches_of(std::move(split), "array", {}).sketches[0].front()));
}

sketch::Sketch sketch_of(nb::handle drawing) {
  if (nb::isinstance<Drawing>(drawing)) return nb::cast<const Drawing&>(drawing).sketch;
  return sketch_of_rows(drawing);
}

std::vector<sketch::Sketch> sketches_of(nb::handle drawings) {
  if (nb::isinstance<Drawing>(drawings)) return {sketch_of(drawings)};
  if (nb::hasattr(drawings, "ndim") && nb::cast<int>(drawings.attr("ndim")) == 2) return {sketch_of_rows(drawings)};
  require(nb::hasattr(drawings, "__iter__"), "drawings: expected a Drawing, an array of strokes, or a list of them");
  std::vector<sketch::Sketch> all;
  for (const nb::handle drawing : nb::iter(drawings)) all.push_back(sketch_of(drawing));
  return all;
}

std::vector<Drawing> as_drawings(std::vector<sketch::Sketch> sketches) {
  std::vector<Drawing> drawings;
  drawings.reserve(sketches.size());
  for (sketch::Sketch& sketch : sketches) drawings.push_back({std::move(sketch)});
  return drawings;
}

void add_drawing(nb::module_& module) {
  nb::class_<Drawing>(module, "Drawing",
                      "A pen drawing: points with offsets from one to the next, and where the pen lifts.\n\n"
                      "Positions are in the units of the file or model it came from; y grows downwards. Immutable.\n"
                      "A notebook shows it as a picture.")
      .def(
          "__init__", [](Drawing* self, nb::handle rows) { new (self) Drawing{sketch_of_rows(rows)}; }, "rows"_a,
          nb::sig("def __init__(self, rows: numpy.typing.ArrayLike) -> None"),
          "From rows of numbers, as files of strokes hold them.\n\n"
          "rows: [n, 3] dx, dy, 1 where the pen lifts after the point (stroke-3); [n, 4] x, y, pen down, pen lifted;\n"
          "or [n, 5] stroke-5. Padding is left out. Raises Error for anything else.")
      .def_static("from_strokes", &from_strokes, "strokes"_a,
                  nb::sig("def from_strokes(strokes: collections.abc.Sequence[numpy.typing.ArrayLike]) -> Drawing"),
                  "From absolute positions: an array [n, 2] of x, y for each stroke.")
      .def_prop_ro("stroke3", &stroke3_of, nb::rv_policy::automatic, nb::sig("def stroke3(self) -> numpy.ndarray"),
                   "[n, 3] float32: dx, dy, 1 where the pen lifts after the point.")
      .def_prop_ro("stroke5", &stroke5_of, nb::rv_policy::automatic, nb::sig("def stroke5(self) -> numpy.ndarray"),
                   "[n + 1, 5] float32: dx, dy and one of pen down, lifted, end. The last row is the end.")
      .def_prop_ro("strokes", &strokes_of, nb::rv_policy::automatic,
                   nb::sig("def strokes(self) -> list[numpy.ndarray]"),
                   "Absolute positions, an array [k, 2] for each stroke.")
      .def_prop_ro(
          "is_blank", [](const Drawing& d) { return sketch::is_blank(d.sketch); },
          "Whether nothing is drawn: no stroke has two distinct points.")
      .def_prop_ro(
          "bounds",
          [](const Drawing& d) {
            const sketch::Bounds b = sketch::bounds(d.sketch).value_or(sketch::Bounds{});
            return std::tuple{b.min_x, b.min_y, b.max_x, b.max_y};
          },
          "The smallest box around all positions: least x, least y, most x, most y. Zeros without points.")
      .def("scaled", &scaled, "factor"_a, "The same drawing, so many times as large.")
      .def("simplified", &simplified, "epsilon"_a,
           "With fewer points, by Ramer, Douglas and Peucker: none left out is farther than epsilon from the line.")
      .def(
          "svg", [](const Drawing& d) { return render::svg_text(d.sketch); }, "The drawing as an SVG file's text.")
      .def("_repr_svg_", [](const Drawing& d) { return render::svg_text(d.sketch); })
      .def(
          "save", &save, "path"_a, nb::call_guard<nb::gil_scoped_release>(),
          "Writes the drawing; the ending says how: .svg, .gcode, .npz, .limn, .ndjson, .bin or .json. All or nothing.")
      .def("__len__", [](const Drawing& d) { return d.sketch.points.size(); })
      .def("__hash__", &hash_of)
      .def("__repr__", &text_of)
      .def(nb::self == nb::self, nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def(
          "__getstate__", [](const Drawing& d) { return std::tuple{stroke3_of(d)}; },
          nb::sig("def __getstate__(self) -> tuple[numpy.ndarray]"))
      .def(
          "__setstate__",
          [](Drawing* self, const std::tuple<nb::object>& state) {
            // Not by sketch_of_rows(), which takes rows of zeros at the end for padding.
            const GivenFloats rows = floats_of(std::get<0>(state), "drawing");
            require(rows.ndim() == 2 && rows.shape(1) == 3, "drawing: a pickle of something else");
            new (self) Drawing;
            for (std::size_t i = 0; i < rows.shape(0); ++i)
              self->sketch.points.push_back({rows.data()[3 * i], rows.data()[3 * i + 1], rows.data()[3 * i + 2] != 0});
            self->sketch = checked(std::move(self->sketch));
          },
          nb::sig("def __setstate__(self, state: tuple[numpy.ndarray], /) -> None"));

  module.def(
      "read_sketches", &read_sketches, "reference"_a, nb::kw_only(), "absolute"_a = nb::none(),
      "The drawings of a file: FILE, FILE:test, FILE#17, FILE:test#17, or builtin:doodles.\n\n"
      "Reads .npz, .npy, .pkl, .ndjson, .bin, .json, .svg, folders of SVG files, .inkml, Excalidraw, tldraw and\n"
      "tables. The training split where none is named. Raises Error that says what is wrong with a file, and warns\n"
      "of what was read otherwise than the file says or left out. absolute: whether arrays of numbers hold positions\n"
      "in place of offsets; None looks whether they say so themselves.");
  module.def(
      "read_splits", &read_splits, "path"_a, nb::kw_only(), "absolute"_a = nb::none(),
      "All splits of a data set of drawings, as a dict of 'train', 'valid' and 'test'. absolute and warnings as\n"
      "those of read_sketches().");
  module.def(
      "write_sketches", &write_sketches, "path"_a, "drawings"_a,
      nb::sig("def write_sketches(path: str | os.PathLike[str], drawings: Drawing | numpy.ndarray | "
              "collections.abc.Iterable[Drawing | numpy.ndarray] | dict[str, typing.Any]) -> None"),
      "Writes drawings, or a dict of splits; the ending says how: .npz and .limn, which keep the splits, .ndjson,\n"
      ".bin or .json, which hold them one after the other, and as one picture .svg or .gcode. Replaces the file whole "
      "or not at all.");
}

}  // namespace limn::python
