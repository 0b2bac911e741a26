// Drawings as text and as arrays: SVG, G-code and the members of an .npz.
#include "limn/arrays/npy.hpp"
#include "limn/core/error.hpp"
#include "limn/render/gcode.hpp"
#include "limn/render/sheet.hpp"
#include "limn/render/svg_writer.hpp"
#include "limn/sketch/pickle_writer.hpp"
#include "wasm/src/call.hpp"

namespace limn::wasm {
namespace {

render::Sheet sheet_of(const models::Drawings& drawings, std::int32_t columns) {
  std::vector<render::SheetCell> cells;
  for (const sketch::Sketch& sketch : drawings.sketches) cells.push_back(render::cell_of(sketch));
  return render::grid_sheet(std::move(cells), columns);
}

}  // namespace

// The result's text: one sketch in its own units.
LIMN_CALL(limn_svg) bool limn_svg(const float* rows, std::int32_t points) {
  return guarded([&] {
    result().text = render::svg_text(sketches_of(rows, &points, 1).sketches.front());
    return true;
  });
}

// The result's text: a grid of sketches, `columns` wide; 0: about as many rows as columns.
LIMN_CALL(limn_sheet_svg)
bool limn_sheet_svg(const float* rows, const std::int32_t* counts, std::int32_t count, std::int32_t columns) {
  return guarded([&] {
    result().text = render::svg_text(render::lay_out(sheet_of(sketches_of(rows, counts, count), columns)));
    return true;
  });
}

// The result's text: G-code of a sheet of sketches. Numbers in mm and mm per minute.
LIMN_CALL(limn_gcode)
bool limn_gcode(const float* rows, const std::int32_t* counts, std::int32_t count, const char* options,
                std::int32_t options_size) {
  return guarded([&] {
    const Json o = parse_options(options, options_size);
    render::GcodeOptions plotter;
    plotter.page_width = o.value("pageWidth", plotter.page_width);
    plotter.page_height = o.value("pageHeight", plotter.page_height);
    plotter.margin = o.value("margin", plotter.margin);
    plotter.origin = {o.value("originX", 0.0), o.value("originY", 0.0)};
    plotter.feed_mm_per_min = o.value("feed", plotter.feed_mm_per_min);
    plotter.travel_mm_per_min = o.value("travel", plotter.travel_mm_per_min);
    plotter.pen_up = o.value("penUp", plotter.pen_up);
    plotter.pen_down = o.value("penDown", plotter.pen_down);
    plotter.pen_delay_s = o.value("penDelay", plotter.pen_delay_s);
    plotter.start_code = o.value("startCode", plotter.start_code);
    plotter.end_code = o.value("endCode", plotter.end_code);
    const models::Drawings drawings = sketches_of(rows, counts, count);
    const render::Sheet sheet = count == 1 ? render::single_sheet(drawings.sketches.front()) : sheet_of(drawings, 0);
    result().text = render::gcode_text(render::lay_out(sheet), plotter);
    return true;
  });
}

// The result's text: an .npy of an object array of sketches, a split of an .npz as limn writes it.
LIMN_CALL(limn_npy_sketches)
bool limn_npy_sketches(const float* rows, const std::int32_t* counts, std::int32_t count) {
  return guarded([&] {
    const models::Drawings drawings = sketches_of(rows, counts, count);
    const std::int64_t size = count;
    std::string& text = result().text;
    text = arrays::npy_header("|O", {&size, 1});
    sketch::SketchPickler pickler(size, [&](std::int64_t i) { return drawings.sketches[static_cast<std::size_t>(i)]; });
    for (std::string piece = pickler.next(); !piece.empty(); piece = pickler.next()) text += piece;
    return true;
  });
}

// The result's text: an .npy of float32 numbers of that shape.
LIMN_CALL(limn_npy) bool limn_npy(const float* values, const std::int32_t* shape, std::int32_t dimensions) {
  return guarded([&] {
    const std::vector<std::int64_t> sizes(shape, shape + dimensions);
    result().text = arrays::npy_header("<f4", sizes);
    const auto count = static_cast<std::size_t>(arrays::element_count(sizes, "npy"));
    result().text.append(reinterpret_cast<const char*>(values), count * sizeof(float));
    return true;
  });
}

}  // namespace limn::wasm
