// Animated GIFs: any frames (a walk through latent space, DRAW's canvas), and the pen drawing a picture.
// Frames after the first store only what changed. An encoder belongs to one thread; encoders are
// independent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "limn/core/file.hpp"
#include "limn/render/palette.hpp"
#include "limn/render/picture.hpp"

namespace limn::render {

// One frame at a time into memory, so that an animation is never held as pixels.
class GifEncoder {
 public:
  // A looping GIF of that size; every colour is drawn as the nearest of the palette (1 … 256 colours).
  GifEncoder(int width, int height, std::vector<Colour> palette);
  ~GifEncoder();
  GifEncoder(const GifEncoder&) = delete;
  GifEncoder& operator=(const GifEncoder&) = delete;

  // Throws Error for a raster of another size. A frame equal to the one before lengthens that one. Durations
  // are stored in units of 10 ms; many viewers do not go below 20 ms.
  void add(const image::Raster& frame, int duration_ms);
  // The file. Nothing may be added after it.
  [[nodiscard]] Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct GifFrame {
  image::Raster image;
  int duration_ms = 100;
};

// Frames of one size, with one palette for all: exact up to 256 colours, so always exact in grey.
// Throws Error for no frame or differing sizes.
[[nodiscard]] Bytes encode_gif(std::span<const GifFrame> frames);
// Replaces `path`, all or nothing.
void write_gif(const std::filesystem::path& path, std::span<const GifFrame> frames);

struct PenAnimationOptions {
  int points_per_frame = 2;  // of every drawing at once; more is shorter and jerkier
  int max_frames = 120;      // longer drawings get more points a frame
  int frame_ms = 40;         // duration of a frame
  int hold_ms = 2000;        // how long the finished picture stands before the loop starts again
  int max_colours = 63;      // of the palette, 2 … 256; fewer make a smaller file
  double scale = 1;          // pixels a unit of the picture
};

// All drawings of the picture at once, each from its first point on; decoration stands from the start.
[[nodiscard]] Bytes encode_pen_gif(const Picture& picture, const PenAnimationOptions& options = {});

}  // namespace limn::render
