// Some of the images of a call to a DrawModel on their way through all steps. Internal to the folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limn/models/draw/drawing.hpp"
#include "limn/models/draw/step.hpp"

namespace limn::models {

// Images [first, first + count) of the call.
struct DrawModel::Group {
  const DrawModel& model;
  std::int64_t first = 0;
  std::int64_t count = 0;

  // `values`, made [blocks · count, size].
  [[nodiscard]] Matrix rows(std::vector<float>& values, std::int64_t blocks, std::int64_t size) const;
  // DrawSequence::forward() of the group's images among `pixels`, with draw number `sample` of the noise.
  [[nodiscard]] DrawLosses forward(std::span<const float> pixels, const EncodeOptions& options, std::int64_t sample,
                                   const DrawSequence::Trace& trace) const;
  // The losses alone, by options.passes where there are any.
  [[nodiscard]] DrawLosses losses(std::span<const float> pixels, const EncodeOptions& options,
                                  std::int64_t sample) const;
  // DrawSequence::generate() from the group's rows of z.
  void generate(const Latents& z, const DrawSequence::Trace& trace) const;
  // Traces, step after step, to drawings, image after image; empty traces are left out.
  void append_steps(std::span<const float> canvases, std::span<const float> reads, std::span<const float> writes,
                    image::DrawingSteps& steps) const;
};

}  // namespace limn::models
