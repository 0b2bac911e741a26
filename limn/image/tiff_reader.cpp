// decode_tiff(), on libtiff, which reads from memory here. It is opened twice: first under a limit on its memory that
// is a multiple of the file, to learn what the file declares, then under one that follows from the pixels. The kinds of
// compression that are read are listed: others bring decoders that take memory of their own. Messages are kept for the
// error, warnings are passed over; libtiff's handlers of the whole process are not touched.
#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "limn/core/error.hpp"
#include "limn/image/exif.hpp"
#include "limn/image/flatten.hpp"
#include "limn/image/image_file.hpp"

namespace limn::image {
namespace {

// Bytes that one byte of the file may unpack to. Deflate reaches a quarter of it, and LZW two thirds; a fax page
// reaches more where it is blank and larger than kPixelsAlwaysRead.
constexpr double kMostUnpacked = 4 * 1032;
constexpr std::uint64_t kHeaderFactor = 64, kHeaderFloor = std::uint64_t{1} << 20;
constexpr std::uint64_t kMostStored = std::uint64_t{1} << 28;  // bytes, of all pixels as libtiff unpacks them
constexpr std::uint64_t kTilePixelsAlwaysRead = std::uint64_t{1} << 20;

struct TiffInput {
  std::span<const std::byte> file;
  std::uint64_t position = 0;
  char message[160] = "";
};

TiffInput& input_of(thandle_t handle) { return *static_cast<TiffInput*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* out, tmsize_t count) {
  TiffInput& input = input_of(handle);
  const std::uint64_t left = input.file.size() - std::min<std::uint64_t>(input.position, input.file.size());
  const std::uint64_t taken = std::min(left, static_cast<std::uint64_t>(std::max<tmsize_t>(count, 0)));
  if (taken > 0) std::memcpy(out, input.file.data() + input.position, taken);
  input.position += taken;
  return static_cast<tmsize_t>(taken);
}
tmsize_t write_nothing(thandle_t /*handle*/, void* /*data*/, tmsize_t /*count*/) { return 0; }
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  TiffInput& input = input_of(handle);
  const std::uint64_t from = whence == SEEK_CUR ? input.position : whence == SEEK_END ? input.file.size() : 0;
  return input.position = from + offset;
}
int close_nothing(thandle_t /*handle*/) { return 0; }
toff_t size_of(thandle_t handle) { return input_of(handle).file.size(); }

int keep_message(TIFF* /*tiff*/, void* input, const char* /*module*/, const char* format, va_list arguments) {
  auto& message = static_cast<TiffInput*>(input)->message;
  if (message[0] == '\0') std::vsnprintf(message, sizeof(message), format, arguments);
  return 1;
}
int pass_over(TIFF* /*tiff*/, void* /*input*/, const char* /*module*/, const char* /*format*/, va_list /*arguments*/) {
  return 1;
}

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

struct Header {
  std::uint32_t width = 0, height = 0, tile_width = 0, tile_height = 0;
  std::uint16_t bits = 1, samples = 1, compression = 1, photometric = 0, orientation = 1;
  std::uint32_t kind = 0;  // bits of NewSubfileType
};

class TiffReader {
 public:
  TiffReader(std::span<const std::byte> file, std::string_view origin) : input_{.file = file}, origin_(origin) {}

  Raster read(bool* has_more) {
    open(kHeaderFactor * input_.file.size() + kHeaderFloor);
    const Header header = read_header();
    check(header);
    const std::uint64_t pixels = std::uint64_t{header.width} * header.height;
    const std::uint64_t most = std::min(16 * std::max(pixels, kTilePixelsAlwaysRead), kMostStored);
    open(std::max(kHeaderFactor * input_.file.size(), most) + kHeaderFloor);
    Raster image = read_pixels(header);
    if (has_more != nullptr) *has_more = is_followed();
    return turned_upright(std::move(image), header.orientation);
  }

 private:
  [[noreturn]] void complain(const char* text) const {
    fail("{}: damaged TIFF file: {}; replace or remove it", origin_, printable(text, 120));
  }

  void open(std::uint64_t most_memory) {
    tiff_.reset();
    input_.position = 0;
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                               TIFFOpenOptionsFree);
    require(options != nullptr, "{}: no memory to read it", origin_);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(most_memory));
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_message, &input_);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), pass_over, &input_);
    // "m": without a map, as the bytes are read through the functions above.
    tiff_.reset(TIFFClientOpenExt("", "rm", &input_, read_bytes, write_nothing, seek, close_nothing, size_of, nullptr,
                                  nullptr, options.get()));
    if (!tiff_) complain(input_.message);
  }

  Header read_header() {
    Header h;
    TIFF* tiff = tiff_.get();
    const bool is_sized = TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &h.width) == 1 &&
                          TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &h.height) == 1;
    if (!is_sized) complain("it has no size");
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &h.bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &h.samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &h.compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &h.orientation);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &h.kind);
    if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &h.photometric) != 1) complain("it does not say what its numbers mean");
    if (TIFFIsTiled(tiff) != 0) {
      TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &h.tile_width);
      TIFFGetField(tiff, TIFFTAG_TILELENGTH, &h.tile_height);
    }
    if (h.orientation < 1 || h.orientation > 8) h.orientation = 1;
    return h;
  }

  void check(const Header& h) const {
    require((h.kind & FILETYPE_REDUCEDIMAGE) == 0,
            "{}: its first picture is a small copy of another, as in a camera's raw file; convert it to PNG or JPEG",
            origin_);
    bool is_packed = true;
    switch (h.compression) {
      case COMPRESSION_NONE:
        is_packed = false;
        break;
      case COMPRESSION_CCITTRLE:
      case COMPRESSION_CCITTFAX3:
      case COMPRESSION_CCITTFAX4:
      case COMPRESSION_LZW:
      case COMPRESSION_JPEG:
      case COMPRESSION_ADOBE_DEFLATE:
      case COMPRESSION_DEFLATE:
      case COMPRESSION_PACKBITS:
        break;
      default:
        fail("{}: a TIFF file of compression {}, which is not read; save it with deflate, or as PNG", origin_,
             h.compression);
    }
    require((h.bits <= 8 || h.bits == 16) && h.samples <= 5,
            "{}: a TIFF file of {} numbers of {} bits a pixel, which is not read; save it with 8 bits, or as PNG",
            origin_, h.samples, h.bits);
    const std::size_t size = input_.file.size();
    check_declared_size(h.width, h.height, is_packed ? pixels_per_byte_above_floor(8 * kMostUnpacked, size) : 8, size,
                        origin_);
    const std::uint64_t stored = (std::uint64_t{h.width} * h.bits * h.samples + 7) / 8 * h.height;
    require(stored <= kMostStored, "{}: its pixels take {} bytes, more than the {} that are read; save it with 8 bits",
            origin_, stored, kMostStored);
    const std::uint64_t tile = std::uint64_t{h.tile_width} * h.tile_height;
    require(tile <= std::max(4 * std::uint64_t{h.width} * h.height, kTilePixelsAlwaysRead),
            "{}: damaged TIFF file: tiles of {}×{} pixels; replace or remove it", origin_, h.tile_width, h.tile_height);
  }

  Raster read_pixels(const Header& h) {
    struct End {
      void operator()(TIFFRGBAImage* image) const { TIFFRGBAImageEnd(image); }
    };
    char message[1024] = "";
    TIFFRGBAImage image{};
    const bool is_read =
        TIFFRGBAImageOK(tiff_.get(), message) == 1 && TIFFRGBAImageBegin(&image, tiff_.get(), 1, message) == 1;
    if (!is_read) {
      fail("{}: a TIFF file that is not read: {}; save it with 8 bits, or as PNG", origin_, printable(message, 120));
    }
    const std::unique_ptr<TIFFRGBAImage, End> end(&image);
    image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;  // as stored
    const bool is_grey = h.photometric == PHOTOMETRIC_MINISBLACK || h.photometric == PHOTOMETRIC_MINISWHITE;
    require(!is_grey || image.alpha == 0 || h.bits <= 8,
            "{}: a TIFF file of 16-bit grey with alpha, which is not read; save it with 8 bits, or as PNG", origin_);
    std::vector<std::uint32_t> pixels(std::size_t{h.width} * h.height);
    if (TIFFRGBAImageGet(&image, pixels.data(), h.width, h.height) != 1 || input_.message[0] != '\0')
      complain(input_.message[0] != '\0' ? input_.message : "its pixels cannot be read");
    // libtiff multiplies colours by alpha where the file does not, but not grey.
    const bool is_multiplied = image.alpha != 0 && !(is_grey && image.alpha == EXTRASAMPLE_UNASSALPHA);
    return without_alpha(pixels, h, is_grey, is_multiplied);
  }

  static Raster without_alpha(const std::vector<std::uint32_t>& pixels, const Header& h, bool is_grey,
                              bool is_multiplied) {
    Raster raster = make_raster(static_cast<int>(h.width), static_cast<int>(h.height), is_grey ? 1 : 3);
    std::uint8_t* out = raster.pixels.data();
    for (const std::uint32_t pixel : pixels) {
      const unsigned alpha = TIFFGetA(pixel);
      for (int c = 0; c < raster.channels; ++c) {
        const unsigned value = pixel >> (8 * c) & 0xff;
        *out++ =
            is_multiplied ? static_cast<std::uint8_t>(std::min(value + 255 - alpha, 255U)) : over_white(value, alpha);
      }
    }
    const bool may_be_grey = h.photometric == PHOTOMETRIC_PALETTE;
    return may_be_grey ? grey_if_colourless(std::move(raster)) : raster;
  }

  // By another picture that is neither a small copy of it nor a mask.
  bool is_followed() {
    std::uint32_t kind = 0;
    if (TIFFReadDirectory(tiff_.get()) != 1) return false;
    TIFFGetFieldDefaulted(tiff_.get(), TIFFTAG_SUBFILETYPE, &kind);
    return (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
  }

  TiffInput input_;
  std::string_view origin_;
  Tiff tiff_;
};

}  // namespace

Raster decode_tiff(std::span<const std::byte> file, std::string_view origin, bool* has_more) {
  return TiffReader(file, origin).read(has_more);
}

}  // namespace limn::image
