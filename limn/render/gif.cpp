#include "limn/render/gif.hpp"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "limn/core/error.hpp"
#include "limn/render/png.hpp"

namespace limn::render {
namespace {

constexpr int kMaxGifSide = 65535;
constexpr int kMaxDelay = 65535;  // units of 10 ms

// giflib calls this from C: nothing may be thrown through it.
int append_bytes(GifFileType* file, const GifByteType* data, int length) noexcept {
  try {
    auto& bytes = *static_cast<Bytes*>(file->UserData);
    const auto* first = reinterpret_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), first, first + length);
    return length;
  } catch (...) {
    return 0;
  }
}

struct ColourMapDeleter {
  void operator()(ColorMapObject* map) const { GifFreeMapObject(map); }
};

// With room for a transparent entry, if there is one, in the power of two that the format wants.
std::unique_ptr<ColorMapObject, ColourMapDeleter> colour_map(std::span<const Colour> palette) {
  int size = 2;
  while (size < 256 && std::cmp_less_equal(size, palette.size())) size *= 2;
  std::unique_ptr<ColorMapObject, ColourMapDeleter> map(GifMakeMapObject(size, nullptr));
  require(map != nullptr, "out of memory for a GIF palette");
  for (std::size_t i = 0; i < palette.size(); ++i)
    map->Colors[i] = {.Red = palette[i].red, .Green = palette[i].green, .Blue = palette[i].blue};
  return map;
}

// A rectangle of a frame, as palette indices row by row.
struct Patch {
  int left = 0, top = 0, width = 0, height = 0;
  std::vector<std::uint8_t> indices;
  int delay = 0;  // units of 10 ms
};

// The smallest patch that turns `before` into `after`, both of that width; nothing if they are equal. Where
// they agree inside it, the patch is `transparent` (if there is such an index): long runs, which LZW packs
// well.
std::optional<Patch> difference(std::span<const std::uint8_t> before, std::span<const std::uint8_t> after, int width,
                                std::optional<std::uint8_t> transparent) {
  const int height = static_cast<int>(after.size()) / width;
  int left = width, right = -1, top = height, bottom = -1;
  for (int y = 0; y < height; ++y) {
    const auto row = static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    const auto old_row = before.subspan(row, static_cast<std::size_t>(width));
    const auto new_row = after.subspan(row, static_cast<std::size_t>(width));
    const auto first = std::mismatch(old_row.begin(), old_row.end(), new_row.begin()).first;
    if (first == old_row.end()) continue;
    const auto last = std::mismatch(old_row.rbegin(), old_row.rend(), new_row.rbegin()).first;
    left = std::min(left, static_cast<int>(first - old_row.begin()));
    right = std::max(right, static_cast<int>(old_row.rend() - last) - 1);
    top = std::min(top, y);
    bottom = y;
  }
  if (right < 0) return std::nullopt;
  Patch patch{.left = left, .top = top, .width = right - left + 1, .height = bottom - top + 1, .indices = {}};
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      const auto i = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
      patch.indices.push_back(transparent && before[i] == after[i] ? *transparent : after[i]);
    }
  }
  return patch;
}

}  // namespace

struct GifEncoder::State {
  State(int w, int h, std::vector<Colour> palette) : width(w), height(h), index(std::move(palette)) {
    if (index.palette().size() < 256) transparent = static_cast<std::uint8_t>(index.palette().size());
  }
  ~State() {
    int error = 0;
    if (file != nullptr) EGifCloseFile(file, &error);
  }

  void check(bool is_fine) const {
    if (is_fine) return;
    const char* reason = GifErrorString(file == nullptr ? E_GIF_ERR_OPEN_FAILED : file->Error);
    fail("cannot encode a GIF: {}", reason == nullptr ? "unknown reason" : reason);
  }

  void open() {
    int error = 0;
    file = EGifOpen(&bytes, append_bytes, &error);
    check(file != nullptr);
    EGifSetGifVersion(file, true);
    const auto map = colour_map(index.palette());
    check(EGifPutScreenDesc(file, width, height, 8, 0, map.get()) == GIF_OK);
    // Netscape's extension: repeat 0 times, which means for ever.
    constexpr std::array<GifByteType, 3> kLoop{1, 0, 0};
    check(EGifPutExtensionLeader(file, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
          EGifPutExtensionBlock(file, 11, "NETSCAPE2.0") == GIF_OK &&
          EGifPutExtensionBlock(file, static_cast<int>(kLoop.size()), kLoop.data()) == GIF_OK &&
          EGifPutExtensionTrailer(file) == GIF_OK);
  }

  void flush() {
    if (!pending) return;
    const GraphicsControlBlock control{.DisposalMode = DISPOSE_DO_NOT,
                                       .UserInputFlag = false,
                                       .DelayTime = std::min(pending->delay, kMaxDelay),
                                       .TransparentColor = transparent ? int{*transparent} : NO_TRANSPARENT_COLOR};
    std::array<GifByteType, 4> extension{};
    EGifGCBToExtension(&control, extension.data());
    check(EGifPutExtension(file, GRAPHICS_EXT_FUNC_CODE, static_cast<int>(extension.size()), extension.data()) ==
          GIF_OK);
    check(EGifPutImageDesc(file, pending->left, pending->top, pending->width, pending->height, false, nullptr) ==
          GIF_OK);
    for (int y = 0; y < pending->height; ++y) {
      std::uint8_t* row = pending->indices.data() + static_cast<std::ptrdiff_t>(y) * pending->width;
      check(EGifPutLine(file, row, pending->width) == GIF_OK);
    }
    pending.reset();
  }

  int width, height;
  PaletteIndex index;
  std::optional<std::uint8_t> transparent;
  Bytes bytes;
  GifFileType* file = nullptr;
  std::vector<std::uint8_t> shown;  // the frame before, as palette indices
  std::optional<Patch> pending;     // not yet written: an equal frame would lengthen it
};

GifEncoder::GifEncoder(int width, int height, std::vector<Colour> palette) {
  require(width >= 1 && height >= 1 && width <= kMaxGifSide && height <= kMaxGifSide,
          "a GIF of {}x{} pixels; the format allows 1 to {} a side", width, height, kMaxGifSide);
  require(!palette.empty() && palette.size() <= 256, "a GIF palette of {} colours; the format allows 1 to 256",
          palette.size());
  state_ = std::make_unique<State>(width, height, std::move(palette));
  state_->open();
}

GifEncoder::~GifEncoder() = default;

void GifEncoder::add(const image::Raster& frame, int duration_ms) {
  State& s = *state_;
  image::check_raster(frame, "render");
  require(frame.width == s.width && frame.height == s.height, "a GIF frame of {}x{} pixels, expected {}x{}",
          frame.width, frame.height, s.width, s.height);
  const int delay = (std::max(duration_ms, 0) + 5) / 10;
  std::vector<std::uint8_t> indices = s.index.indices(frame);
  std::optional<Patch> patch;
  if (s.shown.empty())
    patch = Patch{.left = 0, .top = 0, .width = s.width, .height = s.height, .indices = indices};
  else
    patch = difference(s.shown, indices, s.width, s.transparent);
  if (!patch) {
    s.pending->delay = std::min(s.pending->delay + delay, kMaxDelay);
    return;
  }
  s.flush();
  patch->delay = delay;
  s.pending = std::move(patch);
  s.shown = std::move(indices);
}

Bytes GifEncoder::finish() {
  State& s = *state_;
  require(!s.shown.empty(), "a GIF without frames; give at least one");
  s.flush();
  int error = 0;
  GifFileType* file = std::exchange(s.file, nullptr);
  require(EGifCloseFile(file, &error) == GIF_OK, "cannot encode a GIF: error {}", error);
  return std::move(s.bytes);
}

Bytes encode_gif(std::span<const GifFrame> frames) {
  require(!frames.empty(), "a GIF without frames; give at least one");
  ColourHistogram histogram;
  for (const GifFrame& frame : frames) {
    image::check_raster(frame.image, "the frame");
    histogram.add(frame.image);
  }
  GifEncoder encoder(frames[0].image.width, frames[0].image.height, histogram.palette(256));
  for (const GifFrame& frame : frames) encoder.add(frame.image, frame.duration_ms);
  return encoder.finish();
}

void write_gif(const std::filesystem::path& path, std::span<const GifFrame> frames) {
  write_file(path, naming(path.string(), [&] { return encode_gif(frames); }));
}

Bytes encode_pen_gif(const Picture& picture, const PenAnimationOptions& options) {
  require(options.points_per_frame >= 1 && options.max_frames >= 1 && options.max_colours >= 2 &&
              options.max_colours <= 256,
          "an animation needs at least one point a frame, one frame and 2 to 256 colours");
  std::map<int, std::int64_t> points;
  for (const PictureElement& element : picture.elements)
    if (const auto* line = std::get_if<PictureLine>(&element); line != nullptr && line->cell != kDecoration)
      points[line->cell] += static_cast<std::int64_t>(line->points.size());
  std::int64_t longest = 0;
  for (const auto& [cell, count] : points) longest = std::max(longest, count);

  // The finished picture has every colour that matters on the way to it.
  const image::Raster finished = paint(picture, {.scale = options.scale});
  ColourHistogram histogram;
  histogram.add(finished);
  GifEncoder encoder(finished.width, finished.height, histogram.palette(options.max_colours));
  const std::int64_t step =
      std::max<std::int64_t>(options.points_per_frame, (longest + options.max_frames - 1) / options.max_frames);
  for (std::int64_t shown = step; shown < longest; shown += step)
    encoder.add(paint(picture, {.scale = options.scale, .points_per_cell = shown}), options.frame_ms);
  encoder.add(finished, options.hold_ms);
  return encoder.finish();
}

}  // namespace limn::render
