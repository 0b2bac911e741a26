// Drawings as a file to save: pictures, plotter code, stroke files. The answer is the file itself.
#include <array>

#include "limn/core/error.hpp"
#include "limn/render/gcode.hpp"
#include "limn/render/sheet.hpp"
#include "limn/render/svg_writer.hpp"
#include "limn/serve/api.hpp"
#include "limn/serve/json_body.hpp"
#include "limn/serve/picture_files.hpp"
#include "limn/sketch/simplify.hpp"

namespace limn::serve {
namespace {

struct Format {
  std::string_view name;
  std::string_view type;
};
constexpr std::array kFormats{Format{"svg", "image/svg+xml"},
                              Format{"png", "image/png"},
                              Format{"gif", "image/gif"},
                              Format{"gcode", "text/plain; charset=utf-8"},
                              Format{"json", "application/json"},
                              Format{"ndjson", "application/x-ndjson"},
                              Format{"npz", "application/octet-stream"}};
// A file of a thousand drawings is a data set, not a picture of them.
constexpr std::size_t kMostOnSheet = 100;
constexpr double kCell = 640;

std::string picture_file(const std::string& format, const std::vector<render::SheetCell>& cells, bool is_animation) {
  if (cells.size() > kMostOnSheet)
    throw Refusal(413,
                  fmt::format("a picture shows at most {} drawings; save them as json, ndjson or npz", kMostOnSheet));
  if (format == "gif" && is_animation) return frames_gif(cells);
  const bool is_single = cells.size() == 1;
  const render::Picture picture = render::lay_out(render::grid_sheet(cells), {.cell_size = is_single ? kCell : 0});
  if (format == "svg") return render::svg_text(picture);
  if (format == "gcode") return render::gcode_text(picture);
  return format == "png" ? painted_png(picture, is_single ? 2.0 : 1.0) : pen_gif(picture);
}

// The first `given` strokes in ink and the rest in the model's colour, if two colours are wanted.
render::SheetCell cell_for(const std::vector<sketch::Stroke>& strokes, std::size_t given) {
  render::SheetCell cell;
  const auto middle = strokes.begin() + static_cast<std::ptrdiff_t>(std::min(given, strokes.size()));
  cell.parts.push_back({.strokes = {strokes.begin(), middle}});
  if (middle != strokes.end()) cell.parts.push_back({.strokes = {middle, strokes.end()}, .colour = render::kAccent});
  return cell;
}

}  // namespace

HttpReply save_picture(const ApiContext& context, std::string_view text) {
  const JsonObject body(text, {"drawings", "format", "given_strokes", "animation", "word", "simplify"});
  const std::string format = body.choice("format", {"svg", "png", "gif", "gcode", "json", "ndjson", "npz"});
  const auto drawings = body.drawings("drawings", context.limits);
  const std::int64_t given = body.integer("given_strokes", 0, context.limits.max_strokes, context.limits.max_strokes);
  const bool is_animation = body.truth("animation", false);
  const bool is_simplified = body.truth("simplify", false);
  const std::string word = printable(body.text("word", "drawing"), 40);
  std::int64_t points = 0;
  for (const auto& drawing : drawings)
    for (const auto& stroke : drawing) points += static_cast<std::int64_t>(stroke.size());
  if (points == 0) throw Refusal(400, "drawings: there is nothing drawn to save", "drawings");

  const auto place = context.gate.admit();
  const WorkGate::Turn turn(context.gate);
  HttpReply reply;
  for (const auto& known : kFormats)
    if (known.name == format) reply.type = known.type;
  if (format == "json" || format == "ndjson" || format == "npz") {
    std::vector<sketch::Sketch> sketches;
    for (const auto& drawing : drawings) {
      const sketch::Sketch drawn = sketch::from_strokes(drawing);
      sketches.push_back(is_simplified ? sketch::prepared(drawn, sketch::kQuickDrawPreparation) : drawn);
    }
    reply.body = stroke_file(format, word, std::move(sketches));
  } else {
    std::vector<render::SheetCell> cells;
    for (const auto& drawing : drawings) cells.push_back(cell_for(drawing, static_cast<std::size_t>(given)));
    // A single drawing in ink alone is an SVG of its strokes and nothing else, in its own units.
    const bool is_plain = cells.size() == 1 && cells[0].parts.size() == 1;
    reply.body = format == "svg" && is_plain ? render::svg_text(sketch::from_strokes(drawings[0]))
                                             : picture_file(format, cells, is_animation);
  }
  reply.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"drawing.{}\"", format));
  return reply;
}

}  // namespace limn::serve
