#include "limn/image/image_summary.hpp"

#include <cmath>

namespace limn::image {

ImageSummary summarize(const ImageDataset& data, Split split) {
  ImageSummary summary{.images = data.size(split)};
  if (summary.images == 0) return summary;
  std::array<std::int64_t, 256> histogram{};
  std::vector<std::byte> buffer;
  for (std::int64_t i = 0; i < summary.images; ++i)
    for (const std::uint8_t value : data.bytes(split, i, buffer)) ++histogram[value];
  const auto count = static_cast<double>(summary.images * data.shape().size());
  const auto share = [&](std::size_t value) { return static_cast<double>(histogram[value]) / count; };
  for (std::size_t value = 0; value < histogram.size(); ++value)
    summary.mean += share(value) * static_cast<double>(value) / 255;
  double variance = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    const double off = static_cast<double>(value) / 255 - summary.mean;
    variance += share(value) * off * off;
  }
  summary.deviation = std::sqrt(variance);
  summary.black = share(0);
  summary.white = share(255);
  return summary;
}

}  // namespace limn::image
