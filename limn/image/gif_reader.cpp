// decode_gif(), on giflib: the first picture of the file. Frames after it are only looked for.
#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "limn/core/error.hpp"
#include "limn/image/flatten.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

// A code of twelve bits stands for 4,096 pixels at the very most.
constexpr double kMostPixelsPerByte = 4096 * 8.0 / 12;
constexpr int kNone = -1;

int read_bytes(GifFileType* gif, GifByteType* out, int count) {
  auto& rest = *static_cast<std::span<const std::byte>*>(gif->UserData);
  const std::size_t taken = std::min(rest.size(), static_cast<std::size_t>(count));
  if (taken > 0) std::memcpy(out, rest.data(), taken);
  rest = rest.subspan(taken);
  return static_cast<int>(taken);
}

struct Close {
  void operator()(GifFileType* gif) const {
    int ignored = 0;
    DGifCloseFile(gif, &ignored);
  }
};
using Gif = std::unique_ptr<GifFileType, Close>;

class GifReader {
 public:
  GifReader(std::span<const std::byte> file, std::string_view origin)
      : size_(file.size()), rest_(file), origin_(origin) {
    int error = 0;
    gif_.reset(DGifOpen(&rest_, read_bytes, &error));
    if (!gif_) complain(error);
  }

  Raster read(bool* has_more) {
    require(next_picture(), "{}: a GIF file without a picture; replace or remove it", origin_);
    Raster image = read_frame();
    if (has_more != nullptr) *has_more = gif_->Error == 0 && is_followed();
    return image;
  }

 private:
  [[noreturn]] void complain(int error) const {
    const char* text = GifErrorString(error);
    fail("{}: damaged GIF file: {}; replace or remove it", origin_, text == nullptr ? "it ends too early" : text);
  }
  void check(int status) const {
    if (status != GIF_OK) complain(gif_->Error);
  }

  // Goes to the next picture, and takes the transparent colour on the way; false at the end of the file.
  bool next_picture() {
    for (;;) {
      GifRecordType type = UNDEFINED_RECORD_TYPE;
      check(DGifGetRecordType(gif_.get(), &type));
      if (type == TERMINATE_RECORD_TYPE) return false;
      if (type == IMAGE_DESC_RECORD_TYPE) return true;
      if (type == EXTENSION_RECORD_TYPE) pass_extension();
    }
  }

  // What follows is not part of the picture: a file that was cut behind it is whole.
  bool is_followed() {
    try {
      return next_picture();
    } catch (const Error&) {
      return false;
    }
  }

  void pass_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    check(DGifGetExtension(gif_.get(), &code, &block));
    while (block != nullptr) {
      GraphicsControlBlock control{};
      if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
        transparent_ = control.TransparentColor;
      check(DGifGetExtensionNext(gif_.get(), &block));
    }
  }

  // The frame at its place of the canvas. What it does not cover is transparent, which is white.
  Raster read_frame() {
    check(DGifGetImageDesc(gif_.get()));
    const GifImageDesc frame = gif_->Image;
    const int width = std::max(gif_->SWidth, frame.Left + frame.Width);
    const int height = std::max(gif_->SHeight, frame.Top + frame.Height);
    check_declared_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), kMostPixelsPerByte,
                        size_, origin_);
    require(frame.Width > 0 && frame.Height > 0, "{}: damaged GIF file: a picture of no size; replace or remove it",
            origin_);
    colours_ = frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap;
    require(colours_ != nullptr, "{}: damaged GIF file: it has no colours; replace or remove it", origin_);
    Raster image = make_raster(width, height, 3, 255);
    std::vector<GifPixelType> row(static_cast<std::size_t>(frame.Width));
    // Interlaced rows come in four passes, others in one.
    constexpr int kFirst[] = {0, 4, 2, 1}, kStep[] = {8, 8, 4, 2};
    for (int pass = 0; pass < (frame.Interlace ? 4 : 1); ++pass)
      for (int y = frame.Interlace ? kFirst[pass] : 0; y < frame.Height; y += frame.Interlace ? kStep[pass] : 1) {
        check(DGifGetLine(gif_.get(), row.data(), frame.Width));
        paint(row, image.at(frame.Left, frame.Top + y));
      }
    return grey_if_colourless(std::move(image));
  }

  void paint(const std::vector<GifPixelType>& row, std::uint8_t* out) const {
    for (const GifPixelType place : row) {
      if (place != transparent_) {
        require(place < colours_->ColorCount, "{}: damaged GIF file: colour {} of {}; replace or remove it", origin_,
                place, colours_->ColorCount);
        const GifColorType& colour = colours_->Colors[place];
        out[0] = colour.Red, out[1] = colour.Green, out[2] = colour.Blue;
      }
      out += 3;
    }
  }

  std::size_t size_;
  std::span<const std::byte> rest_;
  std::string_view origin_;
  Gif gif_;
  const ColorMapObject* colours_ = nullptr;
  int transparent_ = kNone;
};

}  // namespace

Raster decode_gif(std::span<const std::byte> file, std::string_view origin, bool* has_more) {
  return GifReader(file, origin).read(has_more);
}

}  // namespace limn::image
