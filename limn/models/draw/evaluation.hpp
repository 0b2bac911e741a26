// The losses of images under a trained DRAW. Those of each image are calls of DrawModel (drawing.hpp), which
// evaluation.cpp defines.
#pragma once

#include <vector>

#include "limn/core/split.hpp"
#include "limn/image/dataset.hpp"
#include "limn/models/draw/drawing.hpp"
#include "limn/models/shared_work.hpp"

namespace limn::models {

// L_z of each step (eq. 11 of Gregor et al. 2015), the mean over the first 500 images of a split that has some, with
// one draw of z: [T].
[[nodiscard]] std::vector<double> mean_step_kl(const DrawModel& model, const image::ImageDataset& data, Split split,
                                               NetworkPasses* passes = nullptr, const WorkShare& among = {});

}  // namespace limn::models
