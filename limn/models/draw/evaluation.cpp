#include "limn/models/draw/evaluation.hpp"

#include <algorithm>

#include "limn/core/error.hpp"
#include "limn/models/draw/image_group.hpp"

namespace limn::models {

ImageLosses DrawModel::losses(std::span<const float> pixels, const EncodeOptions& options, std::int64_t samples) const {
  require(samples >= 1, "draw: {} samples of z; at least 1 is needed", samples);
  const auto n = static_cast<std::size_t>(image_count(pixels)), steps = static_cast<std::size_t>(shape_.steps);
  ImageLosses mean{.reconstruction = std::vector<double>(n), .kl = std::vector<double>(n)};
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    for_each_group(static_cast<std::int64_t>(n), [&](const Group& group) {
      const DrawLosses losses = group.losses(pixels, options, sample);
      for (std::size_t i = 0; i < losses.reconstruction.size(); ++i) {
        const std::size_t image = static_cast<std::size_t>(group.first) + i;
        mean.reconstruction[image] += losses.reconstruction[i] / static_cast<double>(samples);
        for (std::size_t t = 0; t < steps; ++t)
          mean.kl[image] += losses.kl[i * steps + t] / static_cast<double>(samples);
      }
    });
  }
  return mean;
}

std::vector<double> DrawModel::log_weights(std::span<const float> pixels, const EncodeOptions& options,
                                           std::int64_t sample) const {
  std::vector<double> all;
  for_each_group(image_count(pixels), [&](const Group& group) {
    const DrawLosses losses = group.losses(pixels, options, sample);
    for (std::size_t i = 0; i < losses.reconstruction.size(); ++i)
      all.push_back(losses.log_ratio[i] - losses.reconstruction[i]);
  });
  return all;
}

std::vector<double> DrawModel::step_kl(std::span<const float> pixels, const EncodeOptions& options) const {
  std::vector<double> all;
  for_each_group(image_count(pixels), [&](const Group& group) {
    std::ranges::copy(group.losses(pixels, options, 0).kl, std::back_inserter(all));
  });
  return all;
}

std::vector<double> mean_step_kl(const DrawModel& model, const image::ImageDataset& data, Split split,
                                 NetworkPasses* passes, const WorkShare& among) {
  constexpr std::int64_t kMostImages = 500, kAtOnce = 100;
  const std::int64_t images = std::min(kMostImages, data.size(split)), steps = model.options().time_steps;
  std::vector<double> means(static_cast<std::size_t>(steps));
  const auto compute = [&](std::int64_t k) {
    const image::ImageBatch batch = data.batch(split, k * kAtOnce, std::min(kAtOnce, images - k * kAtOnce));
    return model.step_kl(batch.pixels, {.indices = batch.indices, .passes = passes});
  };
  const auto add = [&](std::span<const double> kl) {
    for (std::size_t i = 0; i < kl.size(); ++i) means[i % means.size()] += kl[i] / static_cast<double>(images);
  };
  share_work(
      {.pieces = (images + kAtOnce - 1) / kAtOnce, .most_figures = kAtOnce * steps, .compute = compute, .add = add},
      among);
  return means;
}

}  // namespace limn::models
