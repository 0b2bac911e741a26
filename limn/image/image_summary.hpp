// The summary of an image set, for `limn data info`: figures of the bytes as they are stored.
#pragma once

#include <cstdint>

#include "limn/image/dataset.hpp"

namespace limn::image {

struct ImageSummary {
  std::int64_t images = 0;
  double mean = 0;       // of all values, in [0, 1]; 0 where there are none, as the figures below
  double deviation = 0;  // standard deviation of all values
  double black = 0;      // share of values that are 0
  double white = 0;      // share of values that are 1
};
[[nodiscard]] ImageSummary summarize(const ImageDataset& data, Split split);

}  // namespace limn::image
