#include "limn/serve/picture_files.hpp"

#include "limn/render/gif.hpp"
#include "limn/render/png.hpp"
#include "limn/sketch/json.hpp"
#include "limn/sketch/npz.hpp"
#include "limn/sketch/quickdraw.hpp"

namespace limn::serve {
namespace {

constexpr int kFrameMs = 120;
constexpr double kFrameSide = 320;  // pixels

std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

std::string stroke_file(const std::string& format, const std::string& word, std::vector<sketch::Sketch> sketches) {
  if (format == "json") return sketch::sketches_to_json(sketches);
  if (format == "ndjson") {
    std::string text;
    // As Quick, Draw! does: every drawing fills 0-255.
    for (const sketch::Sketch& sketch : sketches)
      text += sketch::ndjson_line({.word = word, .sketch = sketch}, sketch::QuickDrawScale::kAlways);
    return text;
  }
  sketch::SketchSplits splits;
  splits[Split::kTrain] = std::move(sketches);
  return text_of(sketch::serialize_npz(splits));
}

std::string painted_png(const render::Picture& picture, double scale) {
  return text_of(render::encode_png(render::paint(picture, {.scale = scale})));
}

std::string pen_gif(const render::Picture& picture) { return text_of(render::encode_pen_gif(picture)); }

std::string frames_gif(std::span<const render::SheetCell> cells) {
  std::vector<render::GifFrame> frames;
  for (const render::SheetCell& cell : cells) {
    render::Sheet sheet;
    sheet.cells.push_back(cell);
    frames.push_back(
        {.image = render::paint(render::lay_out(sheet, {.cell_size = kFrameSide})), .duration_ms = kFrameMs});
  }
  return text_of(render::encode_gif(frames));
}

}  // namespace limn::serve
